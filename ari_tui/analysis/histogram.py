"""Log-linear histograms of durations: 64 buckets an octave from 1 ns. They merge exactly.

A duration 2**k ≤ v < 2**(k+1) falls into bucket 1 + 64 k + ⌊64 (v / 2**k − 1)⌋, as in HDR
histograms. A bucket's middle is within 0.8 % of every value in it. Bucket 0 counts durations below
1 ns; the last bucket has no upper bound (34 s).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ari_tui.analysis.nearest_rank import nearest_rank
from ari_tui.analysis.records import Floats, Ints
from ari_tui.analysis.sla.profiles import Profile

PER_OCTAVE: Final = 64
OCTAVES: Final = 35
BUCKETS: Final = 1 + PER_OCTAVE * OCTAVES

Counts = npt.NDArray[np.integer]


def bucket_of(values_ns: Ints | Floats) -> npt.NDArray[np.int64]:
    """Return the bucket of each duration (ns, any shape)."""
    mantissa, exponent = np.frexp(np.asarray(values_ns, dtype=np.float64))
    # v = m · 2**e with 0.5 ≤ m < 1, exact below 2**53 ns
    fine = (mantissa * (2 * PER_OCTAVE)).astype(np.int64) - PER_OCTAVE
    bucket = 1 + (exponent.astype(np.int64) - 1) * PER_OCTAVE + fine
    return np.where(np.asarray(values_ns) < 1, 0, np.minimum(bucket, BUCKETS - 1))


def _edges() -> Floats:
    octave, fine = np.divmod(np.arange(BUCKETS), PER_OCTAVE)
    return np.ldexp(1 + fine / PER_OCTAVE, octave.astype(np.int32))


LOWER_NS: Final[Floats] = np.concatenate(([0.0], _edges()[:-1]))
UPPER_NS: Final[Floats] = _edges()
"""Each bucket's bounds in ns; a value equal to the upper one lies in the next bucket."""


def add(counts: Counts, values_ns: Ints) -> None:
    """Count durations (n) into one histogram (BUCKETS), in place."""
    counts += np.bincount(bucket_of(values_ns), minlength=BUCKETS).astype(counts.dtype)


def percentiles(
    counts: Counts, shares: tuple[float, ...], minimum_ns: int, maximum_ns: int
) -> list[int | None]:
    """Return the nearest-rank percentile (ns) for each share in 0 … 1; None without samples.

    This is the middle of the bucket that contains the rank ⌈share · n⌉, clipped to the exact
    minimum and maximum.
    """
    total = int(counts.sum())
    if total == 0:
        return [None] * len(shares)
    cumulative = np.cumsum(counts, dtype=np.int64)
    found: list[int | None] = []
    for share in shares:
        rank = nearest_rank(share, total)
        bucket = int(np.searchsorted(cumulative, rank))
        middle = int((LOWER_NS[bucket] + UPPER_NS[bucket]) / 2)
        found.append(maximum_ns if rank == total else min(max(middle, minimum_ns), maximum_ns))
    return found


def sparse(counts: Counts) -> list[list[int]]:
    """Return `[upper_ns, count]` of every bucket that is not empty, in order."""
    filled = np.flatnonzero(counts)
    return [[int(np.ceil(UPPER_NS[i])), int(counts[i])] for i in filled]


class Distribution(NamedTuple):
    """Durations: a histogram (BUCKETS) with exact minimum, maximum and sum, in ns."""

    counts: Counts
    minimum: int
    maximum: int
    total: int
    number: int

    def plus(self, values_ns: Ints) -> Distribution:
        """Return this with more durations (n ≥ 1); the histogram is changed in place."""
        add(self.counts, values_ns)
        return Distribution(
            self.counts,
            min(self.minimum, int(values_ns.min())),
            max(self.maximum, int(values_ns.max())),
            self.total + int(values_ns.sum()),
            self.number + len(values_ns),
        )


def no_durations() -> Distribution:
    """Return an empty distribution."""
    return Distribution(np.zeros(BUCKETS, dtype=np.int64), int(np.iinfo(np.int64).max), 0, 0, 0)


_MS: Final = 1_000_000
STEPS_MS: Final = (0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 12, 20, 30, 50, 100, 200, 500, 1000, 3000)
"""Bucket bounds that do not depend on the profile."""


class BucketCounts(NamedTuple):
    """The counts of `CumulativeBuckets`."""

    upper_ns: tuple[int, ...]
    """The bounds, ascending."""
    counts: tuple[int, ...]
    """Round trips at or below each bound and above the one before it; last: above all bounds."""
    sum_ns: int


class CumulativeBuckets:
    """Counts of round trips between STEPS_MS and the profile's limits, of all calls ever."""

    def __init__(self, profile: Profile) -> None:
        steps = {round(step * _MS) for step in STEPS_MS}
        self._upper: Ints = np.array(sorted(steps | set(profile.thresholds_ns())), dtype=np.int64)
        self._counts: Ints = np.zeros(len(self._upper) + 1, dtype=np.int64)
        self._sum_ns = 0

    def book(self, rtt_ns: Ints) -> None:
        """Count round trips (n, ns)."""
        # side "left": a round trip equal to a bound is within it
        buckets = np.searchsorted(self._upper, rtt_ns, side="left")
        self._counts += np.bincount(buckets, minlength=len(self._counts))
        self._sum_ns += int(rtt_ns.sum())

    def read(self) -> BucketCounts:
        """Return the counts so far."""
        return BucketCounts(tuple(self._upper.tolist()), tuple(self._counts.tolist()), self._sum_ns)
