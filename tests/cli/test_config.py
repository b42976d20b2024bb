"""`config print`, `check` and `schema`: what they show, and that every mistake is told."""

import json
from pathlib import Path

import pytest

from ari_tui.cli.main import execute
from tests.schemas import shipped


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
    assert capsys.readouterr().out == f"the configuration is valid ({bare_start / 'c.toml'})\n"


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


@pytest.mark.parametrize("name", ["stats", "loadtest", "alert"])
def test_the_schemas_are_printed_as_they_are_shipped(
    name: str, bare_start: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["config", "schema", name]) == 0
    assert json.loads(capsys.readouterr().out) == shipped(name)


def test_without_a_name_it_is_the_schema_of_the_statistics(
    bare_start: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["config", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "ari-tui.stats/1"
