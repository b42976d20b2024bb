"""G.711 companding and the tones that simulated callers hum."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

SAMPLE_RATE: Final = 8000
LONGEST_FRAME: Final = 240
"""Samples of the longest packet, 30 ms."""

_BIAS, _CLIP = 0x84, 32635
_PEAK: Final = 22900
"""Amplitude of a 0 dBm0 sine: 1 kHz then comes out as the digital milliwatt of G.711 table 5."""


def ulaw(sample: int) -> int:
    """Return the µ-law byte of one 16-bit linear sample (G.711 section 3)."""
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), _CLIP) + _BIAS
    exponent = magnitude.bit_length() - 8
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    return ~(sign | exponent << 4 | mantissa) & 0xFF


def alaw(sample: int) -> int:
    """Return the A-law byte of one 16-bit linear sample (G.711 section 3)."""
    value, mask = sample >> 3, 0xD5
    if value < 0:
        value, mask = -value - 1, 0x55
    value = min(value, 0xFFF)
    segment = max(0, value.bit_length() - 5)
    return (segment << 4 | (value >> max(1, segment)) & 0x0F) ^ mask


_ENCODERS: Final = {0: ulaw, 8: alaw}


@lru_cache(maxsize=64)
def tone(frequency_hz: int, payload_type: int) -> bytes:
    """Return one second of a sine, and its beginning again so that any frame is one slice.

    A whole number of hertz repeats after exactly one second. `payload_type` is 0 (µ-law) or 8
    (A-law), as in RFC 3551.
    """
    encode = _ENCODERS[payload_type]
    step = 2 * math.pi * frequency_hz / SAMPLE_RATE
    second = bytes(encode(round(_PEAK * math.sin((n + 0.5) * step))) for n in range(SAMPLE_RATE))
    return second + second[:LONGEST_FRAME]
