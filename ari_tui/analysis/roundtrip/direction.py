"""The direction of losses: our echo server reports how many packets of a stream it received.

A query is sent through the stream's own socket, after every packet sent before it and before every
later one. Once those before it are settled, three counts follow: lost outwards, lost in the echo
server (failures and impairment), lost on the way back. A stream of several epochs is not split,
since the server counts by SSRC.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from ari_tui.analysis import counters as c
from ari_tui.analysis.records import Ints
from ari_tui.analysis.roundtrip.in_flight import InFlight
from ari_tui.wire.status import Holds

_KEPT: Final = 16
_COPIES_KEPT: Final = 1024
_INTERVALS: Final = 64


class EchoReport(NamedTuple):
    """An echo server's report on one stream, asked for at `asked_ns`."""

    asked_ns: int
    ssrc: int
    received: int
    failed: int
    """Received and not sent back, by a failure or impairment."""
    dwell_max_ns: int
    holds: Holds | None = None
    """The packets that the server held; None from one that cannot tell them."""


class Directions(NamedTuple):
    """Lost packets by where they were lost, up to a report."""

    outward: int
    at_echo: int
    back: int

    def plus(self, other: Directions) -> Directions:
        """Return the sum."""
        return Directions(*(a + b for a, b in zip(self, other, strict=True)))


class EchoCounts(NamedTuple):
    """What was lost of the packets sent between two reports, once all of them are settled."""

    from_ns: int
    until_ns: int
    lost: Directions


class CallDirection:
    """The reports of one call, and the directions by the newest settled one."""

    def __init__(self) -> None:
        self.waiting: list[EchoReport] = []
        self.newest: Directions | None = None
        self.intervals: deque[EchoCounts] = deque(maxlen=_INTERVALS)
        """From report to report, oldest first."""
        self._told_ns = 0
        self.dwell_max_ns = 0
        self._copies = 0
        self._recent_copies: deque[int] = deque(maxlen=_COPIES_KEPT)

    def copy(self, sent_ns: int) -> None:
        """Count a duplicate that was sent to the echo server, since that counts it, too."""
        self._copies += 1
        self._recent_copies.append(sent_ns)

    def take(self, report: EchoReport) -> bool:
        """Take a report; return whether its longest dwell is a new maximum."""
        self.waiting = [*self.waiting, report][-_KEPT:]
        grown = report.dwell_max_ns > self.dwell_max_ns
        self.dwell_max_ns = max(self.dwell_max_ns, report.dwell_max_ns)
        return grown

    def settle(self, row: int, counters: Ints, flight: InFlight, before_ns: int) -> None:
        """Update the directions by the newest report asked for up to `before_ns`."""
        ripe = [report for report in self.waiting if report.asked_ns <= before_ns]
        if not ripe:
            return
        self.waiting = self.waiting[len(ripe) :]
        report = ripe[-1]
        later, later_lost = flight.since(row, report.asked_ns)
        later_copies = sum(sent_ns >= report.asked_ns for sent_ns in self._recent_copies)
        sent = int(counters[c.SENT]) - later + self._copies - later_copies
        lost = int(counters[c.LOST]) - later_lost
        outward = sent - report.received
        back = lost - outward - report.failed
        # below 0 when a duplicate was lost and its original was not
        if min(outward, back) >= 0:
            self._take_interval(report.asked_ns, Directions(outward, report.failed, back))

    def _take_interval(self, asked_ns: int, now: Directions) -> None:
        before = self.newest or Directions(0, 0, 0)
        lost = Directions(*(max(0, b - a) for a, b in zip(before, now, strict=True)))
        self.intervals.append(EchoCounts(self._told_ns, asked_ns, lost))
        self.newest, self._told_ns = now, asked_ns
