"""The moving floor of a path: the delay of a packet without queueing.

Transit d = arrival − timestamp (or the RTT). The floor is a line: the edge, at the window's middle,
of the lower hull of the minima of the last 30 blocks of one second. Its slope is the skew between
the two clocks. A packet is late when it is more than a threshold above the floor. A block below the
floor resets it at once; two whole blocks above move it up (a path change), and until then their
packets are late. Each call's floor is refitted at its own block boundaries, so the result does not
depend on the size of batches.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ari_tui.analysis.grouping import RowGroups
from ari_tui.analysis.notes import Moved
from ari_tui.analysis.records import Floats, Ints
from ari_tui.analysis.row_arrays import RowArrays, column

BLOCK_NS: Final = 1_000_000_000
BLOCKS: Final = 30
STEP_NS: Final = 2_000_000
"""A block this far from the floor is a baseline step."""
MAX_SKEW: Final = 500e-6
_TIE_NS: Final = 1e-3
"""Chords closer than this at the middle differ by rounding only."""
_NONE: Final = np.iinfo(np.int64).max


class Floor(RowArrays):
    """Floors of every call, for one leg. `skewed` allows a slope; an RTT has none."""

    origin_ns = column(np.int64, 0)  # start of the first block; 0 before the first sample
    base_ns = column(np.int64, 0)  # the first value; others are relative to it
    block = column(np.int64, -1)  # number of the open block
    block_min = column(np.int64, _NONE)
    block_min_at = column(np.int64, 0)
    mins = column(np.float64, np.nan, (BLOCKS,))  # relative values of closed blocks
    times = column(np.float64, np.nan, (BLOCKS,))  # relative times of those minima
    level = column(np.float64, np.nan)  # floor at `reference_ns`, relative
    slope = column(np.float64, 0.0)
    reference_ns = column(np.float64, 0.0)
    above = column(np.int64, 0)  # closed blocks in a row that lay above the floor

    def __init__(self, leg: str, *, skewed: bool) -> None:
        super().__init__()
        self.leg, self.skewed = leg, skewed

    def judge(self, rows: Ints, times_ns: Ints, values_ns: Ints) -> tuple[Floats, list[Moved]]:
        """Return how far n samples (`rows` sorted, in order of arrival) are above their floors.

        Returns the excess (n, ns; negative below the floor) and the baseline steps.
        """
        excess = np.zeros(len(rows))
        steps: list[Moved] = []
        if not len(rows):
            return excess, steps
        groups = RowGroups(rows)
        self._begin(groups, times_ns, values_ns)
        at = times_ns - self.origin_ns[rows]
        value = values_ns - self.base_ns[rows]
        # after the clock was set back a block is not opened again
        block = groups.running_max(at // BLOCK_NS, self.block[groups.rows])
        turn = block - block[groups.starts][groups.of]
        for number in np.unique(turn):
            chosen = np.flatnonzero(turn == number)
            steps += self._enter(rows[chosen], block[chosen])
            excess[chosen] = self._judge_block(rows[chosen], at[chosen], value[chosen])
        return excess, steps

    def excess(self, rows: Ints, times_ns: Ints, values_ns: Ints) -> Floats:
        """Return how far n samples (n ≥ 1, `rows` sorted) are above their floors, without effect.

        Where there is no fit yet, above the smallest value so far, these samples included.
        """
        groups = RowGroups(rows)
        at, value = times_ns - self.origin_ns[rows], values_ns - self.base_ns[rows]
        floor = self.level[rows] + self.slope[rows] * (at - self.reference_ns[rows])
        lowest = np.minimum(groups.reduce(np.minimum, value), self.block_min[groups.rows])
        return np.asarray(value - np.where(np.isnan(floor), lowest[groups.of], floor))

    def at(self, row: int, time_ns: int) -> float | None:
        """Return the floor (ns) of one row at a time; None before its first block is closed."""
        if np.isnan(self.level[row]):
            return None
        ahead = time_ns - self.origin_ns[row] - self.reference_ns[row]
        return float(self.level[row] + self.slope[row] * ahead + self.base_ns[row])

    def _begin(self, groups: RowGroups, times_ns: Ints, values_ns: Ints) -> None:
        new = self.origin_ns[groups.rows] == 0
        rows, first = groups.rows[new], groups.starts[new]
        self.origin_ns[rows], self.base_ns[rows] = times_ns[first], values_ns[first]
        self.block[rows] = 0

    def _enter(self, rows: Ints, blocks: Ints) -> list[Moved]:
        """Close the open blocks of rows that have samples of a later one."""
        groups = RowGroups(rows)
        block = blocks[groups.starts]
        moved = block > self.block[groups.rows]
        closing = groups.rows[moved]
        steps = self._close(closing) if len(closing) else []
        self.block[closing] = block[moved]
        self.block_min[closing] = _NONE
        return steps

    def _judge_block(self, rows: Ints, at: Ints, value: Ints) -> Floats:
        floor = self.level[rows] + self.slope[rows] * (at - self.reference_ns[rows])
        unfitted = np.isnan(floor)
        if unfitted.any():
            floor[unfitted] = self._running_floor(rows[unfitted], value[unfitted])
        self._note_minimum(rows, at, value)
        return np.asarray(value - floor)

    def _running_floor(self, rows: Ints, value: Ints) -> Floats:
        """Return the smallest value so far, in the first block, where there is no fit yet."""
        floor = np.empty(len(rows))
        groups = RowGroups(rows)
        for row, start, end in zip(groups.rows, groups.starts, groups.ends, strict=True):
            run = np.minimum.accumulate(value[start : end + 1])
            floor[start : end + 1] = np.minimum(run, self.block_min[row])
        return floor

    def _note_minimum(self, rows: Ints, at: Ints, value: Ints) -> None:
        groups = RowGroups(rows)
        lowest = np.minimum.reduceat(value, groups.starts)
        is_lowest = np.flatnonzero(value == lowest[groups.of])
        _, first = np.unique(groups.of[is_lowest], return_index=True)
        better = lowest < self.block_min[groups.rows]
        owners = groups.rows[better]
        self.block_min[owners] = lowest[better]
        self.block_min_at[owners] = at[is_lowest[first]][better]

    def _close(self, rows: Ints) -> list[Moved]:
        """Append the open blocks of some rows to their windows and refit."""
        rows = rows[self.block_min[rows] != _NONE]
        value = self.block_min[rows].astype(np.float64)
        time = self.block_min_at[rows].astype(np.float64)
        offset = value - (self.level[rows] + self.slope[rows] * (time - self.reference_ns[rows]))
        below, above = offset < -STEP_NS, offset > STEP_NS  # both false (NaN) for the first block
        self.above[rows] = np.where(above, self.above[rows] + 1, 0)
        risen = self.above[rows] >= 2
        kept = np.where(risen, 1, BLOCKS)  # after a rise: the first block above the floor
        kept[below] = 0
        self._push(rows, time, value, kept)
        self._fit(rows)
        self.above[rows[risen]] = 0
        at = (time + self.origin_ns[rows]).astype(np.int64)
        return [
            Moved(int(rows[i]), int(at[i]), int(offset[i]), self.leg)
            for i in np.flatnonzero(below | risen)
        ]

    def _push(self, rows: Ints, time: Floats, value: Floats, kept: Ints) -> None:
        """Append a block to the window; keep `kept` of those before, none older than 30 s."""
        times, mins = np.roll(self.times[rows], -1, axis=1), np.roll(self.mins[rows], -1, axis=1)
        times[:, -1], mins[:, -1] = time, value
        age = np.arange(BLOCKS)[::-1]  # 0 is the newest
        gone = (age[None, :] > kept[:, None]) | (times < (time - BLOCKS * BLOCK_NS)[:, None])
        times[gone] = mins[gone] = np.nan
        self.times[rows], self.mins[rows] = times, mins

    def _fit(self, rows: Ints) -> None:
        """Fit level and slope: the lower hull's edge at the window's middle.

        That is the lowest there of all chords from a block before the middle to one after it.
        """
        x, y = self.times[rows], self.mins[rows]
        oldest, newest = np.nanmin(x, axis=1), np.nanmax(x, axis=1)
        middle = (oldest + newest) / 2
        if not self.skewed:
            self.level[rows], self.reference_ns[rows] = np.nanmin(y, axis=1), middle
            return
        left = np.where(x <= middle[:, None], y, np.nan)
        right = np.where(x > middle[:, None], y, np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            slope = (right[:, None, :] - left[:, :, None]) / (x[:, None, :] - x[:, :, None])
            chord = left[:, :, None] + slope * (middle[:, None] - x)[:, :, None]
        flat = np.where(np.isnan(chord), np.inf, chord).reshape(len(rows), -1)
        level = flat.min(axis=1)
        # with a block right at the middle many chords meet: the hull's edge has the least slope
        lowest = flat <= level[:, None] + _TIE_NS
        tilt = np.where(lowest, slope.reshape(len(rows), -1), np.inf).min(axis=1)
        alone = np.isinf(level)  # one block: no chord
        level[alone] = np.nanmin(y[alone], axis=1) if alone.any() else 0
        self.level[rows], self.reference_ns[rows] = level, middle
        self.slope[rows] = np.clip(np.where(alone, 0.0, tilt), -MAX_SKEW, MAX_SKEW)
