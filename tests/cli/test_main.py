"""The command line as a whole: default command, exit codes, one line for each failure."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from ari_tui import __version__
from ari_tui.cli import main
from ari_tui.cli.main import execute
from ari_tui.core.errors import AriUnreachableError, BindError, ConfigError

pytestmark = pytest.mark.usefixtures("bare_start")
SECONDS = 30


def start(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "ari_tui", *arguments],
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Return a function that makes the command `fail` raise an exception."""

    def fail_with(error: BaseException) -> None:
        @click.command("fail")
        def fail() -> None:
            raise error

        monkeypatch.setitem(main.cli.commands, "fail", fail)

    return fail_with


def test_the_version_is_printed_without_loading_anything_heavy() -> None:
    code = (
        "import sys\n"
        "from ari_tui.cli.main import execute\n"
        "assert execute(['--version']) == 0\n"
        "heavy = {'numpy', 'aiohttp', 'textual', 'websockets', 'plotext', 'prometheus_client'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.stdout.splitlines() == [f"ari-tui {__version__}", "[]"]


def test_help_of_every_command_works(capsys: pytest.CaptureFixture[str]) -> None:
    for name in main.cli.commands:
        assert execute([name, "--help"]) == 0
        assert capsys.readouterr().out.startswith(f"Usage: ari-tui {name}")
    assert execute(["-h"]) == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in main.cli.commands)


@pytest.mark.parametrize("arguments", [[], ["run"], ["--duration", "5"], ["demo"]])
def test_without_headless_one_clear_line_says_what_to_add(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "ari-tui: there is no terminal to draw on: add --headless\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--headles"], "--headles"),
        (["frobnicate"], "'frobnicate'"),
        (["--headless", "--duration", "x"], "'--duration'"),
        (["run", "--headless", "stray"], "stray"),
        (["config"], "ari-tui config --help"),
        (["run", "--headless", "--ari-pass", "x"], "--ari-pass"),
    ],
)
def test_wrong_use_is_exit_2_with_one_line_naming_it(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("ari-tui: ")
    assert told in line
    assert "--help)" in line


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (ConfigError("one\ntwo"), 2, "ari-tui: one\nari-tui: two\n"),
        (BindError("cannot bind 1.2.3.4:5"), 3, "ari-tui: cannot bind 1.2.3.4:5\n"),
        (AriUnreachableError("no answer"), 3, "ari-tui: no answer\n"),
        (ConfigError("\x1b[2J"), 2, "ari-tui: \\x1b[2J\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_an_error_becomes_its_exit_code_and_its_words(
    failing: Callable[[BaseException], None],
    error: BaseException,
    code: int,
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    failing(error)
    assert execute(["fail"]) == code
    # after ^C on a terminal click ends the line
    assert capsys.readouterr().err.lstrip("\n") == told


def test_an_unexpected_error_is_one_line_without_traceback_and_never_exit_1(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(ZeroDivisionError("by zero"))
    assert execute(["fail"]) == 3
    assert capsys.readouterr().err == (
        "ari-tui: internal error: ZeroDivisionError: by zero (--log-level debug shows where)\n"
    )


def test_at_debug_the_traceback_is_logged_without_secrets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def explode(*_: Any) -> None:
        raise RuntimeError("with geheim1")

    monkeypatch.setattr("ari_tui.cli.config.printed", explode)
    monkeypatch.setenv("ARI_PASS", "geheim1")
    assert execute(["config", "print", "--log-level", "debug"]) == 3
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "RuntimeError: with ********" in err
    assert "geheim1" not in err


def test_a_command_that_returns_a_code_exits_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(main.cli.commands, "four", click.command("four")(lambda: 4))
    assert execute(["four"]) == 4


def test_a_childs_failure_goes_to_the_parent_and_not_to_stderr(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    ready_read, ready_write = os.pipe()
    life_read, life_write = os.pipe()
    monkeypatch.setenv("ARI_TUI_READY_FD", str(ready_write))
    monkeypatch.setenv("ARI_TUI_LIFELINE_FD", str(life_read))
    try:
        assert execute(["config", "check", "--config", "absent.toml"]) == 2
        said = json.loads(os.read(ready_read, 4096))
    finally:
        for fd in (ready_read, life_read, life_write):
            os.close(fd)
    assert said["exit_code"] == 2
    assert said["failed"].startswith("--config: there is no file")
    assert capfd.readouterr().err == ""


def test_a_later_failure_of_a_child_that_is_ready_goes_to_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command("late")
    @click.pass_obj
    def late(start: Any) -> None:
        start.link.ready(port=1)
        raise BindError("later")

    monkeypatch.setitem(main.cli.commands, "late", late)
    ready_read, ready_write = os.pipe()
    life_read, life_write = os.pipe()
    monkeypatch.setenv("ARI_TUI_READY_FD", str(ready_write))
    monkeypatch.setenv("ARI_TUI_LIFELINE_FD", str(life_read))
    try:
        assert execute(["late"]) == 3
        assert json.loads(os.read(ready_read, 4096)) == {"ready": {"port": 1}}
    finally:
        for fd in (ready_read, life_read, life_write):
            os.close(fd)
    assert capsys.readouterr().err == "ari-tui: later\n"


def test_a_reader_that_goes_away_ends_the_program_quietly() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "ari_tui", "config", "print"],
            stdout=write,
            stderr=subprocess.PIPE,
            timeout=SECONDS,
            check=False,
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_the_whole_command_line_runs_as_a_module(bare_start: Path) -> None:
    (bare_start / ".env").write_text("ARI_PASS=geheim1\nPORT_RANGE=4500-50000\n")
    done = start("config", "print", ECHO_PORT="4001")
    assert done.returncode == 0
    assert "port = 4001  # ECHO_PORT in the environment" in done.stdout
    assert 'ports = "4500-50000"  # PORT_RANGE in .env' in done.stdout
    assert "geheim1" not in done.stdout + done.stderr
