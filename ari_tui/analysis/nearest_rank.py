"""The nearest rank of a percentile among n ordered samples. Pure Python, without numpy."""

from __future__ import annotations

from typing import Final

_MILLION: Final = 1_000_000


def nearest_rank(share: float, total: int) -> int:
    """Return the nearest rank of a share in 0 … 1: ⌈share · n⌉, at least 1.

    In integers, with the share in millionths: in floats 0.95 · 20 would give rank 20, not 19.
    """
    return max(1, -(-round(share * _MILLION) * total // _MILLION))
