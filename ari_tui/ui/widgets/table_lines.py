"""One line of the table of calls, drawn from its content, the shape of all lines, and styles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from ari_tui.core.text import escaped
from ari_tui.document.live import Cells
from ari_tui.ui.frame import Frame
from ari_tui.ui.spark import Run, heading, spark
from ari_tui.ui.view_state import Row
from ari_tui.ui.widgets.table_shape import Shape

Tone = Literal["row", "ended", "stale"]
"""The style of a whole row: normal, of an ended call, or with the link to the engine lost."""

_GRADES: Final = {"fail": "fail", "near": "near"}
_SPARKS: Final = {
    "plain": "spark",
    "high": "spark-high",
    "lost": "lost",
    "over": "over",
    "none": "spark",
}
_NOTE_MIN: Final = 2
"""Fewest cells of a sparkline beside a note."""


class ComponentStyles:
    """The styles of a theme, each combined once.

    `component` returns the style of a component class: whole, or partial (only its own rules).
    """

    def __init__(self, component: Callable[[str, bool], Style]) -> None:
        self._component = component
        self._styles: dict[tuple[str, ...], Style] = {}

    def style(self, base: str, *over: str) -> Style:
        """Return a component's style with those of others laid over it, in turn; "" is none."""
        names = (base, *over)
        found = self._styles.get(names)
        if found is None:
            found = self._component(base, False)
            for name in over:
                found = found + self._component(name, True) if name else found
            self._styles[names] = found
        return found


class Line(NamedTuple):
    """All that a call's line is drawn from: equal ones need not be drawn again."""

    texts: tuple[str, ...]
    grades: tuple[str, ...]
    p95_us: Cells
    lost: Cells
    tone: Tone
    note: str
    """A word at the end of the sparkline."""


class Head(NamedTuple):
    """All that the header is drawn from, except the shape."""

    sort: str
    reverse: bool
    first: int
    """Number of the first row in view, from 1."""
    last: int
    total: int


def line_of(row: Row, shape: Shape, frame: Frame) -> Line:
    """Return what a row's line shows."""
    p95_us: Cells = []
    lost: Cells = []
    if row.course is not None and shape.spark:
        p95_us = row.course.tail("rtt_p95_us", shape.spark)
        lost = row.course.tail("lost", shape.spark)
    lost_link = frame.link.state in ("lost", "ended")
    return Line(
        texts=tuple(column.text(row, frame) for column in shape.columns),
        grades=tuple(column.grade(row, frame) for column in shape.columns),
        p95_us=p95_us,
        lost=lost,
        tone="ended" if row.ended else "stale" if lost_link else "row",
        note=row.call.state if row.ended else "",
    )


def changed_cells(old: Line, new: Line, shape: Shape) -> int:
    """Return how many cells, from the left, hold all that differs between two lines."""
    if old[2:] != new[2:]:  # sparkline, tone, note
        return shape.width
    end = width = 0
    before = zip(old.texts, old.grades, strict=True)
    after = zip(new.texts, new.grades, strict=True)
    for column, old_cell, new_cell in zip(shape.columns, before, after, strict=True):
        width += column.width + 1
        if old_cell != new_cell:
            end = width
    return min(end, shape.width)


def fit_cell(text: str, width: int, align: str, ellipsis: str) -> str:
    """Return a text of exactly `width` cells; a cut one ends with the ellipsis.

    Control characters are escaped here once more, since one would move the cursor.
    """
    text = text[: 8 * width + 8]
    if not text.isprintable():
        text = escaped(text)
    cells = len(text) if text.isascii() else cell_len(text)
    if cells > width:
        return set_cell_size(text, width - 1) + ellipsis if width else ""
    padding = " " * (width - cells)
    return padding + text if align == "right" else text + padding


class _StripBuilder:
    """Collects the segments of a line; neighbours of one style become one."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._style: Style | None = None
        self._segments: list[Segment] = []

    def write(self, text: str, style: Style) -> None:
        if style is not self._style:
            self._flush()
            self._style = style
        self._texts.append(text)

    def _flush(self) -> None:
        text = "".join(self._texts)
        if text:
            self._segments.append(Segment(text, self._style))
        self._texts = []

    def strip(self, width: int, style: Style, cells: int) -> Strip:
        """Return the `cells` cells that were written as a strip of `width`."""
        self._flush()
        return Strip(self._segments, cells).adjust_cell_length(width, style)


def draw_line(line: Line, selected: bool, shape: Shape, styles: ComponentStyles) -> Strip:
    """Draw a call's line: mark, cursor, columns, sparkline."""
    base = "selected" if selected else "row"
    tone = "" if line.tone == "row" else line.tone
    plain = styles.style(base, tone)
    cursor = (">" if shape.ascii else "▸") if selected else " "
    writer = _StripBuilder()
    for column, text, grade in zip(shape.columns, line.texts, line.grades, strict=True):
        cell = fit_cell(text, column.width, column.align, shape.ellipsis)
        over = _GRADES.get(grade)
        writer.write(cell, styles.style(base, tone, over) if over else plain)
        writer.write(cursor, plain)
        cursor = " "
    note = line.note if len(line.note) + 1 + _NOTE_MIN <= shape.spark else ""
    room = shape.spark - (len(note) + 1 if note else 0)
    for text, kind in _sparkline(line, shape, room):
        writer.write(text, styles.style(base, tone, _SPARKS[kind]))
    if note:
        writer.write(f" {note}", styles.style(base, tone, "dim"))
    return writer.strip(shape.width, plain, shape.cells)


def _sparkline(line: Line, shape: Shape, room: int) -> Sequence[Run]:
    """Return the first `room` cells of the sparkline, so that a note hides the newest ones.

    The newest seconds of a call with a note are empty anyway: it has ended.
    """
    if not line.p95_us:
        return [(" " * room, "none")]
    return spark(line.p95_us[:room], line.lost[:room], shape.scale_ms, ascii=shape.ascii)


def draw_header(head: Head, shape: Shape, styles: ComponentStyles) -> Strip:
    """Draw the labels, the arrow of the column that rows are sorted by, scale and place."""
    style = styles.style("header")
    arrow = ("v" if head.reverse else "^") if shape.ascii else "▼" if head.reverse else "▲"
    writer = _StripBuilder()
    for column in shape.columns:
        sorted_by = column.id == head.sort
        label = column.heading(shape.window)
        gap = arrow if sorted_by else " "
        if sorted_by and column.align != "right" and len(label) < column.width:
            label, gap = label + arrow, " "
        writer.write(fit_cell(label, column.width, column.align, shape.ellipsis) + gap, style)
    writer.write(_beside_spark(head, shape), styles.style("header", "dim"))
    return writer.strip(shape.width, style, shape.cells)


def _beside_spark(head: Head, shape: Shape) -> str:
    """Return the heading of the sparklines: their scale, and which rows are in view."""
    all_in_view = head.last - head.first + 1 >= head.total
    place = "" if all_in_view else f"{head.first}-{head.last}/{head.total}"
    if len(place) > shape.spark:
        place = ""
    room = shape.spark - (len(place) + 1 if place else 0)
    whole_title = heading(shape.scale_ms)
    titles = (whole_title, whole_title.partition(",")[0], f"0..{shape.scale_ms:g}", "")
    title = next(title for title in titles if len(title) <= max(0, room))
    return title + place.rjust(shape.spark - len(title))


def draw_message(text: str, width: int, styles: ComponentStyles) -> Strip:
    """Draw a line with a message."""
    writer = _StripBuilder()
    writer.write(fit_cell(f"  {text}", width, "left", "…"), styles.style("row", "dim"))
    return writer.strip(width, styles.style("row"), width)
