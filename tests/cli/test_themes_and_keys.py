"""`ari-tui themes` and `ari-tui keys`: what they list, and what they tell of mistakes."""

from pathlib import Path

import pytest

from ari_tui.cli.main import execute
from ari_tui.ui.bindings import BINDINGS, keymap

GOOD = 'name = "mine"\nhelp = "My own"\n[colors]\nprimary = "#123456"\n'


def lines_of(capsys: pytest.CaptureFixture[str]) -> tuple[list[str], list[str]]:
    captured = capsys.readouterr()
    return captured.out.splitlines(), captured.err.splitlines()


def test_themes_are_listed_with_what_they_are_and_where(
    bare_start: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (bare_start / "own").mkdir()
    (bare_start / "own" / "mine.toml").write_text(GOOD)
    assert execute(["themes", "--themes-dir", "own", "--theme", "mine"]) == 0
    told, errors = lines_of(capsys)
    assert any(
        line.startswith("  dark ") and "Light text on a dark ground" in line for line in told
    )
    assert "* mine             My own  (own)" in told
    places = told[told.index("folders, the first that has a theme gives it:") + 1 :]
    assert places[0] == "  own"
    assert places[1].endswith("ari-tui/themes  (none yet)")
    assert errors == []


def test_a_bad_theme_file_is_reported_on_stderr_and_is_exit_2(
    bare_start: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (bare_start / "mine.toml").write_text(GOOD.replace("primary", "primray"))
    assert execute(["themes", "--themes-dir", "."]) == 2
    told, errors = lines_of(capsys)
    assert len(errors) == 1
    assert "mine.toml: there is no color in [colors] 'primray': did you mean primary?" in errors[0]
    assert any(line.startswith("* dark ") for line in told)


def test_an_unknown_theme_is_exit_2(bare_start: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["themes", "--theme", "drak"]) == 2
    assert lines_of(capsys)[1] == [
        "ari-tui: ui.theme: there is no theme 'drak': did you mean dark?"
    ]


def test_keys_are_listed_by_id_with_what_they_do(
    bare_start: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["keys"]) == 0
    told, _ = lines_of(capsys)
    assert "  violators        !              Only calls with a proved fault" in told
    ids = {line.split()[0] for line in told if line.startswith("  ")}
    assert ids == {binding.id for binding in BINDINGS}


def test_given_keys_have_a_star(
    bare_start: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARI_TUI_UI_KEYS", "freeze=p,f5 hang_up=")
    assert execute(["keys"]) == 0
    told, _ = lines_of(capsys)
    assert [line.split("  ")[0] for line in told if line.startswith("*")] == [
        "* freeze",
        "* hang_up",
    ]
    assert any(line.startswith("* freeze           p, f5 ") for line in told)
    assert any(line.startswith("* hang_up          no key ") for line in told)


def test_every_key_that_is_listed_can_be_written_into_ui_keys(
    bare_start: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    execute(["keys"])
    told, _ = lines_of(capsys)
    entries = [
        f"{line[2:19].strip()}={line[19:34].replace(' ', '')}"
        for line in told
        if line.startswith("  ")
    ]
    assert keymap(entries) == {binding.id: binding.keys for binding in BINDINGS}


def test_a_wrong_binding_is_reported_by_every_command(
    bare_start: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (bare_start / "c.toml").write_text('[ui]\nkeys = ["freze=p"]')
    for command in (["keys"], ["config", "check"], ["themes"]):
        assert execute([*command, "--config", "c.toml"]) == 2
        (error,) = lines_of(capsys)[1]
        assert error.startswith("ari-tui: ui.keys (")
        assert "did you mean freeze?" in error
