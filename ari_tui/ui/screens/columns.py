"""The column chooser: which columns the table has, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.text import Text
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from ari_tui.ui.columns import BY_ID, COLUMNS
from ari_tui.ui.screens.dialog import ChoiceList, Dialog

_LABEL = 8
"""Cells for the heading of a column, before its help."""


class ColumnsDialog(Dialog[list[str] | None]):
    """Choose from all columns: their ids in order, [] for what fits as usual, None for no change.

    `chosen` are the ids of those that the table has now.
    """

    HEADING = "Columns"
    DEFAULT_CSS = "ColumnsDialog > .dialog--box { width: 80; height: 100%; }"

    def __init__(self, chosen: Sequence[str]) -> None:
        super().__init__()
        known = [name for name in dict.fromkeys(chosen) if name in BY_ID]
        self._shown = set(known)
        self._order = [*known, *(column.id for column in COLUMNS if column.id not in self._shown)]

    def contents(self) -> Iterable[Widget]:
        """Return the list of all columns, those of the table first."""
        choices = ChoiceList(*(Option(self._line(name)) for name in self._order))
        choices.highlighted = 0
        yield choices

    def footing(self) -> str:
        """Return what keys do, the most needed first: a narrow box cuts the rest."""
        return self.key_hints(
            detail="take",
            toggle="show",
            no="close",
            move_up="left",
            move_down="right",
            usual_columns="as usual",
        )

    def _line(self, name: str) -> Text:
        column = BY_ID[name]
        mark = "x" if name in self._shown else " "
        label = column.label or column.id
        style = "bold" if name in self._shown else ""
        line = Text(no_wrap=True, overflow="ellipsis")
        return line.append(f"[{mark}] {label:<{_LABEL}} ", style).append(column.help)

    @property
    def _list(self) -> ChoiceList:
        return self.query_one(ChoiceList)

    def _redraw(self, index: int) -> None:
        self._list.replace_option_prompt_at_index(index, self._line(self._order[index]))

    def action_toggle_column(self) -> None:
        """Show the marked column, or not; mark the next."""
        index = self._list.highlighted
        if index is not None:
            self._shown ^= {self._order[index]}
            self._redraw(index)
            self._list.action_cursor_down()

    def action_move_up(self) -> None:
        """Move the marked column to the left."""
        self._move(-1)

    def action_move_down(self) -> None:
        """Move the marked column to the right."""
        self._move(1)

    def _move(self, by: int) -> None:
        index = self._list.highlighted
        if index is None or not 0 <= index + by < len(self._order):
            return
        order = self._order
        order[index], order[index + by] = order[index + by], order[index]
        self._redraw(index)
        self._redraw(index + by)
        self._list.highlighted = index + by

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the chosen columns."""
        event.stop()
        self.action_yes()

    def action_yes(self) -> None:
        """Take the chosen columns; without any, those that fit."""
        self.dismiss([name for name in self._order if name in self._shown])

    def action_usual_columns(self) -> None:
        """Take the columns that fit, as without a choice."""
        self.dismiss([])
