"""The data that the detail of a call is drawn from, and helpers of its blocks."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Final, NamedTuple

from rich.text import Text

from ari_tui.document.detail import CallDetail, CallerStatistics
from ari_tui.document.live import Cells
from ari_tui.document.model import Call, EventLine
from ari_tui.ui.frame import Frame
from ari_tui.ui.limits import Limits
from ari_tui.ui.widgets.line_canvas import LineCanvas

_ENDLESS: Final = 10_000


class DetailView(NamedTuple):
    """One call, with all that is known of it."""

    frame: Frame
    call: Call
    """From the newest document that has it."""
    detail: CallDetail | None = None
    statistics: CallerStatistics | None = None
    trouble: str = ""
    """Why the detail is missing or no longer updated."""
    statistics_trouble: str = ""
    has_left: bool = False
    """The engine no longer has the call: nothing more is asked."""

    @property
    def missing(self) -> str:
        """Return why there is no detail: loading, not known or not kept; "" if there is."""
        if self.detail is not None:
            return ""
        if self.has_left:
            return "not kept"
        return "not known" if self.trouble else "loading"

    @property
    def own_events(self) -> list[EventLine]:
        """Return the call's events among those that the screen has."""
        return [event for event in self.frame.events if event.call == self.call.id]

    @property
    def limits(self) -> Limits:
        """Return the limits of the SLA."""
        return self.frame.limits

    @property
    def ascii(self) -> bool:
        """Return whether to draw with ASCII only."""
        return self.frame.ascii


def box(view: DetailView, width: int) -> LineCanvas:
    """Return a canvas for a block of so many columns and any height."""
    return LineCanvas(width, _ENDLESS, ascii_only=view.ascii)


def lines_of(canvas: LineCanvas) -> list[Text]:
    """Return the collected lines."""
    text = canvas.text()
    return list(text.split("\n", allow_blank=True)) if text else []


def newest(cells: Cells, seconds: int) -> list[int]:
    """Return the known values of the newest `seconds` cells."""
    return [value for value in cells[-seconds:] if value is not None]


def worst_ms(cells: Cells, seconds: int) -> float | None:
    """Return the largest of the newest cells (us) in ms; None where nothing is known."""
    known = newest(cells, seconds)
    return max(known) / 1000 if known else None


def wrapped(text: str, width: int, indent: int = 0) -> list[str]:
    """Wrap a text at spaces; lines after the first are indented by `indent`."""
    return textwrap.wrap(
        " ".join(text.split()),
        max(1, width),
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]


def joined(parts: Iterable[str]) -> str:
    """Return parts as `a, b and c`."""
    *before, last = parts
    return f"{', '.join(before)} and {last}" if before else last
