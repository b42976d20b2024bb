"""Describes one stream from its row in the store."""

from __future__ import annotations

import ipaddress
from typing import Final

from ari_tui.analysis.notes import Interruption, Moved, NewStream, Reanchored
from ari_tui.analysis.store import Store
from ari_tui.analysis.totals import CallTotals
from ari_tui.building.figures import NS_PER_MS, named_counters, ratio, skew_ppm, spread
from ari_tui.capture.candidates import Key, Packet
from ari_tui.capture.model import EchoPath, RtpStream, StreamEvent, StreamJitter, StreamPackets
from ari_tui.core.number_format import iso
from ari_tui.core.sockets import endpoint_text
from ari_tui.wire.rtp import CLOCK_RATES, CODEC_NAMES, DEFAULT_CLOCK_RATE

StreamNote = Interruption | Moved | NewStream | Reanchored
_EVENTS: Final = "telephone-event"
_EVENT_SIZE: Final = 16
"""RTP header and 4 bytes (RFC 4733 section 2.3), less than any codec sends."""
_RATE_ERROR: Final = 0.05
_SHORTEST_NS: Final = 1_000_000_000


class StreamFacts:
    """What is known of a stream besides its row in the store."""

    def __init__(self, key: Key, first: Packet) -> None:
        self.key, self.first_ns, self.first_timestamp = key, first.time_ns, first.timestamp
        self.payload_type = payload_type = first.marker_pt & 0x7F
        self.clock_rate_known = payload_type in CLOCK_RATES
        self.clock_rate = CLOCK_RATES.get(payload_type, DEFAULT_CLOCK_RATE)
        self.payload_types: set[int] = set()
        self.longest = 0
        """Bytes of the longest packet, RTP header included."""
        self.restarts = 0
        self.notes: list[StreamNote] = []


def endpoint(address: bytes, port: int) -> str:
    """Return the text of an address (4 or 16 bytes) and port."""
    return endpoint_text(str(ipaddress.ip_address(address)), port)


def describe(
    store: Store, number: int, stream: StreamFacts, now_ns: int, *, paired: bool
) -> RtpStream:
    """Describe a stream that has ended; `now_ns` is the time up to which the capture was read."""
    row, leg, key = store.row_of[number], store.media, stream.key
    # a capture does not show whether it was silent or over after its last packet
    leg.closed_ns[row] = leg.last_rx[row]
    totals = store.call_totals(number, now_ns)
    events = not stream.clock_rate_known and stream.longest <= _EVENT_SIZE
    timed = stream.clock_rate_known or (not events and _rate_holds(store, row, stream))
    packets = _packets(store, row, totals, stream, timed=timed)
    last_ns = int(leg.last_rx[row])
    tos, kind = int(leg.tos[row]), stream.payload_type
    return RtpStream(
        source=endpoint(key.source, key.source_port),
        destination=endpoint(key.destination, key.destination_port),
        ssrc=f"0x{key.ssrc:08x}",
        codec=_EVENTS if events else CODEC_NAMES.get(kind, str(kind)),
        payload_types=sorted(stream.payload_types),
        clock_rate=stream.clock_rate,
        clock_rate_known=stream.clock_rate_known,
        ptime_ms=leg.ptime_ms(row) if timed else None,
        dscp=tos >> 2 if tos >= 0 else None,
        started_at=iso(stream.first_ns),
        ended_at=iso(last_ns),
        duration_s=round((last_ns - stream.first_ns) / 1e9, 3),
        packets=packets,
        loss_ratio=ratio(packets.missing, packets.expected),
        late_ratio=None if packets.late is None else ratio(packets.late, packets.distinct),
        jitter_ms=_jitter(store, row, timed=timed),
        skew_ppm=skew_ppm(store, row, 2) if timed else None,
        longest_interruption_ms=_ms(totals.longest_gap_ns) if totals.longest_gap_ns else None,
        dead_air_s=round(totals.dead_air_ns / 1e9, 3),
        gaps=dict(totals.gaps),
        events=[_event(note) for note in stream.notes],
        echo=_echo(store, row, totals) if paired else None,
    )


def _packets(
    store: Store, row: int, totals: CallTotals, stream: StreamFacts, *, timed: bool
) -> StreamPackets:
    counted = named_counters(totals)
    foreign_packets = store.foreign_packets.get(row)
    stray = foreign_packets.met if foreign_packets is not None else 0
    distinct = counted["received"] - counted["duplicates_media"] - stray
    return StreamPackets(
        received=counted["received"],
        expected=distinct + counted["upstream_missing"],
        distinct=distinct,
        missing=counted["upstream_missing"],
        duplicates=counted["duplicates_media"],
        reordered=counted["reordered_media"],
        late=counted["late_media"] if timed else None,
        stray=stray,
        sequence_errors=int(store.media.sequence_errors[row]),
        restarts=stream.restarts,
        interruptions=counted["interruptions"],
        baseline_steps=counted["baseline_steps"],
    )


def _ms(value_ns: float) -> float:
    return round(value_ns / NS_PER_MS, 4)


def _jitter(store: Store, row: int, *, timed: bool) -> StreamJitter:
    leg = store.media
    count = int(leg.jitter_count[row])
    if not (timed and count):
        return StreamJitter(last=None, mean=None, max=None)
    return StreamJitter(
        last=_ms(float(leg.jitter_ns[row])),
        mean=_ms(float(leg.jitter_sum[row]) / count),
        max=_ms(float(leg.jitter_max[row])),
    )


def _rate_holds(store: Store, row: int, stream: StreamFacts) -> bool:
    """Return whether the timestamps match the guessed rate; True for a stream too short to show."""
    elapsed_ns = int(store.media.last_rx[row]) - stream.first_ns
    if stream.restarts or elapsed_ns < _SHORTEST_NS:
        return True
    ticks = int(store.media.last_ts[row]) - stream.first_timestamp
    return abs(ticks * 1e9 / elapsed_ns / stream.clock_rate - 1) < _RATE_ERROR


def _echo(store: Store, row: int, totals: CallTotals) -> EchoPath:
    counted, leg = named_counters(totals), store.echo
    settled = counted["sent"] - totals.in_flight
    paired = bool(leg.jitter_count[row])
    return EchoPath(
        sent=counted["sent"],
        returned=counted["returned"],
        lost=counted["lost"],
        in_flight=totals.in_flight,
        returned_late=counted["returned_late"],
        duplicates=counted["duplicates_echo"],
        reordered=counted["reordered_echo"],
        late=counted["late_echo"],
        loss_ratio=ratio(counted["lost"], settled),
        late_ratio=ratio(counted["late_echo"], settled),
        rtt_ms=spread(totals.rtt, NS_PER_MS),
        jitter_ms=_ms(float(leg.jitter_ns[row])) if paired else None,
        hop_jitter_ms=_ms(float(leg.hop_jitter_ns[row])) if paired else None,
    )


def _event(note: StreamNote) -> StreamEvent:
    at = iso(note.at_ns)
    if isinstance(note, Interruption):
        missing = f", {note.sequence_step - 1} packets missing" if note.sequence_step > 1 else ""
        text = f"no packet for {note.gap_ns / NS_PER_MS:.0f} ms{missing}"
        return StreamEvent(time=at, kind="interruption", text=text)
    if isinstance(note, Moved):
        path = "of the stream" if note.leg == "media" else "of the echo path"
        text = f"floor {path} moved {note.by_ns / NS_PER_MS:+.1f} ms"
        return StreamEvent(time=at, kind="step", text=text)
    if isinstance(note, Reanchored):
        text = f"the timestamp jumped by {abs(note.by_ns) / NS_PER_MS:.0f} ms and stayed there"
        return StreamEvent(time=at, kind="reanchor", text=text)
    return StreamEvent(time=at, kind="restart", text="the sequence began anew")
