"""The charts of the plain text report: the timeline, and the histogram of round trips."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Final

from ari_tui.core.charts import Axes, Points, chart
from ari_tui.core.number_format import (
    clock,
    grouped,
    ms,
    percent_precise,
    percent_significant,
    tick,
)
from ari_tui.document.load_test import LoadSecond
from ari_tui.document.model import Document
from ari_tui.report.facts import share_limit
from ari_tui.report.report_input import ReportInput
from ari_tui.report.scales import bins_of, ticks, time_ticks
from ari_tui.report.timeline import Timeline

_LABELS: Final = 8
"""Columns left of a chart: the y axis and its labels."""
_BAR: Final = "█"
_BINS_PER_OCTAVE: Final = 3
_BESIDE_BARS: Final = 40


def pictures(report_input: ReportInput, width: int, ascii_only: bool) -> Iterator[str]:
    """Yield the charts of the timeline and of the round trips, `width` cells wide."""
    document = report_input.document
    if report_input.timeline.points:
        yield from _TimelineText(report_input.timeline, document, width, ascii_only).lines()
    bins = bins_of(document.totals.rtt_histogram or [], _BINS_PER_OCTAVE)
    if bins:
        yield ""
        yield "Round trips, packets"
        most, count = max(one.packets for one in bins), sum(one.packets for one in bins)
        room = width - _BESIDE_BARS
        for one in bins:
            # even a single packet has a visible bar
            bar = _BAR * (max(1, round(room * one.packets / most)) if one.packets else 0)
            of_all = percent_precise(one.packets / count)
            between = f"{ms(one.low):>6} … {ms(one.high):>6} ms"
            yield f"  {between} {grouped(one.packets):>9} {of_all:>8} {bar}"


_COUNTED: Final = (("Lost", "loss", attrgetter("lost")), ("Late", "late", attrgetter("late")))


class _TimelineText:
    """The charts of a timeline over one time axis: calls, round trips, lost and late packets."""

    def __init__(
        self, timeline: Timeline, document: Document, width: int, ascii_only: bool
    ) -> None:
        self._whole, self._timeline = timeline, timeline.coarsened(width - _LABELS)
        self._document = document
        self._width, self._ascii = width, ascii_only
        end = max(timeline.duration_s, 1.0)
        labels = [(at, clock(at)) for at in time_ticks(end, max(2, width // 12))]
        self._span, self._across = (0.0, end), labels
        cells = width - _LABELS
        centres = [(column + 0.5) * end / cells for column in range(cells)]
        self._columns = [(x, point) for x in centres if (point := timeline.at(x)) is not None]

    def lines(self) -> Iterator[str]:
        """Yield the charts from the top down."""
        step = f"a point is {self._timeline.step_s:g} s"
        if self._whole.rtt_over_s > self._whole.step_s:
            step += f", round trips are those of the last {self._whole.rtt_over_s:g} s"
        points = self._timeline.points
        yield from self._chart(f"Calls up ({step})", 5, [(_BAR, True, lambda one: one.calls)])
        if not any(point.sent for point in points):
            return
        signs = "longest ^, p99 +, p95 o, median " + (":" if self._ascii else "░")
        yield from self._chart(
            f"Round trip, ms ({signs})",
            14,
            [
                (":" if self._ascii else "░", True, lambda one: one.p50_ms),
                ("^", False, lambda one: one.max_ms),
                ("+", False, lambda one: one.p99_ms),
                ("o", False, lambda one: one.p95_ms),
            ],
        )
        for name, rule, count in _COUNTED:
            if any(count(one) for one in points):
                limit = share_limit(self._document, rule)
                asked = f", limit {percent_significant(limit, unit=' %')}" if limit else ""
                found = _share_of(count)
                yield from self._chart(f"{name} packets, %{asked}", 7, [(_BAR, True, found)])
            else:
                yield ""
                yield f"{name} packets: none"

    def _chart(
        self,
        name: str,
        height: int,
        series: Sequence[tuple[str, bool, Callable[[LoadSecond], float | None]]],
    ) -> Iterator[str]:
        signs = []
        for sign, stems, value in series:
            found = [
                (x, shown) for x, point in self._columns if (shown := value(point)) is not None
            ]
            drawn = [(x, float(y)) for x, y in found if y or not stems]
            signs.append(Points([x for x, _ in drawn], [y for _, y in drawn], sign, stems))
        up = ticks(max((y for one in signs for y in one.y), default=1.0), 4)
        axes = Axes(self._span, up[-1], self._across, [(y, f"{tick(y):>6}") for y in up])
        yield ""
        yield name
        yield from chart(signs, axes, self._width, height + 2, ascii_only=self._ascii)


def _share_of(count: Callable[[LoadSecond], int]) -> Callable[[LoadSecond], float | None]:
    return lambda one: 100 * count(one) / one.sent if one.sent else None
