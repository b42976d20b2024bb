"""Which Asterisk the tests run on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.asterisk.rootfs import chosen_release, root_folder


def test_it_is_22_where_nothing_else_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARI_TUI_TEST_ASTERISK", raising=False)
    assert chosen_release().major == 22
    monkeypatch.setenv("ARI_TUI_TEST_ASTERISK", "")
    assert chosen_release().major == 22


def test_the_environment_asks_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARI_TUI_TEST_ASTERISK", "16")
    assert (chosen_release().major, chosen_release().suite) == (16, "bullseye")


def test_an_asterisk_that_we_have_not_is_an_error_that_names_those_we_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ARI_TUI_TEST_ASTERISK", "18")
    with pytest.raises(pytest.fail.Exception, match="ARI_TUI_TEST_ASTERISK=18: not one of 16, 22"):
        chosen_release()


def test_each_has_a_root_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are held at once, which one lock for both would forbid while one is built."""
    monkeypatch.setattr("tests.asterisk.rootfs._complete", lambda root: True)
    monkeypatch.setenv("ARI_TUI_TEST_ASTERISK", "16")
    older = chosen_release()
    monkeypatch.setenv("ARI_TUI_TEST_ASTERISK", "22")
    with root_folder(tmp_path, older) as first, root_folder(tmp_path, chosen_release()) as second:
        assert (first, second) == (tmp_path / "asterisk-16", tmp_path / "asterisk-22")
