"""The report as plain text with charts: for a terminal, a mail, a ticket."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from ari_tui.ari.text import clean_text
from ari_tui.charts import Axes, Points, chart
from ari_tui.report import facts, facts_run
from ari_tui.report.course import Course
from ari_tui.report.facts import Fact, ms, number, share, share_limit
from ari_tui.report.scales import bins_of, clock, short, ticks, time_ticks
from ari_tui.report.subject import Subject
from ari_tui.report.text import call_lines, final_report
from ari_tui.snapshot.load import STEPS, LoadReport, LoadSecond, LoadTier
from ari_tui.snapshot.model import Document

_LABELS: Final = 8
"""Columns left of a chart, for the labels of its y axis and the axis itself."""
_NARROWEST: Final = 60
_WORST: Final = 20
_NAMES: Final = 24
_BAR: Final = "█"
_BINS_PER_OCTAVE: Final = 3
_BESIDE_BARS: Final = 40
_FALLBACKS: Final = str.maketrans({"█": "#", "≤": "<=", "…": "...", "—": "-", "→": "->", "×": "x",
                                   "µ": "u", "▲": "^", "·": "."})  # fmt: skip


def plain_report(subject: Subject, *, width: int = 100, ascii_only: bool = False) -> str:
    """Return the whole text, without the last line's end; charts are `width` cells wide."""
    width = max(width, _NARROWEST)
    lines = list(_lines(subject, width, ascii_only))
    text = "\n".join(line.rstrip() for line in lines)
    return text.translate(_FALLBACKS) if ascii_only else text


def _lines(subject: Subject, width: int, ascii_only: bool) -> Iterator[str]:
    load, document = subject.load, subject.document
    title = facts.title(subject)
    yield title
    yield "=" * min(len(title), width)
    for note in filter(None, (subject.warning, facts_run.injected(document))):
        yield from textwrap.wrap(f"! {note}", width)
    if load is not None:
        yield from _load(load, width)
    yield from _pictures(subject, width, ascii_only)
    yield ""
    yield "All calls"
    yield "---------"
    yield final_report(document, calls=load is None)
    if load is not None:
        yield from _worst(subject)
        yield from _chapter("Environment", facts_run.environment(subject), width)


def _load(load: LoadReport, width: int) -> Iterator[str]:
    when = f"{facts.moment(load.started_at)}, {facts.span(load.duration_s)}"
    yield f"{clean_text(load.verdict).upper()}, {when}"
    for reason in load.reasons:
        yield from textwrap.wrap(f"- {clean_text(reason, 300)}", width, subsequent_indent="  ")
    done = load.progress
    yield from _chapter("The test", facts.plan_facts(load.plan), width)
    yield f"{'Outcome':<{_NAMES}}{done.good} good, {done.failed} failed, {done.cut} cut at the end"
    if len(load.tiers) > 1:
        yield from _tiers(load.tiers)
    for one in facts.failures(load.calls):
        yield from _wrapped(f"{one.size} failed at", f"{one.step}: {one.reason}", width)
        if one.hint:
            yield from _wrapped("", one.hint, width)
        yield from _wrapped("", f"calls {one.calls}", width)
    reached = [(step, load.set_up_ms[step]) for step in STEPS if step in load.set_up_ms]
    if reached:
        yield ""
        yield f"{'Set-up, ms':<{_NAMES + 6}}{'p50':>9}{'p95':>9}{'p99':>9}{'max':>9}{'calls':>8}"
    for step, spread in reached:
        values = "".join(f"{ms(getattr(spread, p)):>9}" for p in ("p50", "p95", "p99", "max"))
        yield f"  {facts.STEP_WORDS.get(step, step):<{_NAMES + 4}}{values}{spread.count:>8}"


def _tiers(tiers: Iterable[LoadTier]) -> Iterator[str]:
    yield ""
    yield f"{'Tier':<10}{'reached':>8}{'good':>7}{'failed':>7}  verdict"
    for tier in tiers:
        counts = f"{tier.reached:>8}{tier.good:>7}{tier.failed:>7}"
        yield f"{f'{tier.calls} calls':<10}{counts}  {clean_text(tier.sla.headline, 200)}"


def _chapter(name: str, shown: Iterable[Fact], width: int) -> Iterator[str]:
    yield ""
    yield name
    yield "-" * len(name)
    for fact in shown:
        value = f"{fact.value} ({fact.note})" if fact.note else fact.value
        yield from _wrapped(fact.name, value, width)


def _wrapped(name: str, value: str, width: int) -> list[str]:
    return textwrap.wrap(
        value, width, initial_indent=f"{name:<{_NAMES}}", subsequent_indent=" " * _NAMES
    )


def _worst(subject: Subject) -> Iterator[str]:
    rows = facts.call_rows(subject)
    if not rows:
        return
    yield ""
    yield f"Worst calls ({min(_WORST, len(rows))} of {len(rows)})"
    table = [("CHANNEL", "CALL", "HELD", "SENT", "LOST", "LATE", "P50", "P99", "MAX", "MOS", "END")]
    for row in rows[:_WORST]:
        rtt = row.rtt
        table.append(
            (
                row.name, row.number, facts.span(row.held_s), number(row.sent),
                facts.percent(row.loss), facts.percent(row.late), ms(rtt.p50), ms(rtt.p99),
                ms(rtt.max), number(row.mos, 2), row.state,
            )
        )  # fmt: skip
    yield from call_lines(table)


def _pictures(subject: Subject, width: int, ascii_only: bool) -> Iterator[str]:
    document = subject.document
    if subject.course.points:
        course = _CourseText(subject.course.coarsened(width - _LABELS), document, width, ascii_only)
        yield from course.lines()
    bins = bins_of(document.totals.rtt_histogram or [], _BINS_PER_OCTAVE)
    if bins:
        yield ""
        yield "Round trips, packets"
        most, count = max(one.packets for one in bins), sum(one.packets for one in bins)
        room = width - _BESIDE_BARS
        for one in bins:
            # what is there is seen: a single packet has its mark too
            bar = _BAR * (max(1, round(room * one.packets / most)) if one.packets else 0)
            of_all = facts.percent(one.packets / count)
            between = f"{ms(one.low):>6} … {ms(one.high):>6} ms"
            yield f"  {between} {number(one.packets):>9} {of_all:>8} {bar}"


def _lost(point: LoadSecond) -> int:
    return point.lost


def _late(point: LoadSecond) -> int:
    return point.late


_COUNTED: Final = (("Lost", "loss", _lost), ("Late", "late", _late))


class _CourseText:
    """The course in three charts over the same time."""

    def __init__(self, course: Course, document: Document, width: int, ascii_only: bool) -> None:
        self._course, self._document = course, document
        self._width, self._ascii = width, ascii_only
        end = max(course.duration_s, 1.0)
        labels = [(at, clock(at)) for at in time_ticks(end, max(2, width // 12))]
        self._span, self._across = (0.0, end), labels
        cells = width - _LABELS
        centres = [(column + 0.5) * end / cells for column in range(cells)]
        self._columns = [(x, point) for x in centres if (point := course.at(x)) is not None]

    def lines(self) -> Iterator[str]:
        """Yield the charts from the top down."""
        step = f"a point is {self._course.step_s:g} s"
        if self._course.rtt_over_s > self._course.step_s:
            step += f", round trips are those of the last {self._course.rtt_over_s:g} s"
        points = self._course.points
        yield from self._chart(f"Calls up ({step})", 5, [(_BAR, True, lambda one: one.calls)])
        signs = "longest ^, p99 +, p95 o, median " + (":" if self._ascii else "░")
        yield from self._chart(
            f"Round trip, ms ({signs})", 14,
            [
                (":" if self._ascii else "░", True, lambda one: one.p50_ms),
                ("^", False, lambda one: one.max_ms),
                ("+", False, lambda one: one.p99_ms),
                ("o", False, lambda one: one.p95_ms),
            ],
        )  # fmt: skip
        for name, rule, count in _COUNTED:
            if any(count(one) for one in points):
                limit = share_limit(self._document, rule)
                asked = f", limit {share(limit)}" if limit else ""
                found = _share_of(count)
                yield from self._chart(f"{name} packets, %{asked}", 7, [(_BAR, True, found)])
            else:
                yield ""
                yield f"{name} packets: none"

    def _chart(
        self, name: str, height: int,
        series: Sequence[tuple[str, bool, Callable[[LoadSecond], float | None]]],
    ) -> Iterator[str]:  # fmt: skip
        signs = []
        for sign, stems, value in series:
            found = [
                (x, shown) for x, point in self._columns if (shown := value(point)) is not None
            ]
            drawn = [(x, float(y)) for x, y in found if y or not stems]
            signs.append(Points([x for x, _ in drawn], [y for _, y in drawn], sign, stems))
        up = ticks(max((y for one in signs for y in one.y), default=1.0), 4)
        axes = Axes(self._span, up[-1], self._across, [(y, f"{short(y):>6}") for y in up])
        yield ""
        yield name
        yield from chart(signs, axes, self._width, height + 2, ascii_only=self._ascii)


def _share_of(count: Callable[[LoadSecond], int]) -> Callable[[LoadSecond], float | None]:
    return lambda one: 100 * count(one) / one.sent if one.sent else None
