"""The diagnosis as lines of text: the same words and the same order on every surface.

A surface chooses how many lines it has room for and how it colours them, never other words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

from ari_tui.document.load_test import LoadCall
from ari_tui.document.model import Call
from ari_tui.document.where import MOST_SHOWN, PLACES, Finding, Unknown, Where

WORD: Final = "WHERE"
NOT_TOLD: Final = "not told by this engine"
"""After WORD, of a document from before there was a diagnosis."""
Kind = Literal["line", "finding", "evidence", "against", "unknown"]
_HEADS: Final[dict[Kind, str]] = {
    "line": f"{WORD} ",
    "finding": "also  ",
    "evidence": "  evidence: ",
    "against": "  against: ",
    "unknown": "  not known: ",
}


class Told(NamedTuple):
    """One line of a diagnosis."""

    kind: Kind
    text: str
    mark: str = " "
    """"!" for a proved finding, "~" for a likely one or trouble of unknown place, else " "."""

    @property
    def words(self) -> str:
        """Return the line with the word that says what it is."""
        return _HEADS[self.kind] + self.text


def line_of(where: Where | None) -> str:
    """Return the one line of a diagnosis, which may be missing, with the word WHERE."""
    return f"{WORD} {NOT_TOLD if where is None else where.line}"


def told(where: Where | None, most: int = MOST_SHOWN) -> Iterator[Told]:
    """Yield the line, what speaks for and against it, further findings, and what is not known."""
    if where is None:
        yield Told("line", NOT_TOLD)
        return
    shown = where.findings[:most]
    if not shown or shown[0].text != where.line:
        yield Told("line", where.line, "~" if shown else where.mark)
    for finding in shown:
        kind: Kind = "line" if finding.text == where.line else "finding"
        yield Told(kind, finding.text, mark_of_finding(finding))
        yield from _grounds(finding)
    for unknown in where.unknown:
        yield from _not_known(unknown, where.line)


def mark_of_finding(finding: Finding) -> str:
    """Return "!" for a proved finding, "~" for a likely one."""
    return "!" if finding.proved else "~"


def _grounds(finding: Finding) -> Iterator[Told]:
    yield from (Told("evidence", text) for text in finding.evidence)
    yield from (Told("against", text) for text in finding.against)


def _not_known(unknown: Unknown, line: str) -> Iterator[Told]:
    """Yield why a place is not known; trouble that is the line already is not said twice."""
    trouble = unknown.text
    subject = PLACES.get(unknown.place, unknown.place) if trouble is None else trouble
    text = unknown.why if trouble is not None and trouble in line else f"{subject}: {unknown.why}"
    yield Told("unknown", text, " " if trouble is None else "~")


class Faulty(NamedTuple):
    """A call with a fault, by name."""

    channel: str
    text: str
    """The line of its diagnosis."""


def faulty(calls: Iterable[Call | LoadCall], most: int) -> list[Faulty]:
    """Return the calls with a fault or trouble of unknown place, the proved ones first."""
    found = [(call, call.where) for call in calls if call.where and call.where.mark in "!~"]
    found.sort(key=lambda pair: (pair[1].mark != "!", -_seconds(pair[1])))
    return [Faulty(call.channel or call.channel_id, where.line) for call, where in found[:most]]


def _seconds(where: Where) -> float:
    of_findings = [finding.seconds for finding in where.findings]
    return max([*of_findings, *(unknown.seconds for unknown in where.unknown)])
