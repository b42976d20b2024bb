"""SIPp's recordings made one stream: voice, the digit, voice, numbered as a phone numbers them.

Played as they are, the second voice repeats the first one's sequence numbers, and Asterisk
(22.10.1) drops them without a word: what it has sent to its UnicastRTP channel it does not send
again.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests import rtp_packets

_FILE_HEADER = 24
_RECORD = struct.Struct("<IIII")
_RTP_AT = 14 + 20 + 8  # behind Ethernet, IPv4 and UDP
_CLOCK_HZ = 8000


class Shift(NamedTuple):
    """What is added to a recording's numbers; the stream's SSRC replaces its own."""

    sequence: int
    timestamp: int


def _packets(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each packet of a pcap file (little-endian) starts and ends."""
    at = _FILE_HEADER
    while at < len(data):
        size = _RECORD.unpack_from(data, at)[2]
        at += _RECORD.size
        yield at, at + size
        at += size


def renumber(source: Path, target: Path, *, shift: Shift, ssrc: int) -> rtp_packets.RtpHeader:
    """Write `source` as `target` with shifted numbers; return the last packet's new header."""
    data = bytearray(source.read_bytes())
    for start, end in _packets(bytes(data)):
        header = rtp_packets.parse(bytes(data[start + _RTP_AT : end]))
        struct.pack_into(
            "!HII",
            data,
            start + _RTP_AT + 2,
            (header.sequence + shift.sequence) & 0xFFFF,
            (header.timestamp + shift.timestamp) & 0xFFFFFFFF,
            ssrc,
        )
    target.write_bytes(data)
    start, end = list(_packets(bytes(data)))[-1]
    return rtp_packets.parse(bytes(data[start + _RTP_AT : end]))


def one_stream(
    recordings: Path, folder: Path, *, digit_after_s: float, voice_after_s: float
) -> None:
    """Write digit.pcap and voice_again.pcap, which go on where g711a.pcap ends.

    The times tell when each begins to play, after the one before began: timestamps follow them.
    """
    voice, digit = recordings / "g711a.pcap", recordings / "dtmf_2833_1.pcap"
    first, *_, last = _headers(voice)
    pressed = next(_headers(digit))
    digit_at = first.timestamp + round(digit_after_s * _CLOCK_HZ)
    end = renumber(
        digit,
        folder / "digit.pcap",
        shift=Shift(last.sequence + 1 - pressed.sequence, digit_at - pressed.timestamp),
        ssrc=first.ssrc,
    )
    again_at = digit_at + round(voice_after_s * _CLOCK_HZ)
    renumber(
        voice,
        folder / "voice_again.pcap",
        shift=Shift(end.sequence + 1 - first.sequence, again_at - first.timestamp),
        ssrc=first.ssrc,
    )


def _headers(path: Path) -> Iterator[rtp_packets.RtpHeader]:
    data = path.read_bytes()
    return (rtp_packets.parse(data[start + _RTP_AT : end]) for start, end in _packets(data))
