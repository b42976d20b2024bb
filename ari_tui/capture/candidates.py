"""Which datagrams are RTP: those with consecutive sequence numbers.

A datagram does not identify itself as RTP. It may be RTP with version 2, a payload type in use and
no RTCP packet type; it is RTP when RUN packets of the same addresses and SSRC have consecutive
sequence numbers (RFC 3550 appendix A.1 requires 2; a capture holds many protocols, so more are
required here). Until then packets are kept, and are returned in order.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, NamedTuple

from ari_tui.wire import rtp

RUN: Final = 4
WAITING: Final = 64
"""Packets kept of a candidate; older ones are dropped."""
CANDIDATES: Final = 4096
"""Candidates kept; the longest idle one is dropped."""
_UNUSED: Final = range(64, 96)
"""Payload types that collide with RTCP (RFC 5761 section 4)."""

NOT_RTP, RTCP, MAYBE = "other_udp", "rtcp", "rtp"


class Key(NamedTuple):
    """The identity of a stream: source, destination and SSRC."""

    source: bytes
    source_port: int
    destination: bytes
    destination_port: int
    ssrc: int


class Packet(NamedTuple):
    """The fields kept of one RTP packet; `returned`: it came from the echo server."""

    time_ns: int
    marker_pt: int
    sequence: int
    timestamp: int
    length: int
    tos: int
    ttl: int
    returned: bool


def kind_of(payload: bytes, length: int) -> str:
    """Return NOT_RTP, RTCP or MAYBE for the payload of a datagram that had `length` bytes."""
    if len(payload) < 2 or payload[0] >> 6 != 2:
        return NOT_RTP
    if rtp.is_rtcp(payload[1]):
        return RTCP
    if len(payload) < rtp.HEADER_SIZE or payload[1] & 0x7F in _UNUSED:
        return NOT_RTP
    if payload[0] == rtp.PLAIN_FIRST_BYTE or len(payload) < length:
        # truncated by the capture: its padding cannot be checked
        return MAYBE
    return MAYBE if rtp.classify(payload) == rtp.OK else NOT_RTP


class _Candidate:
    __slots__ = ("last", "packets", "run")

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.run = 0
        self.last = -1


class Candidates:
    """Possible streams, not yet proven by a run of sequence numbers."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[Key, _Candidate] = OrderedDict()
        self.dropped = 0
        """Packets dropped as not proven RTP."""

    def take(self, key: Key, packet: Packet) -> list[Packet] | None:
        """Add a packet; return all packets of its stream, in order, once it is proven RTP."""
        candidate = self._waiting.get(key)
        if candidate is None:
            candidate = self._waiting[key] = _Candidate()
            if len(self._waiting) > CANDIDATES:
                _, oldest = self._waiting.popitem(last=False)
                self.dropped += len(oldest.packets)
        self._waiting.move_to_end(key)
        candidate.packets.append(packet)
        if not packet.returned:
            step = (packet.sequence - candidate.last) & 0xFFFF
            if candidate.last < 0 or step > 1:
                candidate.run = 1
            elif step == 1:
                candidate.run += 1
            candidate.last = packet.sequence
        if candidate.run >= RUN:
            del self._waiting[key]
            return candidate.packets
        if len(candidate.packets) > WAITING:
            del candidate.packets[0]
            self.dropped += 1
        return None

    def close(self) -> int:
        """Drop all candidates; return how many packets were dropped in total."""
        self.dropped += sum(len(candidate.packets) for candidate in self._waiting.values())
        self._waiting.clear()
        return self.dropped
