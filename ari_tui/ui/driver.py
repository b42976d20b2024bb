"""Textual's terminal driver, with workarounds for three bugs."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from typing import Any, Final

from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

_ESC: Final = "\x1b"


class PasteParser(XTermParser):
    """Textual's input parser, but a bracketed paste is text only.

    Textual 8.2.8 parses key sequences in a paste too: what follows an ESC arrives as keys, before
    the paste itself, a carriage return as Enter. Here a paste is buffered until its end sequence,
    and its ESCs are removed.
    """

    def __init__(self, debug: bool = False) -> None:
        self._passed = ""
        """The last characters parsed: the start sequence of a paste may be split between reads."""
        self._held: str | None = None
        """The paste received so far; None outside a paste."""
        super().__init__(debug)

    def feed(self, data: str) -> Iterable[Message]:
        """Yield the messages in `data`; "" is the end of input."""
        if not data:
            yield from super().feed(data)
        while data:
            passed, data = self._outside(data) if self._held is None else self._inside(data)
            if passed:
                yield from super().feed(passed)

    def _outside(self, data: str) -> tuple[str, str]:
        """Return what to parse, up to the start of a paste, and the rest."""
        known = self._passed + data
        at = known.find(BRACKETED_PASTE_START)
        if at < 0:
            self._passed = known[1 - len(BRACKETED_PASTE_START) :]
            return data, ""
        end = at + len(BRACKETED_PASTE_START) - len(self._passed)
        self._passed, self._held = "", ""
        return data[:end], data[end:]

    def _inside(self, data: str) -> tuple[str, str]:
        """Return the whole paste and the rest, nothing before its end was received."""
        before = self._held or ""
        held = before + data
        at = held.find(BRACKETED_PASTE_END, max(0, len(before) - len(BRACKETED_PASTE_END)))
        if at < 0:
            self._held = held
            return "", ""
        end = at + len(BRACKETED_PASTE_END)
        self._held = None
        return held[:at].replace(_ESC, "") + BRACKETED_PASTE_END, held[end:]


def one_line(text: str) -> str:
    """Return a text for a one-line input: line ends and white space become spaces.

    Other control and zero-width characters, as in text copied from web pages, are removed.
    """
    return "".join(c if c.isprintable() else " " * c.isspace() for c in " ".join(text.splitlines()))


class TerminalDriver(LinuxDriver):
    """Resumes only after a suspension, and takes its size from the terminal.

    The kernel sends SIGHUP and SIGCONT when a terminal is closed. Textual 8.2.8 takes every SIGCONT
    for the end of a suspension and starts a second input thread; the first one never ends, and
    reads end of file in a busy loop. It also prefers COLUMNS and LINES to the terminal's size:
    where they are exported, as by `resize`, the size never changes. See also `PasteParser`.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._suspended = False
        super().__init__(*arguments, **options)

    def run_input_thread(self) -> None:
        """Read the terminal until its end; Textual looks up the parser as a module global."""
        linux_driver.XTermParser = PasteParser  # type: ignore[attr-defined]  # the only hook
        super().run_input_thread()

    def _sigtstp_application(self, *_: object) -> None:
        self._suspended = True
        super()._sigtstp_application()

    def _sigcont_application(self, *_: object) -> None:
        if self._suspended:
            self._suspended = False
            super()._sigcont_application()

    def _get_terminal_size(self) -> tuple[int, int]:
        with contextlib.suppress(OSError):
            size = os.get_terminal_size(self.fileno)
            if size.columns and size.lines:
                return size.columns, size.lines
        return super()._get_terminal_size()
