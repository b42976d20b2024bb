"""The RTP header (RFC 3550 section 5.1).

::

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    |V=2|P|X|  CC   |M|     PT      |       sequence number         |
    |                           timestamp                           |
    |           synchronization source (SSRC) identifier            |
    |        contributing sources: CC times 32 bits                 |
    |  X: profile word, length word, then length times 32 bits      |
    |  payload; P: its last byte is the number of padding bytes     |
"""

from __future__ import annotations

import struct
from typing import Final

FIXED_HEADER = struct.Struct("!BBHII")
HEADER_SIZE = FIXED_HEADER.size
PLAIN_FIRST_BYTE = 0x80
"""Version 2, no padding, no extension, no contributing sources: usual in telephony."""

OK, NOT_RTP, MALFORMED = 0, 1, 2
"""Results of `classify`: valid, another protocol, version 2 but inconsistent."""

_RTCP_LOW, _RTCP_HIGH = 192, 223
"""Second bytes that are RTCP packet types when both share a port (RFC 5761 section 4)."""

CLOCK_RATES = {
    **dict.fromkeys((0, 3, 4, 5, 7, 8, 9, 12, 13, 15, 18), 8000),
    6: 16000,
    10: 44100,
    11: 44100,
    16: 11025,
    17: 22050,
}
"""Clock rate in Hz by static payload type (RFC 3551 tables 4 and 5)."""

CODEC_NAMES = {0: "ulaw", 3: "gsm", 4: "g723", 8: "alaw", 9: "g722", 13: "cn", 18: "g729"}
"""Asterisk's format names by static payload type."""

COMFORT_NOISE = 13
DEFAULT_CLOCK_RATE = 8000


def is_rtcp(second_byte: int) -> bool:
    """Return whether a version-2 packet with this second byte is RTCP (RFC 5761 section 4)."""
    return _RTCP_LOW <= second_byte <= _RTCP_HIGH


def sequence_of(packet: bytes | memoryview) -> int:
    """Return the sequence number of an RTP packet (at least its header)."""
    return packet[2] << 8 | packet[3]


def payload_bounds(data: bytes | memoryview) -> tuple[int, int] | None:
    """Return the bounds of the payload; None when the lengths do not fit the packet."""
    first = data[0]
    start = HEADER_SIZE + 4 * (first & 0x0F)
    size = len(data)
    if first & 0x10:
        if size < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    end = size
    if first & 0x20:
        padding = data[-1]
        if padding == 0:
            return None
        end -= padding
    return (start, end) if start <= end else None


def classify(data: bytes | memoryview) -> int:
    """Return OK, NOT_RTP or MALFORMED for one datagram.

    NOT_RTP: another version, RTCP, or fewer than 12 bytes without the version bits.
    MALFORMED: version 2, but too short for its own header, extension or padding.
    """
    if not data or data[0] >> 6 != 2:
        return NOT_RTP
    if len(data) >= 2 and is_rtcp(data[1]):
        return NOT_RTP
    if len(data) < HEADER_SIZE:
        return MALFORMED
    return OK if payload_bounds(data) is not None else MALFORMED


SEQUENCE_BITS: Final = 16
TIMESTAMP_BITS: Final = 32


def signed_difference(later: int, earlier: int, bits: int) -> int:
    """Return `later − earlier` on a circle of 2**bits, in −2**(bits−1) … 2**(bits−1)−1."""
    half = 1 << (bits - 1)
    return ((later - earlier + half) & ((1 << bits) - 1)) - half
