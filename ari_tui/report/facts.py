"""The texts and numbers that every form of a report shows; the layout is done elsewhere.

All text from outside is cleaned here, so a layout only has to escape it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ari_tui.core.number_format import (
    DASH,
    as_set,
    grouped,
    moment,
    ms,
    percent,
    percent_precise,
    percent_significant,
    span,
)
from ari_tui.core.text import clean_text
from ari_tui.document.load_test import LoadCall, LoadPlan
from ari_tui.document.model import Call, Document, Injected, SlaRule, Spread, WorkerOutage
from ari_tui.report.report_input import ReportInput

STEP_WORDS: Final = {
    "accepted": "accepted",
    "ringing": "ringing",
    "answered": "answered",
    "bridged": "bridged",
    "media_out": "media from Asterisk",
    "media_back": "media back from the echo",
    "held": "held to its end",
}
NO_TRAFFIC: Final = "no_traffic"
"""A state of the SLA (`document.model.Sla.state`)."""
NO_TRAFFIC_WORDS: Final = "no traffic: there were no packets to judge"
RULE_WORDS: Final = {
    "p50": "Round trip, median",
    "p95": "Round trip, p95",
    "p99": "Round trip, p99",
    "late": "Late packets",
    "loss": "Lost packets",
    "max": "Longest round trip",
}


_BY_TIER: Final = ("p50", "p95", "p99")
"""Rules whose limit in ms depends on the number of calls: without a call they have none."""


class Fact(NamedTuple):
    """One line of a list of facts."""

    name: str
    value: str
    note: str = ""


class RuleWords(NamedTuple):
    """A rule of the SLA in words."""

    name: str
    asked: str
    found: str
    evidence: str
    verdict: str
    violated: str


def title(report_input: ReportInput) -> str:
    """Return what the report is about."""
    if report_input.load is None:
        return f"Calls measured on {clean_text(report_input.document.session.host, 60)}"
    shown = report_input.load.plan.endpoints
    more = f" and {len(shown) - 2} more" if len(shown) > 2 else ""
    return f"Load test of {', '.join(clean_text(one, 60) for one in shown[:2])}{more}"


def verdict(report_input: ReportInput) -> str:
    """Return the verdict: pass, fail, inconclusive, no_traffic."""
    sla = report_input.document.sla
    return clean_text(
        sla.state or sla.verdict if report_input.load is None else report_input.load.verdict, 40
    )


def without_traffic(document: Document) -> bool:
    """Return whether nothing could be judged, because there were no packets."""
    return document.sla.state == NO_TRAFFIC


def reasons(report_input: ReportInput) -> list[str]:
    """Return the reasons for the verdict."""
    found = (
        report_input.document.sla.reasons
        if report_input.load is None
        else report_input.load.reasons
    )
    return [clean_text(reason, 300) for reason in found]


def judged(document: Document) -> str:
    """Return what the verdict is based on."""
    sla = document.sla
    if without_traffic(document):
        return f"There were no packets to judge. Profile {clean_text(sla.profile, 60)}."
    left_out = sla.of_s - sla.clean_s
    note = (
        f"; {left_out:g} s left out because this program or its machine was too slow"
        if left_out >= 0.1
        else ""
    )
    tier = f", tier {clean_text(sla.tier, 80)}" if sla.tier else ""
    return (
        f"Judged over {sla.clean_s:g} of {sla.of_s} s with packets{note}. "
        f"Profile {clean_text(sla.profile, 60)}{tier}."
    )


def rule_words(rule: SlaRule) -> RuleWords:
    """Return a rule in words."""
    limit = " / ".join(as_set(value) for value in rule.limits_ms)
    asked = f"≤ {limit} ms" if limit else f"≤ {percent_significant(rule.limit, unit=' %')}"
    if not limit and rule.id in _BY_TIER:
        asked = "by the number of calls"
    evidence = (
        "" if rule.low is None else f"{percent_precise(rule.low)} … {percent_precise(rule.high)}"
    )
    if rule.actual is None:
        found = "no packets"
    elif rule.id == "max":
        found = f"above it in {rule.violated_s} s"
        evidence = f"budget {rule.limit:g} s"
    elif limit:
        found = f"{percent_precise(rule.actual)} above"
        asked += f" for {percent_significant(1 - rule.limit, unit=' %')}"
    else:
        found = percent_precise(rule.actual)
    if rule.missing:
        evidence = ". ".join(part for part in (evidence, clean_text(rule.missing, 200)) if part)
    return RuleWords(
        RULE_WORDS.get(rule.id, clean_text(rule.id, 20)),
        asked,
        found,
        evidence,
        clean_text(rule.verdict, 40),
        grouped(rule.violated_s),
    )


def rtt_limit(document: Document, rule: str) -> float | None:
    """Return the strictest limit of `p50` … `max` in ms; None where no tier applied."""
    limits = [limit for one in document.sla.rules if one.id == rule for limit in one.limits_ms]
    return min(limits, default=None)


def share_limit(document: Document, rule: str) -> float | None:
    """Return the limit of `late` or `loss`."""
    return next((one.limit for one in document.sla.rules if one.id == rule), None)


def plan_facts(plan: LoadPlan) -> Iterator[Fact]:
    """Yield the plan of a load test."""
    yield Fact("Endpoints", ", ".join(clean_text(one, 80) for one in plan.endpoints))
    tiers = " → ".join(str(one) for one in plan.tiers)
    yield Fact("Calls at once", grouped(plan.calls), f"climbing {tiers}" if tiers else "")
    yield Fact("Ramp", f"{plan.ramp_cps:g} calls/s")
    yield Fact("Each call", span(plan.call_duration_s), f"rings at most {span(plan.ring_s)}")
    yield Fact("Duration", span(plan.duration_s), "of each tier" if tiers else "")
    yield Fact("Failed calls allowed", grouped(plan.max_failed))
    if plan.caller_id:
        yield Fact("Caller id", clean_text(plan.caller_id, 80))
    if plan.variables:
        yield Fact("Variables set", ", ".join(clean_text(one, 60) for one in plan.variables))
    yield Fact("Against", "a simulated Asterisk" if plan.simulated else "a real Asterisk")


class CallRow(NamedTuple):
    """One call of a table, measured by a load test or by any run."""

    name: str
    number: str
    started: str
    held_s: float
    sent: int
    loss: float | None
    late: float | None
    rtt: Spread
    mos: float | None
    state: str


class Failures(NamedTuple):
    """Calls of a load test that failed for the same reason."""

    size: int
    step: str
    reason: str
    hint: str
    calls: str
    endpoints: str


def call_rows(report_input: ReportInput) -> list[CallRow]:
    """Return every measured call, the worst first: by MOS, then loss and lateness, then RTT."""
    if report_input.load is None:
        rows = [_row_of(call) for call in report_input.document.named_calls if call.packets.sent]
    else:
        rows = [_load_row_of(call) for call in report_input.load.calls if call.sent]
    return sorted(rows, key=_worst_first)


def _worst_first(row: CallRow) -> tuple[float, float, float]:
    return (row.mos or 9.0, -(row.loss or 0.0) - (row.late or 0.0), -(row.rtt.p99 or 0.0))


def _row_of(call: Call) -> CallRow:
    return CallRow(
        clean_text(call.channel, 60),
        clean_text(call.id, 40),
        moment(call.started_at),
        call.duration_s,
        call.packets.sent,
        call.loss_ratio,
        call.late_ratio,
        call.rtt_ms,
        call.mos.session,
        clean_text(call.state, 40),
    )


def _load_row_of(call: LoadCall) -> CallRow:
    settled = call.returned + call.lost
    return CallRow(
        clean_text(call.channel or call.endpoint, 60),
        str(call.number),
        moment(call.started_at),
        call.held_s,
        call.sent,
        call.lost / settled if settled else None,
        call.late / settled if settled else None,
        call.rtt_ms,
        call.mos,
        clean_text(call.outcome, 40),
    )


def failures(calls: Sequence[LoadCall]) -> list[Failures]:
    """Return the failed calls by step and reason, the commonest first."""
    groups: dict[tuple[str, str, str], list[LoadCall]] = {}
    for call in calls:
        if call.outcome == "failed":
            step = clean_text(call.failed_at or "", 40)
            reason = clean_text(call.reason or "no reason given", 300)
            key = (STEP_WORDS.get(step, step), reason, clean_text(call.hint or "", 300))
            groups.setdefault(key, []).append(call)
    found = [
        Failures(
            len(alike),
            step,
            reason,
            hint,
            _listed([str(call.number) for call in alike]),
            _listed(list(dict.fromkeys(clean_text(call.endpoint, 60) for call in alike)), 3),
        )
        for (step, reason, hint), alike in groups.items()
    ]
    return sorted(found, key=lambda one: -one.size)


def _listed(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


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
        "Seconds in which this program was not the cause of delay or loss. Others are left out of "
        "the verdict; how many is told.",
    ),
    (
        "Evidence",
        "Exact 95 % bounds (Clopper-Pearson). A rule passes when the upper bound meets "
        "its limit, fails when the lower one breaks it; between the two more packets are needed.",
    ),
)


def books(document: Document) -> Iterator[Fact]:
    """Yield the packet counters: sent = returned + lost + in flight."""
    packets, totals = document.totals.packets, document.totals
    yield Fact(
        "Packets",
        f"{grouped(packets.sent)} sent = {grouped(packets.returned)} returned + "
        f"{grouped(packets.lost)} lost + {grouped(packets.in_flight)} in flight",
    )
    where = totals.loss_directions
    if where is not None and packets.lost:
        yield Fact(
            "Lost where",
            f"{grouped(where.outward)} on the way out, {grouped(where.at_echo)} in the echo "
            f"server, {grouped(where.back)} on the way back",
        )
    runs = ", ".join(f"{count} × {length}" for length, count in totals.loss_runs.items() if count)
    if runs:
        yield Fact("Loss in runs of", runs)
    yield Fact(
        "Order",
        f"{grouped(packets.reordered_echo)} reordered, "
        f"{grouped(packets.duplicates_echo)} duplicates",
    )
    by_what = "digits, hold, silence, our own outages"
    explained = f"{grouped(totals.missing_explained)} of them explained ({by_what})"
    yield Fact(
        "Missing from Asterisk",
        grouped(packets.upstream_missing),
        explained if packets.upstream_missing else "",
    )
    longest = totals.longest_interruption_ms
    yield Fact(
        "Interruptions",
        grouped(packets.interruptions),
        f"longest {ms(longest)} ms, dead air {span(totals.dead_air_s)}" if longest else "",
    )


def instrument(document: Document) -> Iterator[Fact]:
    """Yield the quality of the measurement itself."""
    found = document.instrument
    yield Fact("Delay in this engine, outward", *_dwell(found.dwell_out_us))
    yield Fact("Delay in this engine, back", *_dwell(found.dwell_back_us))
    yield Fact("Limited", span(found.limited_s), "left out of the verdict")
    yield Fact("Uncertain time stamps", grouped(found.uncertain), "counted, but not timed")
    yield Fact("Dropped at our sockets", grouped(found.socket_drops))
    yield Fact(
        "Packet log",
        f"{grouped(found.log_overflow)} overflowed",
        f"{percent(found.log_fill, 1)} full",
    )
    lag = f"{found.tick_lag_ms:.1f} ms"
    yield Fact("Engine late by", lag, "when the last document was made")
    restarts = f"{found.worker_restarts} restarted" if found.worker_restarts else ""
    yield Fact("Media workers", grouped(found.workers), restarts)
    yield from map(_outage, found.worker_outages)
    if found.blind_s:
        yield Fact("Engine stood still", span(found.blind_s), "no event was seen; audio went on")
    if found.realtime is not None:
        yield Fact("Worker's scheduling", found.realtime.worker or DASH)
        yield Fact("Echo server's scheduling", found.realtime.echo or "not known")
    buffer = found.receive_buffer_bytes
    if buffer is not None:
        yield Fact("Receive buffer granted", f"{grouped(buffer / 1024)} KiB")


def _outage(one: WorkerOutage) -> Fact:
    calls = "1 call" if one.calls == 1 else f"{one.calls} calls"
    note = f"{clean_text(one.what, 20)} {moment(one.since)}, with {calls}; left out of the verdict"
    return Fact("A media worker did not work", span(one.seconds), note)


def _dwell(found: Spread) -> tuple[str, str]:
    if found.p50 is None:
        return DASH, ""
    return (
        f"{grouped(found.p99)} µs p99",
        f"median {grouped(found.p50)}, longest {grouped(found.max)} µs",
    )


def environment(report_input: ReportInput) -> Iterator[Fact]:
    """Yield the hosts, versions and times of the run."""
    document, load = report_input.document, report_input.load
    session = document.session
    for asterisk in document.asterisks:
        lost = f"; events lost for {span(asterisk.events_lost_s)}" if asterisk.events_lost_s else ""
        yield Fact(
            "Asterisk",
            clean_text(asterisk.version or "unknown version", 60),
            f"{clean_text(asterisk.url, 120)}, answers in {ms(asterisk.latency_ms)} ms{lost}",
        )
    yield Fact("ari-tui", clean_text(session.version, 40), f"session {clean_text(session.id, 40)}")
    if load is None:
        yield Fact("Host", clean_text(session.host, 80))
    else:
        where = load.environment
        yield Fact("Host", clean_text(where.host, 80), f"{where.cpus} CPUs")
        yield Fact("System", clean_text(where.os, 120), f"Python {clean_text(where.python, 40)}")
    yield Fact("Started", moment(session.started_at))
    reason = session.end_reason if load is None else load.end_reason
    why = clean_text(reason, 120) if reason else "still running"
    yield Fact("Ended", moment(session.ended_at or document.time), why)


def injected(document: Document) -> str | None:
    """Return the injected impairment in words; None without any."""
    by = document.injected
    found = (
        _injected_at(by.echo, "in the echo server"),
        _injected_at(by.media, "on the callers' side"),
    )
    parts = [part for part in found if part]
    return f"Packets were impaired on purpose: {'; '.join(parts)}." if parts else None


def _injected_at(found: Injected | None, where: str) -> str:
    if found is None or not (found.lost or found.duplicates or found.reordered):
        return ""
    return (
        f"{grouped(found.lost)} lost, {grouped(found.duplicates)} duplicated, "
        f"{grouped(found.reordered)} reordered {where}"
    )


def _in_ms(value: float | None) -> str:
    return DASH if value is None else f"{ms(value)} ms"


def headline_numbers(report_input: ReportInput) -> Iterator[Fact]:
    """Yield the most important numbers, which come first in a report."""
    document, load = report_input.document, report_input.load
    totals = document.totals
    if load is None:
        calls = totals.calls
        yield Fact("Calls", grouped(calls.started), f"{calls.peak} at once, {calls.failed} failed")
    else:
        done = load.progress
        yield Fact(
            "Good calls",
            f"{grouped(done.good)} of {grouped(done.good + done.failed)}",
            f"{percent_precise(load.success_ratio)}"
            + (f", {done.cut} cut at the end" if done.cut else "")
            + (f", {load.calls_per_s:.1f} calls/s" if load.calls_per_s else ""),
        )
    rtt = totals.rtt_ms
    sla = document.sla
    of_all = ", of all seconds" if sla.clean_s < sla.of_s else ""
    yield Fact("Round trip p95", _in_ms(rtt.p95), f"p50 {ms(rtt.p50)}, p99 {ms(rtt.p99)}{of_all}")
    yield Fact("Longest round trip", _in_ms(rtt.max), f"of {grouped(rtt.count)} measured")
    packets = totals.packets
    yield Fact(
        "Lost",
        percent_precise(totals.loss_ratio),
        f"{grouped(packets.lost)} of {grouped(packets.sent)}{of_all}",
    )
    late = f"{grouped(packets.late_echo)} packets{of_all}"
    yield Fact("Late", percent_precise(totals.late_ratio), late)
    worst = totals.mos.worst_10s
    yield Fact("MOS", grouped(totals.mos.session, 2), f"worst 10 s {grouped(worst, 2)}")
