"""The delays of each call besides the round trip: intervals A, B and D.

The round trip (interval C) has a fine histogram (`EchoLeg`). The others have 8 buckets an octave
from 1 µs: enough to locate a delay, and no limit of the SLA applies to them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from ari_tui.analysis.histogram import BUCKETS as FINE_BUCKETS
from ari_tui.analysis.histogram import PER_OCTAVE as FINE_PER_OCTAVE
from ari_tui.analysis.histogram import Counts, Distribution
from ari_tui.analysis.records import Ints
from ari_tui.analysis.row_arrays import RowArrays, add_at, column

ASTERISK, OUT, BACK = range(3)
"""A: arrival above the floor of the RTP clock. B and D: our own delay, out and back."""
KINDS: Final = 3
_OCTAVE_BITS: Final = 3
PER_OCTAVE: Final = 1 << _OCTAVE_BITS
_FIRST_OCTAVE: Final = 10
"""2**10 ns: shorter durations fall into bucket 0."""
_LAST_OCTAVE: Final = 35
_FIRST_SHOWN: Final = 13
BUCKETS: Final = 1 + PER_OCTAVE * (_LAST_OCTAVE - _FIRST_OCTAVE)
_FINE_TO_COARSE: Final = FINE_PER_OCTAVE // PER_OCTAVE
_EXPONENT_BIAS: Final = 1023
_MANTISSA_BITS: Final = 52
_BELOW: Final = ((_EXPONENT_BIAS + _FIRST_OCTAVE) << _OCTAVE_BITS) - 1
_NONE: Final = np.iinfo(np.int64).max


def coarse_bucket_of(values_ns: npt.NDArray[np.float64]) -> Ints:
    """Return the bucket of each duration (n, ns; below 0 is bucket 0).

    The top bits of a float64 are its exponent (octave) and the eighth within that.
    """
    top = values_ns.view(np.int64) >> (_MANTISSA_BITS - _OCTAVE_BITS)
    return np.asarray(np.minimum(np.maximum(top - _BELOW, 0), BUCKETS - 1))


class IntervalHistograms(RowArrays):
    """Histograms of intervals A, B and D of every call, with exact minimum, maximum and sum."""

    counts = column(np.uint32, 0, (KINDS * BUCKETS,))
    minimum = column(np.int64, _NONE, (KINDS,))
    maximum = column(np.int64, -_NONE, (KINDS,))
    total = column(np.int64, 0, (KINDS,))

    def book(self, kind: int, rows: Ints, values_ns: Ints) -> None:
        """Add durations (n, ns; A may be below 0), in any order of rows."""
        buckets = coarse_bucket_of(values_ns.astype(np.float64))
        add_at(self.counts, rows, buckets + kind * BUCKETS)
        cells = rows * KINDS + kind
        np.minimum.at(self.minimum.reshape(-1), cells, values_ns)
        np.maximum.at(self.maximum.reshape(-1), cells, values_ns)
        np.add.at(self.total.reshape(-1), cells, values_ns)

    def of(self, row: int, kind: int) -> Distribution:
        """Return the distribution of one interval of a row; its percentiles are within 7 %.

        Its counts are in those buckets of `histogram` that contain the middles of the coarse ones.
        """
        counts = self.counts[row, kind * BUCKETS : (kind + 1) * BUCKETS].astype(np.int64)
        return Distribution(
            _spread_out(counts),
            int(self.minimum[row, kind]),
            int(self.maximum[row, kind]),
            int(self.total[row, kind]),
            int(counts.sum()),
        )


def _spread_out(counts: Ints) -> Ints:
    """Return fine counts: all of a coarse bucket in the fine bucket that begins at its middle."""
    fine = np.zeros(FINE_BUCKETS, dtype=np.int64)
    first = 1 + _FIRST_OCTAVE * FINE_PER_OCTAVE
    fine[first + np.arange(BUCKETS - 1) * _FINE_TO_COARSE + _FINE_TO_COARSE // 2] = counts[1:]
    fine[0] = counts[0]
    return fine


def coarsened(counts: Counts) -> list[list[int]]:
    """Return `[upper_us, count]` of a fine histogram, eight buckets an octave, in order.

    From the lowest to the highest bucket that is not empty, including empty ones between. All
    below 8 µs, where an eighth is less than 1 µs, counts in the first.
    """
    octaves = (FINE_BUCKETS - 1) // FINE_PER_OCTAVE
    coarse = counts[1:].reshape(octaves * PER_OCTAVE, _FINE_TO_COARSE).sum(axis=1)
    below = _FIRST_SHOWN * PER_OCTAVE
    kept = coarse[below:].astype(np.int64)
    kept[0] += int(coarse[:below].sum()) + int(counts[0])
    filled = np.flatnonzero(kept)
    if not len(filled):
        return []
    octave, eighth = np.divmod(np.arange(len(kept)), PER_OCTAVE)
    upper_ns = np.ldexp(1 + (eighth + 1) / PER_OCTAVE, octave + _FIRST_SHOWN)
    shown = range(int(filled[0]), int(filled[-1]) + 1)
    return [[round(float(upper_ns[i]) / 1000), int(kept[i])] for i in shown]
