"""The content of each line of the table of calls, and a cache of its strips."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final, NamedTuple

from rich.style import Style
from textual.strip import Strip

from ari_tui.core.number_format import plural
from ari_tui.document.model import Document, Intake
from ari_tui.ui.columns import Column
from ari_tui.ui.frame import Frame
from ari_tui.ui.view_state import Row
from ari_tui.ui.widgets.table_lines import (
    ComponentStyles,
    Head,
    Line,
    changed_cells,
    draw_header,
    draw_line,
    draw_message,
    line_of,
)
from ari_tui.ui.widgets.table_shape import Shape, shape_of


class TableView(NamedTuple):
    """Which rows the widget shows, and how they are sorted."""

    width: int
    in_view: range
    """The rows in view, by place; the widget's line 1 shows the first of them."""
    selected: str | None
    sort: str
    """Id of the column that they are sorted by."""
    reverse: bool
    """Whether the largest come first."""


class Content(NamedTuple):
    """All that a line of the widget is drawn from: equal contents look alike."""

    what: Line | Head | str | None
    """A row, the header, a message, or nothing."""
    shape: Shape | None = None
    call: str = ""
    selected: bool = False

    def changed(self, new: Content, width: int) -> int:
        """Return how many of `width` cells, from the left, have to be painted anew for `new`."""
        if self == new:
            return 0
        old_line, new_line, shape = self.what, new.what, self.shape
        if self[1:] != new[1:] or shape is None:
            return width
        if isinstance(old_line, Line) and isinstance(new_line, Line):
            return changed_cells(old_line, new_line, shape)
        return width


NOTHING = Content(None)
UNKNOWN = Content("")
"""The content of a line that was never painted."""


class TableRenderer:
    """Renders rows; formats a row on demand, once for each frame."""

    def __init__(self, component: Callable[[str, bool], Style]) -> None:
        self._styles = ComponentStyles(component)
        self._component = component
        self._rows: Sequence[Row] = ()
        self._columns: tuple[Column, ...] = ()
        self._frame: Frame | None = None
        self._shape: tuple[object, Shape] | None = None
        """With what it depends on."""
        self._lines: dict[str, tuple[Shape, Line]] = {}
        """By call, of this frame."""
        self._strips: dict[str, tuple[Content, Strip]] = {}
        """By call, with the content it was drawn from."""

    def take(self, rows: Sequence[Row], columns: Sequence[Column], frame: Frame) -> None:
        """Set what to draw."""
        self._rows, self._columns, self._frame = rows, tuple(columns), frame
        self._lines = {}

    def keep_only(self, calls: Collection[str]) -> None:
        """Drop strips of other calls."""
        if self._strips.keys() - calls:
            self._strips = {call: kept for call, kept in self._strips.items() if call in calls}

    def forget(self) -> None:
        """Drop all strips and styles: the theme has changed."""
        self._styles = ComponentStyles(self._component)
        self._strips.clear()

    def content(self, y: int, view: TableView) -> Content:
        """Return what line `y` of the widget shows; line 0 is the header."""
        if self._frame is None:
            return NOTHING
        shape, in_view = self._shape_at(view.width, self._frame), view.in_view
        if y == 0:
            rows = in_view.start + 1, in_view.stop, len(self._rows)
            return Content(Head(view.sort, view.reverse, *rows), shape)
        if not self._rows:
            why = why_empty(self._frame)
            return Content(why[y - 1], shape) if y <= len(why) else NOTHING
        place = in_view.start + y - 1
        if place not in in_view:
            return NOTHING
        row = self._rows[place]
        call = row.call.id
        return Content(self._line(row, shape, self._frame), shape, call, call == view.selected)

    def _shape_at(self, width: int, frame: Frame) -> Shape:
        made_for = (self._columns, width, frame.limits.scale_ms, frame.window, frame.ascii)
        if self._shape is None or self._shape[0] != made_for:
            self._shape = made_for, shape_of(self._columns, width, frame)
        return self._shape[1]

    def _line(self, row: Row, shape: Shape, frame: Frame) -> Line:
        known = self._lines.get(row.call.id)
        if known is None or known[0] is not shape:
            known = self._lines[row.call.id] = shape, line_of(row, shape, frame)
        return known[1]

    def strip(self, content: Content, width: int) -> Strip:
        """Draw a content, `width` cells long; a row that looks as before comes from the cache."""
        what, shape, call, selected = content
        if what is None or shape is None:
            return Strip.blank(width, self._styles.style("row"))
        if isinstance(what, str):
            return draw_message(what, width, self._styles)
        if isinstance(what, Head):
            return draw_header(what, shape, self._styles)
        kept = self._strips.get(call)
        if kept is None or kept[0] != content:
            kept = self._strips[call] = content, draw_line(what, selected, shape, self._styles)
        return kept[1]


_ANSWERS: Final = {True: "answers", False: "does not answer", None: "not known yet"}


def why_empty(frame: Frame) -> Sequence[str]:
    """Return lines that say why no call is shown; short enough for 80 cells where names are."""
    calls = len(frame.document.calls)
    if calls == 1:
        return ["the call does not fit the filter"]
    if calls:
        return [f"none of {calls} calls fits the filter"]
    intake = frame.document.intake
    if intake is None or frame.document.load is not None:
        return ["no calls"]
    return [*_waiting(frame.document, intake), "", _echo(intake)]


def _waiting(document: Document, intake: Intake) -> list[str]:
    """Return which application is waited for where, and what sends calls to it."""
    ended = document.totals.calls.ended
    yet = (
        f"no calls now; state=ended finds {plural(ended, 'ended call')}"
        if ended
        else "no calls yet"
    )
    found = document.asterisks[0] if document.asterisks else None
    where = f" on {found.id} ({found.url})" if found is not None else ""
    waiting = f"waiting for Stasis application {intake.app}{where}"
    if ended:
        return [yet, waiting]
    return [
        yet,
        waiting,
        "",
        "in extensions.conf, in the context that callers come to:",
        "  exten => 500,1,Answer()",
        f"   same => n,Stasis({intake.app})",
        "then asterisk -rx 'dialplan reload', and call 500",
    ]


def _echo(intake: Intake) -> str:
    note = f" ({intake.echo_note})" if intake.echo_note else ""
    return f"echo server {intake.echo}: {_ANSWERS[intake.echo_answers]}{note}"
