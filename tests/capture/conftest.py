"""Captures written by hand: containers, link layers, and RTP with the times a test gives it."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from ari_tui.capture.container import Capture, CapturedFrame
from ari_tui.capture.model import StreamsDocument
from ari_tui.capture.streams import Options, analyze_file
from tests import rtp_packets

START_NS = 1_700_000_000_123_456_789
MS = 1_000_000
ETHERNET = 1
ALICE, BOB, ECHO = ("10.0.0.1", 4000), ("10.0.0.2", 5000), ("10.0.0.9", 4567)
End = tuple[str, int]


def address(text: str) -> bytes:
    if ":" in text:
        return bytes.fromhex(text.replace(":", ""))
    return bytes(int(part) for part in text.split("."))


def udp(payload: bytes, source: End = ALICE, destination: End = BOB) -> bytes:
    return struct.pack("!HHHH", source[1], destination[1], 8 + len(payload), 0) + payload


def ipv4(
    body: bytes,
    source: str = ALICE[0],
    destination: str = BOB[0],
    *,
    tos: int = 0xB8,
    ttl: int = 60,
    protocol: int = 17,
    fragment: int = 0,
    options: bytes = b"",
) -> bytes:
    head = struct.pack(
        "!BBHHHBBH",
        0x45 + len(options) // 4,
        tos,
        20 + len(options) + len(body),
        1,
        fragment,
        ttl,
        protocol,
        0,
    )
    return head + address(source) + address(destination) + options + body


def ipv6(body: bytes, *, next_header: int = 17, tos: int = 0xB8) -> bytes:
    head = struct.pack("!IHBB", 6 << 28 | tos << 20, len(body), next_header, 60)
    return head + bytes(15) + b"\x01" + bytes(15) + b"\x02" + body


def ethernet(packet: bytes, *, kind: int = 0x0800, tags: bytes = b"") -> bytes:
    return bytes(12) + tags + kind.to_bytes(2, "big") + packet


class Writer:
    """Builds capture files from frames."""

    @staticmethod
    def pcap(frames: Sequence[CapturedFrame], *, order: str = "<", nano: bool = True) -> bytes:
        magic = 0xA1B23C4D if nano else 0xA1B2C3D4
        link_type = frames[0].link_type if frames else ETHERNET
        out = struct.pack(f"{order}IHHIIII", magic, 2, 4, 0, 0, 262144, link_type)
        for frame in frames:
            seconds, rest = divmod(frame.time_ns, 1_000_000_000)
            fraction = rest if nano else rest // 1000
            out += struct.pack(
                f"{order}IIII", seconds, fraction, len(frame.data), frame.wire_length
            )
            out += frame.data
        return out

    @staticmethod
    def block(kind: int, body: bytes, order: str = "<") -> bytes:
        body += bytes(-len(body) % 4)
        size = struct.pack(f"{order}I", len(body) + 12)
        return struct.pack(f"{order}I", kind) + size + body + size

    @classmethod
    def section(cls, order: str = "<") -> bytes:
        return cls.block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1), order)

    @classmethod
    def interface(
        cls,
        link_type: int = ETHERNET,
        *,
        resolution: int | None = 9,
        offset_s: int | None = None,
        order: str = "<",
    ) -> bytes:
        body = struct.pack(f"{order}HHI", link_type, 0, 262144)
        if resolution is not None:
            body += struct.pack(f"{order}HHB3x", 9, 1, resolution)
        if offset_s is not None:
            body += struct.pack(f"{order}HHq", 14, 8, offset_s)
        return cls.block(1, body + bytes(4), order)

    @classmethod
    def packet(
        cls, ticks: int, data: bytes, *, number: int = 0, wire: int | None = None, order: str = "<"
    ) -> bytes:
        head = struct.pack(
            f"{order}IIIII",
            number,
            ticks >> 32,
            ticks & 0xFFFFFFFF,
            len(data),
            len(data) if wire is None else wire,
        )
        return cls.block(6, head + data + bytes(-len(data) % 4), order)

    @classmethod
    def pcapng(cls, frames: Sequence[CapturedFrame]) -> bytes:
        link_type = frames[0].link_type if frames else ETHERNET
        return (
            cls.section()
            + cls.interface(link_type)
            + b"".join(
                cls.packet(frame.time_ns, frame.data, wire=frame.wire_length) for frame in frames
            )
        )


class Wire:
    """Collects RTP on an Ethernet; times are milliseconds after START_NS."""

    def __init__(self) -> None:
        self.frames: list[CapturedFrame] = []

    def raw(self, at_ms: float, packet: bytes) -> None:
        data = ethernet(packet)
        self.frames.append(CapturedFrame(START_NS + round(at_ms * MS), ETHERNET, data, len(data)))

    def datagram(self, at_ms: float, payload: bytes, source: End = ALICE, to: End = BOB) -> None:
        self.raw(at_ms, ipv4(udp(payload, source, to), source[0], to[0]))

    def rtp(
        self,
        at_ms: float,
        seq: int,
        *,
        ts: int | None = None,
        ssrc: int = 7,
        pt: int = 0,
        source: End = ALICE,
        to: End = BOB,
        size: int = 160,
    ) -> None:
        stamp = seq * 160 if ts is None else ts
        packet = rtp_packets.build(
            bytes(size), sequence=seq, timestamp=stamp, ssrc=ssrc, payload_type=pt
        )
        self.datagram(at_ms, packet, source, to)

    def stream(
        self,
        count: int,
        *,
        first: int = 0,
        ptime_ms: float = 20.0,
        ssrc: int = 7,
        source: End = ALICE,
        to: End = BOB,
    ) -> None:
        for i in range(first, first + count):
            self.rtp(i * ptime_ms, i, ssrc=ssrc, source=source, to=to)


class Kit(NamedTuple):
    """What the tests of this folder build with."""

    writer: type[Writer]
    wire: type[Wire]
    start_ns: int
    alice: End
    bob: End
    echo: End
    ipv4: Callable[..., bytes]
    ipv6: Callable[..., bytes]
    udp: Callable[..., bytes]
    ethernet: Callable[..., bytes]
    folder: Path

    @staticmethod
    def capture(data: bytes) -> Capture:
        return Capture(io.BytesIO(data), "x.pcap")

    def options(
        self, *, ports: Sequence[int] = (), ssrcs: Sequence[int] = (), echo: bool = False
    ) -> Options:
        return Options(
            frozenset(ports),
            frozenset(ssrcs),
            (address(self.echo[0]), self.echo[1]) if echo else None,
            3 * MS,
            3000 * MS,
        )

    def analyze(self, wire: Wire, options: Options | None = None) -> StreamsDocument:
        path = self.folder / "test.pcapng"
        path.write_bytes(self.writer.pcapng(sorted(wire.frames, key=lambda f: f.time_ns)))
        return analyze_file(path, options or self.options())


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return Kit(Writer, Wire, START_NS, ALICE, BOB, ECHO, ipv4, ipv6, udp, ethernet, tmp_path)
