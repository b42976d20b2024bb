"""Captures of both formats: exact times, several interfaces, and files that break off."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from ari_tui.capture.container import CapturedFrame
from ari_tui.core.errors import ConfigError

if TYPE_CHECKING:
    from tests.capture.conftest import Kit

NS = 1_000_000_000


def frames(kit: Kit, count: int = 3) -> list[CapturedFrame]:
    return [
        CapturedFrame(kit.start_ns + i, 1, bytes([i]) * (60 + i), 100 + i) for i in range(count)
    ]


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_pcap_of_nanoseconds_gives_every_one_of_them(kit: Kit, order: str) -> None:
    written = frames(kit)
    capture = kit.capture(kit.writer.pcap(written, order=order))
    assert list(capture) == written
    assert (capture.format, capture.damage) == ("pcap", None)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_pcap_of_microseconds_is_cut_to_them(kit: Kit, order: str) -> None:
    (frame,) = kit.capture(kit.writer.pcap(frames(kit, 1), order=order, nano=False))
    assert frame.time_ns == kit.start_ns // 1000 * 1000


def test_a_modified_pcap_is_read_by_its_longer_headers(kit: Kit) -> None:
    data = struct.pack("<IHHIIII", 0xA1B2CD34, 2, 4, 0, 0, 65535, 1)
    data += struct.pack("<IIIIIHBB", 5, 6, 2, 2, 0, 0, 0, 0) + b"ab"
    assert list(kit.capture(data)) == [CapturedFrame(5 * NS + 6000, 1, b"ab", 2)]


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_pcapng_gives_every_nanosecond(kit: Kit, order: str) -> None:
    data = kit.writer.section(order) + kit.writer.interface(order=order)
    written = frames(kit)
    for frame in written:
        data += kit.writer.packet(frame.time_ns, frame.data, wire=frame.wire_length, order=order)
    capture = kit.capture(data)
    assert list(capture) == written
    assert (capture.format, capture.damage) == ("pcapng", None)


@pytest.mark.parametrize(
    ("resolution", "ticks"), [(None, 10**6), (6, 10**6), (3, 1000), (0, 1), (0x80 | 10, 1024)]
)
def test_the_resolution_of_an_interface_is_heeded(
    kit: Kit, resolution: int | None, ticks: int
) -> None:
    data = kit.writer.section() + kit.writer.interface(resolution=resolution)
    (frame,) = kit.capture(data + kit.writer.packet(7 * ticks + ticks // 2, b"abc"))
    assert frame.time_ns == 7 * NS + (ticks // 2) * NS // ticks


def test_the_offset_of_an_interface_is_added(kit: Kit) -> None:
    data = kit.writer.section() + kit.writer.interface(offset_s=-100)
    (frame,) = kit.capture(data + kit.writer.packet(500 * NS + 1, b"abc"))
    assert frame.time_ns == 400 * NS + 1


def test_each_interface_has_its_own_link_type_and_clock(kit: Kit) -> None:
    w = kit.writer
    data = w.section() + w.interface(1) + w.interface(113, resolution=6)
    data += w.packet(5, b"a", number=1) + w.packet(5, b"b", number=0)
    assert [(f.link_type, f.time_ns) for f in kit.capture(data)] == [(113, 5000), (1, 5)]


def test_a_second_section_brings_its_own_byte_order_and_interfaces(kit: Kit) -> None:
    w = kit.writer
    data = w.section("<") + w.interface() + w.packet(1, b"a")
    data += w.section(">") + w.interface(101, order=">") + w.packet(2, b"b", order=">")
    assert [(f.link_type, f.time_ns) for f in kit.capture(data)] == [(1, 1), (101, 2)]


def test_other_blocks_are_passed_over_and_simple_packets_counted(kit: Kit) -> None:
    w = kit.writer
    data = w.section() + w.block(4, bytes(8)) + w.interface()
    data += w.block(3, struct.pack("<I", 4) + b"abcd") + w.packet(9, b"x") + w.block(5, bytes(16))
    capture = kit.capture(data)
    assert [f.time_ns for f in capture] == [9]
    assert capture.timeless == 1


def test_the_packet_block_of_old_is_read(kit: Kit) -> None:
    body = struct.pack("<HHIIII", 0, 0, 0, 77, 3, 60) + b"abc\0"
    data = kit.writer.section() + kit.writer.interface() + kit.writer.block(2, body)
    assert list(kit.capture(data)) == [CapturedFrame(77, 1, b"abc", 60)]


@pytest.mark.parametrize("kind", ["pcap", "pcapng"])
def test_wherever_a_file_breaks_off_what_is_whole_is_read_and_the_rest_is_told(
    kit: Kit, kind: str
) -> None:
    written = frames(kit)
    whole = getattr(kit.writer, kind)(written)
    ends = [len(getattr(kit.writer, kind)(written[:n])) for n in range(4)]
    for size in range(4, len(whole)):
        capture = kit.capture(whole[:size])
        found = list(capture)
        assert found == written[: len(found)]
        assert len(found) == sum(end <= size for end in ends[1:])
        # between two packets, and after a pcapng's section, a file may end
        assert (capture.damage is None) == (size in ends or (kind == "pcapng" and size == 28))
        if capture.damage:
            assert f"cut short at byte {size}" in capture.damage


@pytest.mark.parametrize("length", [0, 8, 13, 0xFFFFFFFC])
def test_a_block_of_an_impossible_length_ends_the_reading(kit: Kit, length: int) -> None:
    w = kit.writer
    start = w.section() + w.interface() + w.packet(1, b"a")
    capture = kit.capture(start + struct.pack("<II", 6, length) + bytes(64))
    assert len(list(capture)) == 1
    assert capture.damage is not None
    assert f"damaged at byte {len(start) + 8}" in capture.damage


@pytest.mark.parametrize("number", [1, 0])
def test_a_packet_of_no_interface_or_longer_than_its_block_is_damage(kit: Kit, number: int) -> None:
    head = struct.pack("<IIIII", number, 0, 0, 4 if number else 400, 400)
    capture = kit.capture(
        kit.writer.section() + kit.writer.interface() + kit.writer.block(6, head + b"abcd")
    )
    assert list(capture) == []
    assert "damaged" in str(capture.damage)


def test_a_broken_interface_is_damage(kit: Kit) -> None:
    body = struct.pack("<HHI", 1, 0, 0) + struct.pack("<HH", 1, 2) + b"\xff\xfe\0\0"  # no UTF-8
    capture = kit.capture(kit.writer.section() + kit.writer.block(1, body))
    assert list(capture) == []
    assert "an interface" in str(capture.damage)


def test_a_section_without_a_byte_order_is_damage(kit: Kit) -> None:
    capture = kit.capture(b"\n\r\r\n" + bytes(40))
    assert list(capture) == []
    assert "no byte order" in str(capture.damage)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "empty"),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"#!/bin/sh", "no capture"),
        (b"ab", "no capture"),
    ],
)
def test_what_is_no_capture_is_told(kit: Kit, data: bytes, told: str) -> None:
    with pytest.raises(ConfigError, match=f"x.pcap: .*{told}") as caught:
        kit.capture(data)
    assert caught.value.exit_code == 2
