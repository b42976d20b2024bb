"""One line with the newest error, until it was read or is five minutes old."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rich.text import Text

from ari_tui.document.model import EventLine
from ari_tui.ui.frame import Frame
from ari_tui.ui.widgets.events import event_parts
from ari_tui.ui.widgets.line_canvas import LineCanvas
from ari_tui.ui.widgets.pane import Pane

_NARROW: Final = 40
KEPT_S: Final = 300.0
"""How long an error that nobody has read is shown."""


def newest_error(frame: Frame) -> EventLine | None:
    """Return the newest error; None when there is none of the last five minutes."""
    found = next((event for event in reversed(frame.events) if event.level == "error"), None)
    if found is None:
        return None
    now, then = (datetime.fromisoformat(time) for time in (frame.document.time, found.time))
    return found if (now - then).total_seconds() < KEPT_S else None


class NewestError(Pane):
    """The line; hidden when there is nothing to say. `key` opens the events, as shown."""

    DEFAULT_CSS = "NewestError { height: 1; display: none; background: $panel; }"

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key
        self._read: EventLine | None = None

    def show(self, frame: Frame) -> None:
        """Draw a frame, or hide the line."""
        found = newest_error(frame)
        self.display = found is not None and found != self._read
        super().show(frame)

    def acknowledge(self) -> None:
        """Hide the error that there is now: it was read."""
        if self._frame is not None:
            self._read = newest_error(self._frame)
            self.show(self._frame)

    def draw(self, frame: Frame, width: int, height: int) -> Text:
        """Return the line, cut where it is too long, with the key at its end."""
        canvas = LineCanvas(width, height, ascii_only=frame.ascii)
        found = newest_error(frame)
        if found is None:
            return canvas.text()
        (time, _), (mark, style), (channel, _), (text, _) = event_parts(
            LineCanvas(_NARROW, 1, ascii_only=frame.ascii), found
        )
        hint = f"  {self._key} events" if self._key and width >= _NARROW else ""
        room = max(0, width - len(hint))
        shown = canvas.left(f"{mark.strip()} {time} {channel}{text}", room)
        canvas.line((shown, style), (hint, "key"))
        return canvas.text()
