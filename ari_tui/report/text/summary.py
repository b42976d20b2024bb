"""The status line and the final report, as plain text, from a document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ari_tui.core.number_format import (
    fixed,
    moment,
    ms_short,
    percent,
    percent_short,
    span_short,
    time_of_day,
)
from ari_tui.core.text import aligned, cells, clean_text, cut_middle, wrap
from ari_tui.document.load_test import LoadCall
from ari_tui.document.model import Call, Document, Figures, Instrument, LoadProgress, Session
from ari_tui.document.where import SHORT_PLACES, Where
from ari_tui.document.where_text import faulty, line_of, told
from ari_tui.report.facts import NO_TRAFFIC_WORDS, Fact, rule_words, without_traffic

WIDTH: Final = 80
"""Columns of the final report: those of a terminal."""
_LABELS: Final = 12
_BAD: Final = 50
"""Bad calls that the text names; the JSON has more."""
_NAME_WIDTH: Final = 28
_STATE_WIDTH: Final = 10
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
        f" sla={clean_text(document.sla.state or document.sla.verdict)}"
        + (f" DISCONNECTED={','.join(disconnected)}" if disconnected else "")
        + ("" if document.where is None else f" {clean_text(line_of(document.where), _LONG)}")
    )


def final_report(document: Document) -> str:
    """Return the report at the end of a run, at most `WIDTH` columns wide.

    First what a person on call needs: where the fault is, the verdict, the calls with a fault.
    Then the figures of all calls together, the rules, and every call in the document.
    """
    lines = [
        *_head(document),
        *where_lines(document.where, WIDTH),
        *verdict_lines(document),
        *faulty_lines(document.named_calls, WIDTH),
        "",
        *_session(document),
    ]
    return "\n".join(lines)


def session_report(document: Document) -> str:
    """Return the final report without diagnosis and verdict."""
    return "\n".join([*_head(document), *_session(document)])


def _head(document: Document) -> list[str]:
    session = document.session
    text = (
        f"{clean_text(session.version)}, session {clean_text(session.id)}: "
        f"{session.duration_s:.1f} s, {ending(session)}"
    )
    return wrapped("ari-tui ", text, WIDTH)


def where_lines(where: Where | None, width: int) -> list[str]:
    """Return the diagnosis, a line for each thing it says; none where the engine did not tell."""
    if where is None:
        return []
    lines = []
    for line in told(where):
        words = line._replace(text=clean_text(line.text, _LONG)).words
        indent = " " * (len(words) - len(words.lstrip()) + 2)
        lines += wrap(words.lstrip(), width, first=indent[2:], rest=indent)
    return lines


def faulty_lines(calls: Iterable[Call | LoadCall], width: int) -> list[str]:
    """Return the calls that have a fault, by name, under a heading; none where none has."""
    found = [
        (clean_text(channel, _NAME_WIDTH), clean_text(text, _LONG))
        for channel, text in faulty(calls, _FAULTY)
    ]
    lines = [line for name, text in found for line in _named(name, text, width)]
    return ["", "Calls with a fault", *lines] if found else []


def _named(name: str, text: str, width: int) -> list[str]:
    """Return a name and a text, in one line where that fits."""
    in_one = f"  {name}  {text}"
    return [in_one] if cells(in_one) <= width else [f"  {name}", *wrapped("    ", text, width)]


def _session(document: Document) -> list[str]:
    load = document.load
    lines = [] if load is None else _named_line("load test", progress_line(load))
    lines += [*figure_lines(document), *rule_lines(document)]
    lines += ["", *_call_lines(document)] if document.calls else []
    return lines + _bad_call_lines(document)


def ending(session: Session) -> str:
    """Return why a session has ended, or that it goes on."""
    if session.end_reason is None:
        return "still running" if session.ended_at is None else "ended"
    return f"ended by {clean_text(session.end_reason)}"


def measured_lines(document: Document) -> list[str]:
    """Return the figures of all calls together, the verdict on them, and its rules."""
    return [*figure_lines(document), "", *verdict_lines(document), *rule_lines(document)]


def verdict_lines(document: Document) -> list[str]:
    """Return the verdict and its reasons."""
    sla = document.sla
    headline = clean_text(sla.headline, _LONG)
    if without_traffic(document):
        return _named_line("SLA", f"{NO_TRAFFIC_WORDS} (profile {clean_text(sla.profile)})")
    profile, tier = clean_text(sla.profile), clean_text(sla.tier or "no tier")
    lines = _named_line("SLA", f"{headline} (profile {profile}, {tier})")
    reasons = (clean_text(reason, _LONG) for reason in sla.reasons)
    return lines + [
        line for reason in reasons if reason not in headline for line in _named_line("", reason)
    ]


def figure_lines(document: Document) -> list[str]:
    """Return the figures of all calls together, over all seconds."""
    totals = document.totals
    packets, counts = totals.packets, totals.calls
    explained = (
        f" ({totals.missing_explained} of them explained)" if totals.missing_explained else ""
    )
    sla = document.sla
    of_all = " (all seconds)" if sla.clean_s < sla.of_s else ""
    named = {
        "calls": f"{counts.started} started, {counts.ended} ended, {counts.failed} failed, "
        f"at most {counts.peak} at once",
        "audio": f"lost {percent(totals.loss_ratio)}, late {percent(totals.late_ratio)}{of_all}; "
        f"interruptions {packets.interruptions}, longest "
        f"{fixed(totals.longest_interruption_ms, 1, 'ms')}, dead air {totals.dead_air_s:.1f} s",
        "round trip": _rtt(totals) + of_all,
        **_quality(totals),
        "packets": f"sent {packets.sent} = returned {packets.returned} + lost {packets.lost} + "
        f"in flight {packets.in_flight}; delivered to Asterisk {packets.delivered}",
        "": f"late {packets.late_echo}, duplicates {packets.duplicates_echo}, "
        f"reordered {packets.reordered_echo}; missing from Asterisk {packets.upstream_missing}"
        + explained,
        "instrument": _instrument(document),
        **_outages(document.instrument),
    }
    return [line for name, text in named.items() for line in _named_line(name, text)]


def _named_line(name: str, text: str) -> list[str]:
    return wrapped(f"{name:<{_LABELS}}", text, WIDTH)


def _rtt(figures: Figures) -> str:
    shown = ("min", "p50", "p95", "p99", "max")
    return ", ".join(f"{name} {fixed(getattr(figures.rtt_ms, name), 1, 'ms')}" for name in shown)


def _quality(figures: Figures) -> dict[str, str]:
    """Return the estimated quality, and how many packets were lost in a row and where."""
    mos, found = figures.mos, {}
    if mos.session is not None:
        found["MOS"] = (
            f"{mos.session:.2f}, worst 10 s {fixed(mos.worst_10s, 2)} (estimated, of this hop)"
        )
    runs = [f"{count} × {length}" for length, count in figures.loss_runs.items() if count]
    if runs:
        found["loss runs"] = f"{', '.join(runs)}" + _directions(figures)
    return found


def _directions(figures: Figures) -> str:
    where = figures.loss_directions
    if where is None or not figures.packets.lost:
        return ""
    return f"; outward {where.outward}, in the echo server {where.at_echo}, back {where.back}"


def _instrument(document: Document) -> str:
    found = document.instrument
    return (
        f"delay in this engine p99 {fixed(found.dwell_out_us.p99, 0, ' µs')}; "
        f"limited {found.limited_s:g} s; uncertain time stamps {found.uncertain}, "
        f"dropped at our sockets {found.socket_drops}, not logged {found.log_overflow}"
    )


def _outages(found: Instrument) -> dict[str, str]:
    """Return when our own processes did not work."""
    lines = {}
    if found.worker_restarts or found.worker_outages:
        times = [
            f"{one.what} {moment(one.since)}, {one.seconds:.1f} s" for one in found.worker_outages
        ]
        lines["workers"] = (
            f"{found.worker_restarts} restarted, {found.worker_outage_s:.1f} s without one "
            f"(left out): {'; '.join(times)}"
        )
    if found.blind_s:
        lines["engine"] = f"stood still for {found.blind_s:.1f} s: no event was seen, audio went on"
    return lines


def rule_lines(document: Document) -> list[str]:
    """Return the rules of the SLA, one line each; none where there was nothing to judge."""
    sla = document.sla
    if without_traffic(document) or not sla.rules:
        return []
    rows = [
        (f"  {rule.name}", rule.verdict, rule.asked, rule.found)
        for rule in map(rule_words, sla.rules)
    ]
    seconds = f"Rules, over the {sla.clean_s:g} of {sla.of_s} s that could be judged"
    return ["", seconds, *(line.rstrip() for line in aligned(rows, words=4, width=WIDTH))]


def _call_lines(document: Document) -> list[str]:
    heads = ("CHANNEL", "STATE", "SENT", "LOST", "LATE", "P50", "P95", "MAX")
    rows: list[tuple[str, ...]] = [heads]
    for call in document.calls:
        p, rtt = call.packets, call.rtt_ms
        state = cut_middle(clean_text(call.state), _STATE_WIDTH)
        counts = map(str, (p.sent, p.lost, p.late_echo))
        rtts = (fixed(x, 1, "ms") for x in (rtt.p50, rtt.p95, rtt.max))
        rows.append((clean_text(call.channel, _LONG), state, *counts, *rtts))
    return aligned(rows, words=2, width=WIDTH)


def _bad_call_lines(document: Document) -> list[str]:
    """Return the bad calls of a final document, worst first; nothing where there was none."""
    bad = document.bad_calls
    if not bad:
        return []
    number = len(bad) + document.bad_calls_more
    shown = f"the worst {_BAD}" if number > _BAD else "worst first"
    heads = ("CHANNEL", "ENDED", "DUR", "LOST", "LATE", "P95", "MAX", "WHERE")
    rows: list[tuple[str, ...]] = [heads]
    for call in bad[:_BAD]:
        place = call.where.place if call.where is not None else None
        rows.append(
            (
                clean_text(call.channel, _LONG),
                time_of_day(call.ended_at) if call.ended_at else "-",
                span_short(call.duration_s),
                percent_short(call.loss_ratio),
                percent_short(call.late_ratio),
                ms_short(call.rtt_ms.p95),
                ms_short(call.rtt_ms.max),
                SHORT_PLACES.get(place or "", clean_text(call.state, 10)),
            )
        )
    return [
        "",
        f"Bad calls: {number}, {shown} (times in UTC, all seconds)",
        *aligned(rows, words=1, width=WIDTH),
    ]


def chapter(name: str, shown: Iterable[Fact], width: int) -> list[str]:
    """Return an empty line, a heading and the facts below it."""
    lines = ["", name, "-" * len(name)]
    for fact in shown:
        value = f"{fact.value} ({fact.note})" if fact.note else fact.value
        lines += wrapped(f"{fact.name:<{_NAMES}}", value, width)
    return lines


def wrapped(name: str, value: str, width: int) -> list[str]:
    """Return a name and its value, which is wrapped with a hanging indent."""
    return wrap(value, width, first=name, rest=" " * len(name))


def readable(text: str, encoding: str | None) -> str:
    """Replace by "?" what a stream's encoding cannot represent."""
    name = encoding or "utf-8"
    return text.encode(name, "replace").decode(name)
