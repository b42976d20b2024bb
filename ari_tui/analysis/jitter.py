"""Interarrival jitter (RFC 3550 section 6.4.1 and appendix A.8) for many calls at once.

J ← J + (|D| − J)/16, where D is the difference of two packets' spacing at the receiver and at the
sender. Unrolled: J after n differences is a**n·J₀ + Σ a**(n−1−i)·|Dᵢ|/16 with a = 15/16, so a batch
of any cut gives what packet by packet gives.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ari_tui.analysis.records import Floats, Ints
from ari_tui.analysis.segments import Segments

GAIN: Final = 1 / 16
_DECAY: Final = 1 - GAIN


def advance(jitter_ns: Floats, rows: Ints, differences_ns: Ints) -> None:
    """Advance the jitter of each row by its differences (n, in arrival order), in place.

    `rows` (n, sorted) names the row of each difference in `jitter_ns` (one a call).
    """
    if not len(rows):
        return
    segments = Segments(rows)
    position = segments.position()
    length = position[segments.ends] + 1
    to_come = length[segments.of] - 1 - position
    weighted = np.abs(differences_ns) * GAIN * _DECAY ** to_come.astype(np.float64)
    fresh = np.add.reduceat(weighted, segments.starts)
    jitter_ns[segments.rows] = jitter_ns[segments.rows] * _DECAY**length + fresh
