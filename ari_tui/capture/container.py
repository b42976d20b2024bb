"""The frames of a capture file, pcap or pcapng, with their times in whole nanoseconds.

`dpkt` (BSD licence, pure Python, no dependencies) parses headers, options and link layers. Other
libraries that read both formats are under the GPL (scapy, pypacker); python-pcapng takes 30 µs a
packet and does not read pcap. dpkt's own file readers are not used: they return times as floats
(resolution 0.2 µs today), support only the first interface of a pcapng, and do not report a
truncated file. So blocks are read here, one at a time: memory does not grow with the file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from dpkt import dpkt, pcap, pcapng  # type: ignore[import-untyped]  # it ships no types

from ari_tui.core.errors import ConfigError, DamagedCaptureError
from ari_tui.core.text import escaped

_NS: Final = 1_000_000_000
LONGEST: Final = 16 * 1024 * 1024
"""Limit of a packet or block: a greater length means damage."""
_GZIP: Final = b"\x1f\x8b"
_SECTION: Final = pcapng.PCAPNG_BT_SHB.to_bytes(4, "big")  # the same in both byte orders
_MODIFIED: Final = (pcap.MODPCAP_MAGIC, pcap.PACPDOM_MAGIC)
_NANO: Final = (pcap.TCPDUMP_MAGIC_NANO, pcap.PMUDPCT_MAGIC_NANO)
_SWAPPED: Final = (pcap.PMUDPCT_MAGIC, pcap.PMUDPCT_MAGIC_NANO, pcap.PACPDOM_MAGIC)


class CapturedFrame(NamedTuple):
    """One frame: time of capture (ns since the epoch), link type, bytes kept, wire length."""

    time_ns: int
    link_type: int
    data: bytes
    wire_length: int


class _Interface(NamedTuple):
    """One interface of a pcapng section."""

    link_type: int
    ticks_per_second: int
    offset_s: int


class Capture:
    """Iterates the frames of an open file, once.

    `damage` is then the reason for stopping before the end of the file, or None. Raises ConfigError
    when the file is no capture.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._position = 0
        self.damage: str | None = None
        self.timeless = 0
        """Packets without a time (pcapng simple packet blocks): skipped."""
        start = file.read(4)
        self._position = len(start)
        if start == _SECTION:
            self.format = "pcapng"
        elif int.from_bytes(start, "big") in pcap.MAGIC_TO_PKT_HDR:
            self.format = "pcap"
        else:
            raise ConfigError(f"{escaped(name)}: {_refusal(start)}")
        self._start = start

    def __iter__(self) -> Iterator[CapturedFrame]:
        frames = self._pcapng() if self.format == "pcapng" else self._pcap()
        try:
            yield from frames
        except DamagedCaptureError as error:
            self.damage = str(error)

    def _take(self, size: int, what: str, *, may_end: bool = False) -> bytes:
        """Read `size` bytes; with `may_end`, b"" at the end of the file."""
        if not 0 <= size <= LONGEST:
            raise self._damaged(f"{what} of {size} bytes")
        data = self._file.read(size)
        if len(data) < size and not (may_end and not data):
            raise DamagedCaptureError(
                f"cut short at byte {self._position + len(data)}, within {what}"
            )
        self._position += len(data)
        return data

    def _damaged(self, what: str) -> DamagedCaptureError:
        return DamagedCaptureError(f"damaged at byte {self._position}: {what}")

    def _pcap(self) -> Iterator[CapturedFrame]:
        magic = int.from_bytes(self._start, "big")
        order = "<" if magic in _SWAPPED else ">"
        kind = pcap.LEFileHdr if order == "<" else pcap.FileHdr
        header = kind(self._start + self._take(kind.__hdr_len__ - 4, "the file header"))
        link_type = header.linktype & 0xFFFF  # upper bits: length of the frame check sequence
        unit_ns = 1 if magic in _NANO else 1000
        packet = struct.Struct(f"{order}IIII8x" if magic in _MODIFIED else f"{order}IIII")
        while head := self._take(packet.size, "a packet header", may_end=True):
            seconds, fraction, kept, wire = packet.unpack(head)
            data = self._take(kept, "a packet")
            yield CapturedFrame(seconds * _NS + fraction * unit_ns, link_type, data, wire)

    def _pcapng(self) -> Iterator[CapturedFrame]:
        order, interfaces = self._section(self._start)
        head = struct.Struct(f"{order}II")
        packet = struct.Struct(f"{order}IIIII")
        while start := self._take(8, "a block header", may_end=True):
            if start[:4] == _SECTION:
                order, interfaces = self._section(start[:4], start[4:])
                head, packet = struct.Struct(f"{order}II"), struct.Struct(f"{order}IIIII")
                continue
            block, length = head.unpack(start)
            if length < 12 or length % 4:
                raise self._damaged(f"a block of {length} bytes")
            body = self._take(length - 8, "a block")
            if block == pcapng.PCAPNG_BT_EPB:
                yield self._packet(packet, interfaces, body)
            elif block == pcapng.PCAPNG_BT_IDB:
                interfaces.append(self._interface(order, start + body))
            elif block == pcapng.PCAPNG_BT_PB:
                yield self._packet(struct.Struct(f"{order}H2xIIII"), interfaces, body)
            elif block == pcapng.PCAPNG_BT_SPB:
                self.timeless += 1

    def _section(self, start: bytes, more: bytes = b"") -> tuple[str, list[_Interface]]:
        """Read the rest of a section header; return its byte order and an empty interface list."""
        start += more or self._take(4, "a section header")
        start += self._take(4, "a section header")
        big = int.from_bytes(start[8:12], "big")
        if big not in (pcapng.BYTE_ORDER_MAGIC, pcapng.BYTE_ORDER_MAGIC_LE):
            raise self._damaged("a section of no byte order")
        order = ">" if big == pcapng.BYTE_ORDER_MAGIC else "<"
        (length,) = struct.unpack(f"{order}I", start[4:8])
        self._take(length - 12, "a section header")
        return order, []

    def _interface(self, order: str, block: bytes) -> _Interface:
        kind = (
            pcapng.InterfaceDescriptionBlockLE if order == "<" else pcapng.InterfaceDescriptionBlock
        )
        try:
            described = kind(block)
        except (dpkt.Error, ValueError, struct.error) as error:
            raise self._damaged(f"an interface ({error})") from None
        ticks, offset_s = 1_000_000, 0
        for option in described.opts:
            if option.code == pcapng.PCAPNG_OPT_IF_TSRESOL and len(option.data) == 1:
                base, power = 2 if option.data[0] & 0x80 else 10, option.data[0] & 0x7F
                ticks = base**power
            elif option.code == pcapng.PCAPNG_OPT_IF_TSOFFSET and len(option.data) == 8:
                (offset_s,) = struct.unpack(f"{order}q", option.data)
        return _Interface(described.linktype, ticks, offset_s)

    def _packet(
        self, layout: struct.Struct, interfaces: list[_Interface], body: bytes
    ) -> CapturedFrame:
        if len(body) < layout.size + 4:
            raise self._damaged("a packet without its header")
        number, high, low, kept, wire = layout.unpack_from(body)
        if number >= len(interfaces) or kept > len(body) - layout.size - 4:
            raise self._damaged("a packet that fits nowhere")
        interface = interfaces[number]
        time_ns = ((high << 32) | low) * _NS // interface.ticks_per_second
        return CapturedFrame(
            time_ns + interface.offset_s * _NS,
            interface.link_type,
            body[layout.size : layout.size + kept],
            wire,
        )


def _refusal(start: bytes) -> str:
    if not start:
        return "the file is empty"
    if start.startswith(_GZIP):
        return "compressed: unpack it first (gunzip)"
    return "no capture file (neither pcap nor pcapng)"
