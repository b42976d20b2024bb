"""Facts of the run itself: the instrument, the environment, the books, what was injected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ari_tui.ari.text import clean_text
from ari_tui.report.facts import Fact
from ari_tui.report.subject import Subject
from ari_tui.report.units import DASH, moment, ms, number, percent, span
from ari_tui.snapshot.model import Document, Injected, Spread

GLOSSARY: Final = (
    (
        "Round trip",
        "From our sending a packet to the echo server to its coming back, by kernel "
        "time stamps. Not the callers' own path: the part of the network between here and there.",
    ),
    (
        "Late",
        "Later than 3 ms (or as configured) above the path's own fastest time, tracked over "
        "the last half minute: queueing, not distance.",
    ),
    ("Lost", "Not back within the loss time-out (3 s, or as configured). Of packets sent."),
    (
        "MOS",
        "Listening quality from 1 to 4.5, estimated by the E-model (ITU-T G.107) for this hop "
        "alone, with loss concealment.",
    ),
    (
        "Clean seconds",
        "Seconds in which the instrument itself was well. Others are left out of "
        "the verdict and counted, so that our own delay is never taken for the network's.",
    ),
    (
        "Evidence",
        "Exact 95 % bounds (Clopper-Pearson). A rule passes when the upper bound meets "
        "its limit, fails when the lower one breaks it; between the two more packets are needed.",
    ),
)


def books(document: Document) -> Iterator[Fact]:
    """Yield where the packets went: they add up."""
    packets, totals = document.totals.packets, document.totals
    yield Fact(
        "Packets",
        f"{number(packets.sent)} sent = {number(packets.returned)} returned + "
        f"{number(packets.lost)} lost + {number(packets.in_flight)} in flight",
    )
    where = totals.loss_directions
    if where is not None and packets.lost:
        yield Fact(
            "Lost where",
            f"{number(where.outward)} on the way out, {number(where.at_echo)} in the echo "
            f"server, {number(where.back)} on the way back",
        )
    runs = ", ".join(f"{count} × {length}" for length, count in totals.loss_runs.items() if count)
    if runs:
        yield Fact("Loss in runs of", runs)
    yield Fact(
        "Order",
        f"{number(packets.reordered_echo)} reordered, {number(packets.duplicates_echo)} duplicates",
    )
    explained = f"{number(totals.missing_explained)} of them explained (digits, hold, silence)"
    yield Fact(
        "Missing from Asterisk",
        number(packets.upstream_missing),
        explained if packets.upstream_missing else "",
    )
    longest = totals.longest_interruption_ms
    yield Fact(
        "Interruptions",
        number(packets.interruptions),
        f"longest {ms(longest)} ms, dead air {span(totals.dead_air_s)}" if longest else "",
    )


def instrument(document: Document) -> Iterator[Fact]:
    """Yield how well was measured."""
    found = document.instrument
    yield Fact("Own delay, towards the echo", *_dwell(found.dwell_out_us))
    yield Fact("Own delay, back to Asterisk", *_dwell(found.dwell_back_us))
    yield Fact("Limited", span(found.limited_s), "left out of the verdict")
    yield Fact("Uncertain time stamps", number(found.uncertain), "counted, but not timed")
    yield Fact("Dropped at our sockets", number(found.socket_drops))
    yield Fact(
        "Packet log", f"{number(found.log_overflow)} overflowed", f"{found.log_fill:.1%} full"
    )
    lag = f"{found.tick_lag_ms:.1f} ms"
    yield Fact("Engine late by", lag, "when the last document was made")
    restarts = f"{found.worker_restarts} restarted" if found.worker_restarts else ""
    yield Fact("Media workers", number(found.workers), restarts)
    buffer = found.receive_buffer_bytes
    if buffer is not None:
        yield Fact("Receive buffer granted", f"{number(buffer / 1024)} KiB")


def _dwell(found: Spread) -> tuple[str, str]:
    if found.p50 is None:
        return DASH, ""
    return (
        f"{number(found.p99)} µs p99",
        f"median {number(found.p50)}, longest {number(found.max)} µs",
    )


def environment(subject: Subject) -> Iterator[Fact]:
    """Yield where and by what was measured."""
    document, load = subject.document, subject.load
    session = document.session
    for asterisk in document.asterisks:
        away = f"; events lost for {span(asterisk.events_lost_s)}" if asterisk.events_lost_s else ""
        yield Fact(
            "Asterisk",
            clean_text(asterisk.version or "unknown version", 60),
            f"{clean_text(asterisk.url, 120)}, answers in {ms(asterisk.latency_ms)} ms{away}",
        )
    yield Fact("ari-tui", clean_text(session.version, 40), f"session {clean_text(session.id, 40)}")
    if load is None:
        yield Fact("Host", clean_text(session.host, 80))
    else:
        where = load.environment
        yield Fact("Host", clean_text(where.host, 80), f"{where.cpus} CPUs")
        yield Fact("System", clean_text(where.os, 120), f"Python {clean_text(where.python, 40)}")
    yield Fact("Started", moment(session.started_at))
    yield Fact("Ended", moment(session.ended_at or document.time), _why(subject))


def _why(subject: Subject) -> str:
    reason = (
        subject.document.session.end_reason if subject.load is None else subject.load.end_reason
    )
    return clean_text(reason, 120) if reason else "still running"


def injected(document: Document) -> str | None:
    """Return what was done to packets on purpose; None where nothing was."""
    by = document.injected
    found = (_did(by.echo, "in the echo server"), _did(by.media, "on the callers' side"))
    parts = [part for part in found if part]
    return f"Packets were impaired on purpose: {'; '.join(parts)}." if parts else None


def _did(found: Injected | None, where: str) -> str:
    if found is None or not (found.lost or found.duplicates or found.reordered):
        return ""
    return (
        f"{number(found.lost)} lost, {number(found.duplicates)} duplicated, "
        f"{number(found.reordered)} reordered {where}"
    )


def headline_numbers(subject: Subject) -> Iterator[Fact]:
    """Yield the handful of numbers that a reader wants first."""
    document, load = subject.document, subject.load
    totals = document.totals
    if load is None:
        calls = totals.calls
        yield Fact("Calls", number(calls.started), f"{calls.peak} at once, {calls.failed} failed")
    else:
        done = load.progress
        yield Fact(
            "Good calls",
            f"{number(done.good)} of {number(done.good + done.failed)}",
            f"{percent(load.success_ratio)}"
            + (f", {done.cut} cut at the end" if done.cut else "")
            + (f", {load.calls_per_s:.1f} calls/s" if load.calls_per_s else ""),
        )
    rtt = totals.rtt_ms
    yield Fact("Round trip p95", f"{ms(rtt.p95)} ms", f"p50 {ms(rtt.p50)}, p99 {ms(rtt.p99)}")
    yield Fact("Longest round trip", f"{ms(rtt.max)} ms", f"of {number(rtt.count)} measured")
    packets = totals.packets
    yield Fact(
        "Lost", percent(totals.loss_ratio), f"{number(packets.lost)} of {number(packets.sent)}"
    )
    yield Fact("Late", percent(totals.late_ratio), f"{number(packets.late_echo)} packets")
    worst = totals.mos.worst_10s
    yield Fact("MOS", number(totals.mos.session, 2), f"worst 10 s {number(worst, 2)}")
