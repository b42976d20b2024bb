"""One call in detail: where its packets spend their time, and where to look.

The engine is queried only while the screen is active: for the detail every two seconds (its charts
are drawn as often), for Asterisk's own statistics every five.
"""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.timer import Timer

from ari_tui.client.actions import Actions
from ari_tui.document.model import Call
from ari_tui.ui.bindings import Where, bar, textual_bindings
from ari_tui.ui.columns import Column
from ari_tui.ui.frame import Frame
from ari_tui.ui.rows import row_of
from ari_tui.ui.screens.call_actions import CallActions
from ari_tui.ui.screens.call_queries import CallQueries, What
from ari_tui.ui.view_state import Row
from ari_tui.ui.widgets.banner import Banner
from ari_tui.ui.widgets.detail_page import DetailPage
from ari_tui.ui.widgets.detail_view import DetailView
from ari_tui.ui.widgets.keybar import KeyBar

DETAIL_S: Final = 2.0
STATISTICS_S: Final = 5.0
_GONE: Final = "ended: this is its last state; seconds, gaps and charts are not kept"
_NEWER: Final = "frozen; intervals, charts and what Asterisk says are newer: asked just now"


class _Scroll(VerticalScroll, can_focus=False):
    """Scrolls by the bindings of the screen: with the focus it would handle left and right."""


class DetailScreen(CallActions):
    """One call; `show` draws a frame. The app answers `Stepped` by `open`."""

    WHERE: ClassVar[Where] = "detail"
    BINDINGS: ClassVar[list[BindingType]] = [
        *textual_bindings("detail"),
        Binding("up,k", "scroll(-1)", "Up a line", show=False),
        Binding("down,j", "scroll(1)", "Down a line", show=False),
        Binding("pageup", "page(-1)", "Up a page", show=False),
        Binding("pagedown", "page(1)", "Down a page", show=False),
        Binding("home", "edge(False)", "To the top", show=False),
        Binding("end", "edge(True)", "To the end", show=False),
        Binding("enter", "back", "Back to all calls", show=False),
    ]
    DEFAULT_CSS = """
    DetailScreen { layout: vertical; }
    DetailScreen _Scroll { height: 1fr; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    DetailScreen.-flat KeyBar { display: none; }
    """
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (10, "-high")]

    class Stepped(Message):
        """The user asks for the next (`by` 1) or the previous call (-1)."""

        def __init__(self, screen: DetailScreen, by: int) -> None:
            super().__init__()
            self.screen = screen
            self.by = by

    class Closed(Message):
        """The user goes back to all calls."""

        def __init__(self, screen: DetailScreen) -> None:
            super().__init__()
            self.screen = screen

    def __init__(self, call: str, actions: Actions) -> None:
        super().__init__()
        self.call = call
        """The call's id."""
        self.drawn: Frame | None = None
        self._known: Call | None = None
        self._queries = CallQueries(actions, call)
        self._query_timers: list[Timer] = []

    def compose(self) -> ComposeResult:
        """Lay out banner, page and key bar."""
        yield Banner()
        with _Scroll():
            yield DetailPage()
        app = self.app_actions
        yield KeyBar(
            bar("detail", app.keymap, ascii_only=app.ascii_only), ascii_only=app.ascii_only
        )

    @property
    def current_row(self) -> Row | None:
        """Return the call that is shown, as its last frame had it."""
        frame, call = self.drawn, self._known
        if frame is None or call is None:
            return None
        return row_of(call, frame.history)

    @property
    def columns(self) -> list[Column]:
        """Return the columns of the overview."""
        return self.app_actions.overview_columns

    # -- frames ----------------------------------------------------------------------------

    def show(self, frame: Frame) -> None:
        """Draw a frame; a call that has left the document stays as it was."""
        self.drawn = frame
        self._known = frame.find(self.call) or self._known
        if self.is_mounted:
            self._draw_all(frame)

    def _draw_all(self, frame: Frame) -> None:
        self.query_one(Banner).show(frame)
        scroll_styles = self.query_one(_Scroll).styles
        # scrollbars have block characters; a stable gutter of width 0 takes the whole line
        scroll_styles.scrollbar_size_vertical = 0 if frame.ascii else 1
        scroll_styles.scrollbar_gutter = "auto" if frame.ascii else "stable"
        self._draw()

    def open(self, call: str) -> None:
        """Show another call, from the top of its page."""
        if call == self.call:
            return
        self.call, self._known = call, None
        self._queries.reset(call)
        self.query_one(_Scroll).scroll_home(animate=False)
        if self.drawn is not None:
            self.show(self.drawn)
        self._ask_both()

    def _draw(self) -> None:
        if self.drawn is None or self._known is None:
            return
        left = _find(self.drawn, self.call) is None
        gone = _GONE if left else ""
        asked = self._queries
        newer = _NEWER if asked.newer and self.drawn.frozen_s is not None else ""
        self.query_one(DetailPage).show_view(
            DetailView(
                frame=self.drawn,
                call=self._known,
                detail=asked.detail,
                statistics=asked.statistics,
                trouble=gone or asked.trouble or newer,
                statistics_trouble=asked.statistics_trouble,
                has_left=left,
            )
        )

    # -- asking the engine -----------------------------------------------------------------

    def on_mount(self) -> None:
        """Start the timers of the queries; they run while the screen is active."""
        self._query_timers = [
            self.set_interval(DETAIL_S, partial(self._ask, "detail")),
            self.set_interval(STATISTICS_S, partial(self._ask, "statistics")),
        ]
        self.app.app_suspend_signal.subscribe(self, lambda _: self._pause())
        self.app.app_resume_signal.subscribe(self, lambda _: self._resume())
        if self.drawn is not None:
            self._draw_all(self.drawn)

    def on_unmount(self) -> None:
        """Unsubscribe from the app's signals: they would keep every screen ever opened."""
        self.app.app_suspend_signal.unsubscribe(self)
        self.app.app_resume_signal.unsubscribe(self)

    def on_screen_suspend(self) -> None:
        """Pause the queries: another screen is active."""
        self._pause()

    def on_screen_resume(self) -> None:
        """Resume the queries, beginning at once."""
        self._resume()

    def _pause(self) -> None:
        for timer in self._query_timers:
            timer.pause()

    def _resume(self) -> None:
        for timer in self._query_timers:
            timer.resume()
        if self._query_timers:
            self._ask_both()

    def _ask_both(self) -> None:
        self._ask("detail")
        self._ask("statistics")

    def _ask(self, what: What) -> None:
        """Send a query unless its answer cannot be new."""
        call, frame = self.call, self.drawn
        has_left = frame is not None and _find(frame, call) is None
        is_frozen = frame is not None and frame.frozen_s is not None
        if has_left or not self._queries.begin(what, frozen=is_frozen):
            return

        async def ask() -> None:
            await self._queries.ask(what, call)
            self._draw()

        self.run_worker(ask(), exit_on_error=False)

    # -- keys ------------------------------------------------------------------------------

    def action_back(self) -> None:
        """Go back to all calls."""
        self.post_message(self.Closed(self))

    def action_events(self) -> None:
        """Show the events of this call."""
        self.app_actions.open_events(self._known.channel if self._known is not None else "")

    def action_next_call(self) -> None:
        """Show the next call."""
        self.post_message(self.Stepped(self, 1))

    def action_previous_call(self) -> None:
        """Show the previous call."""
        self.post_message(self.Stepped(self, -1))

    def action_scroll(self, lines: int) -> None:
        """Scroll by lines."""
        self.query_one(_Scroll).scroll_relative(y=lines, animate=False)

    def action_page(self, pages: int) -> None:
        """Scroll by pages that overlap by a line."""
        scroll = self.query_one(_Scroll)
        step = max(1, scroll.size.height - 1)
        scroll.scroll_relative(y=pages * step, animate=False)

    def action_edge(self, end: bool) -> None:
        """Scroll to the top or the end."""
        scroll = self.query_one(_Scroll)
        scroll.scroll_end(animate=False) if end else scroll.scroll_home(animate=False)


def _find(frame: Frame, call: str) -> Call | None:
    return next((one for one in frame.document.calls if one.id == call), None)
