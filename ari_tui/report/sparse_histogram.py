"""Histograms as documents hold them, `[upper_ns, count]` in order: differences and percentiles.

Buckets are those of `analysis.histogram`, 64 an octave: the middle of one is within 0.8 % of every
value in it. Whoever draws a report starts fast without numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ari_tui.analysis.nearest_rank import nearest_rank

PER_OCTAVE: Final = 64

Sparse = Sequence[Sequence[int]]


def since(newer: Sparse, older: Sparse) -> list[list[int]]:
    """Return what has come to a histogram that only grows, empty buckets left out."""
    before = {bucket[0]: bucket[1] for bucket in older}
    grown = ((upper, count - before.get(upper, 0)) for upper, count in newer)
    return [[upper, count] for upper, count in grown if count > 0]


def lower(upper_ns: int, per_octave: int = PER_OCTAVE) -> float:
    """Return the lower bound (ns) of a bucket whose upper one, ≥ 1 ns, may have been rounded."""
    octave = upper_ns.bit_length() - 1
    whole = round((upper_ns / 2**octave - 1) * per_octave)
    # what ends where an octave begins is the last bucket of the octave below
    width = 2.0 ** (octave if whole else octave - 1) / per_octave
    return upper_ns - width


def middle(upper_ns: int) -> float:
    """Return what stands for a bucket's values (ns)."""
    return (lower(upper_ns) + upper_ns) / 2


def percentiles(histogram: Sparse, shares: Sequence[float]) -> list[float]:
    """Return the nearest-rank percentile (ns) for each share in 0 … 1: its bucket's middle.

    Shares rise. Raises ValueError for a histogram of nothing.
    """
    total = sum(count for _, count in histogram)
    if not total:
        raise ValueError("no values")
    ranks = [nearest_rank(share, total) for share in shares]
    found: list[float] = []
    passed = 0
    for upper, count in histogram:
        passed += count
        while len(found) < len(ranks) and ranks[len(found)] <= passed:
            found.append(middle(upper))
    return found


def spread_evenly(histogram: Sparse, per_octave: int, parts: int) -> list[tuple[float, int]]:
    """Return coarse buckets as `parts` slices each, (middle_ns, count), their values spread out."""
    found: list[tuple[float, int]] = []
    for upper, count in histogram:
        bottom = lower(upper, per_octave)
        step = (upper - bottom) / parts
        for part in range(parts):
            share = count * (part + 1) // parts - count * part // parts
            if share:
                found.append((bottom + (part + 0.5) * step, share))
    return found
