"""Charts by plotext, as plain characters: callers add the colours.

plotext keeps one figure for the whole process, so nothing else may use it. A chart of 76 x 10
costs about 3 ms, its import 0.13 s, so it is imported with the first chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

_BARE: Final = str.maketrans("┌┐└┘├┤┬┴┼─│█", "+++++|++++|#")
_BARE_LINE: Final = str.maketrans("─", "-")


class Points(NamedTuple):
    """Points of one kind: where (x, y), by which sign, and whether they stand on a stem."""

    x: Sequence[float]
    y: Sequence[float]
    sign: str
    stems: bool = False


class Axes(NamedTuple):
    """Ranges and labels of both axes."""

    x: tuple[float, float]
    top: float
    """Of y, which begins at 0."""
    x_labels: Sequence[tuple[float, str]]
    y_labels: Sequence[tuple[float, str]]


def chart(
    points: Sequence[Points], axes: Axes, width: int, height: int, *, ascii_only: bool = False
) -> list[str]:
    """Return the lines of a chart of so many cells; later points lie over earlier ones."""
    figure = _cleared(width, height)
    for one in points:
        if one.x:
            signal = figure.signal(list(one.x), list(one.y), marker=one.sign)
            figure.draw(signal.fillx() if one.stems else signal)
    _draw_axes(figure, axes)
    text: str = figure.build().string(True)
    lines = text.split("\n")[:height]
    if ascii_only:
        lines = [line.translate(_BARE_LINE).translate(_BARE) for line in lines]
    return [line[:width].rstrip() for line in lines]


def _cleared(width: int, height: int) -> Any:
    import plotext

    # by itself a figure is no larger than what is taken for the terminal
    plotext.terminal.limit(False, False)
    figure: Any = plotext.figure
    figure.clear()
    figure.plot_size(width, height)
    return figure


def _draw_axes(figure: Any, axes: Axes) -> None:
    figure.axes(False, axis="x", side="upper")
    figure.axes(False, axis="y", side="right")
    across, up = figure.ruler("x"), figure.ruler("y")
    across.lim(*axes.x)
    across.ticks([at for at, _ in axes.x_labels], [text for _, text in axes.x_labels])
    up.lim(0, axes.top)
    up.ticks([at for at, _ in axes.y_labels], [text for _, text in axes.y_labels])
