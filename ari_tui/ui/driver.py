"""Textual's driver of the terminal, but for three faults of it."""

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
    """Textual's input parser, but a paste is text, whatever it contains.

    Textual 8.2.8 looks for keys in a paste too: what follows an ESC in it is typed, before the
    paste itself, a carriage return as Enter. Here a paste is held until its end and goes on
    without its ESCs.
    """

    def __init__(self, debug: bool = False) -> None:
        self._passed = ""
        """The newest of what went on: the beginning of a paste may come in two pieces."""
        self._held: str | None = None
        """What came of a paste so far, None outside of one."""
        super().__init__(debug)

    def feed(self, data: str) -> Iterable[Message]:
        """Return what happened in `data`; "" is the end of all input."""
        if not data:
            yield from super().feed(data)
        while data:
            passed, data = self._outside(data) if self._held is None else self._inside(data)
            if passed:
                yield from super().feed(passed)

    def _outside(self, data: str) -> tuple[str, str]:
        """Return what goes on, up to the beginning of a paste, and what is left."""
        known = self._passed + data
        at = known.find(BRACKETED_PASTE_START)
        if at < 0:
            self._passed = known[1 - len(BRACKETED_PASTE_START) :]
            return data, ""
        end = at + len(BRACKETED_PASTE_START) - len(self._passed)
        self._passed, self._held = "", ""
        return data[:end], data[end:]

    def _inside(self, data: str) -> tuple[str, str]:
        """Return the whole paste and what is left, nothing before its end has come."""
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
    """Return a text for a line of input: line ends and blanks are spaces, other controls go.

    So do marks without a width, which chats and web pages leave in what is copied from them.
    """
    return "".join(c if c.isprintable() else " " * c.isspace() for c in " ".join(text.splitlines()))


class TerminalDriver(LinuxDriver):
    """Comes back only from where it went, and is as large as the terminal is.

    A kernel sends SIGHUP and SIGCONT to those whose terminal goes away. Textual 8.2.8 takes every
    SIGCONT for the end of a suspension and starts a second thread that reads the terminal; the
    first is then never ended, and reads end of file as fast as it can. And it believes COLUMNS and
    LINES before the terminal: where they are exported, as `resize` does, no other size is seen.
    Its parser takes parts of a paste for keys: `PasteParser` tells more.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._suspended = False
        super().__init__(*arguments, **options)

    def run_input_thread(self) -> None:
        """Read the terminal until the end; the parser is asked for by a global of Textual's."""
        linux_driver.XTermParser = PasteParser  # type: ignore[attr-defined]  # no other way in
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
