"""Differences of RTP's 16-bit sequence numbers and 32-bit timestamps (RFC 3550 appendix A.1)."""

from __future__ import annotations

from typing import Final

SEQUENCE_BITS: Final = 16
TIMESTAMP_BITS: Final = 32


def signed_difference(later: int, earlier: int, bits: int) -> int:
    """Return `later − earlier` on a circle of 2**bits, in −2**(bits−1) … 2**(bits−1)−1."""
    half = 1 << (bits - 1)
    return ((later - earlier + half) & ((1 << bits) - 1)) - half
