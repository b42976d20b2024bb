"""What the detail of a call is drawn from, and small things that its parts share."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Final, NamedTuple

from rich.text import Text

from ari_tui.document.detail import CallDetail, CallerStatistics
from ari_tui.document.live import Cells
from ari_tui.document.model import Call
from ari_tui.ui.frame import Frame
from ari_tui.ui.limits import Limits
from ari_tui.ui.widgets.line_canvas import LineCanvas

_ENDLESS: Final = 10_000


class DetailView(NamedTuple):
    """One call, as much of it as is known at this moment."""

    frame: Frame
    call: Call
    """As the newest document has it, or had it last."""
    detail: CallDetail | None = None
    statistics: CallerStatistics | None = None
    trouble: str = ""
    """Why the detail is missing or does not get newer, in words."""
    statistics_trouble: str = ""

    @property
    def limits(self) -> Limits:
        """Return what the SLA asks for now."""
        return self.frame.limits

    @property
    def ascii(self) -> bool:
        """Return whether to draw with ASCII only."""
        return self.frame.ascii


def box(view: DetailView, width: int) -> LineCanvas:
    """Return ink for a block of so many columns, as high as it gets."""
    return LineCanvas(width, _ENDLESS, ascii_only=view.ascii)


def lines_of(canvas: LineCanvas) -> list[Text]:
    """Return what was collected, line by line."""
    text = canvas.text()
    return list(text.split("\n", allow_blank=True)) if text else []


def newest(cells: Cells, seconds: int) -> list[int]:
    """Return what is known of the newest `seconds` cells."""
    return [value for value in cells[-seconds:] if value is not None]


def worst_ms(cells: Cells, seconds: int) -> float | None:
    """Return the largest of the newest cells (us) in ms; None where nothing is known."""
    known = newest(cells, seconds)
    return max(known) / 1000 if known else None


def wrapped(text: str, width: int, indent: int = 0) -> list[str]:
    """Cut a text into lines at blanks; those behind the first begin with `indent` blanks."""
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
