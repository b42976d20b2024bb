"""The incident text of a call: plain text for a trouble ticket.

It begins with where the fault is and what was seen. It has the identifiers that other tools use,
each figure with its unit and limit, and when (UTC) packets were lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from typing import Final, NamedTuple

from ari_tui.core.number_format import fixed
from ari_tui.core.text import escaped
from ari_tui.document.live import SECONDS
from ari_tui.document.model import Call, Spread, Window
from ari_tui.document.where_text import line_of, told
from ari_tui.ui import number_format as forms
from ari_tui.ui.columns import Column
from ari_tui.ui.frame import Frame
from ari_tui.ui.limits import Limits, window_of
from ari_tui.ui.view_state import Row

_NONE: Final = "-"


def figures(call: Call, limits: Limits) -> list[str]:
    """Return the table: round trips, losses, late packets, then other counters."""
    windows = [window_of(call, 60), window_of(call, 10)]
    return [
        _line("", ["whole call", "last 60 s", "last 10 s", "limit"]),
        *_round_trips(call, windows, limits),
        *_shares(call, windows, limits),
        *_further(call),
    ]


def _line(name: str, cells: list[str]) -> str:
    return f"{name:<22}{''.join(f'{cell:>12}' for cell in cells)}".rstrip()


def _round_trips(call: Call, windows: list[Window | None], limits: Limits) -> Iterator[str]:
    spreads = [call.rtt_ms, *(window.rtt_ms if window else None for window in windows)]
    for name in ("min", "mean", "p50", "p95", "p99", "max"):
        values = [getattr(spread, name) if spread else None for spread in spreads]
        limit = getattr(limits, f"{name}_ms", None)
        yield _line(f"round trip {name}, ms", [tenths(value) for value in (*values, limit)])


def _shares(call: Call, windows: list[Window | None], limits: Limits) -> Iterator[str]:
    def line(
        name: str,
        whole: float | None,
        read: Callable[[Window], float | None],
        show: Callable[[float], str] = str,
        limit: float | None = None,
    ) -> str:
        values = [whole, *(read(window) if window else None for window in windows), limit]
        return _line(name, [_NONE if value is None else show(value) for value in values])

    packets = call.packets
    yield line("sent to echo", packets.sent, lambda window: window.sent)
    yield line("lost", packets.lost, lambda window: window.lost)
    yield line(
        "lost, share", call.loss_ratio, lambda w: w.loss_ratio, forms.percent, limits.loss_ratio
    )
    yield line("late", packets.late_echo, lambda window: window.late)
    yield line(
        "late, share", call.late_ratio, lambda w: w.late_ratio, forms.percent, limits.late_ratio
    )


def _further(call: Call) -> list[str]:
    packets, jitter, known = call.packets, call.jitter_ms, call.loss_directions
    where = "not known"
    if known is not None:
        where = f"outward {known.outward}, at echo {known.at_echo}, back {known.back}"
    runs = ", ".join(f"{count} of {length}" for length, count in call.loss_runs.items() if count)
    mos = [fixed(value, 2, none=_NONE) for value in (call.mos.session, call.mos.worst_10s)]
    return [
        f"from Asterisk: received {packets.received}, missing {packets.upstream_missing} "
        f"({call.missing_explained} explained), late {packets.late_media}",
        f"lost where: {where}; runs of losses: {runs or 'none'}",
        f"in flight {packets.in_flight}, overdue {packets.overdue}, "
        f"duplicates {packets.duplicates_echo}, reordered {packets.reordered_echo}",
        f"jitter (RFC 3550), ms: from Asterisk {tenths(jitter.media)}, "
        f"from echo {tenths(jitter.echo)}, echo path alone {tenths(jitter.hop)}",
        f"MOS-CQ est., this hop: {mos[0]}, worst 10 s {mos[1]}",
    ]


def tenths(value: float | None) -> str:
    """Return a figure with one decimal, `-` for no sample."""
    return fixed(value, 1, none=_NONE)


class BadSpan(NamedTuple):
    """Consecutive bad seconds (Unix time), both ends included."""

    first: int
    last: int
    lost: int
    late: int
    max_us: int | None
    """Longest round trip; None when none came back."""


def bad_spans(row: Row, last_second: int, limits: Limits) -> list[BadSpan]:
    """Return the spans of bad seconds in the last five minutes, oldest first.

    A second is bad when a packet sent in it is lost, one came back late, or a round trip was
    above the limit of the maximum.
    """
    if row.course is None:
        return []
    tails = [row.course.tail(name, SECONDS) for name in ("lost", "late", "rtt_max_us")]
    most_us = None if limits.max_ms is None else limits.max_ms * 1000
    spans: list[BadSpan] = []
    for i, (lost, late, max_us) in enumerate(zip(*tails, strict=True)):
        above = most_us is not None and max_us is not None and max_us > most_us
        if lost or late or above:
            second = last_second - SECONDS + 1 + i
            _add(spans, BadSpan(second, second, lost or 0, late or 0, max_us))
    return spans


def _add(spans: list[BadSpan], found: BadSpan) -> None:
    if not spans or spans[-1].last + 1 < found.first:
        spans.append(found)
        return
    before = spans[-1]
    longest = [us for us in (before.max_us, found.max_us) if us is not None]
    spans[-1] = BadSpan(
        before.first,
        found.last,
        before.lost + found.lost,
        before.late + found.late,
        max(longest, default=None),
    )


_SPANS: Final = 12
_EVENTS: Final = 20
_WIDEST: Final = 1000
"""Longest line, in characters: ticket systems keep it, and texts from outside may be longer."""


def row_text(row: Row, columns: Sequence[Column], frame: Frame) -> str:
    """Return a row as one line to paste into a chat: every figure with its label and unit."""
    call = row.call
    parts = [f"{row.mark} {call.channel}".strip(), f"Call-ID {call.call_id or _NONE}"]
    parts.append(line_of(call.where))
    parts += [
        f"{column.heading(frame.window)} {_with_unit(column, row, frame)}"
        for column in columns
        if column.id not in ("mark", "channel", "call_id", "where")
    ]
    over = f"last {frame.window} s" if frame.window else "whole call"
    return _clean(f"{', '.join(parts)} ({over}, {_utc(frame.document.time)})")


def _with_unit(column: Column, row: Row, frame: Frame) -> str:
    text = forms.plain_ascii(column.text(row, frame))
    bare = column.unit == "ms" and text[-1:].isdigit()
    return f"{text} ms" if bare else text


def incident(frame: Frame, row: Row) -> str:
    """Return the incident text of a call; every line ends with a newline."""
    parts = [
        [line.words for line in told(row.call.where)],
        _head(frame, row.call),
        ["CALL", *_call(frame, row.call)],
        ["FIGURES", *(f"  {line}" for line in figures(row.call, frame.limits)), _instrument(frame)],
        [f"WHEN (UTC, of the last {SECONDS} s)", *_when(frame, row)],
        ["EVENTS OF THIS CALL", *_events(frame, row.call)],
        ["VERDICT OF ALL CALLS", *_verdict(frame)],
    ]
    lines = [line for part in parts for line in (*part, "")]
    return "".join(f"{_clean(line)}\n" for line in lines[:-1])


def _clean(line: str) -> str:
    return escaped(line, _WIDEST)


def _utc(iso: str | None) -> str:
    """Return an ISO 8601 time in UTC: `2026-11-22 12:00:01 UTC`."""
    if iso is None:
        return _NONE
    try:
        moment = datetime.fromisoformat(iso).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return iso  # of another format: better than none
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def _head(frame: Frame, call: Call) -> list[str]:
    document = frame.document
    session = document.session
    lines = [
        f"ari-tui incident: {call.channel} at {_utc(document.time)}",
        f"measured on {session.host} by ari-tui {session.version}, session {session.id} "
        f"(since {_utc(session.started_at)})",
    ]
    if frame.frozen_s is not None:
        lines.append(f"the screen had stood still for {frame.frozen_s:.0f} s")
    if frame.link.state != "live":
        why = f": {frame.link.detail}" if frame.link.detail else ""
        lines.append(f"the engine was not connected, data {frame.age_s:.0f} s old{why}")
    for what, injected in (
        ("the echo server impairs packets on purpose", document.injected.echo),
        ("Asterisk and its callers are simulated", document.injected.media),
    ):
        if injected is not None:
            lines.append(
                f"NOT A REAL INCIDENT: {what} ({injected.lost} lost, {injected.duplicates} "
                f"duplicated, {injected.reordered} reordered there)"
            )
    return lines


def _call(frame: Frame, call: Call) -> list[str]:
    ports = call.ports
    until = f", until {_utc(call.ended_at)}" if call.ended_at else ""
    packet_time = _NONE if call.ptime_ms is None else f"{call.ptime_ms:g} ms"
    named = [
        ("Channel", call.channel),
        ("Caller", call.caller),
        ("Call-ID", call.call_id),
        ("Linkedid", call.linkedid),
        ("Unique id", call.channel_id),
        ("Call here", f"{call.id} ({call.mode})"),
        ("Asterisk", _asterisk(frame, call)),
        ("Up", f"{_utc(call.started_at)} for {forms.duration(call.duration_s)}{until}"),
        ("State", f"{call.state}: {call.reason}" if call.reason else call.state),
        (
            "Media",
            f"{call.codec or _NONE}, packets of {packet_time}, SSRC {call.ssrc or _NONE}, "
            f"bridge {call.bridge_technology or _NONE}",
        ),
        ("To Asterisk", f"{ports.media_local or _NONE} <-> {ports.media_remote or _NONE}"),
        ("To echo", f"{ports.echo_local or _NONE} <-> {ports.echo_remote or _NONE}"),
        ("Capture", _capture(call)),
    ]
    return [f"  {name:<12}{value or _NONE}" for name, value in named]


def _asterisk(frame: Frame, call: Call) -> str:
    known = next((one for one in frame.document.asterisks if one.id == call.asterisk), None)
    if known is None:
        return call.asterisk
    away = "" if known.connected else ", NOT CONNECTED"
    return f"{call.asterisk}, version {known.version or _NONE}, {known.url}{away}"


def _capture(call: Call) -> str:
    """Return the filter that shows both legs in tcpdump, dumpcap or Wireshark."""
    ends = (call.ports.media_local, call.ports.echo_local)
    return " or ".join(f"udp port {end.rpartition(':')[2]}" for end in ends if end)


def _instrument(frame: Frame) -> str:
    instrument, sla = frame.document.instrument, frame.document.sla
    return (
        f"  Our own delay over all calls (p99): {_micros(instrument.dwell_out_us)} outward, "
        f"{_micros(instrument.dwell_back_us)} back; {instrument.limited_s:g} of {sla.of_s} s "
        "could not be measured well and are left out."
    )


def _micros(spread: Spread) -> str:
    return fixed(None if spread.p99 is None else spread.p99 / 1000, 2, " ms", none=_NONE)


def _when(frame: Frame, row: Row) -> list[str]:
    spans = bad_spans(row, frame.history.last_second, frame.limits)
    if row.course is None:
        return ["  not known"]
    if not spans:
        return ["  no second with losses, late packets or round trips above the limit"]
    earlier = len(spans) - _SPANS
    lines = [f"  and {earlier} stretches before these"] if earlier > 0 else []
    return lines + [f"  {_span(span)}" for span in spans[-_SPANS:]]


def _span(span: BadSpan) -> str:
    first, last = (
        datetime.fromtimestamp(second, timezone.utc) for second in (span.first, span.last)
    )
    when = f"{first:%H:%M:%S}" + (f"..{last:%H:%M:%S}" if last > first else "")
    what = [
        f"{count} {name}" for count, name in ((span.lost, "lost"), (span.late, "late")) if count
    ]
    if span.max_us is not None:
        what.append(f"longest round trip {span.max_us / 1000:.1f} ms")
    return f"{when:<20}{', '.join(what)}"


def _events(frame: Frame, call: Call) -> list[str]:
    own = [event for event in frame.events if event.call == call.id][-_EVENTS:]
    lines = [f"  {_utc(event.time)} {event.level}: {event.text}" for event in own]
    return lines or ["  none known"]


def _verdict(frame: Frame) -> list[str]:
    sla = frame.document.sla
    counts = frame.document.totals.calls
    tier = f", limits for {sla.tier}" if sla.tier else ""
    return [
        f"  {sla.headline} (profile {sla.profile}{tier}; {counts.active} calls up)",
        *(f"  - {reason}" for reason in sla.reasons),
    ]
