"""UDP under every link layer, and the quick way against the thorough one."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ari_tui.capture import datagrams as d
from ari_tui.capture.container import CapturedFrame

if TYPE_CHECKING:
    from tests.capture.conftest import Kit

PAYLOAD = b"some payload"
VLAN = struct.pack("!HH", 0x8100, 42)
LAYERS: dict[str, tuple[int, Callable[[bytes, int], bytes]]] = {
    # link type, and what stands before an IP packet of an Ethernet type
    "ethernet": (1, lambda ip, kind: bytes(12) + kind.to_bytes(2, "big") + ip),
    "vlan": (1, lambda ip, kind: bytes(12) + VLAN + kind.to_bytes(2, "big") + ip),
    "qinq": (
        1,
        lambda ip, kind: (
            bytes(12) + struct.pack("!HH", 0x88A8, 7) + VLAN + kind.to_bytes(2, "big") + ip
        ),
    ),
    "cooked": (113, lambda ip, kind: struct.pack("!HHH8sH", 0, 1, 6, bytes(8), kind) + ip),
    "cooked 2": (
        276,
        lambda ip, kind: struct.pack("!HHiHBB8s", kind, 0, 3, 1, 0, 6, bytes(8)) + ip,
    ),
    "raw 101": (101, lambda ip, _: ip),
    "raw 12": (12, lambda ip, _: ip),
    "null, little": (0, lambda ip, kind: struct.pack("<I", 2 if kind == 0x0800 else 30) + ip),
    "null, big": (0, lambda ip, kind: struct.pack(">I", 2 if kind == 0x0800 else 30) + ip),
    "loop": (108, lambda ip, kind: struct.pack(">I", 2 if kind == 0x0800 else 24) + ip),
}


def frame(link_type: int, data: bytes) -> CapturedFrame:
    return CapturedFrame(1, link_type, data, len(data))


@pytest.mark.parametrize("layer", LAYERS)
def test_the_datagram_is_the_same_under_every_link_layer(kit: Kit, layer: str) -> None:
    link_type, wrap = LAYERS[layer]
    found = d.datagram(frame(link_type, wrap(kit.ipv4(kit.udp(PAYLOAD)), 0x0800)))
    assert found == d.Datagram(
        b"\x0a\0\0\1", 4000, b"\x0a\0\0\2", 5000, 0xB8, 60, len(PAYLOAD), PAYLOAD
    )


@pytest.mark.parametrize("layer", LAYERS)
def test_ipv6_is_found_under_every_link_layer(kit: Kit, layer: str) -> None:
    link_type, wrap = LAYERS[layer]
    found = d.datagram(frame(link_type, wrap(kit.ipv6(kit.udp(PAYLOAD)), 0x86DD)))
    assert found == d.Datagram(
        bytes(15) + b"\1", 4000, bytes(15) + b"\2", 5000, 0xB8, 60, len(PAYLOAD), PAYLOAD
    )


def test_the_padding_of_a_short_ethernet_frame_is_no_payload(kit: Kit) -> None:
    found = d.datagram(frame(1, kit.ethernet(kit.ipv4(kit.udp(b"hi"))) + bytes(18)))
    assert isinstance(found, d.Datagram)
    assert (found.payload, found.length) == (b"hi", 2)


def test_options_of_ipv4_are_stepped_over(kit: Kit) -> None:
    found = d.datagram(frame(1, kit.ethernet(kit.ipv4(kit.udp(PAYLOAD), options=b"\1" * 8))))
    assert isinstance(found, d.Datagram)
    assert found.payload == PAYLOAD


def test_a_datagram_that_was_not_kept_whole_tells_its_length_on_the_wire(kit: Kit) -> None:
    whole = kit.ethernet(kit.ipv4(kit.udp(bytes(172))))
    found = d.datagram(CapturedFrame(1, 1, whole[:64], len(whole)))
    assert isinstance(found, d.Datagram)
    assert (found.length, len(found.payload)) == (172, 64 - 42)


@pytest.mark.parametrize("fragment", [0x2000, 0x00B9, 0x20B9])
def test_fragments_are_told_apart(kit: Kit, fragment: int) -> None:
    packet = kit.ipv4(kit.udp(PAYLOAD), fragment=fragment)
    assert d.datagram(frame(1, kit.ethernet(packet))) == d.FRAGMENT


@pytest.mark.parametrize("offset", [0x0001, 0x0108])
def test_fragments_of_ipv6_are_told_apart(kit: Kit, offset: int) -> None:
    body = struct.pack("!BBHI", 17, 0, offset, 9) + kit.udp(PAYLOAD)
    packet = kit.ipv6(body, next_header=44)
    assert d.datagram(frame(1, kit.ethernet(packet, kind=0x86DD))) == d.FRAGMENT


@pytest.mark.parametrize(
    ("link_type", "data", "why"),
    [
        (1, bytes(12) + b"\x08\x06" + bytes(28), d.NOT_UDP),  # ARP
        (1, bytes(12) + b"\x08\x00" + b"\x45", d.NOT_UDP),
        (1, b"", d.UNREADABLE),
        (101, b"", d.UNREADABLE),
        (147, bytes(80), d.UNKNOWN_LINK),
    ],
)
def test_why_a_frame_holds_no_datagram_is_told(link_type: int, data: bytes, why: str) -> None:
    assert d.datagram(frame(link_type, data)) == why


def test_another_protocol_is_told(kit: Kit) -> None:
    packet = kit.ipv4(bytes(20), protocol=6)
    assert d.datagram(frame(1, kit.ethernet(packet))) == d.NOT_UDP


def test_a_datagram_cut_within_its_header_is_unreadable(kit: Kit) -> None:
    data = kit.ethernet(kit.ipv4(kit.udp(PAYLOAD)))
    assert d.datagram(frame(1, data[:38])) == d.UNREADABLE


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    payload=st.binary(max_size=40),
    padding=st.integers(0, 20),
    tos=st.integers(0, 255),
    ttl=st.integers(0, 255),
    cut=st.integers(0, 60),
    fragment=st.sampled_from([0, 0x4000, 0x2000]),
)
def test_the_quick_way_and_the_thorough_one_agree(
    kit: Kit, payload: bytes, padding: int, tos: int, ttl: int, cut: int, fragment: int
) -> None:
    packet = kit.ipv4(kit.udp(payload), tos=tos, ttl=ttl, fragment=fragment)
    whole = kit.ethernet(packet) + bytes(padding)
    one = CapturedFrame(1, 1, whole[: len(whole) - cut], len(whole))
    assert d.datagram(one) == d.parse_with_dpkt(one)


@given(link_type=st.sampled_from([0, 1, 12, 101, 108, 113, 228, 229, 276]), data=st.binary())
def test_no_frame_whatever_it_holds_stops_the_reading(link_type: int, data: bytes) -> None:
    found = d.datagram(frame(link_type, data))
    assert isinstance(found, (str, d.Datagram))
