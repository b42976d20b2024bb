"""When a call was bad: the seconds of its course that lost, were late or broke the limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ari_tui.snapshot.live import SECONDS
from ari_tui.ui.limits import Limits

if TYPE_CHECKING:
    from ari_tui.ui.rows import Row


class Span(NamedTuple):
    """Neighbouring bad seconds, both ends included (since 1970, UTC)."""

    first: int
    last: int
    lost: int
    late: int
    max_us: int | None
    """Longest round trip; None when none came back."""


def bad_spans(row: Row, last_second: int, limits: Limits) -> list[Span]:
    """Return the bad stretches of the last five minutes, oldest first.

    A second is bad when a packet sent in it is lost, one came back late, or a round trip took
    longer than the limit of the longest.
    """
    if row.course is None:
        return []
    tails = [row.course.tail(name, SECONDS) for name in ("lost", "late", "rtt_max_us")]
    most_us = None if limits.max_ms is None else limits.max_ms * 1000
    spans: list[Span] = []
    for i, (lost, late, max_us) in enumerate(zip(*tails, strict=True)):
        above = most_us is not None and max_us is not None and max_us > most_us
        if lost or late or above:
            second = last_second - SECONDS + 1 + i
            _add(spans, Span(second, second, lost or 0, late or 0, max_us))
    return spans


def _add(spans: list[Span], found: Span) -> None:
    if not spans or spans[-1].last + 1 < found.first:
        spans.append(found)
        return
    before = spans[-1]
    longest = [us for us in (before.max_us, found.max_us) if us is not None]
    spans[-1] = Span(
        before.first,
        found.last,
        before.lost + found.lost,
        before.late + found.late,
        max(longest, default=None),
    )
