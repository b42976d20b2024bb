"""The terminal's driver and the signals that come with a suspension, or without one."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
import tty
from pathlib import Path

import pytest

WAIT_S = 30
APP = """
import os, signal, threading
from textual.app import App
from ari_tui.ui.driver import TerminalDriver

class Small(App):
    BINDINGS = [("ctrl+z", "suspend_process")]

    def on_mount(self):
        self.set_timer(0.05, self.look)

    async def look(self):
        for _ in range(CONTINUED):
            os.kill(os.getpid(), signal.SIGCONT)
        readers = [t for t in threading.enumerate() if t.name == "textual-input"]
        self.exit(len(readers))

app = Small(driver_class=TerminalDriver)
readers = app.run()
open(OUT, "w").write(str(readers))
"""


@pytest.mark.parametrize("continued", [0, 1, 3])
def test_continued_without_having_been_suspended_it_reads_with_one_thread_and_ends(
    continued: int, tmp_path: Path
) -> None:
    out = tmp_path / "readers"
    code = APP.replace("CONTINUED", str(continued)).replace("OUT", repr(str(out)))
    terminal, end = pty.openpty()
    run_to_its_end(code, terminal, end)
    assert out.read_text() == "1"


def run_to_its_end(code: str, terminal: int, end: int, **environment: str) -> None:
    """Run Python code on a terminal, which is read from meanwhile; both ends are closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=end,
        stdout=end,
        stderr=end,
        env={**os.environ, "TERM": "xterm", **environment},
        start_new_session=True,
    )
    os.close(end)
    drain = threading.Thread(target=_read_all, args=(terminal,), daemon=True)
    drain.start()
    try:
        assert process.wait(WAIT_S) == 0
    finally:
        process.kill()
        process.wait()
        drain.join(WAIT_S)
        os.close(terminal)


SIZED = """
from textual.app import App
from ari_tui.ui.driver import TerminalDriver

class Small(App):
    def on_resize(self, event):
        # the first one is a guess, made before there is a driver
        if event.size.width != 80:
            self.exit(tuple(event.size))

app = Small(driver_class=TerminalDriver)
open(OUT, "w").write(str(app.run()))
"""


def test_the_terminal_is_believed_before_columns_and_lines(tmp_path: Path) -> None:
    out = tmp_path / "size"
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 7, 33, 0, 0))
    code = SIZED.replace("OUT", repr(str(out)))
    run_to_its_end(code, terminal, end, COLUMNS="80", LINES="24")
    assert out.read_text() == "(33, 7)"


PASTED = """
from textual.app import App
from ari_tui.ui.driver import TerminalDriver
from ari_tui.ui.screens.filter import FilterLine

class Small(App):
    def compose(self):
        yield FilterLine()

    def on_input_submitted(self, event):
        self.exit(event.value)

app = Small(driver_class=TerminalDriver)
open(OUT, "w").write(str(app.run()))
"""


def test_a_paste_is_one_line_in_its_order_and_enter_comes_from_the_keyboard(
    tmp_path: Path,
) -> None:
    out = tmp_path / "line"
    terminal, end = pty.openpty()
    pasted = b"\x1b[200~p95>12\rlate>0 \x1b[31mand all that follows an escape\n\x1b[201~"
    # what is typed ahead waits in the terminal until somebody reads it
    tty.setraw(end)
    os.write(terminal, b"a" + pasted + b"z\r")
    run_to_its_end(PASTED.replace("OUT", repr(str(out))), terminal, end)
    assert out.read_text() == "ap95>12 late>0 [31mand all that follows an escapez"


def _read_all(fd: int) -> None:
    try:
        while os.read(fd, 65536):
            pass
    except OSError:
        pass  # the terminal has gone
