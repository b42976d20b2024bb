"""The events on a screen of their own: every one whole, by level or text, oldest to newest."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from ari_tui.ui.bindings import Where, bar, textual_bindings
from ari_tui.ui.frame import Frame
from ari_tui.ui.screens.filter import LineDialog
from ari_tui.ui.screens.screen_actions import ScreenActions
from ari_tui.ui.widgets.banner import Banner
from ari_tui.ui.widgets.event_list import EVERY_EVENT, LEVELS, EventFilter, EventList
from ari_tui.ui.widgets.keybar import KeyBar


class EventTextDialog(LineDialog[str]):
    """Ask for a text that events must have."""

    HEADING = "Find events"
    HINT = "a part of the text, of a channel's name, or a kind such as call_failed"

    def read(self, text: str) -> str:
        """Return the text without blanks around it."""
        return text.strip()


class EventsScreen(ScreenActions):
    """The kept events; `show` draws a frame."""

    WHERE: ClassVar[Where] = "events"
    BINDINGS: ClassVar[list[BindingType]] = [
        *textual_bindings("events"),
        Binding("enter", "back", "Back", show=False),
    ]
    DEFAULT_CSS = """
    EventsScreen { layout: vertical; }
    EventsScreen.-flat KeyBar { display: none; }
    """
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (10, "-high")]

    def __init__(self, wanted: EventFilter = EVERY_EVENT) -> None:
        super().__init__()
        self._wanted = wanted
        self._drawn: Frame | None = None

    def compose(self) -> ComposeResult:
        """Lay out banner, list and key bar."""
        app = self.app_actions
        yield Banner()
        yield EventList(self._wanted)
        yield KeyBar(
            bar("events", app.keymap, ascii_only=app.ascii_only), ascii_only=app.ascii_only
        )

    @property
    def events(self) -> EventList:
        """Return the list."""
        return self.query_one(EventList)

    def on_mount(self) -> None:
        """Focus the list."""
        self.events.focus()
        if self._drawn is not None:
            self._draw(self._drawn)

    def show(self, frame: Frame) -> None:
        """Draw a frame."""
        self._drawn = frame
        if self.is_mounted:
            self._draw(frame)

    def _draw(self, frame: Frame) -> None:
        self.query_one(Banner).show(frame)
        self.events.show(frame)

    def action_back(self) -> None:
        """Go back to the screen before."""
        self.dismiss(None)

    def action_level(self) -> None:
        """Show the next level alone and above: all, warnings and errors, errors."""
        wanted = self.events.wanted
        place = (LEVELS.index(wanted.level) + 1) % len(LEVELS)
        self.events.filter(wanted._replace(level=LEVELS[place]))

    def action_find_events(self) -> None:
        """Ask for a text, which applies while it is typed."""
        self.app.push_screen(EventTextDialog(self.events.wanted.text, self._find))

    def _find(self, text: str) -> None:
        self.events.filter(self.events.wanted._replace(text=text))
