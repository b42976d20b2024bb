"""The report as plain text, with charts or without: for a terminal, a mail, a ticket."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from ari_tui.report import facts, facts_calls, facts_run
from ari_tui.report.load_text import load_lines
from ari_tui.report.plain_charts import pictures
from ari_tui.report.subject import Subject
from ari_tui.report.text import call_lines, chapter, final_report, measured_lines
from ari_tui.report.units import ms, number, percent, span

_NARROWEST: Final = 60
_WORST: Final = 20
_FALLBACKS: Final = str.maketrans(
    {"█": "#", "≤": "<=", "…": "...", "—": "-", "→": "->", "×": "x", "µ": "u", "▲": "^", "·": "."}
)


def plain_report(
    subject: Subject, *, width: int = 100, ascii_only: bool = False, charts: bool = True
) -> str:
    """Return the whole text, without the last line's end; charts are `width` cells wide."""
    width = max(width, _NARROWEST)
    lines = list(_lines(subject, width, ascii_only, charts))
    text = "\n".join(line.rstrip() for line in lines)
    return text.translate(_FALLBACKS) if ascii_only else text


def _lines(subject: Subject, width: int, ascii_only: bool, charts: bool) -> Iterator[str]:
    load, document = subject.load, subject.document
    title = facts.title(subject)
    yield title
    yield "=" * min(len(title), width)
    for note in filter(None, (subject.warning, facts_run.injected(document))):
        yield from textwrap.wrap(f"! {note}", width)
    if load is not None:
        yield from load_lines(load, width)
    if charts:
        yield from pictures(subject, width, ascii_only)
    # the engine never saw a call that was not answered
    heading = "All calls" if load is None else "Measured calls"
    yield from ("", heading, "-" * len(heading))
    if load is None:
        yield final_report(document)
        return
    yield from measured_lines(document)
    yield from _worst(subject)
    yield from chapter("Environment", facts_run.environment(subject), width)


def _worst(subject: Subject) -> Iterator[str]:
    rows = facts_calls.call_rows(subject)
    if not rows:
        return
    yield ""
    yield f"Worst calls ({min(_WORST, len(rows))} of {len(rows)})"
    table = [("CHANNEL", "CALL", "HELD", "SENT", "LOST", "LATE", "P50", "P99", "MAX", "MOS", "END")]
    for row in rows[:_WORST]:
        rtt = row.rtt
        table.append(
            (
                row.name,
                row.number,
                span(row.held_s),
                number(row.sent),
                percent(row.loss),
                percent(row.late),
                ms(rtt.p50),
                ms(rtt.p99),
                ms(rtt.max),
                number(row.mos, 2),
                row.state,
            )
        )
    yield from call_lines(table)
