"""The full report as plain text, with or without charts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ari_tui.core.number_format import grouped, moment, ms, percent_precise, span
from ari_tui.core.text import aligned, cells, clean_text, wrap
from ari_tui.document.load_test import STEPS, LoadReport, LoadTier
from ari_tui.document.model import Spread
from ari_tui.report import facts
from ari_tui.report.facts import Fact
from ari_tui.report.report_input import ReportInput
from ari_tui.report.text.charts import pictures
from ari_tui.report.text.summary import (
    chapter,
    faulty_lines,
    measured_lines,
    session_report,
    verdict_lines,
    where_lines,
    wrapped,
)

_STEPS: Final = 30
_COLUMNS: Final = ("p50", "p95", "p99", "max")


def load_lines(load: LoadReport, width: int) -> Iterator[str]:
    """Yield the chapters of a load test; every text from outside is cleaned."""
    when = f"{moment(load.started_at)}, {span(load.duration_s)}"
    yield f"{clean_text(load.verdict).upper()}, {when}"
    for reason in load.reasons:
        yield from wrapped("- ", clean_text(reason, 300), width)
    yield from chapter("The test", [*facts.plan_facts(load.plan), _outcome(load)], width)
    if load.tiers:
        yield from _tiers(load.tiers, width)
    for one in facts.failures(load.calls):
        yield ""
        yield from wrapped(f"{one.size} failed at ", f"{one.step}: {one.reason}", width)
        if one.hint:
            yield from wrapped("  ", one.hint, width)
        yield from wrapped("  ", f"calls {one.calls} to {one.endpoints}", width)
    yield from _set_up(load.set_up_ms)


def _outcome(load: LoadReport) -> Fact:
    done = load.progress
    more = f"success {percent_precise(load.success_ratio)}"
    if load.calls_per_s is not None:
        more += f", {load.calls_per_s:g} calls/s"
    counts = f"{done.good} good, {done.failed} failed, {done.cut} cut at the end"
    return Fact("Outcome", counts, more)


def _tiers(tiers: Sequence[LoadTier], width: int) -> Iterator[str]:
    yield ""
    yield f"{'Tier':<10}{'reached':>8}{'good':>7}{'failed':>7}{'cut':>6}  verdict"
    for tier in tiers:
        counts = f"{tier.reached:>8}{tier.good:>7}{tier.failed:>7}{tier.cut:>6}"
        name = f"{f'{tier.calls} calls':<10}{counts}  "
        yield from wrapped(name, clean_text(tier.sla.headline, 200), width)


def _set_up(set_up_ms: Mapping[str, Spread]) -> Iterator[str]:
    reached = [(step, set_up_ms[step]) for step in STEPS if step in set_up_ms]
    if not reached:
        return
    yield ""
    heads = "".join(f"{name:>9}" for name in _COLUMNS)
    yield f"{'Set-up, ms':<{_STEPS}}{heads}{'calls':>8}"
    for step, spread in reached:
        values = "".join(f"{ms(getattr(spread, name)):>9}" for name in _COLUMNS)
        yield f"  {facts.STEP_WORDS.get(step, step):<{_STEPS - 2}}{values}{spread.count:>8}"


_NARROWEST: Final = 60
_WORST: Final = 20
_FALLBACKS: Final = str.maketrans(
    {"█": "#", "≤": "<=", "…": "...", "—": "-", "→": "->", "×": "x", "µ": "u", "▲": "^", "·": "."}
) | str.maketrans({"–": "-"})


def plain_report(
    report_input: ReportInput, *, width: int = 100, ascii_only: bool = False, charts: bool = True
) -> str:
    """Return the whole text without a final newline; charts are `width` cells wide."""
    width = max(width, _NARROWEST)
    lines = list(_lines(report_input, width, ascii_only, charts))
    text = "\n".join(line.rstrip() for line in lines)
    return text.translate(_FALLBACKS) if ascii_only else text


def _lines(report_input: ReportInput, width: int, ascii_only: bool, charts: bool) -> Iterator[str]:
    load, document = report_input.load, report_input.document
    title = facts.title(report_input)
    yield from wrap(title, width)
    yield "=" * min(cells(title), width)
    for note in filter(None, (report_input.warning, facts.injected(document))):
        yield from wrap(f"! {note}", width)
    calls = document.named_calls if load is None else load.calls
    yield from where_lines(document.where, width)
    if load is None:
        yield from verdict_lines(document)
    yield from faulty_lines(calls, width)
    if load is not None:
        yield from load_lines(load, width)
    if charts:
        yield from pictures(report_input, width, ascii_only)
    # calls that were not answered never reached the engine
    heading = "All calls" if load is None else "Measured calls"
    yield from ("", heading, "-" * len(heading))
    if load is None:
        yield session_report(document)
        return
    yield from measured_lines(document)
    yield from _worst(report_input, width)
    yield from chapter("Environment", facts.environment(report_input), width)


def _worst(report_input: ReportInput, width: int) -> Iterator[str]:
    rows = facts.call_rows(report_input)
    if not rows:
        return
    yield ""
    yield f"Worst calls ({min(_WORST, len(rows))} of {len(rows)})"
    heads = ("CHANNEL", "CALL", "HELD", "SENT", "LOST", "LATE", "P50", "P99", "MAX", "MOS", "END")
    table: list[tuple[str, ...]] = [heads]
    for row in rows[:_WORST]:
        rtt = row.rtt
        table.append(
            (
                row.name,
                row.number,
                span(row.held_s),
                grouped(row.sent),
                percent_precise(row.loss),
                percent_precise(row.late),
                *map(ms, (rtt.p50, rtt.p99, rtt.max)),
                grouped(row.mos, 2),
                row.state,
            )
        )
    yield from aligned(table, words=2, width=width)
