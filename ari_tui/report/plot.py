"""Charts of plain characters by plotext, for reports.

plotext keeps one figure for the whole process, so nothing else may use it meanwhile. Its import
takes 0.13 s, so it is imported with the first chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

_BARE: Final = str.maketrans("┌┐└┘├┤┬┴┼─│█", "+++++|++++|#")
_BARE_LINE: Final = str.maketrans("─", "-")


class Signs(NamedTuple):
    """Points of one kind: where (x, y), by which sign, and whether they stand on a stem."""

    x: Sequence[float]
    y: Sequence[float]
    sign: str
    stems: bool = False


class Axes(NamedTuple):
    """Ranges and labels of both axes; y begins at 0."""

    x: tuple[float, float]
    top: float
    x_labels: Sequence[tuple[float, str]]
    y_labels: Sequence[tuple[float, str]]


def chart(
    signs: Sequence[Signs], axes: Axes, width: int, height: int, *, ascii_only: bool = False
) -> list[str]:
    """Return the lines of a chart of so many cells; later signs lie over earlier ones."""
    import plotext

    # by itself a figure is no larger than what is taken for the terminal
    plotext.terminal.limit(False, False)
    figure: Any = plotext.figure
    figure.clear()
    figure.plot_size(width, height)
    for one in signs:
        if one.x:
            signal = figure.signal(list(one.x), list(one.y), marker=one.sign)
            figure.draw(signal.fillx() if one.stems else signal)
    figure.axes(False, axis="x", side="upper")
    figure.axes(False, axis="y", side="right")
    for name, low, high, labels in (
        ("x", *axes.x, axes.x_labels), ("y", 0.0, axes.top, axes.y_labels),
    ):  # fmt: skip
        ruler = figure.ruler(name)
        ruler.lim(low, high)
        ruler.ticks([at for at, _ in labels], [text for _, text in labels])
    lines = str(figure.build().string(True)).split("\n")[:height]
    if ascii_only:
        lines = [line.translate(_BARE_LINE).translate(_BARE) for line in lines]
    return [line[:width].rstrip() for line in lines]
