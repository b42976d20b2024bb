"""Where the fault is: the `where` of a session and of each call, the one diagnosis of all surfaces.

Computed once by the engine (`analysis/diagnosis`) and put into words once (`building/where.py`).
Every surface prints `Where.line`, `Finding.text` and `Unknown.text` as they are.
"""

from __future__ import annotations

from typing import Final

import msgspec

PLACES: Final[dict[str, str]] = {
    "caller-in": "the caller's leg into Asterisk",
    "asterisk": "Asterisk",
    "asterisk-engine": "between Asterisk and this engine",
    "engine": "this engine",
    "echo-out": "the path to the echo server, outward",
    "echo-back": "the path to the echo server, back",
    "echo-path": "the path to the echo server",
    "echo-server": "the echo server",
    "caller-out": "Asterisk's leg out to the caller",
}
"""The places of takeover mode in words, by their codes in documents."""
SHORT_PLACES: Final[dict[str, str]] = {
    "caller-in": "caller in",
    "asterisk": "Asterisk",
    "asterisk-engine": "Ast→engine",
    "engine": "engine",
    "echo-out": "echo out",
    "echo-back": "echo back",
    "echo-path": "echo path",
    "echo-server": "echo serv",
    "caller-out": "caller out",
}
"""The same for a column of a table, at most ten characters."""
MOST_SHOWN: Final = 3
"""Findings that a surface shows; the document has all."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something bad at one place."""

    place: str
    direction: str | None = None
    """Reserved for calls between two parties: "a-b" or "b-a"."""
    what: str
    """What moved there: lost, late, delay, silent, held, stopped, restarted, refused, gone …"""
    text: str
    """Place, what, how much, since when and how sure, in one sentence of about 60 characters."""
    since: str
    """The first bad second."""
    until: str | None = None
    """The end of the last bad second; null while it goes on."""
    seconds: float
    """How many seconds were bad."""
    calls: int
    """How many calls it concerns, of `of_calls` that were up."""
    of_calls: int
    evidence: list[str]
    against: list[str]
    """What speaks against the place, or limits what can be said."""
    confidence: str
    """proved, or likely: the count proves no rate beyond the limit, or the place is inferred."""

    @property
    def proved(self) -> bool:
        """Return whether rate and place are proved; what is not must never be shown as bad."""
        return self.confidence == "proved"


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """A place that cannot be judged, or trouble whose place is not known, and why."""

    place: str
    """Of trouble: the first of the places that it may be at; `why` names all."""
    why: str
    text: str | None = None
    """Trouble in one sentence, as `Finding.text`; null where a place just cannot be seen."""
    since: str | None = None
    seconds: float = 0.0
    calls: int = 0


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """The diagnosis of a call, or of the whole session."""

    line: str
    """What a surface says after the word WHERE: the first finding, trouble of unknown place, or
    that no fault was seen."""
    findings: list[Finding]
    """Worst first."""
    unknown: list[Unknown]
    clean: bool
    """Nothing bad was seen, though `unknown` may name what could not be seen."""

    @property
    def place(self) -> str | None:
        """Return the place of the first finding; None without one."""
        return self.findings[0].place if self.findings else None

    @property
    def has_trouble(self) -> bool:
        """Return whether there is trouble of unknown place."""
        return any(unknown.text is not None for unknown in self.unknown)

    @property
    def mark(self) -> str:
        """Return "!" for a proved fault, "~" for a likely one or one of unknown place, "?" while
        nothing is measured, else " ".
        """
        if self.findings:
            return "!" if any(finding.proved for finding in self.findings) else "~"
        if self.clean:
            return " "
        return "~" if self.has_trouble else "?"


NOTHING_YET: Final = Where(line="nothing measured yet", findings=[], unknown=[], clean=False)
