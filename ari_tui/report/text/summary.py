"""The status line and the final report, as plain text, from a document."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Final

from ari_tui.core.number_format import fixed, percent
from ari_tui.core.text import aligned, clean_text
from ari_tui.document.load_test import LoadCall
from ari_tui.document.model import Call, Document, Figures, LoadProgress, Session
from ari_tui.document.where import Where
from ari_tui.document.where_text import faulty, line_of, told
from ari_tui.report.facts import Fact, rule_words

_NAME_WIDTH: Final = 28
_LONG: Final = 300
_FAULTY: Final = 20
"""Calls with a fault that are named."""
_NAMES: Final = 24
"""Columns for the names of facts."""


def progress_line(load: LoadProgress) -> str:
    """Return the progress of a load test in one line."""
    where = ", ".join(f"{count} at {step}" for step, count in load.failed_at.items())
    return (
        f"{load.phase} {load.up}/{load.target} up, {load.under_way} under way; "
        f"{load.started} started, {load.good} good, {load.failed} failed"
        + (f" ({where})" if where else "")
        + f", {load.cps:g}/s; {load.elapsed_s:.0f} of {load.duration_s:.0f} s"
    )


def status_line(document: Document) -> str:
    """Return the status line: the fields of the original script first, then our own.

    A load test has a line of its own above it.
    """
    above = f"{progress_line(document.load)}\n" if document.load is not None else ""
    return above + _status(document)


def _status(document: Document) -> str:
    totals = document.totals
    rtt, packets = totals.rtt_ms, totals.packets
    disconnected = [clean_text(a.id) for a in document.asterisks if not a.connected]
    return (
        f"p50={fixed(rtt.p50, 1, 'ms')} p95={fixed(rtt.p95, 1, 'ms')} "
        f"p99={fixed(rtt.p99, 1, 'ms')} "
        f"max={fixed(rtt.max, 1, 'ms')} late_ratio={percent(totals.late_ratio)} "
        f"drops={percent(totals.loss_ratio)} calls={totals.calls.active} sent={packets.sent} "
        f"in_flight={packets.in_flight} interruptions={packets.interruptions}"
        f" sla={clean_text(document.sla.verdict)}"
        + (f" DISCONNECTED={','.join(disconnected)}" if disconnected else "")
        + ("" if document.where is None else f" {clean_text(line_of(document.where), _LONG)}")
    )


def final_report(document: Document) -> str:
    """Return the report at the end of a run: totals, then every call in the document."""
    place = where_lines(document.where, document.calls)
    return "\n".join([_head(document), *place, *([""] if place else []), *_session(document)])


def session_report(document: Document) -> str:
    """Return the final report without the diagnosis."""
    return "\n".join([_head(document), *_session(document)])


def _head(document: Document) -> str:
    session = document.session
    return (
        f"ari-tui {clean_text(session.version)}, session {clean_text(session.id)}: "
        f"{session.duration_s:.1f} s, "
        f"{ending(session)}"
    )


def where_lines(
    where: Where | None, calls: Iterable[Call | LoadCall], width: int = _LONG
) -> list[str]:
    """Return the diagnosis, a line for each thing it says, then the calls with a fault by name.

    None where the engine did not tell.
    """
    if where is None:
        return []
    lines = []
    for line in told(where):
        words = line._replace(text=clean_text(line.text, _LONG)).words
        indent = " " * (len(words) - len(words.lstrip()) + 2)
        lines += textwrap.wrap(words, width, subsequent_indent=indent, drop_whitespace=True)
    return lines + _faulty_lines(calls, width)


def _faulty_lines(calls: Iterable[Call | LoadCall], width: int) -> list[str]:
    found = [
        (clean_text(channel, _NAME_WIDTH), clean_text(finding.text, _LONG))
        for channel, finding in faulty(calls, _FAULTY)
    ]
    lines = [line for name, text in found for line in _named(name, text, width)]
    return ["", "Calls with a fault", *lines] if found else []


def _named(name: str, text: str, width: int) -> list[str]:
    """Return a name and a text, in one line where that fits."""
    in_one = f"  {name}  {text}"
    return [in_one] if len(in_one) <= width else [f"  {name}", *wrapped("    ", text, width)]


def _session(document: Document) -> list[str]:
    load = document.load
    lines = [
        *([f"load test   {progress_line(load)}"] if load is not None else []),
        *measured_lines(document),
    ]
    if document.calls:
        lines += ["", *_call_lines(document)]
    return lines


def ending(session: Session) -> str:
    """Return why a session has ended, or that it goes on."""
    if session.end_reason is None:
        return "still running" if session.ended_at is None else "ended"
    return f"ended by {clean_text(session.end_reason)}"


def measured_lines(document: Document) -> list[str]:
    """Return the figures of all calls together, and the verdict."""
    totals = document.totals
    packets, counts = totals.packets, totals.calls
    return [
        f"calls       {counts.started} started, {counts.ended} ended, {counts.failed} failed, "
        f"peak {counts.peak}",
        f"packets     sent {packets.sent} = returned {packets.returned} + lost {packets.lost} + "
        f"in flight {packets.in_flight}; delivered {packets.delivered}",
        f"            duplicates {packets.duplicates_echo}, reordered {packets.reordered_echo}, "
        f"late {packets.late_echo}, upstream missing {packets.upstream_missing}"
        + (f" ({totals.missing_explained} explained)" if totals.missing_explained else ""),
        f"loss        {percent(totals.loss_ratio)}   late {percent(totals.late_ratio)}   "
        f"interruptions {packets.interruptions}, longest "
        f"{fixed(totals.longest_interruption_ms, 1, 'ms')}, dead air {totals.dead_air_s:.1f} s",
        f"round trip  {_rtt(totals)}",
        *_quality(totals),
        _instrument(document),
        "",
        *_verdict(document),
    ]


def _rtt(figures: Figures) -> str:
    rtt = figures.rtt_ms
    return (
        f"min {fixed(rtt.min, 1, 'ms')}  p50 {fixed(rtt.p50, 1, 'ms')}  "
        f"p95 {fixed(rtt.p95, 1, 'ms')}  "
        f"p99 {fixed(rtt.p99, 1, 'ms')}  max {fixed(rtt.max, 1, 'ms')}"
    )


def _quality(figures: Figures) -> list[str]:
    mos, runs = figures.mos, figures.loss_runs
    shown = ", ".join(f"{length}: {count}" for length, count in runs.items() if count) or "none"
    where = figures.loss_directions
    lines = [f"loss runs   {shown}"]
    if where is not None and figures.packets.lost:
        lines[0] += (
            f"; outward {where.outward}, in the echo server {where.at_echo}, back {where.back}"
        )
    if mos.session is not None:
        worst = fixed(mos.worst_10s, 2)
        lines.append(
            f"MOS         {mos.session:.2f} (CQ est., this hop, loss: "
            f"{clean_text(mos.loss_from)}), worst 10 s {worst}"
        )
    return lines


def _verdict(document: Document) -> list[str]:
    """Return the verdict and its rules, one line each."""
    sla = document.sla
    headline = clean_text(sla.headline, _LONG)
    profile, tier = clean_text(sla.profile), clean_text(sla.tier or "no tier")
    lines = [f"SLA         {headline} (profile {profile}, {tier})"]
    reasons = (clean_text(reason, _LONG) for reason in sla.reasons)
    lines += [f"            {reason}" for reason in reasons if reason not in headline]
    for rule in map(rule_words, sla.rules):
        lines.append(f"  {rule.verdict:<12}  {rule.name:<20} {rule.asked:<28} {rule.found}")
    return lines


def _instrument(document: Document) -> str:
    found = document.instrument
    own = fixed(found.dwell_out_us.p99, 0, " µs")
    return (
        f"instrument  own delay p99 {own}, uncertain {found.uncertain}, "
        f"socket drops {found.socket_drops}, log overflow {found.log_overflow}, "
        f"limited {found.limited_s:g} s"
    )


def _call_lines(document: Document) -> list[str]:
    heads = ("CHANNEL", "STATE", "SENT", "BACK", "DELIV", "LOST", "LATE", "P50", "P95", "MAX")
    rows: list[tuple[str, ...]] = [heads]
    for call in document.calls:
        p, rtt = call.packets, call.rtt_ms
        names = [clean_text(text, _NAME_WIDTH) for text in (call.channel, call.state)]
        counts = map(str, (p.sent, p.returned, p.delivered, p.lost, p.late_echo))
        rows.append((*names, *counts, *(fixed(x, 1, "ms") for x in (rtt.p50, rtt.p95, rtt.max))))
    return aligned(rows, words=2)


def chapter(name: str, shown: Iterable[Fact], width: int) -> list[str]:
    """Return an empty line, a heading and the facts below it."""
    lines = ["", name, "-" * len(name)]
    for fact in shown:
        value = f"{fact.value} ({fact.note})" if fact.note else fact.value
        lines += wrapped(f"{fact.name:<{_NAMES}}", value, width)
    return lines


def wrapped(name: str, value: str, width: int) -> list[str]:
    """Return a name and its value, which is wrapped with a hanging indent."""
    return textwrap.wrap(value, width, initial_indent=name, subsequent_indent=" " * len(name))


def readable(text: str, encoding: str | None) -> str:
    """Replace by "?" what a stream's encoding cannot represent."""
    name = encoding or "utf-8"
    return text.encode(name, "replace").decode(name)
