"""The terminal's driver and the signals that come with a suspension, or without one."""

from __future__ import annotations

import fcntl
import itertools
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
from hypothesis import example, given
from hypothesis import strategies as st
from textual import events
from textual._xterm_parser import XTermParser

from ari_tui.ui.driver import PasteParser, one_line

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


START, END = "\x1b[200~", "\x1b[201~"
HOSTILE = "p95>12\rlate>0\x1b[31m red \x1b[200~\x1b and a long text that is no sequence\n\x1b\x1b"


def heard(parser: XTermParser, *pieces: str) -> list[str]:
    """Return what a parser makes of the pieces: `<key>` for keys, pastes as they are."""
    found = []
    for message in itertools.chain.from_iterable(map(parser.feed, pieces)):
        if isinstance(message, events.Paste):
            found.append(message.text)
        elif isinstance(message, events.Key):
            found.append(f"<{message.key}>")
    return found


def test_a_paste_comes_whole_between_what_was_typed_around_it() -> None:
    found = heard(PasteParser(), f"a{START}{HOSTILE}{END}b{START}more{END}\r")
    assert found == ["<a>", HOSTILE.replace("\x1b", ""), "<b>", "more", "<enter>"]


def test_textuals_own_parser_still_types_what_follows_an_escape() -> None:
    # when this fails, PasteParser is no longer needed
    found = heard(XTermParser(), f"{START}{HOSTILE}{END}")
    assert "<circumflex_accent>" in found


@given(text=st.text("ab\x1b[20~\r\n", max_size=60), cuts=st.lists(st.integers(0, 90), max_size=5))
@example(text="", cuts=[1])
@example(text="\x1b[201", cuts=list(range(20)))
def test_a_paste_may_come_in_any_pieces(text: str, cuts: list[int]) -> None:
    whole = f"x{START}{text}{END}y"
    text = whole[len(START) + 1 : whole.index(END)]
    edges = sorted({0, *(cut for cut in cuts if cut < len(whole)), len(whole)})
    pieces = [whole[one:other] for one, other in itertools.pairwise(edges)]
    found = heard(PasteParser(), *pieces)
    assert found[:2] == ["<x>", text.replace("\x1b", "")]
    assert found[-1] == "<y>"


@pytest.mark.parametrize(
    "pieces",
    [("\x1b[A", "q"), ("\x1b", "[", "A", "q"), ("\x1b[A\x1b[2", "00q"), ("\x1bOP", "\x1bq")],
)
def test_keys_are_those_of_textuals_parser(pieces: tuple[str, ...]) -> None:
    assert heard(PasteParser(), *pieces) == heard(XTermParser(), *pieces)


def test_the_end_of_input_within_a_paste_is_its_end() -> None:
    parser = PasteParser()
    assert heard(parser, f"a{START}half", "") == ["<a>"]
    assert parser.is_eof


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("1001", "1001"),
        (" late>0 ", " late>0 "),
        ("1001\n", "1001"),
        ("a\r\nb\nc\rd", "a b c d"),
        ("a\tb\x0bc\x85d\u2028e", "a b c d e"),
        ("a\x00b\x1b[31mc\x7f\x9bd", "ab[31mcd"),
        ("\u200b10\u202e01\ufeff", "1001"),
        ("p95\xa0>\u300012", "p95 > 12"),
        ("名前\n", "名前"),
        ("\n", ""),
        ("", ""),
    ],
)
def test_a_line_holds_no_control_and_nothing_invisible(text: str, line: str) -> None:
    assert one_line(text) == line


@given(st.text())
def test_what_can_be_seen_stays_in_its_order(text: str) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert line.replace(" ", "") == "".join(c for c in text if c.isprintable() and c != " ")
