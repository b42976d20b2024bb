from __future__ import annotations

import pytest

from tests.asterisk.tools import need, wait_until


def test_a_missing_tool_is_a_skip_that_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"no-such-tool .*package no-such-package"):
        need("no-such-tool", "no-such-package")


def test_a_missing_tool_is_an_error_under_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=r"no-such-tool .*package no-such-package"):
        need("no-such-tool", "no-such-package")


def test_a_tool_is_found_outside_of_the_path_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert need("chroot", "coreutils").endswith("bin/chroot")


def test_what_never_comes_is_a_failure_that_names_it() -> None:
    with pytest.raises(pytest.fail.Exception, match="the moon is blue"):
        wait_until(lambda: False, "the moon is blue", timeout_s=0.1)
