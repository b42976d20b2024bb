"""The actions that the overview and the detail of a call share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ari_tui.ui.clipboard import copy
from ari_tui.ui.incident import incident, row_text
from ari_tui.ui.screens.question import HangUpDialog
from ari_tui.ui.screens.screen_actions import ScreenActions

if TYPE_CHECKING:
    from ari_tui.ui.columns import Column
    from ari_tui.ui.frame import Frame
    from ari_tui.ui.view_state import Row


class CallActions(ScreenActions):
    """Copying and hanging up a call, its incident text, and its events."""

    drawn: Frame | None
    """The frame that is on the screen."""

    @property
    def current_row(self) -> Row | None:
        """Return the call that actions apply to."""
        raise NotImplementedError

    @property
    def columns(self) -> list[Column]:
        """Return the columns that a copied row has."""
        raise NotImplementedError

    def action_events(self) -> None:
        """Show the events: all of them, or those of the call that is shown in detail."""
        self.app_actions.open_events()

    def action_copy_row(self) -> None:
        """Copy the call's row."""
        if (row := self._row()) is not None and self.drawn is not None:
            self._copy(row_text(row, self.columns, self.drawn), "row")

    def action_copy_incident(self) -> None:
        """Copy an incident text of the call."""
        if (row := self._row()) is not None and self.drawn is not None:
            self._copy(incident(self.drawn, row), "incident")

    def _row(self) -> Row | None:
        row = self.current_row
        if row is None:
            self.notify("no call is selected", severity="warning", markup=False)
        return row

    def _copy(self, text: str, what: str) -> None:
        app = self.app_actions
        # rows are copied often: their files stay out of the working directory
        folder = app.folder if what == "incident" else app.copies
        copied = copy(text, what, folder=folder, now=app.now(), environment=app.environment)
        app.send_sequence(copied.sequence)
        self.notify(copied.message, markup=False)

    def action_hang_up(self) -> None:
        """Hang the call up, after a question."""
        row = self._row()
        if row is None:
            return
        call = row.call
        if row.ended:
            self.notify(f"{call.channel} has ended already", severity="warning", markup=False)
            return

        def answered(answer: str | None) -> None:
            if answer is not None:
                app = self.app_actions
                app.ask_engine(f"{call.channel} is hung up", app.actions.hang_up(call.id))

        self.app.push_screen(HangUpDialog(call.channel, call.caller), answered)
