"""The streams of a capture as text: a table, and optionally the details of each."""

from __future__ import annotations

from collections.abc import Iterator

from ari_tui.capture.model import EchoPath, RtpStream, StreamsDocument
from ari_tui.core.number_format import DASH, fixed, percent, plural
from ari_tui.core.text import aligned

_WORDS = ("SOURCE", "DESTINATION", "SSRC", "CODEC")
_NUMBERS = ("SECONDS", "RECV", "MISSING", "DUP", "REORD", "LATE", "JITTER", "SKEW", "GAPS", "DEAD")
_ECHO_HEAD = ("SENT", "BACK", "LOST", "P50", "P99", "MAX")
_SKIPPED_FRAMES = {
    "unproven": "perhaps RTP, but too few in sequence",
    "rtcp": "RTCP",
    "other_udp": "other UDP",
    "filtered": "of other ports or SSRCs",
    "not_udp": "not UDP",
    "fragments": "IP fragments",
    "unreadable": "broken or cut too short",
    "unknown_link": "of an unknown link layer",
    "timeless": "without a time",
}


def streams_text(document: StreamsDocument, *, details: bool = False) -> str:
    """Return the text, without a final newline."""
    lines = list(_file(document))
    if document.streams:
        lines += ["", *_table(document)]
    if details:
        for stream in document.streams:
            lines += ["", *_details(stream)]
    return "\n".join(lines)


def _file(document: StreamsDocument) -> Iterator[str]:
    file, frames = document.file, document.frames
    span = f", {file.duration_s:.1f} s from {file.first_at}" if file.duration_s is not None else ""
    yield f"{file.name}: {file.format}, {file.frames} packets{span}"
    skipped = [
        f"{count} {label}"
        for name, label in _SKIPPED_FRAMES.items()
        if (count := getattr(frames, name))
    ]
    yield f"{plural(len(document.streams), 'stream')} of {frames.rtp} RTP packets" + (
        f"; passed over: {', '.join(skipped)}" if skipped else ""
    )
    if file.damage:
        yield f"the file is {file.damage}: read up to there"
    if document.echo:
        paired = sum(stream.echo is not None for stream in document.streams)
        yield f"echo server {document.echo}: {paired} paired with what came back"


def _table(document: StreamsDocument) -> list[str]:
    echo = any(stream.echo for stream in document.streams)
    rows = [_WORDS + _NUMBERS + (_ECHO_HEAD if echo else ())]
    rows += [_row(stream) + (_echo_row(stream.echo) if echo else ()) for stream in document.streams]
    return aligned(rows, words=len(_WORDS))


def _row(stream: RtpStream) -> tuple[str, ...]:
    packets = stream.packets
    return (
        stream.source,
        stream.destination,
        stream.ssrc,
        stream.codec,
        fixed(stream.duration_s, 1),
        str(packets.received),
        str(packets.missing),
        str(packets.duplicates),
        str(packets.reordered),
        fixed(packets.late),
        fixed(stream.jitter_ms.last, 2, "ms"),
        fixed(stream.skew_ppm, 0, "ppm"),
        str(packets.interruptions),
        fixed(stream.dead_air_s, 1, "s"),
    )


def _echo_row(echo: EchoPath | None) -> tuple[str, ...]:
    if echo is None:
        return (DASH,) * len(_ECHO_HEAD)
    rtt = echo.rtt_ms
    return (
        str(echo.sent),
        str(echo.returned),
        str(echo.lost),
        fixed(rtt.p50, 2, "ms"),
        fixed(rtt.p99, 2, "ms"),
        fixed(rtt.max, 2, "ms"),
    )


def _details(stream: RtpStream) -> Iterator[str]:
    packets, jitter = stream.packets, stream.jitter_ms
    types = ", ".join(str(value) for value in stream.payload_types)
    guessed = "" if stream.clock_rate_known else " (guessed)"
    yield f"{stream.source} → {stream.destination} {stream.ssrc}"
    yield (
        f"  stream      {stream.codec}, payload types {types}, {stream.clock_rate} Hz{guessed}, "
        f"packet time {fixed(stream.ptime_ms, 0, ' ms')}, DSCP {fixed(stream.dscp)}"
    )
    yield f"  time        {stream.started_at} to {stream.ended_at}, {stream.duration_s:.3f} s"
    yield (
        f"  packets     received {packets.received} = distinct {packets.distinct} + "
        f"duplicates {packets.duplicates} + stray {packets.stray}; expected {packets.expected}, "
        f"missing {packets.missing} ({percent(stream.loss_ratio)}), reordered {packets.reordered}, "
        f"sequence errors {fixed(packets.sequence_errors)}, restarts {packets.restarts}"
    )
    yield (
        f"  timing      jitter {fixed(jitter.last, 3, ' ms')} at the end, mean "
        f"{fixed(jitter.mean, 3, ' ms')}, max {fixed(jitter.max, 3, ' ms')}; late "
        f"{fixed(packets.late)} ({percent(stream.late_ratio)}), skew "
        f"{fixed(stream.skew_ppm, 1, ' ppm')}, steps {packets.baseline_steps}"
    )
    yield (
        f"  silence     {packets.interruptions} interruptions, longest "
        f"{fixed(stream.longest_interruption_ms, 0, ' ms')}, dead air {stream.dead_air_s:.1f} s"
    )
    gaps = [f"{kind.replace('_', ' ')} {count}" for kind, count in stream.gaps.items() if count]
    if gaps:
        yield f"  gaps        {', '.join(gaps)}"
    if stream.echo:
        yield from _echo_details(stream.echo)
    for event in stream.events:
        yield f"  {event.time} {event.text}"


def _echo_details(echo: EchoPath) -> Iterator[str]:
    rtt = echo.rtt_ms
    yield (
        f"  echo        sent {echo.sent} = returned {echo.returned} + lost {echo.lost} + "
        f"in flight {echo.in_flight}; loss {percent(echo.loss_ratio)}, duplicates "
        f"{echo.duplicates}, reordered {echo.reordered}, late {echo.late}, "
        f"returned late {echo.returned_late}"
    )
    yield (
        f"  round trip  min {fixed(rtt.min, 3, ' ms')}, p50 {fixed(rtt.p50, 3, ' ms')}, "
        f"p95 {fixed(rtt.p95, 3, ' ms')}, p99 {fixed(rtt.p99, 3, ' ms')}, "
        f"max {fixed(rtt.max, 3, ' ms')}; jitter {fixed(echo.jitter_ms, 3, ' ms')}, "
        f"of the hop {fixed(echo.hop_jitter_ms, 3, ' ms')}"
    )
