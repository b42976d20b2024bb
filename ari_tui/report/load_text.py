"""What is told of a load test in plain text: verdict, plan, outcome, tiers, failures, set-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ari_tui.ari.text import clean_text
from ari_tui.report import facts, facts_calls
from ari_tui.report.facts import Fact
from ari_tui.report.text import chapter, wrapped
from ari_tui.report.units import moment, ms, percent, span
from ari_tui.snapshot.load import STEPS, LoadReport, LoadTier
from ari_tui.snapshot.model import Spread

_STEPS: Final = 30
_TOLD: Final = ("p50", "p95", "p99", "max")


def load_lines(load: LoadReport, width: int) -> Iterator[str]:
    """Yield the lines; every text from outside is cleaned."""
    when = f"{moment(load.started_at)}, {span(load.duration_s)}"
    yield f"{clean_text(load.verdict).upper()}, {when}"
    for reason in load.reasons:
        yield from wrapped("- ", clean_text(reason, 300), width)
    yield from chapter("The test", [*facts.plan_facts(load.plan), _outcome(load)], width)
    if load.tiers:
        yield from _tiers(load.tiers)
    for one in facts_calls.failures(load.calls):
        yield ""
        yield from wrapped(f"{one.size} failed at ", f"{one.step}: {one.reason}", width)
        if one.hint:
            yield f"  {one.hint}"
        yield from wrapped("  ", f"calls {one.calls} to {one.endpoints}", width)
    yield from _set_up(load.set_up_ms)


def _outcome(load: LoadReport) -> Fact:
    done = load.progress
    more = f"success {percent(load.success_ratio)}"
    if load.calls_per_s is not None:
        more += f", {load.calls_per_s:g} calls/s"
    told = f"{done.good} good, {done.failed} failed, {done.cut} cut at the end"
    return Fact("Outcome", told, more)


def _tiers(tiers: Sequence[LoadTier]) -> Iterator[str]:
    yield ""
    yield f"{'Tier':<10}{'reached':>8}{'good':>7}{'failed':>7}{'cut':>6}  verdict"
    for tier in tiers:
        counts = f"{tier.reached:>8}{tier.good:>7}{tier.failed:>7}{tier.cut:>6}"
        yield f"{f'{tier.calls} calls':<10}{counts}  {clean_text(tier.sla.headline, 200)}"


def _set_up(set_up_ms: Mapping[str, Spread]) -> Iterator[str]:
    reached = [(step, set_up_ms[step]) for step in STEPS if step in set_up_ms]
    if not reached:
        return
    yield ""
    heads = "".join(f"{name:>9}" for name in _TOLD)
    yield f"{'Set-up, ms':<{_STEPS}}{heads}{'calls':>8}"
    for step, spread in reached:
        values = "".join(f"{ms(getattr(spread, name)):>9}" for name in _TOLD)
        yield f"  {facts.STEP_WORDS.get(step, step):<{_STEPS - 2}}{values}{spread.count:>8}"
