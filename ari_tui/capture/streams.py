"""Folds the RTP streams of a capture like live calls, and describes each.

A stream is a call of the store; its packets are records from Asterisk that were not forwarded
(`tx_ns` 0), so that none counts as sent and the media leg's figures are the stream's. With the
address of an echo server, a packet to it was sent at its time of capture, and a packet from it is
a returned one: the same fold yields RTT, loss and reordering of the echo path.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from ari_tui import __version__
from ari_tui.analysis.closing import told
from ari_tui.analysis.fold import fold
from ari_tui.analysis.notes import NewStream, Note, Refused, Stalled
from ari_tui.analysis.records import Records, from_bytes
from ari_tui.analysis.store import Store
from ari_tui.building.figures import NS_PER_MS
from ari_tui.capture.candidates import MAYBE, Candidates, Key, Packet, kind_of
from ari_tui.capture.container import Capture, CapturedFrame
from ari_tui.capture.datagrams import Datagram, datagram
from ari_tui.capture.description import StreamFacts, describe, endpoint
from ari_tui.capture.model import CaptureFile, Frames, RtpStream, StreamsDocument
from ari_tui.core.errors import ConfigError
from ari_tui.core.number_format import iso
from ari_tui.core.text import clean_text
from ari_tui.wire import record as r
from ari_tui.wire import rtp

BATCH: Final = 8192
"""Packets per fold."""
EVENTS: Final = 100
"""Events kept per stream."""
IDLE_NS: Final = 300_000_000_000
"""After this silence a stream has ended: its row is freed, later packets are a new stream."""
_RATES: Final = (8000, 16000, 32000, 48000, 90000)
_SHORTEST_NS: Final = 15_000_000


class Options(NamedTuple):
    """The filters, and the limits of late and lost. Empty sets filter nothing."""

    ports: frozenset[int]
    ssrcs: frozenset[int]
    echo: tuple[bytes, int] | None
    """Address (4 or 16 bytes) and port."""
    late_ns: int
    loss_timeout_ns: int


class AnalyzedCapture(NamedTuple):
    """The streams of a capture by their first packets, and its number of frames by kind."""

    streams: list[RtpStream]
    frames: Counter[str]
    first_ns: int | None
    last_ns: int | None


def analyze(capture: Capture, options: Options) -> AnalyzedCapture:
    """Read a capture to its end and fold its streams. Memory grows with the streams only."""
    folder = _Folder(options)
    for frame in capture:
        folder.take(frame)
    found = folder.finish()
    found.frames["timeless"] = capture.timeless
    return found


class _Folder:
    """The state while reading one capture."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._store = Store(
            loss_timeout_ns=options.loss_timeout_ns, late_ns=options.late_ns, capacity=16
        )
        self._candidates = Candidates()
        self._numbers: dict[Key, int] = {}
        self._streams: dict[int, StreamFacts] = {}
        self._ended: list[tuple[int, RtpStream]] = []
        self._frames: Counter[str] = Counter()
        self._batch = bytearray()
        self._first_ns: int | None = None
        self._now_ns = self._swept_ns = 0
        self._last_number = 0

    def take(self, frame: CapturedFrame) -> None:
        """Take the next frame."""
        if self._first_ns is None or frame.time_ns < self._first_ns:
            self._first_ns = frame.time_ns
        self._now_ns = max(self._now_ns, frame.time_ns)
        found = datagram(frame)
        what = found if isinstance(found, str) else self._take_datagram(frame.time_ns, found)
        self._frames[what] += 1
        if self._now_ns - self._swept_ns > IDLE_NS // 10:
            self._swept_ns = self._now_ns
            self._flush()
            for number in self._idle():
                self._end(number)

    def _take_datagram(self, time_ns: int, found: Datagram) -> str:
        """Take a datagram; return its kind."""
        ports = self._options.ports
        if ports and found.source_port not in ports and found.destination_port not in ports:
            return "filtered"
        kind = kind_of(found.payload, found.length)
        if kind != MAYBE:
            return kind
        _, marker_pt, sequence, timestamp, ssrc = rtp.FIXED_HEADER.unpack_from(found.payload)
        if self._options.ssrcs and ssrc not in self._options.ssrcs:
            return "filtered"
        ends = (found.source, found.source_port), (found.destination, found.destination_port)
        returned = ends[0] == self._options.echo
        key = Key(*ends[1], *ends[0], ssrc) if returned else Key(*ends[0], *ends[1], ssrc)
        packet = Packet(
            time_ns, marker_pt, sequence, timestamp, found.length, found.tos, found.ttl, returned
        )
        number = self._numbers.get(key)
        if number is not None:
            self._log(number, key, packet)
        elif (proven := self._candidates.take(key, packet)) is not None:
            self._begin(key, proven)
        return MAYBE

    def _begin(self, key: Key, packets: list[Packet]) -> None:
        """Add a proven stream to the store, and fold its packets so far."""
        self._last_number += 1
        number = self._last_number
        self._store.add_call(number)
        self._numbers[key] = number
        first = next(packet for packet in packets if not packet.returned)
        stream = self._streams[number] = StreamFacts(key, first)
        if not stream.clock_rate_known:
            stream.clock_rate = _guessed_rate([p for p in packets if not p.returned])
            self._flush()
        for packet in packets:
            self._log(number, key, packet)
            if packet is first and not stream.clock_rate_known:
                self._flush()  # the fold sets the static rate at a stream's first packet
                self._store.media.clock_rate[self._store.row_of[number]] = stream.clock_rate

    def _log(self, number: int, key: Key, packet: Packet) -> None:
        to_echo = (key.destination, key.destination_port) == self._options.echo
        self._batch += r.pack(
            rx_ns=packet.time_ns,
            tx_ns=packet.time_ns if to_echo and not packet.returned else 0,
            timestamp=packet.timestamp,
            ssrc=key.ssrc,
            call=number,
            sequence=packet.sequence,
            length=min(packet.length, 0xFFFF),
            marker_pt=packet.marker_pt,
            kind=r.KIND_ECHO_IN if packet.returned else r.KIND_MEDIA_IN,
            tos=packet.tos,
            ttl=packet.ttl,
        )
        if len(self._batch) >= BATCH * r.RECORD_SIZE:
            self._flush()

    def _flush(self) -> None:
        records = from_bytes(bytes(self._batch))
        self._batch.clear()
        self._note_packets(records)
        self._keep_notes(fold(self._store, records, self._now_ns))

    def _note_packets(self, records: Records) -> None:
        """Record what the fold does not keep of each stream: payload types, lengths."""
        order = np.argsort(records["call"], kind="stable")
        numbers, starts = np.unique(records["call"][order], return_index=True)
        for number, part in zip(numbers.tolist(), np.split(order, starts[1:]), strict=False):
            stream, packets = self._streams[number], records[part]
            stream.payload_types.update(np.unique(packets["marker_pt"] & 0x7F).tolist())
            stream.longest = max(stream.longest, int(packets["length"].max()))

    def _keep_notes(self, notes: list[Note]) -> None:
        """Keep the fold's notes with their streams."""
        if not notes:
            return
        stream_of = {row: self._streams[number] for number, row in self._store.row_of.items()}
        for note in notes:
            stream = stream_of[note.row]
            if isinstance(note, NewStream):
                if note.previous_ssrc is None:
                    continue
                stream.restarts += 1
                self._store.media.clock_rate[note.row] = stream.clock_rate
            if not isinstance(note, Refused | Stalled) and len(stream.notes) < EVENTS:
                stream.notes.append(note)

    def _idle(self) -> list[int]:
        last_rx = self._store.media.last_rx
        return [
            number
            for number, row in self._store.row_of.items()
            if self._now_ns - int(last_rx[row]) > IDLE_NS
        ]

    def _end(self, number: int) -> None:
        self._keep_notes(told(self._store.judge_gaps(self._store.row_of[number], None)))
        stream = self._streams.pop(number)
        del self._numbers[stream.key]
        paired = (stream.key.destination, stream.key.destination_port) == self._options.echo
        described = describe(self._store, number, stream, self._now_ns, paired=paired)
        self._ended.append((stream.first_ns, described))
        self._store.retire_call(number)

    def finish(self) -> AnalyzedCapture:
        """Fold the remaining packets and describe every stream."""
        self._flush()
        for number in list(self._streams):
            self._end(number)
        unproven = self._candidates.close()
        self._frames[MAYBE] -= unproven
        self._frames["unproven"] = unproven
        self._ended.sort(key=lambda pair: pair[0])
        last_ns = None if self._first_ns is None else self._now_ns
        return AnalyzedCapture([s for _, s in self._ended], self._frames, self._first_ns, last_ns)


def _guessed_rate(packets: list[Packet]) -> int:
    """Return the usual clock rate nearest to that of a stream's first timestamps."""
    elapsed_ns = packets[-1].time_ns - packets[0].time_ns
    ticks = (packets[-1].timestamp - packets[0].timestamp) & 0xFFFFFFFF
    if elapsed_ns < _SHORTEST_NS or not 0 < ticks < 1 << 31:
        return rtp.DEFAULT_CLOCK_RATE
    seen = ticks * 1e9 / elapsed_ns
    return min(_RATES, key=lambda rate: max(rate / seen, seen / rate))


def analyze_file(path: Path, options: Options) -> StreamsDocument:
    """Read a capture file and describe its streams.

    Raises ConfigError when the file cannot be opened or is no capture.
    """
    name = clean_text(path.name, 255)
    try:
        with path.open("rb") as file:
            capture = Capture(file, name)
            found = analyze(capture, options)
    except OSError as error:
        raise ConfigError(f"cannot read {clean_text(path, 1024)}: {error.strerror}") from None
    return StreamsDocument(
        version=__version__,
        file=_file(name, capture, found),
        late_ms=options.late_ns / NS_PER_MS,
        loss_timeout_ms=options.loss_timeout_ns / NS_PER_MS,
        echo=None if options.echo is None else endpoint(*options.echo),
        frames=Frames(**{name: found.frames[name] for name in Frames.__struct_fields__}),
        streams=found.streams,
    )


def _file(name: str, capture: Capture, found: AnalyzedCapture) -> CaptureFile:
    first_ns, last_ns = found.first_ns, found.last_ns
    return CaptureFile(
        name=name,
        format=capture.format,
        frames=sum(found.frames.values()),
        first_at=None if first_ns is None else iso(first_ns),
        last_at=None if last_ns is None else iso(last_ns),
        duration_s=(
            None if first_ns is None or last_ns is None else round((last_ns - first_ns) / 1e9, 3)
        ),
        damage=None if capture.damage is None else clean_text(capture.damage),
    )
