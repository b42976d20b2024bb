"""Histograms as in documents, `[upper_ns, count]` in order: differences and percentiles.

Buckets are those of `analysis.histogram`, 64 per octave: the middle of one is within 0.8 % of
every value in it. Without numpy, so that a report starts fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ari_tui.analysis.nearest_rank import nearest_rank

PER_OCTAVE: Final = 64

Sparse = Sequence[Sequence[int]]


def since(newer: Sparse, older: Sparse) -> list[list[int]]:
    """Return the growth of a histogram, without empty buckets."""
    before = {bucket[0]: bucket[1] for bucket in older}
    grown = ((upper, count - before.get(upper, 0)) for upper, count in newer)
    return [[upper, count] for upper, count in grown if count > 0]


def lower(upper_ns: int, per_octave: int = PER_OCTAVE) -> float:
    """Return the lower bound (ns) of a bucket; its upper bound, ≥ 1 ns, may be rounded."""
    octave = upper_ns.bit_length() - 1
    whole = round((upper_ns / 2**octave - 1) * per_octave)
    # a bucket that ends at a power of two is the last of the octave below
    width = 2.0 ** (octave if whole else octave - 1) / per_octave
    return upper_ns - width


def middle(upper_ns: int) -> float:
    """Return the value (ns) that represents a bucket."""
    return (lower(upper_ns) + upper_ns) / 2


def percentiles(histogram: Sparse, shares: Sequence[float]) -> list[float]:
    """Return the nearest-rank percentile (ns), a bucket's middle, for each share in 0 … 1.

    Shares are in ascending order. Raises ValueError for an empty histogram.
    """
    total = sum(count for _, count in histogram)
    if not total:
        raise ValueError("no values")
    ranks = [nearest_rank(share, total) for share in shares]
    found: list[float] = []
    cumulative = 0
    for upper, count in histogram:
        cumulative += count
        while len(found) < len(ranks) and ranks[len(found)] <= cumulative:
            found.append(middle(upper))
    return found


def spread_evenly(histogram: Sparse, per_octave: int, parts: int) -> list[tuple[float, int]]:
    """Split each bucket into `parts` slices (middle_ns, count), its values spread evenly."""
    found: list[tuple[float, int]] = []
    for upper, count in histogram:
        bottom = lower(upper, per_octave)
        step = (upper - bottom) / parts
        for part in range(parts):
            share = count * (part + 1) // parts - count * part // parts
            if share:
                found.append((bottom + (part + 0.5) * step, share))
    return found
