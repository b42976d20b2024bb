"""`config print` and `config check`: what they show, and that every mistake is told."""

from pathlib import Path

import pytest

from ari_tui.cli import execute


def test_print_shows_values_and_where_they_came_from(
    bare_start: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (bare_start / "c.toml").write_text('[asterisk]\nurl = "pbx:8088"\npassword = "geheim1"')
    monkeypatch.setenv("APP_NAME", "mine")
    assert execute(["config", "print", "--config", "c.toml", "--log-level", "error"]) == 0
    lines = capsys.readouterr().out.splitlines()
    file = bare_start / "c.toml"
    assert f'url = "pbx:8088"  # {file}' in lines
    assert f'password = "********"  # {file}' in lines
    assert 'app = "mine"  # APP_NAME in the environment' in lines
    assert 'level = "error"  # --log-level' in lines
    assert 'on_release = "continue"  # default' in lines


def test_warnings_go_to_stderr_and_leave_the_print_as_toml(
    bare_start: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIND_IP", "0.0.0.0")
    assert execute(["config", "print"]) == 0
    captured = capsys.readouterr()
    assert "WARNING [-] media.bind (BIND_IP in the environment): 0.0.0.0" in captured.err
    assert captured.out.startswith("[asterisk]\n")
    assert "WARNING" not in captured.out


@pytest.mark.parametrize("command", ["check", "validate"])
def test_a_right_configuration_is_exit_0(
    command: str, bare_start: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (bare_start / "c.toml").write_text("[media]\nworkers = 2")
    assert execute(["config", command, "--config", "c.toml"]) == 0
    assert capsys.readouterr().out == f"the configuration is right ({bare_start / 'c.toml'})\n"


@pytest.mark.parametrize("command", ["check", "validate"])
def test_a_wrong_configuration_is_exit_2_with_a_line_for_each_mistake(
    command: str,
    bare_start: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (bare_start / "c.toml").write_text("[media]\nworker = 2\nports = 'x'\ndscp = 'EF'")
    monkeypatch.setenv("ECHO_PORT", "none")
    assert execute(["config", command, "--config", "c.toml"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert len(lines) == 4
    assert all(line.startswith("ari-tui: ") for line in lines)
    assert "did you mean media.workers?" in lines[0]
