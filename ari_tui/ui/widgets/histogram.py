"""The histogram of round trips in ms, with the limits of the SLA.

Both axes are logarithmic: the tail matters, and one packet in a million must be visible.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from rich.text import Text

from ari_tui.core.number_format import thousands
from ari_tui.ui.frame import Frame
from ari_tui.ui.limits import Limits
from ari_tui.ui.spark import BLOCKS
from ari_tui.ui.widgets.line_canvas import LineCanvas, Part, Style, merge_adjacent
from ari_tui.ui.widgets.pane import Pane

_PER_OCTAVE: Final = 8
_AXIS: Final = 6
"""Cells of the axis of counts."""
_ASCII_FULL: Final = "#"
_POWERS: Final = ("1", "10", "100", "1k", "10k", "100k", "1M", "10M", "100M", "1G")
_TICKS_MS: Final = tuple(
    digit * 10.0**power for power in range(-3, 5) for digit in (1, 2, 5)
)  # 1 µs … 50 s


class HistogramPane(Pane):
    """The histogram of the session's round trips."""

    def draw(self, frame: Frame, width: int, height: int) -> Text:
        """Return the histogram."""
        return render_histogram(frame, width, height)


class Scale(NamedTuple):
    """Milliseconds, logarithmic, over so many columns."""

    low_ms: float
    high_ms: float
    columns: int

    def column(self, value_ms: float) -> float:
        """Return the position of a value, in columns from the left."""
        share = math.log(value_ms / self.low_ms) / math.log(self.high_ms / self.low_ms)
        return share * self.columns

    def upper_ms(self, column: int) -> float:
        """Return the upper bound of a column."""
        span = self.high_ms / self.low_ms
        return float(self.low_ms * span ** ((column + 1) / self.columns))


def render_histogram(frame: Frame, width: int, height: int) -> Text:
    """Return the histogram in a box of so many cells."""
    canvas = LineCanvas(width, height, ascii_only=frame.ascii)
    buckets = [(upper / 1000, number) for upper, number in frame.history.rtt_histogram if number]
    canvas.heading("Round trips", *_summary(frame, buckets))
    columns = width - _AXIS
    if not buckets or columns < 4 or canvas.room < 3:
        if not buckets:
            canvas.line(("no round trip yet", "dim"))
        return canvas.text()
    scale = scale_of(buckets, frame.limits, columns)
    counts = spread_over(buckets, scale)
    for parts in _bars(canvas, counts, scale, frame.limits, canvas.room - 2):
        canvas.line(*parts)
    canvas.line((" " * (_AXIS - 1), ""), ("└" + _ruler(scale), "dim"))
    canvas.line((canvas.right("ms ", _AXIS), "dim"), *_labels(scale, frame.limits))
    return canvas.text()


def _summary(frame: Frame, buckets: Sequence[tuple[float, int]]) -> list[Part]:
    total = sum(number for _, number in buckets)
    parts: list[Part] = [(f"{thousands(total)} in the session", "dim")]
    limit = frame.limits.max_ms
    if limit is not None and total:
        # a bucket that holds the limit itself is not called above it
        above = sum(number for upper, number in buckets if lower_ms(upper) >= limit)
        style: Style = "fail" if above else "dim"
        parts += [(", ", "dim"), (f"{thousands(above)} above {limit:g} ms", style)]
    return parts


def lower_ms(upper_ms: float) -> float:
    """Return a bucket's lower bound: eighths of an octave of nanoseconds, all of one width."""
    octave = 2.0 ** math.floor(math.log2(upper_ms * 1e6 * (1 - 1e-3)))
    return max(upper_ms - octave / _PER_OCTAVE / 1e6, upper_ms / 2)


def scale_of(buckets: Sequence[tuple[float, int]], limits: Limits, columns: int) -> Scale:
    """Return a scale for all measured values and all limits."""
    known = [limit for limit in limits[:4] if limit is not None]
    low = min([lower_ms(buckets[0][0]), *(limit / 2 for limit in known)])
    high = max([buckets[-1][0], *(limit * 1.5 for limit in known)])
    return Scale(max(low, 1e-3), max(high, low * 2, 2e-3), columns)


def spread_over(buckets: Sequence[tuple[float, int]], scale: Scale) -> list[float]:
    """Distribute each bucket's count over the columns that it covers."""
    counts = [0.0] * scale.columns
    for upper, number in buckets:
        start = max(0.0, scale.column(max(lower_ms(upper), scale.low_ms)))
        end = min(float(scale.columns), max(scale.column(upper), start + 1e-6))
        for column in range(int(start), min(math.ceil(end), scale.columns)):
            covered = min(end, column + 1) - max(start, column)
            counts[column] += number * max(0.0, covered) / (end - start)
    return counts


def _bars(
    canvas: LineCanvas, counts: Sequence[float], scale: Scale, limits: Limits, rows: int
) -> list[list[Part]]:
    top = max(1, math.ceil(math.log10(max(counts) + 1)))
    heights = [_height(number, top, rows) for number in counts]
    styles = [_style(scale.upper_ms(column), limits) for column in range(scale.columns)]
    marked = {_place(scale, limit) for limit in limits[:4] if limit is not None}
    drawn = []
    for row in range(rows - 1, -1, -1):
        parts: list[Part] = [(_count_label(canvas, row, rows, top), "dim")]
        for column, height in enumerate(heights):
            cell = _cell(height - row * 8, ascii_only=canvas.ascii_only)
            if cell == " " and column in marked:
                parts.append(("┊", "dim"))
            else:
                parts.append((cell, styles[column]))
        drawn.append(merge_adjacent(parts))
    return drawn


def _height(number: float, top: int, rows: int) -> int:
    """Return a bar's height in eighths of a cell, at least 1 for any count."""
    if number <= 0:
        return 0
    return max(1, round(math.log10(number + 1) / top * rows * 8))


def _cell(eighths: int, *, ascii_only: bool) -> str:
    if eighths <= 0:
        return " "
    if ascii_only:
        return _ASCII_FULL if eighths > 4 else ":" if eighths > 2 else "."
    return BLOCKS[min(eighths, 8) - 1]


def _count_label(canvas: LineCanvas, row: int, rows: int, top: int) -> str:
    """Return the label of a row of bars: powers of ten, each in its row."""
    for power in range(top, -1, -1):
        # the topmost power is the top's edge, in the row below it
        if min(rows - 1, int(power / top * rows)) == row and (power == top or rows > top):
            return canvas.right(_POWERS[min(power, 9)] + "┤", _AXIS)
    return canvas.right("│", _AXIS)


def _style(upper_ms: float, limits: Limits) -> Style:
    if limits.max_ms is not None and upper_ms > limits.max_ms * 1.02:
        return "fail"
    if limits.p95_ms is not None and upper_ms > limits.p95_ms * 1.02:
        return "high"
    return "low"


def _place(scale: Scale, value_ms: float) -> int:
    return min(scale.columns - 1, max(0, int(scale.column(value_ms))))


def _ruler(scale: Scale) -> str:
    ruler = ["─"] * scale.columns
    for tick in _TICKS_MS:
        if scale.low_ms <= tick <= scale.high_ms:
            ruler[_place(scale, tick)] = "┴"
    return "".join(ruler)


def _labels(scale: Scale, limits: Limits) -> list[Part]:
    """Return the labels below: the limits first, by name, then the ticks that have room."""
    placed: list[tuple[int, str, Style]] = []
    named = (
        ("max", limits.max_ms),
        ("p95", limits.p95_ms),
        ("p50", limits.p50_ms),
        ("p99", limits.p99_ms),
    )
    for name, limit in named:
        if limit is not None:
            _add_label(placed, scale, limit, f"{name}≤{limit:g}", "strong")
    for tick in _TICKS_MS:
        if scale.low_ms <= tick <= scale.high_ms:
            _add_label(placed, scale, tick, f"{tick:g}", "dim")
    parts: list[Part] = []
    used = 0
    for start, text, style in sorted(placed):
        parts += [(" " * (start - used), ""), (text, style)]
        used = start + len(text)
    return parts


def _add_label(
    placed: list[tuple[int, str, Style]], scale: Scale, value_ms: float, text: str, style: Style
) -> None:
    """Place a label below its value, or slightly beside it, where no other label is."""
    middle = _place(scale, value_ms) - len(text) // 2
    for offset in (0, -1, 1, -2, 2):
        start = max(0, min(middle + offset, scale.columns - len(text)))
        end = start + len(text)
        if end <= scale.columns and all(
            end < other or other + len(known) < start for other, known, _ in placed
        ):
            placed.append((start, text, style))
            return
