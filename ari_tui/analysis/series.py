"""The last five minutes of every call, one cell a second: the data of the sparklines.

A packet counts in the second in which it was sent, its RTT in the second in which it returned.
The 95th percentile of a second is that of its first SAMPLES round trips (128 packets a second are
8 ms packets).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ari_tui.analysis.grouping import RowGroups
from ari_tui.analysis.nearest_rank import nearest_rank
from ari_tui.analysis.records import Ints, Mask
from ari_tui.analysis.row_arrays import add_at, column
from ari_tui.analysis.second_ring import SecondRing

SECONDS: Final = 300
ABOVE_SECONDS: Final = 96
"""How far back round trips above the limits are kept: until their second closes."""
SAMPLES: Final = 128
SAMPLE_SECONDS: Final = 4
"""How many seconds' first round trips are kept, for those that are added later."""
LIMITS: Final = 13
"""The most RTT limits of a profile: three in each of four tiers, and the largest RTT."""
_SECOND_NS: Final = 1_000_000_000
_P95_RANK: Final = np.array([nearest_rank(0.95, count) for count in range(SAMPLES + 1)])
NO_RTT: Final = 0xFFFFFFFF
_OF_A_SECOND: Final = (
    *(
        "sent",
        "late",
        "lost",
        "rtt_count",
        "rtt_sum",
        "rtt_max",
        "dwell_max",
        "asterisk_max",
        "limited",
    ),
)
_OF_ROUND_TRIPS: Final = frozenset({"rtt_min", "rtt_max", "rtt_p95", "rtt_sum"})


class SecondSums(NamedTuple):
    """Cells of n calls over some seconds, each (n, seconds); RTTs in ns."""

    sent: Ints
    returned: Ints
    lost: Ints
    late: Ints
    rtt_sum: Ints
    rtt_count: Ints
    rtt_max: Ints
    rtt_min: Ints
    """NO_RTT where no round trip was measured."""


class Series(SecondRing):
    """Per-second cells of every call, a ring of SECONDS.

    `book` counts events in their seconds; its names are sent, returned, lost and late.
    """

    second = column(np.int64, -1, (SECONDS,))
    """The second (since the epoch) of a cell."""
    sent = column(np.uint32, 0, (SECONDS,))
    returned = column(np.uint32, 0, (SECONDS,))
    lost = column(np.uint32, 0, (SECONDS,))
    late = column(np.uint32, 0, (SECONDS,))
    rtt_min = column(np.uint32, NO_RTT, (SECONDS,))
    rtt_max = column(np.uint32, 0, (SECONDS,))
    rtt_p95 = column(np.uint32, 0, (SECONDS,))
    rtt_sum = column(np.int64, 0, (SECONDS,))
    rtt_count = column(np.uint32, 0, (SECONDS,))
    dwell_max = column(np.uint32, 0, (SECONDS,))
    asterisk_max = column(np.uint32, 0, (SECONDS,))
    """Largest arrival excess (ns above the floor) of Asterisk's packets, at least 1; 0: none."""
    limited = column(np.uint8, 0, (SECONDS,))
    """Bits of `sla.evidence.Limited` known so far."""
    above = column(np.uint16, 0, (ABOVE_SECONDS * LIMITS,))
    """Round trips of each of the newest seconds above each of the limits."""
    open_second = column(np.int64, -1)
    """The second whose round trips are being collected."""
    samples = column(np.uint32, NO_RTT, (SAMPLE_SECONDS, SAMPLES))
    """Those of the newest seconds, by second modulo SAMPLE_SECONDS."""
    sample_count = column(np.int64, 0, (SAMPLE_SECONDS,))
    sample_second = column(np.int64, -1, (SAMPLE_SECONDS,))

    def __init__(self, limits_ns: Sequence[int] = ()) -> None:
        super().__init__()
        if len(limits_ns) > LIMITS:
            raise ValueError(f"{len(limits_ns)} different RTT limits: at most {LIMITS}")
        self._limits_ns = np.array(sorted(limits_ns), dtype=np.int64)

    def mark_limited(self, rows: Ints, seconds: Ints, reason: int) -> None:
        """Mark seconds (n) of calls as limited; `reason` is a bit of `sla.evidence.Limited`."""
        cells, kept = self._cells(rows, seconds)
        self.limited[rows[kept], cells[kept]] |= np.uint8(reason)

    def book_dwell(self, rows: Ints, times_ns: Ints, dwell_ns: Ints) -> None:
        """Update the longest dwell (ns) of each second."""
        self.keep_longest("dwell_max", rows, times_ns, dwell_ns)

    def book_excess(self, rows: Ints, times_ns: Ints, excess_ns: Ints) -> None:
        """Update the largest arrival excess (ns above the floor) of each second."""
        self.keep_longest("asterisk_max", rows, times_ns, np.maximum(excess_ns, 1))

    def book_rtt(self, rows: Ints, times_ns: Ints, rtt_ns: Ints) -> None:
        """Add round trips (n, `rows` sorted, in order of return) to the seconds of their return.

        After the clock was set back they count in the open second: no second is opened twice.
        """
        if not len(rows):
            return
        groups = RowGroups(rows)
        seconds = groups.running_max(times_ns // _SECOND_NS, self.open_second[groups.rows])
        while len(rows):
            groups = RowGroups(rows)
            current = seconds[groups.starts]
            self._open(groups.rows, current)
            # one second of each call at a time
            now = seconds == current[groups.of]
            self._collect(rows[now], rtt_ns[now])
            rows, seconds, rtt_ns = rows[~now], seconds[~now], rtt_ns[~now]

    def _clear_cells(self, rows: Ints, cells: Ints, seconds: Ints) -> None:
        super()._clear_cells(rows, cells, seconds)
        columns = (seconds % ABOVE_SECONDS)[:, None] * LIMITS + np.arange(LIMITS)
        self.above[rows[:, None], columns] = 0

    def _open(self, rows: Ints, seconds: Ints) -> None:
        """Open a second for each row; close the one before."""
        later = seconds > self.open_second[rows]
        rows, seconds = rows[later], seconds[later]
        if not len(rows):
            return
        self._store_p95(rows, self.open_second[rows])
        self.open_second[rows] = seconds
        self._begin_samples(rows, seconds)

    def _begin_samples(self, rows: Ints, seconds: Ints) -> None:
        """Clear the samples of rows (n) for a newer second (n)."""
        slots = seconds % SAMPLE_SECONDS
        fresh = self.sample_second[rows, slots] < seconds
        at = rows[fresh], slots[fresh]
        self.samples[at] = NO_RTT
        self.sample_count[at] = 0
        self.sample_second[at] = seconds[fresh]

    def _store_p95(self, rows: Ints, seconds: Ints) -> None:
        """Store the 95th percentile of a second (n) of each row (n) that has samples of it."""
        slots = seconds % SAMPLE_SECONDS
        sampled = (self.sample_second[rows, slots] == seconds) & (
            self.sample_count[rows, slots] > 0
        )
        cells = seconds % SECONDS
        kept = sampled & (self.second[rows, cells] == seconds)
        if kept.any():
            rows, seconds, cells = rows[kept], seconds[kept], cells[kept]
            self.rtt_p95[rows, cells] = self._sampled_p95(rows, seconds)

    def _sampled_p95(self, rows: Ints, seconds: Ints) -> Ints:
        """Return the 95th percentile (nearest rank) of a second (n) of rows (n) with samples."""
        slots = seconds % SAMPLE_SECONDS
        count = np.minimum(self.sample_count[rows, slots], SAMPLES)
        ordered = np.sort(self.samples[rows, slots], axis=1)  # unused samples are NO_RTT
        return np.asarray(ordered[np.arange(len(rows)), _P95_RANK[count] - 1], dtype=np.int64)

    def _open_p95(self, rows: Ints) -> Ints:
        """Return the 95th percentile of rows whose open second has a sample."""
        return self._sampled_p95(rows, self.open_second[rows])

    def _sampling(self, rows: Ints) -> Mask:
        """Return which rows have samples of their open second."""
        return np.asarray(self.sample_count[rows, self.open_second[rows] % SAMPLE_SECONDS] > 0)

    def add_rtt(self, rows: Ints, times_ns: Ints, rtt_ns: Ints) -> None:
        """Add round trips (n, any order) that waited to the seconds of their return."""
        seconds = times_ns // _SECOND_NS
        cells, kept = self._cells(rows, seconds)
        rows, seconds, cells, rtt_ns = rows[kept], seconds[kept], cells[kept], rtt_ns[kept]
        short = np.minimum(rtt_ns, NO_RTT - 1).astype(np.uint32)
        at = rows * SECONDS + cells
        np.minimum.at(self.rtt_min.reshape(-1), at, short)
        np.maximum.at(self.rtt_max.reshape(-1), at, short)
        np.add.at(self.rtt_sum.reshape(-1), at, rtt_ns)
        add_at(self.rtt_count, rows, cells)
        self._count_above(rows, seconds, rtt_ns)
        self._add_samples(rows, seconds, short)

    def _add_samples(self, rows: Ints, seconds: Ints, short: npt.NDArray[np.uint32]) -> None:
        """Add round trips (n) to the samples of their seconds, and renew the percentiles."""
        self._begin_samples(rows, seconds)
        slots = seconds % SAMPLE_SECONDS
        for i in np.flatnonzero(self.sample_second[rows, slots] == seconds).tolist():
            row, slot = rows[i], slots[i]
            place = self.sample_count[row, slot]
            self.sample_count[row, slot] += 1
            if place < SAMPLES:
                self.samples[row, slot, place] = short[i]
        closed = seconds != self.open_second[rows]
        self._store_p95(rows[closed], seconds[closed])

    def _collect(self, rows: Ints, rtt_ns: Ints) -> None:
        groups = RowGroups(rows)
        short = np.minimum(rtt_ns, NO_RTT - 1).astype(np.uint32)
        owners, seconds = groups.rows, self.open_second[groups.rows]
        slots = seconds % SAMPLE_SECONDS
        place = self.sample_count[owners, slots][groups.of] + groups.position()
        room = place < SAMPLES
        self.samples[rows[room], slots[groups.of][room], place[room]] = short[room]
        lengths = np.bincount(groups.of)
        self.sample_count[owners, slots] += lengths
        cells, kept = self._cells(owners, seconds)
        at = (owners[kept], cells[kept])
        shortest = np.minimum.reduceat(short, groups.starts)[kept]
        longest = np.maximum.reduceat(short, groups.starts)[kept]
        self.rtt_min[at] = np.minimum(self.rtt_min[at], shortest)
        self.rtt_max[at] = np.maximum(self.rtt_max[at], longest)
        self.rtt_sum[at] += np.add.reduceat(rtt_ns, groups.starts)[kept]
        self.rtt_count[at] += lengths[kept].astype(np.uint32)
        self._count_above(rows, self.open_second[rows], rtt_ns)

    def _count_above(self, rows: Ints, seconds: Ints, rtt_ns: Ints) -> None:
        """Count round trips of seconds (n) above each limit."""
        level = np.searchsorted(self._limits_ns, rtt_ns)  # number of limits below
        high = np.flatnonzero(level)
        cells = seconds % ABOVE_SECONDS
        for limit in range(int(level.max(initial=0))):
            over = high[level[high] > limit]
            add_at(self.above, rows[over], cells[over] * LIMITS + limit)

    def of_second(self, rows: Ints, second: int) -> tuple[Mask, Mapping[str, Ints]]:
        """Return which of n calls have data of a second, and their fields.

        Each is (n), 0 for calls without data; `above` is (n, LIMITS).
        """
        cell = second % SECONDS
        known = self.second[rows, cell] == second
        fields: dict[str, Ints] = {
            name: np.where(known, getattr(self, name)[rows, cell].astype(np.int64), 0)
            for name in _OF_A_SECOND
        }
        first = second % ABOVE_SECONDS * LIMITS
        above = self.above[rows, first : first + LIMITS].astype(np.int64)
        fields["above"] = np.where(known[:, None], above, 0)
        return known, fields

    def of_seconds(self, rows: Ints, seconds: Ints) -> SecondSums:
        """Return counts and RTT sums (n calls, seconds) of some seconds; 0 without data."""
        known, at = self.known(rows, seconds), (rows[:, None], seconds % SECONDS)

        def of(name: str) -> Ints:
            empty = NO_RTT if name == "rtt_min" else 0
            return np.where(known, getattr(self, name)[at].astype(np.int64), empty)

        return SecondSums(*map(of, SecondSums._fields))

    def known(self, rows: Ints, seconds: Ints) -> Mask:
        """Return which seconds have any data (n calls, seconds)."""
        return np.asarray(self.second[rows[:, None], seconds % SECONDS] == seconds)

    def p95(self, rows: Ints, seconds: Ints) -> Ints:
        """Return the 95th percentiles in ns (n calls, seconds); 0 without round trips."""
        cells = seconds % SECONDS
        found = self.rtt_p95[rows[:, None], cells].astype(np.int64)
        found[~self.known(rows, seconds)] = 0
        collecting = np.flatnonzero(self._sampling(rows))
        if len(collecting):
            at = self.open_second[rows[collecting], None] == seconds
            so_far = self._open_p95(rows[collecting])[:, None]
            found[collecting] = np.where(at, so_far, found[collecting])
        return found

    def history(self, row: int, name: str, last_second: int, seconds: int) -> list[Any]:
        """Return one field's `seconds` cells up to and including `last_second`, oldest first.

        None without data, and for an RTT of a second without round trips.
        """
        wanted = np.arange(last_second - seconds + 1, last_second + 1)
        cells = wanted % SECONDS
        known = self.second[row, cells] == wanted
        values = getattr(self, name)[row, cells].astype(np.int64)
        if name in _OF_ROUND_TRIPS:
            known &= self.rtt_count[row, cells] > 0
        if name == "rtt_p95" and self._sampling(np.array([row]))[0]:
            values[wanted == self.open_second[row]] = self._open_p95(np.array([row]))[0]
        return [int(v) if k else None for v, k in zip(values, known, strict=True)]
