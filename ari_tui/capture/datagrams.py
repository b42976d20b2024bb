"""From a frame to the UDP datagram in it, through link layer, VLAN tags, IPv4 or IPv6.

Nearly all frames are plain (Ethernet II, IPv4 without options, no fragment, UDP) and are parsed
here in 1 µs; all others by `dpkt` in 11 µs. Tests check that both give the same result.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from dpkt import ethernet, ip, ip6, loopback, sll, sll2, udp  # type: ignore[import-untyped]  # none

from ari_tui.capture.container import CapturedFrame

NOT_UDP, FRAGMENT, UNREADABLE, UNKNOWN_LINK = "not_udp", "fragments", "unreadable", "unknown_link"
"""Why a frame holds no datagram: another protocol; a fragment; malformed or truncated; an unknown
link layer."""

_ETHERNET: Final = 1
_PLAIN: Final = struct.Struct("!12xHBBHHHBB2x4s4sHHH2x")
"""Ethernet II (type), IPv4 (version and length, TOS, length, id, fragment, TTL, protocol,
addresses), UDP (ports, length)."""
_IPV4, _NO_OPTIONS, _UDP = 0x0800, 0x45, 17
_MORE_OR_OFFSET: Final = 0x3FFF


class Datagram(NamedTuple):
    """One UDP datagram. Addresses are 4 or 16 bytes; `length` is the payload's on the wire, which
    `payload` may hold only in part.
    """

    source: bytes
    source_port: int
    destination: bytes
    destination_port: int
    tos: int
    ttl: int
    length: int
    payload: bytes


def datagram(frame: CapturedFrame) -> Datagram | str:
    """Return the datagram in a frame, or why there is none (NOT_UDP, FRAGMENT, …)."""
    data = frame.data
    if frame.link_type == _ETHERNET and len(data) >= _PLAIN.size:
        kind, version, tos, total, _, fragment, ttl, protocol, source, destination, *rest = (
            _PLAIN.unpack_from(data)
        )
        if (
            kind == _IPV4
            and version == _NO_OPTIONS
            and protocol == _UDP
            and not fragment & _MORE_OR_OFFSET
            and total >= 28
        ):
            source_port, destination_port, length = rest
            return Datagram(
                source,
                source_port,
                destination,
                destination_port,
                tos,
                ttl,
                max(length - 8, 0),
                data[42 : 14 + total],
            )
    return parse_with_dpkt(frame)


def parse_with_dpkt(frame: CapturedFrame) -> Datagram | str:
    """Return the same as `datagram` with `dpkt`, for every kind of frame."""
    layer = _LAYERS.get(frame.link_type)
    if layer is None:
        return UNKNOWN_LINK
    try:
        packet = layer(frame.data)
        packet = packet if isinstance(packet, (ip.IP, ip6.IP6)) else packet.data
        if isinstance(packet, ip.IP):
            return _of_ipv4(packet)
        if isinstance(packet, ip6.IP6):
            return _of_ipv6(packet)
    except Exception:  # dpkt raises many types for a malformed packet
        return UNREADABLE
    return NOT_UDP


def _raw(data: bytes) -> Any:
    return ip6.IP6(data) if data[0] >> 4 == 6 else ip.IP(data)


_LAYERS: Final[dict[int, Callable[[bytes], Any]]] = {
    0: loopback.Loopback,  # BSD
    _ETHERNET: ethernet.Ethernet,
    12: _raw,
    14: _raw,
    101: _raw,
    108: loopback.Loopback,  # OpenBSD
    113: sll.SLL,  # Linux "any", version 1
    228: ip.IP,
    229: ip6.IP6,
    276: sll2.SLL2,
}
"""By the numbers of https://www.tcpdump.org/linktypes.html."""


def _of_ipv4(packet: Any) -> Datagram | str:
    if packet.mf or packet.offset:
        return FRAGMENT
    return _of_udp(packet, packet.p, packet.tos, packet.ttl)


def _of_ipv6(packet: Any) -> Datagram | str:
    if any(isinstance(h, ip6.IP6FragmentHeader) for h in packet.all_extension_headers):
        return FRAGMENT
    return _of_udp(packet, packet.p, packet.fc, packet.hlim)


def _of_udp(packet: Any, protocol: int, tos: int, ttl: int) -> Datagram | str:
    inner = packet.data
    if protocol != _UDP:
        return NOT_UDP
    if not isinstance(inner, udp.UDP):
        return UNREADABLE
    return Datagram(
        packet.src,
        inner.sport,
        packet.dst,
        inner.dport,
        tos,
        ttl,
        max(inner.ulen - 8, 0),
        bytes(inner.data),
    )
