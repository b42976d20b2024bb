"""The event log: the newest events, the last one at the bottom."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

from rich.text import Text

from ari_tui.core.number_format import plural, time_of_day
from ari_tui.document.model import EventLine
from ari_tui.ui.frame import Frame
from ari_tui.ui.widgets.line_canvas import LineCanvas, Part, Style
from ari_tui.ui.widgets.pane import Pane

_LEVELS: Final[dict[str, tuple[str, Style]]] = {
    "info": (" ", ""),
    "warning": ("~", "near"),
    "error": ("!", "fail"),
}
_CHANNEL: Final = 24
_WIDE: Final = 100
"""From this width on channels have a column of their own."""


class EventsPane(Pane):
    """The log of events, as many as fit."""

    def draw(self, frame: Frame, width: int, height: int) -> Text:
        """Return the newest events."""
        return render_events(frame, width, height)


def render_events(frame: Frame, width: int, height: int) -> Text:
    """Return the newest events in a box of so many cells, one a line."""
    canvas = LineCanvas(width, height, ascii_only=frame.ascii)
    canvas.heading("Events", *_summary(frame.events))
    newest = list(islice(reversed(frame.events), max(0, canvas.room)))
    if not newest:
        canvas.line(("nothing yet", "dim"))
    for event in reversed(newest):
        canvas.line(*event_parts(canvas, event))
    return canvas.text()


def event_parts(canvas: LineCanvas, event: EventLine) -> list[Part]:
    """Return an event's line: time, level, channel and text."""
    mark, style = _LEVELS.get(event.level, ("?", "near"))
    channel = event.channel or ""
    if canvas.width >= _WIDE:
        shown = canvas.left(channel, _CHANNEL) + " "
    else:
        shown = f"{channel} " if channel else ""
    return [
        (time_of_day(event.time), "dim"),
        (f" {mark} ", style),
        (shown, "strong"),
        (event.text, style),
    ]


def _summary(events: Sequence[EventLine]) -> list[Part]:
    parts: list[Part] = []
    for level, name in (("error", "error"), ("warning", "warning")):
        number = sum(event.level == level for event in events)
        if number:
            mark, style = _LEVELS[level]
            comma = ", " if parts else ""
            parts.append((f"{comma}{plural(number, name)}{mark}", style))
    return parts
