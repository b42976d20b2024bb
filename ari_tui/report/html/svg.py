"""SVG charts: a canvas with scales, axes, lines, bars, limits, and hover texts.

Colours and strokes are classes of the page's style sheet; hover texts are `<title>` elements,
which browsers show without a script.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from ari_tui.report.html.markup import Markup, element, join

WIDTH: Final = 960
_LEFT: Final = 56
_RIGHT: Final = 14
_TOP: Final = 16
_BOTTOM: Final = 26
_LABEL_GAP: Final = 8
_ABOVE: Final = 4

Value = float | None


class SvgCanvas(NamedTuple):
    """A chart of `WIDTH` by `height`; its axes run from 0 to `right` and from 0 to `top`."""

    height: int
    right: float
    top: float

    @property
    def floor(self) -> float:
        """Return the y coordinate of the value 0."""
        return float(self.height - _BOTTOM)

    def x(self, value: float) -> float:
        """Return the x coordinate of a value."""
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * value / (self.right or 1.0)

    def y(self, value: float) -> float:
        """Return the y coordinate of a value, clamped to the chart."""
        share = min(max(value / (self.top or 1.0), 0.0), 1.0)
        return self.floor - (self.floor - _TOP) * share


class Tick(NamedTuple):
    """A value on an axis, and its label."""

    at: float
    label: str


def picture(height: int, label: str, *content: Markup, width: int = WIDTH) -> Markup:
    """Return a chart that scales with the page; `label` is for screen readers."""
    return element(
        "svg",
        *content,
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label=label,
        class_="chart",
    )


def axes(canvas: SvgCanvas, across: Iterable[Tick], up: Iterable[Tick]) -> Markup:
    """Return grid lines and the labels of both axes."""
    end = WIDTH - _RIGHT
    lines, labels = [], []
    for tick in up:
        y = canvas.y(tick.at)
        lines.append(element("line", x1=_LEFT, x2=end, y1=y, y2=y, class_="grid"))
        labels.append(element("text", tick.label, x=_LEFT - _LABEL_GAP, y=y + 4, class_="up"))
    for tick in across:
        x = canvas.x(tick.at)
        lines.append(
            element("line", x1=x, x2=x, y1=canvas.floor, y2=canvas.floor + 4, class_="tick")
        )
        labels.append(element("text", tick.label, x=x, y=canvas.height - 7, class_="across"))
    base = element("line", x1=_LEFT, x2=end, y1=canvas.floor, y2=canvas.floor, class_="axis")
    return join(lines, base, labels)


def line(canvas: SvgCanvas, x: Sequence[float], y: Sequence[Value], kind: str) -> Markup:
    """Return a line of class `kind` through points, interrupted where a value is None."""
    path, joined = [], False
    for place, value in enumerate(y):
        if value is not None:
            command = "L" if joined else "M"
            path.append(f"{command}{canvas.x(x[place]):.1f} {canvas.y(value):.1f}")
            if not joined and (place + 1 == len(y) or y[place + 1] is None):
                path.append("h.1")  # the round cap makes a single point visible
        joined = value is not None
    return element("path", d="".join(path), class_=f"line {kind}") if path else Markup()


def steps(canvas: SvgCanvas, x: Sequence[float], width: float, y: Sequence[float]) -> Markup:
    """Return a step chart as an area; the last value is `width` wide."""
    if not x:
        return Markup()
    path = [f"M{canvas.x(x[0]):.1f} {canvas.floor:.1f}"]
    for place, value in enumerate(y):
        end = x[place + 1] if place + 1 < len(x) else x[place] + width
        path.append(f"V{canvas.y(value):.1f}H{canvas.x(end):.1f}")
    path.append(f"V{canvas.floor:.1f}Z")
    return element("path", d="".join(path), class_="calls")


class Bar(NamedTuple):
    """A bar between two values of the x axis."""

    low: float
    high: float
    value: float
    kind: str


def bars(canvas: SvgCanvas, shown: Iterable[Bar]) -> Markup:
    """Return upright bars; every value above 0 is high enough to see."""
    pieces = []
    for bar in shown:
        if bar.value <= 0:
            continue
        left, width = canvas.x(bar.low), canvas.x(bar.high) - canvas.x(bar.low)
        height = max(canvas.floor - canvas.y(bar.value), 1.5)
        gap = min(1.0, width / 5)
        pieces.append(
            element(
                "rect",
                x=left + gap / 2,
                y=canvas.floor - height,
                width=max(width - gap, 0.5),
                height=height,
                class_=f"bar {bar.kind}",
            )
        )
    return join(pieces)


def dots(canvas: SvgCanvas, x: Sequence[float], y: Sequence[Value], kind: str) -> Markup:
    """Return a dot for each value; above the chart it is an arrow at the top."""
    pieces = []
    for at, value in zip(x, y, strict=True):
        if value is None:
            continue
        cx, cy = canvas.x(at), canvas.y(value)
        if value > canvas.top:
            arrow = f"M{cx:.1f} {_TOP - 9}l4 7h-8z"
            pieces.append(element("path", d=arrow, class_=f"arrow {kind}"))
        else:
            pieces.append(element("circle", cx=cx, cy=cy, r=2.1, class_=f"dot {kind}"))
    return join(pieces)


def limit(canvas: SvgCanvas, value: float | None, label: str, kind: str = "") -> Markup:
    """Return a limit as a dashed line with a label; nothing when it is above the chart."""
    if value is None or value > canvas.top:
        return Markup()
    y = canvas.y(value)
    return join(
        element("line", x1=_LEFT, x2=WIDTH - _RIGHT, y1=y, y2=y, class_=f"limit {kind}"),
        element(
            "text", label, x=WIDTH - _RIGHT - _ABOVE, y=y - _ABOVE, class_=f"limit-name {kind}"
        ),
    )


def marks(canvas: SvgCanvas, shown: Iterable[Tick], kind: str, row: int = 0) -> Markup:
    """Return upright lines with a label near the top, such as the start of a tier.

    `row` counts from the top: marks that may be close together use one row each.
    """
    pieces = []
    for tick in shown:
        x = canvas.x(tick.at)
        pieces += [
            element("line", x1=x, x2=x, y1=_TOP, y2=canvas.floor, class_=f"mark {kind}"),
            element(
                "text", tick.label, x=x + _ABOVE, y=_TOP + 10 + 15 * row, class_=f"mark-name {kind}"
            ),
        ]
    return join(pieces)


def hovers(
    canvas: SvgCanvas, slots: Sequence[tuple[float, float]], text: Callable[[int], str]
) -> Markup:
    """Return hover areas for slots (from, to) of the x axis; `text` gets a slot's index."""
    return join(
        element(
            "rect",
            element("title", text(place)),
            x=canvas.x(low),
            y=_TOP,
            width=max(canvas.x(high) - canvas.x(low), 0.5),
            height=canvas.floor - _TOP,
            class_="hover",
        )
        for place, (low, high) in enumerate(slots)
    )
