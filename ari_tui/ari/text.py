"""Text from outside, made safe to show: caller names, channel names, error messages.

A caller chooses the name that reaches us, and a terminal obeys what it is sent. Everything that
a person may see passes `clean_text` once, where it enters; identifiers that go back into URLs
stay raw in their objects and are cleaned where they are shown.
"""

from __future__ import annotations

import re
import unicodedata
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
_LONGEST: Final = 16_384
"""Characters looked at; what comes later could not be shown anyway."""


def clean_text(value: object, limit: int = 128) -> str:
    """Return `value` as one line without control characters, at most `limit` characters long.

    Escape sequences, C0 and C1 controls, bidirectional and zero-width marks, surrogates and
    unassigned code points are removed; runs of blanks become one space; longer text ends in "…".
    Console markup is left as it is: whoever draws must not interpret it.
    """
    text = _ESCAPE_SEQUENCES.sub("", str(value)[:_LONGEST])
    text = _BLANKS.sub(" ", text)
    text = "".join(char for char in text if unicodedata.category(char) not in _DROPPED)
    # again: a removed mark may have stood between two blanks
    text = _BLANKS.sub(" ", text).strip()
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
