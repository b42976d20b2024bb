"""Charts by plotext, as plain characters: callers add the colours.

plotext keeps one figure for the whole process, so nothing else may use it. A chart of 76 x 10
costs about 3 ms, its import 0.13 s, so it is imported with the first chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

_ASCII: Final = str.maketrans("┌┐└┘├┤┬┴┼─│█", "+++++|+++-|#")


class Points(NamedTuple):
    """Points of one kind: coordinates, character, and whether a stem joins them to the axis."""

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
    """Return the lines of a chart of so many cells; later points cover earlier ones."""
    import plotext

    plotext.terminal.limit(False, False)  # else a figure is no larger than the terminal
    figure: Any = plotext.figure
    figure.clear()
    figure.plot_size(width, height)
    for one in points:
        if one.x:
            signal = figure.signal(list(one.x), list(one.y), marker=one.sign)
            figure.draw(signal.fillx() if one.stems else signal)
    figure.axes(False, axis="x", side="upper")
    figure.axes(False, axis="y", side="right")
    for axis, limits, labels in (("x", axes.x, axes.x_labels), ("y", (0, axes.top), axes.y_labels)):
        ruler = figure.ruler(axis)
        ruler.lim(*limits)
        ruler.ticks([at for at, _ in labels], [text for _, text in labels])
    lines = figure.build().string(True).split("\n")[:height]
    if ascii_only:
        lines = [line.translate(_ASCII) for line in lines]
    return [line[:width].rstrip() for line in lines]
