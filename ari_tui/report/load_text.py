"""The report of a load test as compact plain text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from ari_tui.ari.text import clean_text
from ari_tui.report.text import milliseconds, percent
from ari_tui.snapshot.load import LoadReport
from ari_tui.snapshot.model import Sla

_SHOWN_FAILURES: Final = 10


def load_report(report: LoadReport) -> str:
    """Return the report of a load test; every text from outside is cleaned."""
    return "\n".join(_lines(report))


def _lines(report: LoadReport) -> Iterator[str]:
    progress, plan = report.progress, report.plan
    yield f"LOAD TEST   {report.verdict.upper()}"
    yield from (f"            {clean_text(reason, 300)}" for reason in report.reasons)
    asked = "/".join(map(str, plan.tiers)) or str(plan.calls)
    yield (
        f"asked       {asked} calls to {clean_text(', '.join(plan.endpoints), 200)}, "
        f"{plan.call_duration_s:g} s each, {plan.ramp_cps:g} a second, {plan.duration_s:g} s"
    )
    rate = "" if report.calls_per_s is None else f", {report.calls_per_s:g} a second"
    yield (
        f"calls       {progress.started} started, {progress.good} good, {progress.failed} failed, "
        f"{progress.cut} cut off by the end; success {percent(report.success_ratio)}{rate}"
    )
    for step, spread in report.set_up_ms.items():
        yield (
            f"  {step:<11}p50 {milliseconds(spread.p50)}  p95 {milliseconds(spread.p95)}  "
            f"max {milliseconds(spread.max)}  ({spread.count} calls)"
        )
    for tier in report.tiers:
        yield (
            f"tier {tier.calls:<7}{_verdict(tier.sla)}; {tier.reached} up at most, "
            f"{tier.good} good, {tier.failed} failed, {tier.cut} cut"
        )
    yield from _failures(report)


def _verdict(sla: Sla) -> str:
    return f"{sla.verdict} over {sla.clean_s:g} of {sla.of_s} s"


def _failures(report: LoadReport) -> Iterator[str]:
    """Yield why calls failed, the commonest first."""
    found = Counter(
        (call.endpoint, call.failed_at, call.reason, call.hint)
        for call in report.calls
        if call.outcome == "failed"
    )
    for (endpoint, step, reason, hint), count in found.most_common(_SHOWN_FAILURES):
        yield f"  {count} x {clean_text(endpoint, 80)} failed at {step}: {clean_text(reason, 300)}"
        if hint:
            yield f"      {hint}"
