"""The metrics store: numpy arrays, one row a call, of a size that does not grow with the call.

The fold alone writes to it; snapshots read it. Rows grow by doubling and are used again.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from ari_tui.analysis import counters as c
from ari_tui.analysis import histogram
from ari_tui.analysis.echo_leg import EchoLeg
from ari_tui.analysis.floor import Floor
from ari_tui.analysis.inflight import SLOTS, InFlight
from ari_tui.analysis.media_leg import MediaLeg
from ari_tui.analysis.records import Ints
from ari_tui.analysis.rows import RowArrays, grown
from ari_tui.analysis.series import Series

OVERDUE_NS: Final = 500_000_000
"""A packet out longer than this, and not yet given up, shows as overdue."""


class Distribution(NamedTuple):
    """Durations: a mergeable histogram (BUCKETS) with exact extremes and sum, in ns."""

    counts: histogram.Counts
    minimum: int
    maximum: int
    total: int
    number: int

    def plus(self, values_ns: Ints) -> Distribution:
        """Return this with more durations (n ≥ 1); the histogram is added to in place."""
        histogram.add(self.counts, values_ns)
        return Distribution(
            self.counts,
            min(self.minimum, int(values_ns.min())),
            max(self.maximum, int(values_ns.max())),
            self.total + int(values_ns.sum()),
            self.number + len(values_ns),
        )


class CallTotals(NamedTuple):
    """The numbers of one call, or of many added up."""

    counters: Ints
    in_flight: int
    overdue: int
    rtt: Distribution
    longest_gap_ns: int
    dead_air_ns: int


class Store:
    """State of every measured call. `row_of` maps a call's number to its row."""

    def __init__(self, *, loss_timeout_ns: int, late_ns: int, capacity: int = 16) -> None:
        self.loss_timeout_ns, self.late_ns = loss_timeout_ns, late_ns
        self.row_of: dict[int, int] = {}
        self.media, self.echo, self.flight = MediaLeg(), EchoLeg(), InFlight()
        self.media_floor, self.echo_floor = Floor(skewed=True), Floor(skewed=False)
        self.series = Series()
        self.counters: Ints = np.zeros((0, c.COUNT), dtype=np.int64)
        self.drops: Ints = np.zeros((0, 2), dtype=np.int64)
        self.scratch = np.zeros(0, dtype=np.int32)
        """A cell for each slot, for `segments.first_occurrence`."""
        self._dwell = {"out": _no_distribution(), "back": _no_distribution()}
        self.folded_until_ns = 0
        """The time up to which records have been folded, as far as the log is complete."""
        self.orphans = 0
        """Records of calls that have left: a worker's last words."""
        self.capacity = 0
        self._free: list[int] = []
        self._retired = CallTotals(
            np.zeros(c.COUNT, dtype=np.int64), 0, 0, _no_distribution(), 0, 0
        )
        self._grow(capacity)

    @property
    def _tables(self) -> tuple[RowArrays, ...]:
        return (
            self.media, self.echo, self.flight, self.media_floor, self.echo_floor, self.series
        )  # fmt: skip

    def _grow(self, capacity: int) -> None:
        added = capacity - self.capacity
        for table in self._tables:
            table.grow(added)
        self.counters, self.drops = grown(self.counters, added), grown(self.drops, added)
        self.scratch = np.zeros(capacity * SLOTS, dtype=np.int32)
        self._free.extend(range(capacity - 1, self.capacity - 1, -1))
        self.capacity = capacity

    def add_call(self, call: int) -> int:
        """Give a call a row. Raises ValueError when it has one."""
        if call in self.row_of:
            raise ValueError(f"call {call} is already measured")
        if not self._free:
            self._grow(max(1, self.capacity * 2))
        row = self._free.pop()
        self.row_of[call] = row
        return row

    def retire_call(self, call: int) -> None:
        """Fold an ended call into the totals and free its row; harmless for an unknown call.

        What was still under way is lost: its books are closed.
        """
        row = self.row_of.get(call)
        if row is None:
            return
        self.give_up(call)
        self._retired = merge([self._retired, self.call_totals(call, 0)])
        del self.row_of[call]
        for table in self._tables:
            table.clear(row)
        self.counters[row] = self.drops[row] = 0
        self._free.append(row)

    def give_up(self, call: int) -> None:
        """Count whatever a call still has under way as lost."""
        row = self.row_of[call]
        rows, sent_ns = self.flight.give_up(row)
        self.book_lost(rows, sent_ns)

    def tally(self, counter: int, rows: Ints) -> None:
        """Count one event for each of `rows` (n, any order, repeats allowed)."""
        if len(rows):
            self.counters[:, counter] += np.bincount(rows, minlength=self.capacity)

    def book_lost(self, rows: Ints, sent_ns: Ints) -> None:
        """Count lost packets (n) and book them to the seconds in which they were sent."""
        self.tally(c.LOST, rows)
        self.series.book("lost", rows, sent_ns)

    def book_dwell(self, way: str, rows: Ints, times_ns: Ints, dwell_ns: Ints) -> None:
        """Book our own delay (n, ns) on the way "out" or "back"."""
        if not len(rows):
            return
        sane = np.maximum(dwell_ns, 0)
        self._dwell[way] = self._dwell[way].plus(sane)
        self.series.book_dwell(rows, times_ns, sane)

    def dwell_spread(self, way: str) -> Distribution:
        """Return our own delay on the way "out" or "back", over all calls and the session."""
        return self._dwell[way]

    def call_totals(self, call: int, now_ns: int) -> CallTotals:
        """Return one call's numbers as they stand; `now_ns` decides what is overdue."""
        row = self.row_of[call]
        counters = self.counters[row].copy()
        counters[c.UPSTREAM_MISSING] = self.media.upstream_missing(row)
        gap_ns = self.media.open_gap_ns(row, self.folded_until_ns)
        counters[c.INTERRUPTIONS] += gap_ns > 0
        echo = self.echo
        rtt = Distribution(
            echo.rtt[row].astype(np.int64), int(echo.rtt_min[row]), int(echo.rtt_max[row]),
            int(echo.rtt_sum[row]), int(echo.rtt_count[row]),
        )  # fmt: skip
        return CallTotals(
            counters, self.flight.count(row), self.flight.overdue(row, OVERDUE_NS, now_ns), rtt,
            max(int(self.media.longest_gap[row]), gap_ns), int(self.media.dead_air[row]) + gap_ns,
        )  # fmt: skip

    def retired_totals(self) -> CallTotals:
        """Return what the calls that have left add up to."""
        return self._retired

    @property
    def bytes_per_call(self) -> int:
        """Memory of one row, in bytes."""
        shared = self.counters.itemsize * (c.COUNT + 2) + self.scratch.itemsize * SLOTS
        return sum(table.row_bytes for table in self._tables) + shared


def _no_distribution() -> Distribution:
    counts = np.zeros(histogram.BUCKETS, dtype=np.int64)
    return Distribution(counts, int(np.iinfo(np.int64).max), 0, 0, 0)


def merge(parts: list[CallTotals]) -> CallTotals:
    """Add calls up: counters and histograms exactly, extremes by extremes."""
    if not parts:
        return CallTotals(np.zeros(c.COUNT, dtype=np.int64), 0, 0, _no_distribution(), 0, 0)
    rtt = [part.rtt for part in parts]
    return CallTotals(
        np.sum([part.counters for part in parts], axis=0),
        sum(part.in_flight for part in parts),
        sum(part.overdue for part in parts),
        Distribution(
            np.sum([d.counts for d in rtt], axis=0),
            min(d.minimum for d in rtt),
            max(d.maximum for d in rtt),
            sum(d.total for d in rtt),
            sum(d.number for d in rtt),
        ),
        max(part.longest_gap_ns for part in parts),
        sum(part.dead_air_ns for part in parts),
    )
