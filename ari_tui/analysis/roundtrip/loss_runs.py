"""The pattern of losses: run lengths, burst ratio, and bursts and gaps by RFC 3611.

A run is a sequence of consecutive lost packets. A burst (RFC 3611, section 4.7.2) begins and ends
with a lost packet, with fewer than GMIN returned ones between any two losses in it; a lost packet
with GMIN returned ones on both sides is part of the gap (appendix A.2). As there, GMIN returned
packets are assumed before and after the stream.

All lengths are in packets, in the order of sending, among settled ones (returned or lost): the
caller passes a packet only when all that were sent before it are settled.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ari_tui.analysis.grouping import RowGroups
from ari_tui.analysis.records import Ints, Mask
from ari_tui.analysis.row_arrays import RowArrays, column

GMIN: Final = 16
LONGEST_RUN: Final = 10
"""Runs of this length and above are counted together."""
RUN_NAMES: Final = (*(str(length) for length in range(1, LONGEST_RUN)), f"{LONGEST_RUN}+")
_NEVER: Final = -(1 << 40)


class LossPattern(NamedTuple):
    """The losses of one call, or of many added up: numbers of packets, runs, bursts and gaps."""

    settled: int
    lost: int
    runs: tuple[int, ...]
    """Number of runs of 1, 2 … 9 and of 10 or more lost packets."""
    bursts: int
    burst_packets: int
    """Packets within bursts, lost and returned."""
    burst_lost: int
    gaps: int

    @property
    def mean_run(self) -> float | None:
        """Return the mean length of a run, in packets; None without a loss."""
        return _ratio(self.lost, sum(self.runs))

    @property
    def burst_ratio(self) -> float | None:
        """Return the mean run over that of random losses, 1/(1 − p) (G.107, BurstR).

        1 is random, above 1 is bursty. None without a loss, and when all was lost.
        """
        run = self.mean_run
        if run is None or self.lost == self.settled:
            return None
        return run * (1 - self.lost / self.settled)

    @property
    def burst_density(self) -> float | None:
        """Return the share of packets lost within bursts; None without a burst."""
        return _ratio(self.burst_lost, self.burst_packets)

    @property
    def gap_density(self) -> float | None:
        """Return the share of packets lost within gaps; None without a gap."""
        return _ratio(self.lost - self.burst_lost, self.settled - self.burst_packets)

    @property
    def mean_burst(self) -> float | None:
        """Return the mean length of a burst, in packets; None without one."""
        return _ratio(self.burst_packets, self.bursts)

    @property
    def mean_gap(self) -> float | None:
        """Return the mean length of a gap, in packets; None without one."""
        return _ratio(self.settled - self.burst_packets, self.gaps)

    def named_runs(self) -> dict[str, int]:
        """Return the number of runs by length: "1" … "9", "10+"."""
        return dict(zip(RUN_NAMES, self.runs, strict=True))

    def plus(self, other: LossPattern) -> LossPattern:
        """Return the sum of two calls, or of two parts with GMIN returned packets between them."""
        return LossPattern(
            self.settled + other.settled,
            self.lost + other.lost,
            tuple(a + b for a, b in zip(self.runs, other.runs, strict=True)),
            self.bursts + other.bursts,
            self.burst_packets + other.burst_packets,
            self.burst_lost + other.burst_lost,
            self.gaps + other.gaps,
        )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


NO_LOSSES: Final = LossPattern(0, 0, (0,) * LONGEST_RUN, 0, 0, 0, 0)


class LossRuns(RowArrays):
    """The loss pattern of every call, up to its newest settled packet.

    The newest run and the newest cluster (losses that may become a burst) stay open; `pattern`
    counts them with their length so far.
    """

    settled = column(np.int64)
    lost = column(np.int64)
    runs = column(np.int64, 0, (LONGEST_RUN,))
    bursts = column(np.int64)
    burst_packets = column(np.int64)
    burst_lost = column(np.int64)
    began_in_burst = column(np.bool_)
    """A closed burst began with the call's first packet: no gap lies before it."""
    last_lost = column(np.int64, _NEVER)
    """Index of the newest lost packet among the call's settled ones, from 0."""
    open_run = column(np.int64)
    open_start = column(np.int64)
    open_lost = column(np.int64)
    """The open cluster's first lost packet (index), and its number of lost packets."""

    def fold(self, rows: Ints, lost: Mask) -> None:
        """Add n settled packets (`rows` sorted, each call's in order of sending) to the pattern.

        `lost` (n) marks the lost ones. The result does not depend on the size of batches.
        """
        if not len(rows):
            return
        groups = RowGroups(rows)
        index = self.settled[rows] + groups.position()
        self.settled[groups.rows] = index[groups.ends] + 1
        if lost.any():
            self._fold_lost(rows[lost], index[lost])

    def _fold_lost(self, rows: Ints, index: Ints) -> None:
        """Add n lost packets (`rows` sorted) with their indices (n) to runs and clusters."""
        groups = RowGroups(rows)
        owners, ends = groups.rows, groups.ends
        before = groups.previous(index, self.last_lost[owners])
        new_run, new_cluster = index - before > 1, index - before > GMIN
        run = _count_since(groups, new_run, self.open_run[owners])
        size = _count_since(groups, new_cluster, self.open_lost[owners])
        start = groups.running_max(np.where(new_cluster, index, -1), self.open_start[owners])
        ended = groups.previous(run, self.open_run[owners])
        self._close_runs(rows[new_run], ended[new_run])
        self._close_clusters(
            rows[new_cluster],
            groups.previous(start, self.open_start[owners])[new_cluster],
            before[new_cluster],
            groups.previous(size, self.open_lost[owners])[new_cluster],
        )
        self.lost[owners] += np.bincount(groups.of)
        self.last_lost[owners] = index[ends]
        self.open_run[owners], self.open_lost[owners] = run[ends], size[ends]
        self.open_start[owners] = start[ends]

    def _close_runs(self, rows: Ints, length: Ints) -> None:
        real = length > 0  # 0: there was no loss before
        np.add.at(self.runs, (rows[real], np.minimum(length[real], LONGEST_RUN) - 1), 1)

    def _close_clusters(self, rows: Ints, start: Ints, end: Ints, lost: Ints) -> None:
        """Count clusters from `start` to `end` (n) as bursts; a single loss is part of the gap."""
        burst = lost > 1
        rows, start = rows[burst], start[burst]
        np.add.at(self.bursts, rows, 1)
        np.add.at(self.burst_packets, rows, end[burst] - start + 1)
        np.add.at(self.burst_lost, rows, lost[burst])
        self.began_in_burst[rows[start == 0]] = True

    def pattern(self, row: int) -> LossPattern:
        """Return one call's pattern so far."""
        settled, lost = int(self.settled[row]), int(self.lost[row])
        runs = self.runs[row].copy()
        if lost:
            runs[min(int(self.open_run[row]), LONGEST_RUN) - 1] += 1
        bursts, packets = int(self.bursts[row]), int(self.burst_packets[row])
        burst_lost, start = int(self.burst_lost[row]), int(self.open_start[row])
        begins, ends = bool(self.began_in_burst[row]), False
        if self.open_lost[row] > 1:
            last = int(self.last_lost[row])
            bursts, packets = bursts + 1, packets + last - start + 1
            burst_lost += int(self.open_lost[row])
            begins, ends = begins or start == 0, last == settled - 1
        gaps = bursts + 1 - begins - ends if settled else 0
        counted = tuple(int(count) for count in runs)
        return LossPattern(settled, lost, counted, bursts, packets, burst_lost, gaps)


def _count_since(groups: RowGroups, marks: Mask, initial: Ints) -> Ints:
    """Return the number of elements since the newest mark, including it.

    `initial` (one a run of rows) is the count before each run's first element.
    """
    position = groups.position()
    begun = np.where(marks, position, -1)
    newest = groups.running_max(begun, np.full(len(groups.rows), -1, dtype=np.int64))
    carried: npt.NDArray[np.int64] = initial[groups.of]
    return np.where(newest < 0, carried + position + 1, position - newest + 1)
