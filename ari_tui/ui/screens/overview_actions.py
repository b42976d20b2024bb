"""The actions of the overview: changes of the view, and exports of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from textual.screen import Screen

from ari_tui.core.errors import ExportError
from ari_tui.core.number_format import plural
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
    """The actions of `Overview`, which draws again after each."""

    WHERE: ClassVar[Where] = "overview"
    view_state: ViewState
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
        """Draw the same frame after a change of the view."""
        raise NotImplementedError

    @property
    def current_row(self) -> Row | None:
        """Return the selected call."""
        return next((row for row in self.rows if row.call.id == self.table.selected), None)

    def change_view(self, state: ViewState, message: str = "") -> None:
        """Change the view; `message` is shown as a toast where no pane says the same."""
        self.view_state = state
        self.redraw()
        if message:
            self.notify(message, timeout=2, markup=False)

    # -- the view ---------------------------------------------------------------------------

    def action_lock_order(self) -> None:
        """Lock the order of rows, or unlock it."""
        state = view_state.toggled(self.view_state, "locked")
        self.change_view(state, "order locked" if state.locked else "order follows the values")

    def action_next_window(self) -> None:
        """Show the figures of the next window."""
        state = view_state.next_window(self.view_state)
        self.change_view(state, f"window: {view_state.window_name(state.window)}")

    def _sort_beside(self, step: int) -> None:
        if self.drawn is not None:
            shape = shape_of(self.columns, self.table.size.width, self.drawn)
            shown = [column.id for column in shape.columns]
            self.change_view(view_state.sort_beside(self.view_state, step, shown))

    def action_sort_left(self) -> None:
        """Sort by the column to the left."""
        self._sort_beside(-1)

    def action_sort_right(self) -> None:
        """Sort by the column to the right."""
        self._sort_beside(1)

    def action_reverse(self) -> None:
        """Reverse the order."""
        self.change_view(view_state.toggled(self.view_state, "reverse"))

    def action_violators(self) -> None:
        """Show only calls with a proved fault, or all."""
        self.change_view(view_state.toggled(self.view_state, "violators"))

    def action_ended(self) -> None:
        """Show the calls that have ended, or only those of the last half minute."""
        state = view_state.toggled(self.view_state, "ended")
        kept = len(self.drawn.ended) if self.drawn is not None else 0
        many = f"{plural(kept, 'call')} that ended before"
        self.change_view(state, f"with {many}" if state.ended else f"without {many}")

    def action_filter(self) -> None:
        """Ask for a filter, which applies while it is typed."""
        self.app.push_screen(
            FilterDialog(self.view_state.filter.text, self._apply_filter), self._filtered
        )

    def _apply_filter(self, found: Filter) -> None:
        self.change_view(msgspec.structs.replace(self.view_state, filter=found))

    def _filtered(self, found: Filter | None) -> None:
        if found is not None:
            self._apply_filter(found)

    def action_columns(self) -> None:
        """Choose the columns."""
        shown = [column.id for column in self.columns]
        self.app.push_screen(ColumnsDialog(shown), self._columns_chosen)

    def _columns_chosen(self, chosen: list[str] | None) -> None:
        if chosen is not None:
            self.change_view(msgspec.structs.replace(self.view_state, columns=tuple(chosen)))

    def action_ask_quit(self) -> None:
        """Quit, as the app does."""
        self.app_actions.action_ask_quit()

    # -- one call, and exports ------------------------------------------------------------

    def on_channel_table_chosen(self, event: ChannelTable.Chosen) -> None:
        """Open a call."""
        self.app_actions.open_call(event.call_id)

    def action_export(self) -> None:
        """Write what is shown to a CSV and a JSON file."""
        frame = self.drawn
        if frame is None:
            return
        app = self.app_actions
        target: dict[str, Any] = {"folder": app.folder, "now": app.now()}
        try:
            paths = [
                export(self.rows, self.columns, frame, self.view_state, form="csv", **target),
                export(self.rows, self.columns, frame, self.view_state, form="json", **target),
            ]
        except ExportError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        names = " and ".join(path.name for path in paths)
        calls = plural(len(self.rows), "call")
        self.notify(f"{calls} in {names} in {paths[0].parent}", markup=False)
