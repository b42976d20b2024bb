"""Text from outside, made safe to show: caller names, channel names, error messages.

A caller chooses the name that reaches us, and a terminal executes what it is sent. Every text
that is shown passes `clean_text` once, where it enters; identifiers that are used in URLs stay raw
and are cleaned where they are shown.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

_ESCAPE_SEQUENCES: Final = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI: colours, cursor
    # OSC, DCS, SOS, PM, APC: titles, clipboard; up to their terminator, else to the end
    "|(?:\x1b[\\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)?"
    "|\x1b[ -/]*[0-~]?"
)
_BLANKS: Final = re.compile(r"\s+")
_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories without a glyph; Cf has the bidi and zero-width marks."""
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
"""Invisible in other categories (Default_Ignorable_Code_Point, Braille's blank): joiners, fillers,
variation selectors, after which terminals disagree about a letter's width."""
_MARKS: Final = frozenset({"Mn", "Me"})
_MARKS_ON_ONE: Final = 4
"""Combining marks that a letter may carry: more of them are drawn over the lines around it."""
_LONGEST: Final = 16_384
"""Characters looked at; what comes later could not be shown anyway."""


def clean_text(value: object, limit: int = 128) -> str:
    """Return `value` as one line without control characters, at most `limit` characters long.

    Escape sequences, C0 and C1 controls, bidirectional and zero-width marks, other invisible
    characters, surrogates, unassigned code points, and stacked combining marks are removed; runs
    of blanks become one space; longer text ends in "…".
    Console markup is left as it is: do not interpret it when drawing.
    """
    text = _BLANKS.sub(" ", _ESCAPE_SEQUENCES.sub("", str(value)[:_LONGEST]))
    if not _is_plain(text):
        text = "".join(_visible(text))
    # again: removing a mark may have left two blanks side by side
    text = _BLANKS.sub(" ", text).strip()
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def escaped(text: str, limit: int = 2000) -> str:
    """Return `text` with every unsafe character escaped (`\\x1b`), cut at `limit`.

    For logs, messages and file names, which must show what was there; `clean_text` removes it.
    """
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if _is_plain(text):
        return text
    return "".join(
        char.encode("unicode_escape").decode("ascii") if _is_unsafe(char) else char for char in text
    )


def cells(text: str) -> int:
    """Return how many columns of a terminal a cleaned text takes: wide characters take two."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def _cells_of(char: str) -> int:
    if unicodedata.category(char) in _MARKS:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut_middle(text: str, width: int) -> str:
    """Return a text that takes at most `width` columns: its beginning, "…", its end.

    Names of channels differ in their ends.
    """
    if cells(text) <= width:
        return text
    end = _within(text[::-1], (width - 1) // 3)[::-1]
    return f"{_within(text, width - 1 - cells(end)).rstrip()}…{end.lstrip()}"


def _within(text: str, width: int) -> str:
    """Return as much of the beginning of a text as fits into so many columns."""
    for end, char in enumerate(text):
        width -= _cells_of(char)
        if width < 0:
            return text[:end]
    return text


def wrap(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Return a text in lines of at most `width` columns, broken at blanks; [] for an empty one.

    `first` stands before the first line, `rest` before the others. A word that is wider than a
    line is broken.
    """
    lines: list[str] = []
    line = ""
    for word in text.split():
        room = width - cells(rest if lines else first)
        if line and cells(line) + 1 + cells(word) > room:
            lines.append((rest if lines else first) + line)
            line, room = "", width - cells(rest)
        while not line and cells(word) > room:
            part = _within(word, room) or word[0]
            lines.append((rest if lines else first) + part)
            word, room = word[len(part) :], width - cells(rest)
        line = f"{line} {word}" if line else word
    return [*lines, (rest if lines else first) + line] if line else lines


_NARROWEST: Final = 8
"""Columns that are left to a name at least."""


def aligned(rows: Sequence[Sequence[str]], words: int, width: int | None = None) -> list[str]:
    """Return rows as lines of aligned columns, the first `words` of them left, the rest right.

    With a `width` the lines take at most so many columns: the first cell of each row is cut.
    """
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    if width is not None:
        room = width - sum(widths[1:]) - 2 * (len(widths) - 1)
        widths[0] = min(widths[0], max(room, _NARROWEST))
    return [
        "  ".join(
            _padded(cut_middle(cell, room), room, left=i < words)
            for i, (cell, room) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def _padded(text: str, width: int, *, left: bool) -> str:
    blanks = " " * (width - cells(text))
    return text + blanks if left else blanks + text


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name nearest to a wrong one; "" if none is near."""
    import difflib  # not at the top: only an error needs it

    return next(iter(difflib.get_close_matches(name, list(known), n=1)), "")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `did you mean X?` with the nearest known name; "" if none is near."""
    near = nearest(name, known)
    return f"did you mean {near}?" if near else ""


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _is_unsafe(char: str) -> bool:
    """Return whether a character may control a terminal, or is invisible."""
    return unicodedata.category(char) in _UNSAFE or _INVISIBLE.match(char) is not None


def _visible(text: str) -> Iterator[str]:
    """Yield visible characters, of combining marks the first few on a letter."""
    marks = 0
    for char in text:
        if _is_unsafe(char):
            continue
        marks = marks + 1 if unicodedata.category(char) in _MARKS else 0
        if marks <= _MARKS_ON_ONE:
            yield char
