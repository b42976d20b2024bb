"""The status line and the final report, as plain text, from a document."""

from __future__ import annotations

from ari_tui.ari.text import clean_text
from ari_tui.snapshot.model import Document, Figures

_DASH = "—"
_NAME_WIDTH = 28


def milliseconds(value: float | None) -> str:
    """Return `8.2ms`, a dash for no sample."""
    return _DASH if value is None else f"{value:.1f}ms"


def percent(value: float | None) -> str:
    """Return `0.04%`, a dash for no sample."""
    return _DASH if value is None else f"{value * 100:.2f}%"


def status_line(document: Document) -> str:
    """Return the original's status line, with what it did not know behind it."""
    totals = document.totals
    rtt, packets = totals.rtt_ms, totals.packets
    away = [clean_text(a.id) for a in document.asterisks if not a.connected]
    return (
        f"p50={milliseconds(rtt.p50)} p95={milliseconds(rtt.p95)} p99={milliseconds(rtt.p99)} "
        f"max={milliseconds(rtt.max)} late_ratio={percent(totals.late_ratio)} "
        f"drops={percent(totals.loss_ratio)} calls={totals.calls.active} sent={packets.sent} "
        f"in_flight={packets.in_flight} interruptions={packets.interruptions}"
        f" sla={document.sla.verdict}" + (f" DISCONNECTED={','.join(away)}" if away else "")
    )


def final_report(document: Document) -> str:
    """Return the report that a run ends with: totals, then every call that is still known."""
    totals, session = document.totals, document.session
    packets, calls = totals.packets, totals.calls
    lines = [
        f"ari-tui {session.version}, session {session.id}: {session.duration_s:.1f} s, "
        f"ended by {clean_text(session.end_reason)}",
        f"calls       {calls.started} started, {calls.ended} ended, {calls.failed} failed, "
        f"peak {calls.peak}",
        f"packets     sent {packets.sent} = returned {packets.returned} + lost {packets.lost} + "
        f"in flight {packets.in_flight}; delivered {packets.delivered}",
        f"            duplicates {packets.duplicates_echo}, reordered {packets.reordered_echo}, "
        f"late {packets.late_echo}, upstream missing {packets.upstream_missing}"
        + (f" ({totals.missing_explained} explained)" if totals.missing_explained else ""),
        f"loss        {percent(totals.loss_ratio)}   late {percent(totals.late_ratio)}   "
        f"interruptions {packets.interruptions}, longest "
        f"{milliseconds(totals.longest_interruption_ms)}, dead air {totals.dead_air_s:.1f} s",
        f"round trip  {_rtt(totals)}",
        *_quality(totals),
        _instrument(document),
        "",
        *_verdict(document),
    ]
    if document.calls:
        lines += ["", *_call_lines(document)]
    return "\n".join(lines)


def _rtt(figures: Figures) -> str:
    rtt = figures.rtt_ms
    return (
        f"min {milliseconds(rtt.min)}  p50 {milliseconds(rtt.p50)}  p95 {milliseconds(rtt.p95)}  "
        f"p99 {milliseconds(rtt.p99)}  max {milliseconds(rtt.max)}"
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
        worst = _DASH if mos.worst_10s is None else f"{mos.worst_10s:.2f}"
        lines.append(
            f"MOS         {mos.session:.2f} (CQ est., this hop, loss: {mos.loss_from}), "
            f"worst 10 s {worst}"
        )
    return lines


def _verdict(document: Document) -> list[str]:
    """Return the verdict and its rules, a line each."""
    sla = document.sla
    lines = [f"SLA         {sla.headline} (profile {sla.profile}, {sla.tier or 'no tier'})"]
    lines += [f"            {reason}" for reason in sla.reasons]
    for rule in sla.rules:
        limit = "/".join(f"{value:g}" for value in rule.limits_ms)
        asked = f"<= {limit} ms" if limit else f"<= {percent(rule.limit)}"
        if rule.actual is None:
            found = "no packets"
        elif rule.id == "max":
            found = f"violated in {rule.violated_s} s"
        elif limit:
            found = f"{percent(rule.actual)} above (at most {percent(rule.limit)})"
        else:
            found = percent(rule.actual)
        lines.append(f"  {rule.verdict:<12}  {rule.id:<4} {asked:<18} {found}")
    return lines


def _instrument(document: Document) -> str:
    found = document.instrument
    dwell = found.dwell_out_us.p99
    own = _DASH if dwell is None else f"{dwell:.0f} µs"
    return (
        f"instrument  own delay p99 {own}, uncertain {found.uncertain}, "
        f"socket drops {found.socket_drops}, log overflow {found.log_overflow}, "
        f"limited {found.limited_s:g} s"
    )


def _call_lines(document: Document) -> list[str]:
    rows = [("CHANNEL", "STATE", "SENT", "BACK", "DELIV", "LOST", "LATE", "P50", "P95", "MAX")]
    for call in document.calls:
        packets, rtt = call.packets, call.rtt_ms
        rows.append(
            (
                clean_text(call.channel, _NAME_WIDTH), clean_text(call.state, _NAME_WIDTH),
                str(packets.sent), str(packets.returned),
                str(packets.delivered), str(packets.lost), str(packets.late_echo),
                milliseconds(rtt.p50), milliseconds(rtt.p95), milliseconds(rtt.max),
            )
        )  # fmt: skip
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
