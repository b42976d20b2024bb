"""Builds the report of a finished load test."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from typing import Final

from ari_tui.analysis.nearest_rank import nearest_rank
from ari_tui.building.figures import ratio
from ari_tui.building.sla import sla_of
from ari_tui.core.number_format import iso
from ari_tui.document.load_test import STEPS, LoadCall, LoadEnvironment, LoadReport, LoadTier
from ari_tui.document.model import Document, LoadProgress, Sla, Spread
from ari_tui.session.loadtest.originator import LoadTest
from ari_tui.session.loadtest.placed_call import HELD
from ari_tui.session.loadtest.timeline import LoadStage

_WORST: Final = ("pass", "inconclusive", "fail")


def assemble(test: LoadTest, document: Document) -> LoadReport:
    """Build the report; `document` is the engine's final one."""
    calls = sorted(test.results.records, key=lambda call: call.number)
    progress = test.progress()
    tiers = [_tier(stage, calls, test.ended_ns) for stage in test.stages]

    slas = [document.sla, *(tier.sla for tier in tiers if test.plan.tiers)]
    verdict, reasons = judge(slas, progress, test.plan.max_failed)
    return LoadReport(
        started_at=iso(test.started_ns),
        ended_at=iso(test.ended_ns),
        duration_s=round((test.ended_ns - test.started_ns) / 1e9, 3),
        end_reason=document.session.end_reason or "",
        verdict=verdict,
        reasons=reasons,
        plan=test.plan,
        progress=progress,
        success_ratio=ratio(progress.good, progress.good + progress.failed),
        calls_per_s=test.results.calls_per_s,
        set_up_ms=set_up(calls),
        tiers=tiers,
        calls=calls,
        environment=environment(document),
        course=test.timeline.seconds(test.started_ns / 1e9, test.ended_ns / 1e9),
        document=document,
    )


def judge(slas: Sequence[Sla], progress: LoadProgress, max_failed: int) -> tuple[str, list[str]]:
    """Return the verdict and its reasons: the worst SLA's, or fail for too many failed calls.

    Calls with interrupted media make it inconclusive when most seconds were limited: a machine
    without CPU time for us has none for a sender on it either. The first SLA is the whole test's.
    """
    worst = max((sla.verdict for sla in slas), key=_WORST.index)
    reasons = [f"SLA: {sla.headline}" for sla in slas if sla.verdict == worst][-1:]
    if progress.failed <= max_failed:
        return worst, reasons
    where = ", ".join(f"{count} at {step}" for step, count in progress.failed_at.items())
    failed = (
        f"{progress.failed} of {progress.started} calls failed ({where}), allowed are {max_failed}"
    )
    interrupted, whole = progress.failed_at.get(HELD, 0), slas[0]
    if progress.failed - interrupted > max_failed or 2 * whole.clean_s >= whole.of_s:
        return "fail", [failed, *reasons]
    verdict = max(worst, "inconclusive", key=_WORST.index)
    limited = (
        f"only {whole.clean_s:g} of {whole.of_s} s could be judged: this machine may have "
        "interrupted those calls"
    )
    return verdict, [failed, limited, *reasons]


def _tier(stage: LoadStage, calls: Sequence[LoadCall], ended_ns: int) -> LoadTier:
    own = [call for call in calls if call.tier == stage.calls]
    outcomes = [call.outcome for call in own]
    until_ns = stage.ended_ns or ended_ns
    return LoadTier(
        calls=stage.calls,
        reached=stage.reached,
        started_at=iso(stage.started_ns),
        duration_s=round((until_ns - stage.started_ns) / 1e9, 3),
        sla=sla_of(stage.evidence_window.evidence),
        set_up_ms=set_up(own),
        good=outcomes.count("good"),
        failed=outcomes.count("failed"),
        cut=outcomes.count("cut"),
    )


def set_up(calls: Sequence[LoadCall]) -> dict[str, Spread]:
    """Return the times to each step, over the calls that reached it."""
    found = {}
    for step in STEPS:
        values = [call.set_up_ms[step] for call in calls if step in call.set_up_ms]
        if values:
            found[step] = spread_of(values)
    return found


def spread_of(values: Sequence[float]) -> Spread:
    """Summarize one value or more, percentiles by nearest rank."""
    ordered, number = sorted(values), len(values)
    p50, p95, p99 = (ordered[nearest_rank(share, number) - 1] for share in (0.5, 0.95, 0.99))
    mean = round(sum(ordered) / number, 3)
    return Spread(
        count=number, min=ordered[0], mean=mean, p50=p50, p95=p95, p99=p99, max=ordered[-1]
    )


def environment(document: Document) -> LoadEnvironment:
    """Return host, versions and CPUs of the test."""
    version = document.asterisks[0].version if document.asterisks else None
    return LoadEnvironment(
        host=document.session.host,
        os=platform.platform(),
        python=platform.python_version(),
        cpus=os.cpu_count() or 1,
        ari_tui=document.session.version,
        asterisk=version,
    )
