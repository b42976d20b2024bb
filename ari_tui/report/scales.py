"""Axes of charts: round steps, coarse bins of a histogram."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

_ROUND: Final = (1.0, 2.0, 5.0, 10.0)
_TIME_STEPS: Final = (
    *(1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800),
    *(3600, 7200, 14400, 21600, 43200, 86400),
)
_BINS_PER_OCTAVE: Final = 8


def round_up(value: float) -> float:
    """Return the next of 1, 2, 5 times a power of ten; 1 for values of 0 or less."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in _ROUND if step * power >= value * (1 - 1e-9)), power)


def ticks(top: float, count: int) -> list[float]:
    """Return about `count` round values from 0 up to `top` or the first one above it."""
    step = round_up(top / max(count, 1))
    return [step * i for i in range(math.ceil(top / step - 1e-9) + 1)] if top > 0 else [0.0, 1.0]


def time_ticks(duration_s: float, count: int) -> list[float]:
    """Return at most about `count` round times from 0 to `duration_s`."""
    step = next((s for s in _TIME_STEPS if duration_s / s <= count), None)
    step = step or _TIME_STEPS[-1] * math.ceil(duration_s / count / _TIME_STEPS[-1])
    return [float(step * i) for i in range(int(duration_s // step) + 1)]


class Bin(NamedTuple):
    """A number of packets between two bounds (ms)."""

    low: float
    high: float
    packets: int


def bins_of(histogram: Sequence[Sequence[int]], per_octave: int = _BINS_PER_OCTAVE) -> list[Bin]:
    """Return a document's histogram (`[upper_ns, count]`) as coarser bins, empty ones included.

    The document's own bins, 64 per octave, are too narrow to draw.
    """
    found: dict[int, int] = {}
    for upper_ns, count in histogram:
        if upper_ns > 0 and count > 0:
            place = math.ceil(round(math.log2(upper_ns) * per_octave, 6))
            found[place] = found.get(place, 0) + count
    if not found:
        return []
    return [
        Bin(_edge_ms((place - 1) / per_octave), _edge_ms(place / per_octave), found.get(place, 0))
        for place in range(min(found), max(found) + 1)
    ]


def _edge_ms(octaves: float) -> float:
    return float(2**octaves) / 1e6
