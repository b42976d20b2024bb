"""What all lines of the table of calls have in common: its columns, and room for a sparkline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from ari_tui.ui import number_format as forms
from ari_tui.ui.columns import Column, fitting
from ari_tui.ui.frame import Frame, WindowLength

SPARK_MIN: Final = 12
WIDE: Final = 120
WIDE_SPARK_MIN: Final = 30
"""Least cells of the sparkline, for which columns are dropped: WIDE_SPARK_MIN from WIDE on, else
SPARK_MIN, but at most a fifth of the width."""


class Shape(NamedTuple):
    """What all lines have in common."""

    columns: tuple[Column, ...]
    width: int
    spark: int
    """Cells of the sparkline, at the end of the line."""
    scale_ms: float
    window: WindowLength
    ascii: bool

    @property
    def cells(self) -> int:
        """Return the cells of columns and sparkline: more than `width` on a narrow screen."""
        return sum(column.width + 1 for column in self.columns) + self.spark

    @property
    def ellipsis(self) -> str:
        """Return the ellipsis of a cut text."""
        return forms.ASCII_CUT if self.ascii else forms.CUT


def spark_min(width: int) -> int:
    """Return the least cells of the sparkline for a width."""
    return WIDE_SPARK_MIN if width >= WIDE else min(SPARK_MIN, width // 5)


def shape_of(columns: Sequence[Column], width: int, frame: Frame) -> Shape:
    """Return the lines' shape for a width in cells: as many columns as fit beside a sparkline."""
    chosen = tuple(fitting(columns, width, spark_min(width)))
    used = sum(column.width + 1 for column in chosen)
    spark_cells = max(0, width - used)
    return Shape(chosen, width, spark_cells, frame.limits.scale_ms, frame.window, frame.ascii)
