"""One column of the overview: a row's value, its text, what it sorts by, its grade."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from ari_tui.ui import number_format as forms
from ari_tui.ui.frame import Frame, WindowLength
from ari_tui.ui.limits import Grade, Limits
from ari_tui.ui.view_state import Row

Value = float | str | None
Judge = Callable[[Row, WindowLength, Limits], Grade]


class Column(NamedTuple):
    """One column; `value` is a number in `unit` ("" for counts and shares), a text or None."""

    id: str
    label: str
    width: int
    align: Literal["left", "right"]
    help: str
    value: Callable[[Row, WindowLength], Value]
    unit: str = ""
    form: Callable[[Any], str] = str
    """Shows a value that is not None."""
    order: Callable[[Any], float | str] | None = None
    """Sorts by a value that is not None; None is by the value itself, texts without case."""
    judge: Judge | None = None
    numeric: bool = False
    whole: bool = False
    """The value is a whole number."""
    window_label: str = ""
    """Heading in a window, where it is not that of the session."""

    def heading(self, window: WindowLength = 0) -> str:
        """Return the column's heading."""
        return self.window_label if window and self.window_label else self.label

    def text(self, row: Row, frame: Frame) -> str:
        """Return what the row's cell holds; a dash for no sample."""
        value = self.value(row, frame.window)
        text = forms.DASH if value is None else self.form(value)
        return forms.plain_ascii(text) if frame.ascii else text

    def key(self, row: Row, window: WindowLength = 0) -> float | str | None:
        """Return what the row is sorted by; None where there is no sample."""
        value = self.value(row, window)
        if value is None:
            return None
        if self.order is not None:
            return self.order(value)
        return value.casefold() if isinstance(value, str) else value

    def grade(self, row: Row, frame: Frame) -> Grade:
        """Return the cell's grade against its limit; none without a limit."""
        if self.judge is None:
            return "none"
        return self.judge(row, frame.window, frame.limits)
