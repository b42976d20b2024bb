"""Grouped arithmetic: the records of many calls in one array sorted by row, without a loop."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ari_tui.analysis.records import Ints, Mask

Number = TypeVar("Number", bound=np.generic)


class RowGroups:
    """The runs of equal values in `rows`, which must be sorted (n elements, n ≥ 1).

    Attributes: `starts` (index of each run's first element), `of` (run number of each element),
    `rows` (the value of each run), `ends` (index of each run's last element).
    """

    def __init__(self, rows: Ints) -> None:
        change = np.empty(len(rows), dtype=np.bool_)
        change[0] = True
        np.not_equal(rows[1:], rows[:-1], out=change[1:])
        self.starts: npt.NDArray[np.intp] = np.flatnonzero(change)
        self.of: npt.NDArray[np.intp] = np.cumsum(change) - 1
        self.rows: Ints = rows[self.starts]
        self.ends: npt.NDArray[np.intp] = np.append(self.starts[1:], len(rows)) - 1

    def cumulative(self, values: Ints) -> Ints:
        """Return the running sum within each run, including the element itself."""
        total = np.cumsum(values)
        before = total[self.starts] - values[self.starts]
        return np.asarray(total - before[self.of], dtype=np.int64)

    def previous(
        self, values: npt.NDArray[Number], initial: npt.NDArray[Number]
    ) -> npt.NDArray[Number]:
        """Return the element before each one; `initial` (one a run) before the first."""
        shifted = np.empty_like(values)
        shifted[1:] = values[:-1]
        shifted[self.starts] = initial
        return shifted

    def running_max(self, values: Ints, initial: Ints) -> Ints:
        """Return the largest value so far within each run, including `initial` (one a run).

        All values must lie within 2**40 of each other; sequence numbers and counts do.
        """
        low = int(values.min())
        step = int(values.max()) - low + 1
        shifted = np.maximum.accumulate(values - low + self.of * step)
        return np.maximum(shifted - self.of * step + low, initial[self.of])

    def reduce(self, function: np.ufunc, values: Ints) -> Ints:
        """Return the sum, minimum … of each run, by `np.add`, `np.minimum` …"""
        return np.asarray(function.reduceat(values, self.starts), dtype=np.int64)

    def position(self) -> Ints:
        """Return the index of each element within its run, from 0."""
        return np.asarray(np.arange(len(self.of)) - self.starts[self.of], dtype=np.int64)

    def count(self, mask: Mask) -> Ints:
        """Return the number of true elements in each run."""
        return np.add.reduceat(mask.astype(np.int64), self.starts)


def first_occurrence(keys: Ints, scratch: npt.NDArray[np.int32]) -> Mask:
    """Mark the first occurrence of every key; `scratch` has a cell for each and is overwritten.

    Assignment by repeated index keeps the last value, so the keys are written in reverse.
    """
    order = np.arange(len(keys), dtype=np.int32)
    scratch[keys[::-1]] = order[::-1]
    return np.asarray(scratch[keys] == order)
