"""Round trips of all calls together over the last minutes, with the seconds that lost packets.

The scale is that of the sparklines, 0 to the limit of the longest round trip, so that charts of
different hours compare. The solid line is the 95th percentile, the dotted one the median.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from rich.text import Text

from ari_tui.core.number_format import ms_short, time_of_day
from ari_tui.document.live import SECONDS, Cells
from ari_tui.ui.frame import Frame
from ari_tui.ui.limits import Limits
from ari_tui.ui.widgets.line_canvas import LineCanvas, Part, Style, merge_adjacent
from ari_tui.ui.widgets.pane import Pane

_AXIS: Final = 6
_BRAILLE: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Dots of a braille cell, by row from the top and column."""


class TrendPane(Pane):
    """The chart of round trips over time."""

    def draw(self, frame: Frame, width: int, height: int) -> Text:
        """Return the chart."""
        return render_trend(frame, width, height)


class TimeSpan(NamedTuple):
    """Which seconds a chart shows: `points` of `step` seconds each, up to `last`."""

    points: int
    step: int
    last: int

    @property
    def first(self) -> int:
        """Return the first second."""
        return (self.last // self.step - self.points + 1) * self.step

    def worst(self, cells: Cells) -> Cells:
        """Return the largest value of each point's seconds, None where there is none.

        Points begin at multiples of the step, so that they do not change as time goes on.
        """
        seconds = self.last - self.first + 1
        missing: Cells = [None] * max(0, seconds - len(cells))
        tail = missing + cells[-seconds:]
        steps = (tail[at : at + self.step] for at in range(0, seconds, self.step))
        return [max((v for v in step if v is not None), default=None) for step in steps]


def span_of(cells: int, last: int, dots: int) -> TimeSpan:
    """Return the seconds of a chart `cells` wide with `dots` points a cell."""
    wanted = max(1, cells * dots)
    step = max(1, SECONDS // wanted)
    return TimeSpan(min(wanted, SECONDS // step), step, last)


def render_trend(frame: Frame, width: int, height: int) -> Text:
    """Return the chart in a box of so many cells."""
    canvas = LineCanvas(width, height, ascii_only=frame.ascii)
    dots = 1 if frame.ascii else 2
    columns = min(width - _AXIS, SECONDS // dots)
    course, last = frame.history.all, frame.history.last_second
    if not any(value is not None for value in course.tail("rtt_p95_us", SECONDS)):
        canvas.heading("RTT over time")
        canvas.line(("no round trip yet", "dim"))
        return canvas.text()
    span = span_of(columns, last, dots)
    p95 = span.worst(course.tail("rtt_p95_us", SECONDS))
    p50 = span.worst(course.tail("rtt_p50_us", SECONDS))
    canvas.heading("RTT over time", *_legend(p95, p50))
    if columns < 4 or canvas.room < 4:
        return canvas.text()
    rows = canvas.room - 2
    for parts in _chart(canvas, (p95, p50), frame.limits, rows, columns):
        canvas.line(*parts)
    lost = span.worst(course.tail("lost", SECONDS))
    canvas.line((canvas.right("lost ", _AXIS - 1) + "└", "dim"), *_losses(lost, dots))
    canvas.line((" " * _AXIS, ""), *_times(span, columns))
    return canvas.text()


def _legend(p95: Cells, p50: Cells) -> list[Part]:
    now = next((value for value in reversed(p95) if value is not None), None)
    worst = max((value for value in p95 if value is not None), default=None)
    median = next((value for value in reversed(p50) if value is not None), None)
    return [
        ("p95 ", "high"),
        (f"{_of_us(now)} worst {_of_us(worst)}", ""),
        ("  p50 ", "low"),
        (f"{_of_us(median)} (dotted)", ""),
    ]


def _of_us(value: int | None) -> str:
    return ms_short(None if value is None else value / 1000)


def _chart(
    canvas: LineCanvas, curves: tuple[Cells, Cells], limits: Limits, rows: int, columns: int
) -> list[list[Part]]:
    scale_ms = limits.scale_ms
    limit = limits.p95_ms if limits.p95_ms and limits.p95_ms < scale_ms else None
    limit_row = None if limit is None else row_of(limit, scale_ms, rows)
    plot = (_characters if canvas.ascii_only else _dots)(curves, scale_ms, rows, columns)
    drawn = []
    for row in range(rows):
        beyond = limit_row is not None and row < limit_row
        parts: list[Part] = [(_label(canvas, row, rows, scale_ms, limit), "dim")]
        for cell, curve in plot[row]:
            if cell != " ":
                style: Style = "low" if curve else "fail" if beyond or cell == "^" else "high"
                parts.append((cell, style))
            else:
                parts.append(("╌" if row == limit_row else " ", "dim"))
        drawn.append(merge_adjacent(parts))
    return drawn


def row_of(value_ms: float, scale_ms: float, rows: int) -> int:
    """Return the row (0 is the top) that a value lies in; one over the scale is in the top row."""
    return max(0, rows - 1 - int(min(value_ms / scale_ms, 1.0) * rows * 0.9999))


def _label(canvas: LineCanvas, row: int, rows: int, scale_ms: float, limit: float | None) -> str:
    if row == 0:
        return canvas.right(f"{scale_ms:g}┤", _AXIS)
    if limit is not None and row == row_of(limit, scale_ms, rows):
        return canvas.right(f"≤{limit:g}┤", _AXIS)
    return canvas.right("0┤" if row == rows - 1 else "│", _AXIS)


Plot = list[list[tuple[str, int]]]
"""Cells by row and column: the character, and its curve (0 is p95)."""


def _characters(curves: tuple[Cells, Cells], scale_ms: float, rows: int, columns: int) -> Plot:
    plot: Plot = [[(" ", 0)] * columns for _ in range(rows)]
    for curve, sign in ((1, "."), (0, "*")):
        values = curves[curve]
        for column, value in enumerate(values, columns - len(values)):
            if value is not None:
                over = value > scale_ms * 1000
                plot[row_of(value / 1000, scale_ms, rows)][column] = ("^" if over else sign, curve)
    return plot


def _dots(curves: tuple[Cells, Cells], scale_ms: float, rows: int, columns: int) -> Plot:
    bits = [[0] * columns for _ in range(rows)]
    owner = [[1] * columns for _ in range(rows)]
    over = set()
    for curve in (1, 0):
        values = curves[curve]
        shift, before = columns * 2 - len(values), None
        for at, value in enumerate(values, shift):
            if value is None:
                before = None
                continue
            y = row_of(value / 1000, scale_ms, rows * 4)
            if value > scale_ms * 1000:
                over.add(at // 2)
            # the median is dotted: colour must not be the only difference
            if curve == 0 or at % 2 == 0:
                for dot in _stroke(before if curve == 0 else None, y):
                    bits[dot // 4][at // 2] |= _BRAILLE[dot % 4][at % 2]
                    owner[dot // 4][at // 2] = curve
            before = y
    plot: Plot = [
        [(chr(0x2800 + bit) if bit else " ", of) for bit, of in zip(*row, strict=True)]
        for row in zip(bits, owner, strict=True)
    ]
    for column in over:
        plot[0][column] = ("^", 0)
    return plot


def _stroke(before: int | None, now: int) -> range:
    """Return the rows of dots that join a point to the one before, without the latter's."""
    if before is None or before == now:
        return range(now, now + 1)
    return range(now, before) if now < before else range(before + 1, now + 1)


def _losses(lost: Sequence[int | None], dots: int) -> list[Part]:
    cells = (any(lost[at : at + dots]) for at in range(0, len(lost), dots))
    return merge_adjacent(("×", "lost") if gone else ("─", "dim") for gone in cells)


def _times(span: TimeSpan, columns: int) -> list[Part]:
    start, end = time_of_day(span.first), time_of_day(span.last)
    room = columns - len(start) - len(end)
    if room < 2:
        return [(end[-columns:] if columns < len(end) else end.rjust(columns), "dim")]
    each = f"{span.step} s a point, the worst" if span.step > 1 else "a second a point"
    middle = f" {each} " if len(each) + 4 <= room else ""
    return [(start + middle.center(room) + end, "dim")]
