"""The app: a timer that makes frames of the newest document, and what all screens share.

Widgets poll nothing: twice a second the active screen gets one `Frame`. No other module of the user
interface reads a clock.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import platformdirs
from textual.binding import BindingType
from textual.driver import Driver
from textual.reactive import reactive
from textual.screen import Screen
from textual.timer import Timer

from ari_tui.client.actions import Actions
from ari_tui.client.source import Link, Source
from ari_tui.config.settings import UiSettings
from ari_tui.document.model import Document
from ari_tui.ui.app_actions import AppActions
from ari_tui.ui.bindings import keymap, textual_bindings
from ari_tui.ui.columns import Column
from ari_tui.ui.driver import TerminalDriver
from ari_tui.ui.frame import Frame
from ari_tui.ui.leaving import LeavingApp
from ari_tui.ui.limits import Limits
from ari_tui.ui.palette import Commands
from ari_tui.ui.screens.overview import Overview
from ari_tui.ui.themed_app import plain
from ari_tui.ui.themes import Themes
from ari_tui.ui.view_state import mark_of
from ari_tui.ui.widgets.event_list import EventFilter

if TYPE_CHECKING:
    from ari_tui.ui.screens.detail import DetailScreen


class Bell:
    """Rings when a fault of a call is proved."""

    def __init__(self, *, on: bool) -> None:
        self.on = on
        self._failing: set[str] | None = None
        """None before the first document, for which it does not ring."""

    def toggle(self) -> bool:
        """Turn the bell on or off; return whether it is on."""
        self.on = not self.on
        return self.on

    def rings(self, document: Document) -> bool:
        """Return whether a call has a proved fault that had none in the document before."""
        failing = {call.id for call in document.calls if mark_of(call) == "!"}
        fresh = self._failing is not None and bool(failing - self._failing)
        self._failing = failing
        return self.on and fresh


_THEMES_S: Final = 1.0
_EAGER_S: Final = 0.1
"""How often the first calls are looked for, in seconds."""
_NO_KEY: Final = "no_key"
"""No key has this name in Textual."""


class AriTuiApp(LeavingApp):
    """Shows the documents of a source.

    `owned`: the engine was started with the screen, and ends with it unless it `stays`.
    """

    TITLE = "ari-tui"
    BINDINGS: ClassVar[list[BindingType]] = [*textual_bindings("app")]
    ENABLE_COMMAND_PALETTE = True
    COMMANDS = {Commands}
    frame: reactive[Frame | None] = reactive(None, init=False, repaint=False, always_update=True)
    """The newest; its watcher shows it on the active screen."""

    def __init__(
        self,
        source: Source,
        settings: UiSettings,
        *,
        owned: bool,
        stays: bool,
        folder: Path | None = None,
        environment: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        themes = Themes.load(settings.themes_dir)
        super().__init__(
            themes, settings.theme, plain_output=plain(environment), ascii_only=settings.ascii
        )
        self.source, self.actions = source, Actions(source)
        self.settings, self.owned, self.stays = settings, owned, stays
        self.folder = folder or Path.cwd()
        """Folder of exports and incident texts: the working directory, as with a capture tool."""
        self.copies = folder or platformdirs.user_state_path("ari-tui", appauthor=False) / "copies"
        self.environment, self.now = environment, now
        self.alarm = Bell(on=settings.bell)
        self.gone = ""
        self._clock = clock
        self._frozen: Frame | None = None
        self._frozen_at = 0.0
        self._frame_timers: list[Timer] = []
        self._seen = -1
        self.keymap = keymap(settings.keys)
        # Textual ignores an empty text
        self.set_keymap({name: keys or _NO_KEY for name, keys in self.keymap.items()})
        self.overview = Overview(settings, self.keymap)

    def get_driver_class(self) -> type[Driver]:
        """Return the driver of the terminal."""
        return TerminalDriver

    def get_default_screen(self) -> Screen[None]:
        """Return the screen that is at the bottom of the stack."""
        return self.overview

    def on_mount(self) -> None:
        """Start the timers; they pause while the process is suspended."""
        self._frame_timers = [
            self.set_interval(1 / self.settings.refresh_hz, self.make_frame),
            self.set_interval(_THEMES_S, self._look_at_themes),
            self.set_interval(_EAGER_S, self._look_for_calls),
        ]
        self.app_suspend_signal.subscribe(self, lambda _: self._each_timer(Timer.pause))
        self.app_resume_signal.subscribe(self, lambda _: self._each_timer(Timer.resume))
        for problem in self.themes.problems:
            self.notify(problem, title="theme", severity="warning", markup=False)

    def _look_for_calls(self) -> None:
        """Draw the first calls as soon as they are known, not only at the next refresh."""
        if self.frame is not None and self.frame.document.calls:
            self._frame_timers.pop().stop()
        elif self.source.version != self._seen:
            self._seen = self.source.version
            self.make_frame()

    def _each_timer(self, what: Callable[[Timer], None]) -> None:
        for timer in self._frame_timers:
            what(timer)

    def _look_at_themes(self) -> None:
        for problem in self.reload_themes() or ():
            self.notify(problem, title="theme", severity="warning", markup=False)

    # -- frames ----------------------------------------------------------------------------

    @property
    def link(self) -> Link:
        """Return the state of the link to the engine."""
        return Link("ended", self.gone) if self.gone else self.source.link

    @property
    def frozen(self) -> bool:
        """Return whether the screen is frozen."""
        return self._frozen is not None

    def _carry_out_resize(self) -> None:
        """Apply a resize that Textual has noted but not laid out.

        Textual 8.2.8 lays out by a one-shot timer of 8 ms. Such a timer never fires if it was due
        before its task first ran: on an overloaded machine the old layout would stay.
        """
        if self._resize_event is not None:
            self._check_resize()

    def make_frame(self) -> None:
        """Make a frame of the newest document, or of that of the freeze."""
        self._carry_out_resize()
        source = self.source
        if self._frozen is not None:
            self.frame = self._frozen._replace(
                link=self.link, age_s=source.age_s, frozen_s=self._clock() - self._frozen_at
            )
        elif source.document is not None:
            self.frame = Frame(
                document=source.document,
                history=source.history,
                events=source.events,
                ended=source.ended.all(),
                limits=Limits.of(source.document.sla),
                link=self.link,
                age_s=source.age_s,
                ascii=self.settings.ascii,
            )
        elif isinstance(self.screen, Overview):
            self.screen.wait_for(self.link, source.address)

    def watch_frame(self, frame: Frame | None) -> None:
        """Show a frame on the active screen, or on the one behind a dialog."""
        if frame is None:
            return
        if frame.frozen_s is None and self.alarm.rings(frame.document):
            self.bell()
        for screen in reversed(self.screen_stack):
            show = getattr(screen, "show", None)
            if show is not None:
                show(frame)
                return

    def freeze(self) -> None:
        """Freeze the screen, or unfreeze it; engine and source go on in any case."""
        if self._frozen is not None:
            self._frozen = None
        elif (frame := self.frame) is not None:
            self._frozen = frame._replace(
                history=frame.history.copy(), events=list(frame.events), frozen_s=0.0
            )
            self._frozen_at = self._clock()
        self.make_frame()

    def show_engine_ended(self, why: str) -> None:
        """Keep the last frame, with a banner that the engine has ended."""
        self.gone = why
        self.make_frame()

    def open_call(self, call_id: str) -> None:
        """Show a call in detail."""
        from ari_tui.ui.screens.detail import DetailScreen  # charts take a while to import

        self.push_screen(DetailScreen(call_id, self.actions))
        self.make_frame()

    def open_events(self, text: str = "") -> None:
        """Show the events, those with a text in them or all; errors count as read."""
        from ari_tui.ui.screens.events import EventsScreen  # not needed to show the first calls

        self.overview.errors.acknowledge()
        self.push_screen(EventsScreen(EventFilter(text=text)))
        self.make_frame()

    def on_detail_screen_stepped(self, message: DetailScreen.Stepped) -> None:
        """Show the next call of the overview, or the one before."""
        detail = message.screen
        detail.open(self.overview.beside(detail.call, message.by, self.frame))

    def on_detail_screen_closed(self, message: DetailScreen.Closed) -> None:
        """Return to the overview, with the row of the call selected."""
        if message.screen is self.screen:
            self.overview.table.select(message.screen.call)
            self.pop_screen()

    def toggle_bell(self) -> bool:
        """Turn the bell on or off; return whether it is on."""
        return self.alarm.toggle()

    @property
    def overview_columns(self) -> list[Column]:
        """Return the columns of the overview."""
        return self.overview.columns

    def send_sequence(self, sequence: str) -> None:
        """Write a control sequence directly to the terminal."""
        if self._driver is not None:
            self._driver.write(sequence)


if TYPE_CHECKING:

    def _screens_can_ask(app: AriTuiApp) -> AppActions:
        return app
