"""All kept events, whole: wrapped, filtered, and scrolled by lines.

At the end of the list it follows new events; elsewhere the line at the top stays there.
"""

from __future__ import annotations

import textwrap
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import ClassVar, Final, Literal, NamedTuple

from rich.text import Text
from textual.binding import BindingType

from ari_tui.core.number_format import plural
from ari_tui.document.model import EventLine
from ari_tui.ui.bindings import textual_bindings
from ari_tui.ui.frame import Frame
from ari_tui.ui.widgets.events import event_parts
from ari_tui.ui.widgets.line_canvas import LineCanvas, Part
from ari_tui.ui.widgets.pane import Pane

Level = Literal["info", "warning", "error"]
"""The least level that is shown."""
LEVELS: Final[tuple[Level, ...]] = ("info", "warning", "error")
_SHOWN: Final[dict[Level, str]] = {
    "info": "",
    "warning": "warnings and errors",
    "error": "errors only",
}
_INDENT: Final = 11
"""Cells of time and mark, below which the text goes on."""


class EventFilter(NamedTuple):
    """Which events are shown."""

    level: Level = "info"
    text: str = ""
    """Must stand in the event's text, kind, call or channel; case does not matter."""

    def matches(self, event: EventLine) -> bool:
        """Return whether an event is shown; an unknown level counts as an error."""
        rank = LEVELS.index(event.level) if event.level in LEVELS else len(LEVELS)
        if rank < LEVELS.index(self.level):
            return False
        searched = (event.text, event.kind, event.call, event.channel)
        return self.text.casefold() in "\n".join(text or "" for text in searched).casefold()

    @property
    def words(self) -> str:
        """Return what is shown, for the heading; "" for everything."""
        found = [_SHOWN[self.level], f'with "{self.text}"' if self.text else ""]
        return ", ".join(filter(None, found))


EVERY_EVENT: Final = EventFilter()


def event_lines(event: EventLine, width: int, *, ascii_only: bool = False) -> list[list[Part]]:
    """Return time, level, channel and the whole text of an event, in lines of so many cells."""
    canvas = LineCanvas(min(width, 99), 1, ascii_only=ascii_only)
    time, mark, (channel, strong), (text, style) = event_parts(canvas, event)
    first, *rest = textwrap.wrap(canvas.plain(channel + text), max(8, width - _INDENT)) or [""]
    head = channel if first.startswith(channel) else ""
    lines: list[list[Part]] = [[time, mark, (head, strong), (first[len(head) :], style)]]
    return lines + [[(" " * _INDENT, ""), (line, style)] for line in rest]


class EventList(Pane, can_focus=True):
    """The list; `show` draws the events of a frame."""

    BINDINGS: ClassVar[list[BindingType]] = [*textual_bindings("lines")]
    DEFAULT_CSS = "EventList { height: 1fr; }"

    def __init__(self, wanted: EventFilter = EVERY_EVENT) -> None:
        super().__init__()
        self.wanted = wanted
        self._top: tuple[EventLine, int] | None = None
        """The event of the first line and which of its lines that is; None follows the newest."""
        self._events: list[EventLine] = []
        self._ends: list[int] = []
        """By event, the number of lines up to and including it."""
        self._wrapped: dict[int, tuple[EventLine, list[list[Part]]]] = {}
        """By identity, for the width below."""
        self._wrapped_for = (0, False)

    def draw(self, frame: Frame, width: int, height: int) -> Text:
        """Return the heading and as many lines as fit."""
        canvas = LineCanvas(width, height, ascii_only=frame.ascii)
        self._events = [event for event in frame.events if self.wanted.matches(event)]
        lines = self._lay_out(width, ascii_only=frame.ascii)
        top = self._top_line(max(0, height - 1))
        canvas.heading("Events", *self._summary(frame.events, top, height - 1))
        if not lines:
            none = "no event fits the filter" if frame.events else "nothing yet"
            canvas.line((none, "dim"))
        for line in lines[top : top + max(0, height - 1)]:
            canvas.line(*line)
        return canvas.text()

    def _lay_out(self, width: int, *, ascii_only: bool) -> list[list[Part]]:
        """Return all lines; wrapped events are kept until the width changes."""
        if self._wrapped_for != (width, ascii_only):
            self._wrapped_for, self._wrapped = (width, ascii_only), {}
        kept: dict[int, tuple[EventLine, list[list[Part]]]] = {}
        for event in self._events:
            known = self._wrapped.get(id(event))
            kept[id(event)] = known or (event, event_lines(event, width, ascii_only=ascii_only))
        self._wrapped = kept
        each = [kept[id(event)][1] for event in self._events]
        self._ends = list(accumulate(len(lines) for lines in each))
        return [line for lines in each for line in lines]

    def _top_line(self, room: int) -> int:
        """Return which line is the first shown."""
        last = max(0, (self._ends[-1] if self._ends else 0) - room)
        if self._top is None:
            return last
        event, line = self._top
        place = next((at for at, one in enumerate(self._events) if one is event), None)
        if place is None:
            return self._place_of(event, last)
        return min(last, (self._ends[place - 1] if place else 0) + line)

    def _place_of(self, event: EventLine, last: int) -> int:
        """Return where an event that is no longer shown would stand, by its time."""
        later = next((at for at, one in enumerate(self._events) if one.time >= event.time), None)
        return last if later is None else min(last, self._ends[later - 1] if later else 0)

    def _summary(self, every: Sequence[EventLine], top: int, room: int) -> list[Part]:
        total = self._ends[-1] if self._ends else 0
        shown = len(self._events)
        of_all = plural(len(every), "event")
        number = of_all if shown == len(every) else f"{shown} of {of_all}"
        words = f", {self.wanted.words}" if self.wanted.words else ""
        below = total - top - room
        more = f", {plural(below, 'line')} below" if below > 0 else ""
        return [(f"{number}{words}{more}", "dim")]

    def filter(self, wanted: EventFilter) -> None:
        """Show other events; the place stays, as far as there is one."""
        self.wanted = wanted
        self.redraw()

    def scroll_lines(self, by: int) -> None:
        """Scroll down by so many lines; at the end, follow the newest."""
        room = max(1, self.size.height - 1)
        total = self._ends[-1] if self._ends else 0
        last = max(0, total - room)
        top = min(max(self._top_line(room) + by, 0), last)
        if top == last:
            self._top = None
        else:
            place = bisect_right(self._ends, top)
            self._top = self._events[place], top - (self._ends[place - 1] if place else 0)
        self.redraw()

    @property
    def _page(self) -> int:
        return max(1, self.size.height - 2)

    def action_cursor_up(self) -> None:
        """Scroll a line up."""
        self.scroll_lines(-1)

    def action_cursor_down(self) -> None:
        """Scroll a line down."""
        self.scroll_lines(1)

    def action_page_up(self) -> None:
        """Scroll a page up."""
        self.scroll_lines(-self._page)

    def action_page_down(self) -> None:
        """Scroll a page down."""
        self.scroll_lines(self._page)

    def action_first_row(self) -> None:
        """Go to the oldest."""
        self.scroll_lines(-(self._ends[-1] if self._ends else 0))

    def action_last_row(self) -> None:
        """Go to the newest, and follow."""
        self.scroll_lines(self._ends[-1] if self._ends else 0)
