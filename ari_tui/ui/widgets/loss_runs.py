"""Runs of lost packets: single losses point to radio or random loss, long runs to outages."""

from __future__ import annotations

from typing import Final

from rich.text import Text

from ari_tui.core.number_format import thousands
from ari_tui.document.model import Figures
from ari_tui.ui.frame import Frame
from ari_tui.ui.spark import ASCII_LEVELS, BLOCKS
from ari_tui.ui.widgets.line_canvas import LineCanvas, Part
from ari_tui.ui.widgets.pane import Pane

NAMES: Final = (*"123456789", "10+")
_CELL: Final = 5
"""Fewest cells of a run length."""
_WIDEST: Final = 8


class RunsPane(Pane):
    """The runs of lost packets by length, and where they were lost."""

    def draw(self, frame: Frame, width: int, height: int) -> Text:
        """Return the runs."""
        return render_loss_runs(frame, width, height)


def render_loss_runs(frame: Frame, width: int, height: int) -> Text:
    """Return the runs in a box of so many cells: bars where there is room, or numbers."""
    canvas = LineCanvas(width, height, ascii_only=frame.ascii)
    totals = frame.document.totals
    canvas.heading("Loss runs", *_summary(totals))
    where = _directions(totals)
    runs = {name: totals.loss_runs.get(name, 0) for name in NAMES}
    label = 8
    cell = min(_WIDEST, (width - label) // len(NAMES))
    if cell < _CELL:
        shown = ", ".join(f"{name}: {number}" for name, number in runs.items() if number)
        canvas.line(("length ", "dim"), shown or "none")
    elif any(runs.values()):
        for row in _bars(runs, canvas.room - 2 - bool(where), ascii_only=frame.ascii):
            canvas.line(" " * label, *((canvas.right(bar, cell), "lost") for bar in row))
        canvas.line(
            (canvas.left("length", label), "dim"), *((canvas.right(n, cell), "dim") for n in NAMES)
        )
        canvas.line(
            (canvas.left("runs", label), "dim"),
            *(
                (canvas.right(thousands(n) if n else "·", cell), "strong" if n else "dim")
                for n in runs.values()
            ),
        )
    if where:
        canvas.line(*where)
    return canvas.text()


def _summary(totals: Figures) -> list[Part]:
    lost = totals.packets.lost
    if not lost:
        return [("nothing lost", "dim")]
    parts: list[Part] = [(f"{thousands(lost)} lost", "lost")]
    runs = sum(totals.loss_runs.values())
    if runs:
        parts.append((f" in {thousands(runs)} run{'' if runs == 1 else 's'}", ""))
    ratio = totals.loss_bursts.burst_ratio
    if ratio is not None:
        parts.append((f", burst ratio {ratio:.1f}", "dim"))
    return parts


def _bars(runs: dict[str, int], rows: int, *, ascii_only: bool) -> list[list[str]]:
    """Return rows of bars, each two cells wide; the longest takes all rows."""
    levels = ASCII_LEVELS if ascii_only else BLOCKS
    top = max(runs.values())
    heights = [max(1, round(n / top * rows * 8)) if n else 0 for n in runs.values()]
    return [
        [levels[min(8, h - row * 8) - 1] * 2 if h > row * 8 else "" for h in heights]
        for row in range(rows - 1, -1, -1)
    ]


def _directions(totals: Figures) -> list[Part]:
    where = totals.loss_directions
    if where is None or not totals.packets.lost:
        return []
    parts: list[Part] = [("lost    ", "dim")]
    for name, number in (
        ("outward ", where.outward),
        ("  at the echo server ", where.at_echo),
        ("  on the way back ", where.back),
    ):
        parts += [(name, "dim"), (thousands(number), "strong")]
    return parts
