"""Pasted text: read from the terminal in its order, and made into one line of plain text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.message import Message

_ESC: Final = "\x1b"


class PasteParser(XTermParser):
    """Textual's reader of the terminal, but that a paste is text, whatever stands in it.

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
