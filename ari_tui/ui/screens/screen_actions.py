"""The actions that all screens share, which the app carries out."""

from __future__ import annotations

from typing import ClassVar

from textual.screen import Screen

from ari_tui.ui.app_actions import AppActions, actions_of
from ari_tui.ui.bindings import Where
from ari_tui.ui.screens.help import HelpDialog
from ari_tui.ui.widgets.keybar import KeyBar


class ScreenActions(Screen[None]):
    """Freezing, themes, the bell, help, leaving; a key bar that is hidden under dialogs."""

    WHERE: ClassVar[Where]
    """The screen whose keys the help explains."""

    @property
    def app_actions(self) -> AppActions:
        """Return the app."""
        return actions_of(self)

    def on_screen_suspend(self) -> None:
        """Hide the keys of the key bar under a dialog, where they are inactive."""
        self.query_one(KeyBar).mute(self.app.screen.is_modal)

    def on_screen_resume(self) -> None:
        """Show the keys again."""
        self.query_one(KeyBar).mute(False)

    def action_freeze(self) -> None:
        """Freeze the screen, or unfreeze it."""
        self.app_actions.freeze()

    def action_next_theme(self) -> None:
        """Switch to the next theme."""
        self.app_actions.action_next_theme()

    def action_bell(self) -> None:
        """Turn the bell on or off."""
        self.notify(
            f"bell {'on' if self.app_actions.toggle_bell() else 'off'}", timeout=2, markup=False
        )

    def action_help(self) -> None:
        """Show the keys."""
        self.app.push_screen(HelpDialog(self.WHERE))

    def action_leave_screen(self) -> None:
        """Leave, with the last screen in the scroll-back."""
        self.app_actions.action_leave_screen()
