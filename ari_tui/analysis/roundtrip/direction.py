"""On which way packets are lost: our echo server says how many of a stream have reached it.

A query leaves through the stream's own socket, so it is behind every packet sent before it and
ahead of every later one. Once those before it are settled, three counts follow: lost on the way
out, inside the echo server (its own failures, or what it was told to lose), on the way back. A
stream of more than one epoch is not split: the server counts each SSRC alone.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from ari_tui.analysis import counters as c
from ari_tui.analysis.records import Ints
from ari_tui.analysis.roundtrip.in_flight import InFlight

_KEPT: Final = 16
_COPIES_KEPT: Final = 1024


class EchoReport(NamedTuple):
    """What an echo server said of one stream, asked at `asked_ns`."""

    asked_ns: int
    ssrc: int
    received: int
    failed: int
    """Received and never sent back, by its own fault or impairment."""
    dwell_max_ns: int


class Directions(NamedTuple):
    """Lost packets by where they were lost, as far as a report tells."""

    outward: int
    at_echo: int
    back: int

    def plus(self, other: Directions) -> Directions:
        """Return the losses of both."""
        return Directions(*(a + b for a, b in zip(self, other, strict=True)))


class CallDirection:
    """The reports of one call, and what the newest settled one says."""

    def __init__(self) -> None:
        self.waiting: list[EchoReport] = []
        self.newest: Directions | None = None
        self.dwell_max_ns = 0
        self._copies = 0
        self._recent_copies: deque[int] = deque(maxlen=_COPIES_KEPT)

    def copy(self, sent_ns: int) -> None:
        """Take note of a further copy of a packet that went to the echo server, which counts it."""
        self._copies += 1
        self._recent_copies.append(sent_ns)

    def take(self, report: EchoReport) -> bool:
        """Take a report; tell whether the server held packets longer than it ever had."""
        self.waiting = [*self.waiting, report][-_KEPT:]
        grown = report.dwell_max_ns > self.dwell_max_ns
        self.dwell_max_ns = max(self.dwell_max_ns, report.dwell_max_ns)
        return grown

    def settle(self, row: int, counters: Ints, flight: InFlight, before_ns: int) -> None:
        """Work out the reports that were asked for before `before_ns`; the newest counts."""
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
        # a copy that was lost where its original was not: then the counts do not tell
        if min(outward, back) >= 0:
            self.newest = Directions(outward, report.failed, back)
