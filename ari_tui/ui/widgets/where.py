"""Where the fault is: one line in every layout, more where there is room."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.text import Text

from ari_tui.document.where import Where
from ari_tui.document.where_text import WORD, Told, told
from ari_tui.ui.frame import Frame
from ari_tui.ui.widgets.line_canvas import LineCanvas, Part, Style
from ari_tui.ui.widgets.pane import Pane

STYLES: Final[dict[str, Style]] = {"!": "fail", "~": "near", " ": "ok", "?": "dim"}
"""Of a line by its mark: only what is proved is shown as a failure."""


def where_parts(line: Told) -> list[Part]:
    """Return a line that names a place: its mark, then the word or the heading, then the text."""
    style = STYLES[line.mark]
    mark = "" if line.mark == "?" else line.mark
    if line.kind == "line":
        return [(f"{mark:<2}", style), (f"{WORD} ", "title"), (line.text, style)]
    if line.kind == "finding":
        return [(f"{mark:<2}", style), ("also  ", "dim"), (line.text, style)]
    return [(line.words, "dim")]


class WherePane(Pane):
    """The diagnosis of the session; the CSS gives it its height."""

    DEFAULT_CSS = "WherePane { height: 1; }"

    def draw(self, frame: Frame, width: int, height: int) -> Text:
        """Return the diagnosis."""
        return render_where(frame, width, height)


def render_where(frame: Frame, width: int, height: int) -> Text:
    """Return the diagnosis in a box of so many cells: findings first, grounds last."""
    canvas = LineCanvas(width, height, ascii_only=frame.ascii)
    for line in _chosen(frame.document.where, height):
        canvas.line(*where_parts(line))
    return canvas.text()


def _chosen(where: Where | None, height: int) -> Iterator[Told]:
    """Yield as many lines as fit: the findings, what is not known, and grounds of the first."""
    lines = list(told(where))
    places = [at for at, line in enumerate(lines) if line.kind in ("line", "finding")]
    unknown = "; ".join(line.text for line in lines if line.kind == "unknown")
    room = height - len(places) - bool(unknown)
    first_grounds = lines[1 : places[1] if places[1:] else len(lines)]
    yield lines[0]
    yield from [line for line in first_grounds if line.kind != "unknown"][: max(0, room)]
    yield from (lines[at] for at in places[1:])
    if unknown:
        yield Told("unknown", unknown)
