"""The app as its screens see it: a protocol, so that no screen imports the app."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, cast

from textual.screen import Screen

from ari_tui.client.actions import Actions
from ari_tui.ui.columns import Column


class AppActions(Protocol):
    """What screens use of the app."""

    actions: Actions
    """Requests to the engine."""
    environment: Mapping[str, str]
    folder: Path
    """Where exports and incident texts are written."""
    copies: Path
    """Where files of copied rows are written."""
    keymap: Mapping[str, str]
    now: Callable[[], datetime]
    ascii_only: bool

    @property
    def overview_columns(self) -> list[Column]:
        """Return the columns of the overview."""

    def make_frame(self) -> None:
        """Draw the newest document now."""

    def freeze(self) -> None:
        """Freeze the screen, or follow the engine again."""

    def open_call(self, call_id: str) -> None:
        """Open the detail of a call."""

    def open_events(self, text: str = "") -> None:
        """Open the events, those with a text in them or all; errors count as read."""

    def toggle_bell(self) -> bool:
        """Turn the bell on or off; return whether it is on."""

    def ask_engine(self, done: str, request: Awaitable[object]) -> None:
        """Send a request to the engine; `done` or its error is shown as a toast."""

    def send_sequence(self, sequence: str) -> None:
        """Send a control sequence to the terminal."""

    def action_ask_quit(self) -> None:
        """Quit; ask first while calls are up."""

    def action_leave_screen(self) -> None:
        """Quit, and leave the last screen in the scroll-back."""

    def action_next_theme(self) -> None:
        """Switch to the next theme."""


def actions_of(screen: Screen[Any]) -> AppActions:
    """Return a screen's app, which Textual types as `App[object]`."""
    return cast("AppActions", screen.app)
