"""Which of n ordered samples a percentile is (nearest rank). Pure Python, without numpy."""

from __future__ import annotations

from typing import Final

_MILLION: Final = 1_000_000


def nearest_rank(share: float, total: int) -> int:
    """Return ⌈share · n⌉, at least 1: the nearest rank of a share in 0 … 1.

    In integers, the share in millionths, so that 0.95 · 20 is rank 19 and not 20.
    """
    return max(1, -(-round(share * _MILLION) * total // _MILLION))
