"""The table of calls on Textual's Line API: only lines whose content changed are drawn again.

Textual's DataTable renders all rows in view whenever one cell changes. Here a line is drawn from a
value with all that it shows; a line in view whose value has not changed is not drawn again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from ari_tui.ui.bindings import textual_bindings
from ari_tui.ui.columns import Column
from ari_tui.ui.frame import Frame
from ari_tui.ui.view_state import Row
from ari_tui.ui.widgets.table_cursor import Cursor
from ari_tui.ui.widgets.table_renderer import UNKNOWN, Content, TableRenderer, TableView

_HEADER: Final = 1
"""Lines above the first row."""


class ChannelTable(ScrollView, can_focus=True, inherit_bindings=False):
    """Show a row a call, the first line a header. The selection is a call, never a row number."""

    BINDINGS = [*textual_bindings("table")]
    ALLOW_SELECT = False
    ALLOW_MAXIMIZE = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--header",
        "table--row",
        "table--selected",
        "table--ended",
        "table--stale",
        "table--fail",
        "table--near",
        "table--lost",
        "table--over",
        "table--spark",
        "table--spark-high",
        "table--dim",
    }
    DEFAULT_CSS = """
    ChannelTable {
        width: 1fr;
        height: 1fr;
        overflow: hidden hidden;
        background: $background;
        color: $foreground;
        & > .table--header { text-style: bold; }
        & > .table--row { color: $foreground; }
        & > .table--selected {
            background: $block-cursor-blurred-background;
            text-style: $block-cursor-text-style;
        }
        & > .table--ended { text-style: dim; }
        & > .table--stale { color: $stale; }
        & > .table--fail { color: $sla-fail; text-style: bold; }
        & > .table--near { color: $sla-near; }
        & > .table--lost { color: $lost; text-style: bold not reverse; }
        & > .table--over { color: $sla-fail; text-style: bold not reverse; }
        & > .table--spark { color: $spark-lo; text-style: not bold not reverse; }
        & > .table--spark-high { color: $spark-hi; text-style: not bold not reverse; }
        & > .table--dim { text-style: not bold dim; }
    }
    """

    class Highlighted(Message):
        """Another call is selected; None when there is none left."""

        def __init__(self, call_id: str | None) -> None:
            super().__init__()
            self.call_id = call_id

    class Chosen(Message):
        """The user opens a call."""

        def __init__(self, call_id: str) -> None:
            super().__init__()
            self.call_id = call_id

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sort = ""
        """Id of the column that gets the arrow; the next `show` draws it."""
        self.reverse = False
        """Whether the largest come first."""
        self.rendered_lines = 0
        """Lines rendered so far."""
        self._rows: Sequence[Row] = ()
        self._cursor = Cursor()
        self._renderer = TableRenderer(self._component)
        self._painted: dict[int, Content] = {}
        """By line of the widget the content that Textual last got for it."""

    def show(self, rows: Sequence[Row], columns: Sequence[Column], frame: Frame) -> None:
        """Show these rows, in this order; lines in view that differ from before are repainted."""
        self._rows, before = rows, self.selected
        self._renderer.take(rows, columns, frame)
        self._cursor.take([row.call.id for row in rows])
        self._post_highlighted(before)
        self._update_view()

    @property
    def selected(self) -> str | None:
        """Return the selected call; there is one as soon as there are calls."""
        return self._cursor.selected

    def select(self, call_id: str) -> None:
        """Select a call for the user: the view follows it. One that is not shown is ignored."""
        before = self.selected
        if self._cursor.select(call_id):
            self._post_highlighted(before)
            self._update_view()

    def _post_highlighted(self, before: str | None) -> None:
        if self.selected != before:
            self.post_message(self.Highlighted(self.selected))

    @property
    def _room(self) -> int:
        """Return how many rows fit."""
        return max(0, self.size.height - _HEADER)

    @property
    def _in_view(self) -> range:
        """Return the places of the rows in view."""
        top = self.scroll_offset.y
        return range(top, min(top + self._room, len(self._rows)))

    @property
    def allow_vertical_scroll(self) -> bool:
        """Allow scrolling without scrollbars, which cost columns: the header shows the place."""
        return True

    def _update_view(self) -> None:
        """Adapt the view to rows, selection and size, and repaint what differs."""
        # As a reactive it would lay out and repaint the whole screen whenever a call comes or goes.
        self.set_reactive(Widget.virtual_size, Size(0, len(self._rows) + _HEADER))
        top = self._cursor.top(self.scroll_offset.y, self._room)
        if top != self.scroll_y:
            self.scroll_to(y=top, animate=False)
        self._renderer.keep_only({self._rows[place].call.id for place in self._in_view})
        self._repaint()

    def on_mouse_scroll_down(self) -> None:
        """Let the selection scroll out of view."""
        self._cursor.followed = False

    on_mouse_scroll_up = on_mouse_scroll_down

    def on_resize(self) -> None:
        """Keep the view within the rows, and the selection within the view."""
        self._update_view()

    def on_show(self) -> None:
        """Take the focus again: hiding the table on a small screen has removed it."""
        if self.screen.focused is None:
            self.focus()

    def action_cursor_up(self) -> None:
        """Select the row above."""
        self._move(-1)

    def action_cursor_down(self) -> None:
        """Select the row below."""
        self._move(1)

    def action_page_up(self) -> None:
        """Select the row a page above."""
        self._move(-max(1, self._room - 1))

    def action_page_down(self) -> None:
        """Select the row a page below."""
        self._move(max(1, self._room - 1))

    def action_first_row(self) -> None:
        """Select the first row."""
        self._move(-len(self._rows))

    def action_last_row(self) -> None:
        """Select the last row."""
        self._move(len(self._rows))

    def action_choose(self) -> None:
        """Open the selected call, unless it is out of view and was not moved to."""
        if self.selected is not None and self._cursor.is_meant(self._in_view):
            self.post_message(self.Chosen(self.selected))
        else:
            self._move(0)

    def _move(self, rows: int) -> None:
        call = self._cursor.step(rows, self._in_view)
        if call is not None:
            self.select(call)

    def on_click(self, event: events.Click) -> None:
        """Select the row; open its call by a double click."""
        place = self.scroll_offset.y + event.y - _HEADER
        if event.y < _HEADER or place not in self._in_view:
            return
        self.select(self._rows[place].call.id)
        if event.chain == 2:
            self.action_choose()

    def notify_style_update(self) -> None:
        """Drop what was drawn: the theme has changed."""
        super().notify_style_update()
        self._renderer.forget()
        self._painted.clear()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Return a line of the widget; one whose content has not changed comes from the cache."""
        self.rendered_lines += 1
        view = self._view()
        content = self._painted[y] = self._renderer.content(y, view)
        return self._renderer.strip(content, view.width)

    def _view(self) -> TableView:
        return TableView(self.size.width, self._in_view, self.selected, self.sort, self.reverse)

    def _repaint(self) -> None:
        """Repaint the cells, from the left, that differ from the painted content."""
        view, content, painted = self._view(), self._renderer.content, self._painted
        changed = []
        for y in range(self.size.height):
            cells = painted.get(y, UNKNOWN).changed(content(y, view), view.width)
            if cells:
                changed.append(Region(0, y, cells, 1))
        if changed:
            self.refresh(*changed)

    def _component(self, name: str, partial: bool) -> Style:
        return self.get_component_rich_style(f"table--{name}", partial=partial)
