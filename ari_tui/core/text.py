"""Text from outside, made safe to show: caller names, channel names, error messages.

A caller chooses the name that reaches us, and a terminal obeys what it is sent. Everything that
a person may see passes `clean_text` once, where it enters; identifiers that go back into URLs
stay raw in their objects and are cleaned where they are shown.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_ESCAPE_SEQUENCES: Final = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI: colours, cursor
    # OSC, DCS, SOS, PM, APC: titles, clipboard; up to their terminator, else to the end
    "|(?:\x1b[\\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)?"
    "|\x1b[ -/]*[0-~]?"
)
_BLANKS: Final = re.compile(r"\s+")
_DROPPED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Unicode categories without a picture; Cf holds the bidi and zero-width marks."""
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
"""Of other categories, and as little to be seen (Default_Ignorable_Code_Point, Braille's blank):
joiners, fillers, variation selectors, after which terminals disagree about a letter's width."""
_MARKS: Final = frozenset({"Mn", "Me"})
_MARKS_ON_ONE: Final = 4
"""Combining marks that a letter may carry: more of them are drawn over the lines around it."""
_LONGEST: Final = 16_384
"""Characters looked at; what comes later could not be shown anyway."""


def clean_text(value: object, limit: int = 128) -> str:
    """Return `value` as one line without control characters, at most `limit` characters long.

    Escape sequences, C0 and C1 controls, bidirectional and zero-width marks, what else has no
    picture, surrogates, unassigned code points, and towers of combining marks are removed; runs of
    blanks become one space; longer text ends in "…".
    Console markup is left as it is: whoever draws must not interpret it.
    """
    text = _ESCAPE_SEQUENCES.sub("", str(value)[:_LONGEST])
    text = _INVISIBLE.sub("", _BLANKS.sub(" ", text))
    if not text.isascii() or not text.isprintable():
        text = "".join(_pictures(text))
    # again: a removed mark may have stood between two blanks
    text = _BLANKS.sub(" ", text).strip()
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _pictures(text: str) -> Iterator[str]:
    """Yield what has a picture, of combining marks the first few on a letter."""
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        if category in _DROPPED:
            continue
        marks = marks + 1 if category in _MARKS else 0
        if marks <= _MARKS_ON_ONE:
            yield char
