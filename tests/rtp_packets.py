"""RTP packets of tests: built, and parsed whole."""

from __future__ import annotations

from typing import NamedTuple

from ari_tui.wire import rtp


class RtpHeader(NamedTuple):
    """The fields of an RTP header, and the bounds of the payload in the packet."""

    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload_start: int
    payload_end: int


def parse(data: bytes | memoryview) -> RtpHeader:
    """Parse the header of one RTP packet.

    Raises ValueError when `classify` does not return OK.
    """
    verdict = rtp.classify(data)
    if verdict != rtp.OK:
        kind = "not RTP" if verdict == rtp.NOT_RTP else "malformed RTP"
        raise ValueError(f"{kind}: {len(data)} bytes starting {bytes(data[:4]).hex()}")
    _, marker_pt, sequence, timestamp, ssrc = rtp.FIXED_HEADER.unpack_from(data)
    bounds = rtp.payload_bounds(data)
    assert bounds is not None
    return RtpHeader(
        bool(marker_pt >> 7), marker_pt & 0x7F, sequence, timestamp, ssrc, bounds[0], bounds[1]
    )


def build(
    payload: bytes,
    *,
    sequence: int,
    timestamp: int,
    ssrc: int,
    payload_type: int = 0,
    marker: bool = False,
) -> bytes:
    """Build one plain RTP packet; sequence and timestamp wrap at 16 and 32 bits."""
    return (
        rtp.FIXED_HEADER.pack(
            rtp.PLAIN_FIRST_BYTE,
            payload_type | (0x80 if marker else 0),
            sequence & 0xFFFF,
            timestamp & 0xFFFFFFFF,
            ssrc,
        )
        + payload
    )
