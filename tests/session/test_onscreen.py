"""The screen's life in a real terminal: whatever ends it, callers and terminal are cared for."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ari_tui.core.errors import ConfigError
from ari_tui.session.onscreen import check_terminal
from tests.processes import WAIT_S, descendants, gone, stopped, until
from tests.terminal import Terminal, needs_tmux

pytestmark = pytest.mark.system
START = ("demo", "--calls", "3", "--seed", "1")
A_CALL = r"PJSIP/\d+-\w+ +(?:[a-z?][a-z ?-]* +)?\d+:\d\d +\d"
"""A row of the table with a round trip."""
MODE = r"[0-9a-f]+(?::[0-9a-f]+){20,}"
VERDICTS = (0, 1, 4)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    made: list[Terminal] = []

    def make(width: int = 80, height: int = 24, **environment: str) -> Terminal:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Terminal(folder, width, height, environment))
        return made[-1]

    yield make
    for each in made:
        each.close()


def assert_nobody_left(family: list[int]) -> None:
    until(lambda: all(map(gone, family)), f"the end of {family}")


def assert_given_back(terminal: Terminal) -> None:
    """The shell's screen is back, the cursor seen, and keys echo as they did before."""
    assert not terminal.alternate
    terminal.type("stty -g; echo mode")
    terminal.keys("Enter")
    terminal.until_shown("^mode")
    first, last = re.findall(MODE, terminal.all_text)
    assert first == last


def start(terminal: Terminal, *arguments: str) -> list[int]:
    """Note the terminal's mode, start, wait for live calls; return the program's children."""
    terminal.type("stty -g")
    terminal.keys("Enter")
    terminal.until_shown("[0-9a-f]+:[0-9a-f]+:")
    terminal.run(*arguments)
    terminal.until_shown(A_CALL)
    assert terminal.alternate
    return descendants(terminal.pid)


@needs_tmux
def test_quitting_asks_and_the_report_stands_below_the_restored_screen(
    terminal: Callable[..., Terminal],
) -> None:
    pane = terminal()
    family = start(pane, *START)
    pane.keys("q")
    pane.until_shown("n Stay here")
    pane.keys("n")
    pane.until_gone("Stay here")
    pane.keys("q")
    pane.until_shown("n Stay here")
    pane.keys("y")
    assert pane.until_left() in VERDICTS
    told = pane.all_text
    assert "releasing 3 calls" in told
    assert "ended by quit" in told
    assert re.search(r"3 started, 3 ended, 0 failed", told)
    assert_given_back(pane)
    assert_nobody_left(family)


@needs_tmux
@pytest.mark.parametrize(
    ("end", "code", "reason"),
    [("C-c", 130, "SIGINT"), ("SIGTERM", 143, "SIGTERM"), ("SIGINT", 130, "SIGINT")],
)
def test_ctrl_c_and_signals_end_the_calls_and_report(
    end: str, code: int, reason: str, terminal: Callable[..., Terminal]
) -> None:
    pane = terminal()
    family = start(pane, *START)
    if end == "C-c":
        pane.keys("C-c")
    else:
        os.kill(pane.pid, getattr(signal, end))
    assert pane.until_left() == code
    assert f"ended by {reason}" in pane.all_text
    assert_given_back(pane)
    assert_nobody_left(family)


@needs_tmux
@pytest.mark.parametrize("end", ["the terminal goes", "the screen is killed"])
def test_without_its_screen_the_engine_lets_its_callers_go(
    end: str, terminal: Callable[..., Terminal]
) -> None:
    pane = terminal()
    family = start(pane, *START, "--json", "documents.json")
    screen = pane.pid
    if end == "the terminal goes":
        pane.hang_up()
    else:
        os.kill(screen, signal.SIGKILL)
    assert_nobody_left([screen, *family])
    last = (pane.home / "documents.json").read_text().splitlines()[-1]
    assert '"kind":"final"' in last
    assert '"active":0,' in last
    reason = "SIGHUP" if end == "the terminal goes" else "parent gone"
    assert f'"end_reason":"{reason}"' in last


@needs_tmux
def test_a_killed_engine_leaves_the_last_picture_and_says_so(
    terminal: Callable[..., Terminal],
) -> None:
    pane = terminal()
    family = start(pane, *START)
    (demo,) = [pid for pid in family if b"--headless" in cmdline(pid) and b"demo" in cmdline(pid)]
    os.kill(demo, signal.SIGKILL)
    pane.until_shown("engine ended|the engine has ended|engine lost")
    pane.until_shown(r"PJSIP/")
    assert_nobody_left(family)
    pane.keys("q")
    assert pane.until_left() == 4
    assert "no final report came" in pane.all_text or "ended by parent gone" in pane.all_text
    assert_given_back(pane)


def cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@needs_tmux
def test_suspended_resized_and_detached_it_comes_back_as_it_was(
    terminal: Callable[..., Terminal],
) -> None:
    pane = terminal()
    family = start(pane, *START)
    screen = pane.pid
    pane.keys("C-z")
    pane.until_shown("Stopped")
    assert stopped(screen)
    assert not pane.alternate
    assert not any(stopped(pid) for pid in family)
    pane.type('fg; echo "back with $?"')
    pane.keys("Enter")
    pane.until_shown(A_CALL)
    for width, height in ((200, 50), (39, 12), (80, 7), (1, 1), (300, 3), (40, 12), (80, 24)):
        pane.resize(width, height)
    pane.until_shown(A_CALL)
    pane.resize(60, 6)
    pane.until_shown(r"SLA \w+")
    pane.resize(200, 50)
    pane.until_shown("RULE +LIMIT")
    attach_and_detach(pane)
    pane.resize(80, 24)
    pane.until_shown(A_CALL)
    # as the kernel does to those whose terminal goes away: nothing is to be continued
    os.kill(screen, signal.SIGCONT)
    pane.keys("C-c")
    pane.until_shown("^back with 130")
    assert_nobody_left(family)


def attach_and_detach(pane: Terminal) -> None:
    """Look at the pane through a client of another size, as one does from a second ssh."""
    client, terminal = pty.openpty()
    process = subprocess.Popen(
        pane.attach_command,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    try:
        seen = b""
        while b"PJSIP" not in seen:
            seen += os.read(client, 65536)
        pane.detach()
        process.wait(timeout=WAIT_S)
    finally:
        process.kill()
        process.wait(timeout=WAIT_S)
        os.close(client)


@needs_tmux
def test_an_engine_that_was_left_can_be_attached_to_and_stopped(
    terminal: Callable[..., Terminal],
) -> None:
    pane = terminal()
    family = start(pane, *START)
    pane.keys("q")
    pane.until_shown("Stay here")
    pane.keys("l")
    assert pane.until_left() == 0
    assert "the engine goes on: ari-tui attach" in pane.all_text
    assert not any(map(gone, family))
    pane.type("clear; tmux clear-history")
    pane.keys("Enter")
    pane.run("attach")
    # five minutes of history come at once: the cells are filled from the first picture on
    pane.until_shown(A_CALL + r".*▁▁")
    pane.keys("q")
    assert pane.until_left() == 0
    assert not any(map(gone, family))
    pane.run("attach")
    pane.until_shown(A_CALL)
    pane.keys("C-p")
    pane.until_shown("(?i)search")
    pane.type("stop engine")
    pane.until_shown("Release all callers")
    pane.keys("Enter")
    pane.until_shown("engine has ended")
    assert_nobody_left(family)
    pane.keys("q")
    assert pane.until_left() == 0
    assert "ended by quit" in pane.all_text


@needs_tmux
def test_what_cannot_start_is_a_line_and_a_code_and_takes_no_terminal(
    terminal: Callable[..., Terminal],
) -> None:
    pane = terminal(160, 24)
    for arguments, code, words in (
        (("run", "--ari-url", "127.0.0.1:1"), 3, "nothing listens at http://127.0.0.1:1"),
        (("attach", "127.0.0.1:1"), 3, "127.0.0.1:1"),
        (("attach",), 2, "no engine of application ari-tui runs here"),
        (("attach", "ftp://there"), 2, "is no address of an engine"),
        (("run", "--json", "-"), 2, "add --headless"),
    ):
        pane.type("clear")
        pane.keys("Enter")
        pane.until_gone("left with")
        pane.run(*arguments)
        assert pane.until_left() == code, pane.text
        assert words in pane.text
        assert not pane.alternate


def test_without_a_terminal_there_is_no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"no terminal .* --headless"):
        check_terminal({"TERM": "xterm"})
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with pytest.raises(ConfigError, match=r"TERM .* --headless"):
        check_terminal({"TERM": "dumb"})
    check_terminal({"TERM": "xterm"})
