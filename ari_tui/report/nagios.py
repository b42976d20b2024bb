"""One line and an exit code as the Nagios plugin guidelines define them.

| state | code | when |
| --- | --- | --- |
| OK | 0 | pass |
| WARNING | 1 | inconclusive: too few packets, or our own machine too busy to measure |
| CRITICAL | 2 | fail; the engine has lost Asterisk, or cannot be reached |
| UNKNOWN | 3 | no result: access refused, wrong use, an incomplete file |

A running engine is judged by its last minute, since one bad minute hardly shows in a whole
session. When few calls send too few packets in a minute for a verdict, the session's counts. A
run that has ended has its verdict. The state for no traffic is a parameter: at night it may be
OK, on a probe that always has calls it is not.
"""

from __future__ import annotations

import enum
from typing import Final, NamedTuple

import msgspec

from ari_tui.core.number_format import plain
from ari_tui.core.text import escaped
from ari_tui.document.load_test import LoadReport
from ari_tui.document.model import Document, Sla, SlaNow
from ari_tui.document.where_text import line_of
from ari_tui.report.facts import NO_TRAFFIC

_NAME: Final = "ARI-TUI"
_LONGEST: Final = 300
"""Monitoring systems may truncate longer texts."""


class State(enum.IntEnum):
    """The state of a plugin; the value is its exit code."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


_OUTCOMES: Final = {"pass": State.OK, "inconclusive": State.WARNING, "fail": State.CRITICAL}


class Result(NamedTuple):
    """A state, its text and performance data."""

    state: State
    text: str
    performance: str = ""

    @property
    def line(self) -> str:
        """Return the line that a plugin prints; "|" separates text and performance data."""
        text = escaped(self.text, _LONGEST).replace("|", "/")
        data = f" | {self.performance}" if self.performance else ""
        return f"{_NAME} {self.state.name}: {text}{data}"


def check_document(document: Document, no_traffic: State) -> Result:
    """Return the state of a running engine or of a finished run."""
    performance = performance_of(document)
    running = document.kind != "final"
    lost = [one for one in document.asterisks if not one.connected]
    if lost and running:
        return Result(State.CRITICAL, f"no event stream from Asterisk {lost[0].url}", performance)
    sla = document.sla
    if running and sla.now is not None:
        outcome, text = _recent(sla, sla.now)
    else:
        outcome, text = sla.state or sla.verdict, sla.headline
    if outcome == NO_TRAFFIC:
        return Result(no_traffic, "no traffic", performance)
    state = _OUTCOMES.get(outcome, State.UNKNOWN)
    text = f"{_place(document)}{text}, {_calls(document)} (profile {sla.profile})"
    return Result(state, text, performance)


def _place(document: Document) -> str:
    """Return where the fault is: first, since monitoring systems truncate."""
    return "" if document.where is None else f"{line_of(document.where)}; "


def _recent(sla: Sla, now: SlaNow) -> tuple[str, str]:
    """Return the verdict of the last minute, or failing that of the session, and its text."""
    because = f": {now.reasons[0]}" if now.reasons else ""
    text = f"{now.state} in the last minute ({now.clean_s:g} of {now.of_s} s judged){because}"
    too_busy = 2 * now.clean_s < now.of_s
    if now.state != "inconclusive" or too_busy or sla.verdict != "pass":
        return now.state, text
    return sla.verdict, f"session {sla.headline}, {text}"


def check_report(report: LoadReport) -> Result:
    """Return the result of a load test."""
    progress = report.progress
    state = _OUTCOMES.get(report.verdict, State.UNKNOWN)
    reason = f": {report.reasons[0]}" if report.reasons else ""
    calls = f"{progress.good} calls good, {progress.failed} failed"
    text = f"{_place(report.document)}load test {report.verdict}{reason}, {calls}"
    counts = [
        _datum("calls_good", progress.good, minimum="0"),
        _datum("calls_failed", progress.failed, critical=report.plan.max_failed, minimum="0"),
    ]
    return Result(state, text, " ".join([*counts, performance_of(report.document)]))


def _calls(document: Document) -> str:
    calls = document.totals.calls
    if document.kind == "final":
        return f"{calls.started} calls in all"
    return f"{calls.active} calls" + (", draining" if document.session.draining else "")


def performance_of(document: Document) -> str:
    """Return performance data: the last 60 s of a running engine, or all of a finished run.

    The critical thresholds are the limits of the service level.
    """
    totals = document.totals
    recent = totals.windows[-1] if totals.windows and document.kind != "final" else totals
    limits = _limits(document.sla)
    data = [_datum("calls", totals.calls.active, minimum="0")]
    for name in ("p50", "p95", "p99", "max"):
        rtt_ms = getattr(recent.rtt_ms, name)
        data.append(_datum(f"rtt_{name}", rtt_ms, "ms", limits.get(name), minimum="0"))
    for name, share in (("loss", recent.loss_ratio), ("late", recent.late_ratio)):
        data.append(
            _datum(name, share, "%", limits.get(name), scale=100, minimum="0", maximum="100")
        )
    data.append(_datum("mos", totals.mos.session, minimum="1", maximum="4.5"))
    counters = ("sent", "lost", "interruptions")
    data += [_datum(name, getattr(totals.packets, name), "c") for name in counters]
    return " ".join(data)


def _limits(sla: Sla) -> dict[str, float]:
    """Return limits by rule, in ms or shares: those in force now, or those of the verdict."""
    if sla.now is not None:
        limits = msgspec.structs.asdict(sla.now.limits)  # p50_ms … loss_ratio
        return {name.partition("_")[0]: limit for name, limit in limits.items()}
    in_ms = {rule.id: max(rule.limits_ms) for rule in sla.rules if rule.limits_ms}
    shares = {rule.id: rule.limit for rule in sla.rules if rule.id in ("late", "loss")}
    return in_ms | shares


def _datum(
    label: str,
    value: float | None,
    unit: str = "",
    critical: float | None = None,
    *,
    scale: int = 1,
    minimum: str = "",
    maximum: str = "",
) -> str:
    """Return `label=value[unit];warning;critical;minimum;maximum`; "U" where there is no value."""
    shown = "U" if value is None else plain(value * scale) + unit
    limit = "" if critical is None else plain(critical * scale)
    return f"{label}={shown};;{limit};{minimum};{maximum}".rstrip(";")
