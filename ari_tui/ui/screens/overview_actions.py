"""What keys do on the overview: how the table is looked at, and what is taken away from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from textual.screen import Screen

from ari_tui.core.errors import ExportError
from ari_tui.ui import view_state
from ari_tui.ui.bindings import Where
from ari_tui.ui.export import export
from ari_tui.ui.screens.call_actions import CallActions
from ari_tui.ui.screens.columns import ColumnsDialog
from ari_tui.ui.screens.filter import FilterDialog
from ari_tui.ui.view_state import Filter, Row, ViewState
from ari_tui.ui.widgets.table import ChannelTable
from ari_tui.ui.widgets.table_shape import shape_of

if TYPE_CHECKING:
    from ari_tui.ui.columns import Column
    from ari_tui.ui.frame import Frame


class OverviewActions(CallActions, Screen[None]):
    """The actions of `Overview`, which draws; every one of them ends in another drawing."""

    WHERE: ClassVar[Where] = "overview"
    choices: ViewState
    rows: list[Row]
    drawn: Frame | None

    @property
    def table(self) -> ChannelTable:
        """Return the table of calls."""
        raise NotImplementedError

    @property
    def columns(self) -> list[Column]:
        """Return the columns that are shown."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw the same frame after a choice."""
        raise NotImplementedError

    @property
    def call_in_hand(self) -> Row | None:
        """Return the selected call."""
        return next((row for row in self.rows if row.call.id == self.table.selected), None)

    def choose(self, choices: ViewState, told: str = "") -> None:
        """Take other choices, and say what they are where no other place does."""
        self.choices = choices
        self.redraw()
        if told:
            self.notify(told, timeout=2, markup=False)

    # -- how it is looked at ---------------------------------------------------------------

    def action_lock_order(self) -> None:
        """Hold the order of rows, or let it go."""
        choices = view_state.lock_toggled(self.choices)
        self.choose(choices, "order locked" if choices.locked else "order follows the values")

    def action_next_window(self) -> None:
        """Look at the next window."""
        choices = view_state.next_window(self.choices)
        self.choose(choices, f"window: {view_state.name_of(choices.window)}")

    def _sort_beside(self, step: int) -> None:
        if self.drawn is not None:
            shape = shape_of(self.columns, self.table.size.width, self.drawn)
            shown = [column.id for column in shape.columns]
            self.choose(view_state.sort_beside(self.choices, step, shown))

    def action_sort_left(self) -> None:
        """Sort by the column to the left."""
        self._sort_beside(-1)

    def action_sort_right(self) -> None:
        """Sort by the column to the right."""
        self._sort_beside(1)

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.choose(view_state.reversed_order(self.choices))

    def action_violators(self) -> None:
        """Show only calls that break a limit, or all."""
        self.choose(view_state.violators_toggled(self.choices))

    def action_filter(self) -> None:
        """Ask for a filter; what is typed is tried at once."""
        self.app.push_screen(FilterDialog(self.choices.filter.text, self._try), self._filtered)

    def _try(self, found: Filter) -> None:
        self.choose(msgspec.structs.replace(self.choices, filter=found))

    def _filtered(self, found: Filter | None) -> None:
        if found is not None:
            self._try(found)

    def action_columns(self) -> None:
        """Choose the columns."""
        shown = [column.id for column in self.columns]
        self.app.push_screen(ColumnsDialog(shown), self._columns_chosen)

    def _columns_chosen(self, chosen: list[str] | None) -> None:
        if chosen is not None:
            self.choose(msgspec.structs.replace(self.choices, columns=tuple(chosen)))

    def action_ask_quit(self) -> None:
        """Leave, as the app does it."""
        self.app_actions.action_ask_quit()

    # -- one call, and the view taken away -------------------------------------------------

    def on_channel_table_chosen(self, event: ChannelTable.Chosen) -> None:
        """Open a call."""
        self.app_actions.open_call(event.call_id)

    def action_export(self) -> None:
        """Write what is shown to a CSV and a JSON file."""
        frame = self.drawn
        if frame is None:
            return
        app = self.app_actions
        taking: dict[str, Any] = {"folder": app.folder, "now": app.now()}
        try:
            paths = [
                export(self.rows, self.columns, frame, self.choices, form="csv", **taking),
                export(self.rows, self.columns, frame, self.choices, form="json", **taking),
            ]
        except ExportError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        names = " and ".join(path.name for path in paths)
        calls = f"{len(self.rows)} call{'' if len(self.rows) == 1 else 's'}"
        self.notify(f"{calls} in {names} in {paths[0].parent}", markup=False)
