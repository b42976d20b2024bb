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
    socket_drops: int = 0
    """Dropped by its kernel for want of room, of all its streams."""
    follow_up: bool = False
    """Asked for more holds only, right after another: its counts add nothing."""


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


class _Counted(NamedTuple):
    """The counts up to one report: ours of what was sent before it, and the server's own."""

    sent: int = 0
    lost: int = 0
    received: int = 0
    failed: int = 0


class CallDirection:
    """The reports of one call, and the directions by the newest settled one."""

    def __init__(self) -> None:
        self.waiting: list[EchoReport] = []
        self.newest: Directions | None = None
        self.intervals: deque[EchoCounts] = deque(maxlen=_INTERVALS)
        """From report to report, oldest first."""
        self.dwell_max_ns = 0
        self._told_ns = 0
        self._base, self._before_base = _Counted(), Directions(0, 0, 0)
        """The counts when the server's began, and what was split before it was restarted."""
        self._received = self._dropped = 0
        self._socket_drops: int | None = None
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
        """Update the directions by the reports asked for up to `before_ns`."""
        ripe = [report for report in self.waiting if report.asked_ns <= before_ns]
        self.waiting = self.waiting[len(ripe) :]
        for report in ripe:
            later, later_lost = flight.since(row, report.asked_ns)
            later_copies = sum(sent_ns >= report.asked_ns for sent_ns in self._recent_copies)
            sent = int(counters[c.SENT]) - later + self._copies - later_copies
            lost = int(counters[c.LOST]) - later_lost
            self._settle_one(report, _Counted(sent, lost, report.received, report.failed))

    def _settle_one(self, report: EchoReport, now: _Counted) -> None:
        if now.received < self._received:
            # restarted: what was lost meanwhile cannot be split
            self._base, self._before_base = now, self.newest or self._before_base
            self._received, self._socket_drops = now.received, report.socket_drops
            self._dropped, self._told_ns = 0, report.asked_ns
            return
        gone = _Counted(*(b - a for a, b in zip(self._base, now, strict=True)))
        outward = gone.sent - gone.received
        back = gone.lost - outward - gone.failed
        # below 0 when a duplicate was lost and its original was not
        if min(outward, back) < 0:
            return
        split = self._before_base.plus(Directions(outward, gone.failed, back))
        self._take_interval(report, split)
        self._received, self._socket_drops = now.received, report.socket_drops

    def _take_interval(self, report: EchoReport, split: Directions) -> None:
        before = self.newest or Directions(0, 0, 0)
        # what its own socket dropped did not get lost on the path
        outward = max(0, split.outward - self._dropped - before.outward)
        if self._socket_drops is not None:  # those of before the call were others'
            self._dropped += min(outward, max(0, report.socket_drops - self._socket_drops))
        now = Directions(split.outward - self._dropped, split.at_echo + self._dropped, split.back)
        lost = Directions(*(max(0, b - a) for a, b in zip(before, now, strict=True)))
        self.intervals.append(EchoCounts(self._told_ns, report.asked_ns, lost))
        self.newest, self._told_ns = now, report.asked_ns
