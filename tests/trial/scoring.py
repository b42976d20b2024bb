"""Whether the first line named the place, and after how long: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.trial.faults import CLEAN, Fault
from tests.trial.site import Arrival, Document

UNKNOWN = "unknown"
NOTHING = "nothing"
RIGHT, NOT_KNOWN, MISSED, WRONG = "right", "not known", "missed", "wrong"


def place_of(document: Document) -> str:
    """Return the place that the first line names; or CLEAN, UNKNOWN, NOTHING."""
    where = document.get("where")
    if where is None:
        return NOTHING
    first = where["findings"][0] if where["findings"] else {}
    if first and first.get("text") == where["line"]:  # else worse trouble has an unknown place
        return str(first["place"])
    return CLEAN if where["clean"] else UNKNOWN


def line_of(document: Document) -> str:
    """Return the first line of a document."""
    where = document.get("where")
    return "" if where is None else str(where["line"])


@dataclass
class Outcome:
    """What came of one fault."""

    fault: str
    verdict: str
    line: str
    """The first line at the end of the fault."""
    after_s: float | None
    """From the fault's begin until the right line stood; None when it never did."""
    wrong_lines: list[str] = field(default_factory=list)
    """First lines that named a wrong place, at any time."""
    wrong_s: int = 0
    """Documents with such a line."""


def score(fault: Fault, arrivals: Sequence[Arrival], begin_s: float, end_s: float) -> Outcome:
    """Judge the documents from before a fault's begin to its end.

    A wrong place at any moment is wrong; without one, the line at the end counts.
    """
    during = [arrival for arrival in arrivals if begin_s <= arrival.at_s <= end_s]
    wrong = [
        arrival
        for arrival in arrivals
        if arrival.at_s <= end_s and _is_wrong(arrival, fault, begin_s)
    ]
    first = next((arrival.at_s for arrival in during if _place(arrival) in fault.right), None)
    last = during[-1] if during else Arrival(end_s, {})
    return Outcome(
        fault=fault.name,
        verdict=WRONG if wrong else _verdict(_place(last), fault),
        line=line_of(last.document),
        after_s=None if first is None or CLEAN in fault.right else round(first - begin_s, 1),
        wrong_lines=sorted({line_of(arrival.document) for arrival in wrong}),
        wrong_s=len(wrong),
    )


def _place(arrival: Arrival) -> str:
    return place_of(arrival.document)


def _is_wrong(arrival: Arrival, fault: Fault, begin_s: float) -> bool:
    """Return whether a line names a place where nothing is wrong at that time."""
    place = _place(arrival)
    if place in (CLEAN, UNKNOWN, NOTHING):
        return False
    return arrival.at_s < begin_s or place not in fault.right | fault.vague


def _verdict(place: str, fault: Fault) -> str:
    if place in fault.right:
        return RIGHT
    return MISSED if place == CLEAN else NOT_KNOWN


def passed(outcomes: Sequence[Outcome]) -> bool:
    """Return whether no place was wrong, and at least nine of ten right."""
    right = sum(outcome.verdict == RIGHT for outcome in outcomes)
    return all(outcome.verdict != WRONG for outcome in outcomes) and 10 * right >= 9 * len(outcomes)
