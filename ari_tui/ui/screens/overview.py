"""The overview: the table of all calls, and around it the panes that the terminal has room for.

From 200x50 down to one line: under 140 columns the panes beside the table go, under 34 lines the
event log, under 80x24 the key bar, and under 40x8 all but one line with the verdict. Every layout
says where the fault is.
"""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Static

from ari_tui.client.source import Link
from ari_tui.config.settings import UiSettings
from ari_tui.ui.bindings import BY_ID, Keymap, bar, keys_of, textual_bindings
from ari_tui.ui.columns import MEDIUM, Column, chosen
from ari_tui.ui.columns import WIDE as WIDE_COLUMNS
from ari_tui.ui.frame import Frame
from ari_tui.ui.key_names import shown as shown_key
from ari_tui.ui.rows import arrange, sort_label
from ari_tui.ui.screens.overview_actions import OverviewActions
from ari_tui.ui.view_state import NARROW, Row, ViewState, filter_label
from ari_tui.ui.widgets.banner import Banner
from ari_tui.ui.widgets.events import EventsPane
from ari_tui.ui.widgets.header import HeaderPane, OneLine
from ari_tui.ui.widgets.histogram import HistogramPane
from ari_tui.ui.widgets.instrument import InstrumentPane
from ari_tui.ui.widgets.keybar import KeyBar
from ari_tui.ui.widgets.loss_runs import RunsPane
from ari_tui.ui.widgets.newest_error import NewestError
from ari_tui.ui.widgets.pane import Pane
from ari_tui.ui.widgets.rules import RulesPane
from ari_tui.ui.widgets.table import ChannelTable
from ari_tui.ui.widgets.trend import TrendPane
from ari_tui.ui.widgets.where import WherePane

_MEDIUM_FROM: Final = 96
"""From this width on, the table has callers."""
WIDE: Final = 140
"""From this width on, panes are beside the table."""


class Overview(OverviewActions, Screen[None]):
    """All calls, and the verdict over them."""

    BINDINGS: ClassVar[list[BindingType]] = [*textual_bindings("overview")]
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (40, "-narrow"), (80, "-normal"), (WIDE, "-wide")]
    VERTICAL_BREAKPOINTS = [
        (0, "-flat"),
        (8, "-low"),
        (24, "-high"),
        (34, "-tall"),
        (43, "-taller"),
        (50, "-huge"),
    ]
    DEFAULT_CSS = """
    Overview {
        #waiting, OneLine, EventsPane, #panes { display: none; }
        #body { height: 1fr; }
        #panes { width: 61; padding-left: 1; }
        EventsPane { height: 8; }
        &.-tall WherePane, &.-taller WherePane, &.-huge WherePane { height: 4; }
        &.-wide.-tall EventsPane, &.-wide.-taller EventsPane { height: 5; }
        &.-wide.-huge EventsPane { height: 6; }
        RulesPane { height: 9; }
        HistogramPane, TrendPane { height: 1fr; min-height: 6; }
        RunsPane { height: 6; }
        InstrumentPane { height: 9; }
        &.-tall EventsPane, &.-taller EventsPane, &.-huge EventsPane { display: block; }
        &.-wide #panes { display: block; }
        /* no pane is cut: where there is no room for all, these go first */
        &.-high RunsPane, &.-tall RunsPane, &.-taller RunsPane { display: none; }
        &.-high InstrumentPane, &.-tall InstrumentPane { display: none; }
        &.-low KeyBar, &.-narrow KeyBar, &.-low #panes { display: none; }
        &.-tiny, &.-flat {
            HeaderPane, WherePane, Banner, #body, EventsPane, NewestError, KeyBar { display: none; }
            OneLine { display: block; }
        }
        &.waiting {
            HeaderPane, WherePane, #body, EventsPane, NewestError, KeyBar, OneLine {
                display: none;
            }
            #waiting { display: block; height: 1fr; content-align: center middle; }
        }
    }
    """

    def __init__(self, settings: UiSettings, keymap: Keymap) -> None:
        super().__init__()
        self.view_state = ViewState(columns=settings.columns)
        self.rows: list[Row] = []
        """Those that are shown, in order."""
        self.drawn: Frame | None = None
        """The frame that is on the screen."""
        self._settings, self._keys = settings, bar("overview", keymap, ascii_only=settings.ascii)
        self._quit = shown_key(keys_of(BY_ID["quit"], keymap)[0], ascii_only=settings.ascii)
        events = keys_of(BY_ID["events"], keymap)
        self._events_key = shown_key(events[0], ascii_only=settings.ascii) if events else ""
        self._held: list[str] = []
        self.add_class("waiting")

    def compose(self) -> ComposeResult:
        """Make the widgets; the CSS hides some of them by breakpoint."""
        yield Static(id="waiting", markup=False)
        yield HeaderPane()
        yield WherePane()
        yield Banner()
        with Horizontal(id="body"):
            yield ChannelTable()
            with Vertical(id="panes"):
                yield RulesPane()
                yield HistogramPane()
                yield TrendPane()
                yield RunsPane()
                yield InstrumentPane()
        yield EventsPane()
        yield NewestError(self._events_key)
        yield KeyBar(self._keys, ascii_only=self._settings.ascii)
        yield OneLine()

    @property
    def table(self) -> ChannelTable:
        """Return the table of calls."""
        return self.query_one(ChannelTable)

    @property
    def errors(self) -> NewestError:
        """Return the line with the newest error."""
        return self.query_one(NewestError)

    @property
    def columns(self) -> list[Column]:
        """Return the chosen columns, or those for this width."""
        width = self.app.size.width
        usual = WIDE_COLUMNS if width >= WIDE else MEDIUM if width >= _MEDIUM_FROM else NARROW
        return chosen(self.view_state.columns or usual)

    def on_mount(self) -> None:
        """Focus the table."""
        self.table.focus()

    def wait_for(self, link: Link, address: str) -> None:
        """Show that there is no document yet, and why."""
        why = f"\n{link.detail}" if link.detail else ""
        text = f"waiting for the engine at {address}{why}\n{self._quit} quits"
        self.query_one("#waiting", Static).update(text)

    def show(self, frame: Frame) -> None:
        """Draw a frame with the chosen filter, sort, window and columns."""
        if not self.is_mounted:
            return
        self.remove_class("waiting")
        state = self.view_state
        frame = frame._replace(window=state.window)
        ended = frame.ended if state.ended or state.filter.finds_ended else ()
        self.rows = arrange(frame.document, frame.history, state, self._held, ended)
        self._held = self._order_to_hold(frame)
        self.drawn = frame
        table = self.table
        table.sort, table.reverse = state.sort, state.reverse
        table.show(self.rows, self.columns, frame)
        sort = sort_label(state, ascii_only=frame.ascii)
        self.query_one(HeaderPane).hints(filter_label(state), sort)
        for pane in self.query(Pane):
            pane.show(frame)

    def _order_to_hold(self, frame: Frame) -> list[str]:
        """Return the calls in order; a locked one has places for calls hidden by a filter."""
        shown_now = [row.call.id for row in self.rows]
        if not self.view_state.locked:
            return shown_now
        present = {call.id for call in (*frame.document.calls, *frame.ended)}
        held = [call for call in self._held if call in present]
        return list(dict.fromkeys([*held, *shown_now]))

    def beside(self, call_id: str, step: int, frame: Frame | None) -> str:
        """Return the call `step` rows below one, from the last on to the first.

        The rows are those last drawn on the overview, without calls that have gone.
        """
        here = (*frame.document.calls, *frame.ended) if frame is not None else ()
        known = {call.id for call in here}
        ids = [row.call.id for row in self.rows if row.call.id in known or row.call.id == call_id]
        return ids[(ids.index(call_id) + step) % len(ids)] if call_id in ids else call_id

    def redraw(self) -> None:
        """Draw the same frame after a change of the view."""
        if self.drawn is not None:
            self.show(self.drawn)

    def on_screen_resume(self) -> None:
        """Draw the changes made while another screen was active."""
        self.app_actions.make_frame()

    def on_resize(self) -> None:
        """Take the columns for the new width."""
        self.redraw()
