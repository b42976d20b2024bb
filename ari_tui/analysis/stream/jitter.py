"""Interarrival jitter (RFC 3550 section 6.4.1 and appendix A.8) for many calls at once.

J ← J + (|D| − J)/16, where D is the difference of two packets' spacing at the receiver and at the
sender. After n differences J is a**n·J₀ + Σ a**(n−1−i)·|Dᵢ|/16 with a = 15/16, so the result does
not depend on the size of batches. The sums are built over 1, 2, 4 … differences, with weights of
at most 1.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ari_tui.analysis.grouping import RowGroups
from ari_tui.analysis.records import Floats, Ints

GAIN: Final = 1 / 16
_DECAY: Final = 1 - GAIN


def advance(jitter_ns: Floats, rows: Ints, differences_ns: Ints) -> Floats:
    """Advance the jitter of each row by its differences (n, in arrival order), in place.

    `rows` (n, sorted) names the row of each difference in `jitter_ns` (one a call). Returns the
    jitter after each difference (n).
    """
    after = np.abs(differences_ns) * GAIN
    if not len(rows):
        return after
    groups = RowGroups(rows)
    after[groups.starts] += jitter_ns[groups.rows] * _DECAY
    position = groups.position()
    reach, longest = 1, int(position.max())
    # each element is the sum over its last `reach` differences; two such sums give the next
    while reach <= longest:
        later = np.flatnonzero(position >= reach)
        after[later] += after[later - reach] * _DECAY**reach
        reach *= 2
    jitter_ns[groups.rows] = after[groups.ends]
    return after
