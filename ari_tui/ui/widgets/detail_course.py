"""One call over time: round trips a second on a fixed scale, and what was lost or late."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from rich.text import Text

from ari_tui.core.charts import Axes, Points, chart
from ari_tui.core.number_format import time_of_day
from ari_tui.document.detail import DetailCourse
from ari_tui.document.live import Cells
from ari_tui.ui.limits import Limits
from ari_tui.ui.widgets.detail_view import DetailView, box, lines_of, newest
from ari_tui.ui.widgets.line_canvas import Part, Style

MEAN, P95, LONGEST, OVER = "·", "o", "+", "^"
LOST, LATE = "×", "~"
_PLAIN: Final = {MEAN: ".", LOST: "x"}
_RTT_STYLES: Final[dict[str, Style]] = {
    MEAN: "dim",
    _PLAIN[MEAN]: "dim",
    P95: "low",
    LONGEST: "high",
    OVER: "fail",
}
_LOSS_STYLES: Final[dict[str, Style]] = {LOST: "lost", _PLAIN[LOST]: "lost", LATE: "near"}
_RTT_ROWS, _LOSS_ROWS = 9, 5
_LABEL: Final = 4
_NARROW: Final = 24
_OMITTED_S: Final = 12
"""Seconds of the five minutes that may be left out to keep points closer together."""


class _TimeAxis(NamedTuple):
    """The time axis: `points` of `each` seconds, up to `last`."""

    points: int
    each: int
    last: int

    @property
    def span(self) -> int:
        return self.points * self.each

    @property
    def width(self) -> int:
        """Return how wide a chart is that has a column for each point."""
        return _LABEL + 1 + self.points

    def of(self, cells: Cells, how: Callable[[Sequence[int]], float]) -> list[float | None]:
        """Return the value of each point by `how`; None where no second has one."""
        tail = cells[-self.span :]
        groups = (
            [value for value in tail[at : at + self.each] if value is not None]
            for at in range(0, len(tail), self.each)
        )
        return [how(group) if group else None for group in groups]

    def place(self, values: Sequence[float | None]) -> tuple[list[float], list[float]]:
        """Return x (seconds before the last, 0 or below) and y of the known values."""
        known = [(at, value) for at, value in enumerate(values) if value is not None]
        x = [float((at - len(values) + 1) * self.each) for at, _ in known]
        return x, [value for _, value in known]


def course(view: DetailView, width: int) -> list[Text]:
    """Return both charts, or a text for one without data."""
    found = view.detail
    if width < _NARROW:
        return []
    if found is None:
        canvas = box(view, width)
        canvas.heading("RTT, loss by second")
        canvas.line((view.missing, "dim"))
        return lines_of(canvas)
    seen = next((at for at, sent in enumerate(found.course.sent) if sent is not None), 0)
    seconds = len(found.course.sent) - seen
    columns = width - _LABEL - 1
    each = max(1, -(-(seconds - _OMITTED_S) // columns))
    steps = _TimeAxis(min(columns, len(found.course.sent) // each), each, found.last_second)
    return [*_trips(view, found.course, steps, width), *_losses(view, found.course, steps, width)]


def _trips(view: DetailView, course: DetailCourse, steps: _TimeAxis, width: int) -> list[Text]:
    canvas = box(view, width)
    top, signs = view.limits.scale_ms, _PLAIN if view.ascii else {}
    canvas.heading(
        "RTT",
        (f"{_of_point(steps)}{', the worst' * (steps.each > 1)}  ", "dim"),
        (MEAN, "dim"),
        " mean ",
        (P95, "low"),
        " p95 ",
        (LONGEST, "high"),
        " max ",
        (OVER, "fail"),
        " over",
    )
    if not newest(course.rtt_p95_us, steps.span):
        canvas.line(("no round trip in this time", "dim"))
        return lines_of(canvas)
    curves, over = [], set()
    for cells, how, sign in (
        (course.rtt_max_us, max, LONGEST),
        (course.rtt_mean_us, _mean, MEAN),
        (course.rtt_p95_us, max, P95),
    ):
        x, micros = steps.place(steps.of(cells, how))
        y = [value / 1000 for value in micros]
        curves.append(
            Points(
                [at for at, value in zip(x, y, strict=True) if value <= top],
                [value for value in y if value <= top],
                signs.get(sign, sign),
            )
        )
        over |= {at for at, value in zip(x, y, strict=True) if value > top}
    curves.append(Points(sorted(over), [top] * len(over), OVER))
    axes = Axes(_range(steps), top, _times(steps, width), _levels(view.limits))
    for line in chart(curves, axes, steps.width, _RTT_ROWS, ascii_only=view.ascii):
        canvas.line(*_styled(line, _RTT_STYLES))
    return lines_of(canvas)


def _losses(view: DetailView, course: DetailCourse, steps: _TimeAxis, width: int) -> list[Text]:
    canvas = box(view, width)
    signs = _PLAIN if view.ascii else {}
    lost, late = steps.of(course.lost, sum), steps.of(course.late, sum)
    top = max([*(value or 0 for value in lost), *(value or 0 for value in late)], default=0)
    if not top:
        canvas.heading("Loss", (f"none lost, none late in {steps.span} s", "ok"))
        return lines_of(canvas)
    canvas.heading(
        "Loss", (f"{_of_point(steps)}  ", "dim"), (LOST, "lost"), " lost ", (LATE, "near"), " late"
    )
    curves = []
    for values, sign in ((late, LATE), (lost, LOST)):
        x, y = steps.place([value or None for value in values])
        curves.append(Points(x, y, signs.get(sign, sign), stems=True))
    labels = [(0.0, _level(0)), (float(top), _level(top))]
    axes = Axes(_range(steps), max(1.0, float(top)), _times(steps, width), labels)
    for line in chart(curves, axes, steps.width, _LOSS_ROWS, ascii_only=view.ascii):
        canvas.line(*_styled(line, _LOSS_STYLES))
    return lines_of(canvas)


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values)


def _of_point(steps: _TimeAxis) -> str:
    return "a second a point" if steps.each == 1 else f"{steps.each} s a point"


def _range(steps: _TimeAxis) -> tuple[float, float]:
    return float(-steps.span + steps.each), 0.0


def _times(steps: _TimeAxis, width: int) -> list[tuple[float, str]]:
    first, _ = _range(steps)
    middle = [(first / 2, time_of_day(steps.last + round(first / 2)))] if width >= 40 else []
    return [
        (first, time_of_day(steps.last + round(first))),
        *middle,
        (0.0, time_of_day(steps.last)),
    ]


def _levels(limits: Limits) -> list[tuple[float, str]]:
    top = limits.scale_ms
    inner = limits.p95_ms if limits.p95_ms and limits.p95_ms < top * 0.9 else top / 2
    return [(value, _level(value)) for value in (0.0, inner, top)]


def _level(value: float) -> str:
    """Return a label of one width, so that charts below each other share their columns."""
    return f"{value:{_LABEL}g}" if value < 10**_LABEL else "many"


def _styled(line: str, styles: dict[str, Style]) -> list[Part]:
    """Return a line of a chart with the theme's colours; its frame and labels are dim."""
    edge = max(line.find(sign) for sign in "│┤|") + 1
    parts: list[Part] = [(line[:edge], "dim")]
    inside = edge > 0
    for sign in line[edge:]:
        style: Style = styles.get(sign, "dim") if inside else "dim"
        if parts[-1][1] == style:
            parts[-1] = (parts[-1][0] + sign, style)
        else:
            parts.append((sign, style))
    return parts
