"""The detail of a call as one page: its blocks in one column, or two where there is room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from rich.text import Text

from ari_tui.core.number_format import span_short
from ari_tui.document.live import History
from ari_tui.document.where_text import Told, told
from ari_tui.ui.number_format import middle_cut
from ari_tui.ui.widgets.detail_course import course
from ari_tui.ui.widgets.detail_facts import asterisk_says, counts, facts
from ari_tui.ui.widgets.detail_gaps import events, gaps
from ari_tui.ui.widgets.detail_intervals import intervals
from ari_tui.ui.widgets.detail_view import DetailView, box, lines_of, wrapped
from ari_tui.ui.widgets.histogram import render_histogram
from ari_tui.ui.widgets.line_canvas import (
    LineCanvas,
    LineItem,
    Style,
    Variant,
    fit_line,
    line_item,
)
from ari_tui.ui.widgets.pane import Pane
from ari_tui.ui.widgets.where import where_parts

Block = Callable[[DetailView, int], list[Text]]
TWO_COLUMNS: Final = 130
"""From this width on, blocks are in two columns."""
_GUTTER: Final = 3
_HISTOGRAM_ROWS: Final = 9
_STATES: Final[dict[str, Style]] = {"up": "ok", "failed": "fail", "draining": "near"}


def title(view: DetailView, width: int) -> list[Text]:
    """Return where the fault is, the channel, caller and state, and what was seen."""
    canvas, call = box(view, width), view.call
    first, *others = told(call.where)
    _wrapped(canvas, first)
    state: Style = _STATES.get(call.state, "dim")
    reason = f": {call.reason}" if call.reason else ""
    short = middle_cut(call.channel, width)
    items: list[LineItem] = [
        line_item(0, (short, "title")),
        line_item(4, (call.caller, "")),
        (Variant(1, ((call.state, state),)), Variant(3, ((call.state + reason, state),))),
        line_item(2, (f"up {span_short(call.duration_s)}", "")),
    ]
    canvas.line(*fit_line(items, width, ascii_only=view.ascii))
    if view.trouble:
        for line in wrapped(f"~ {view.trouble}", width):
            canvas.line((line, "stale"))
    for said in others:
        _wrapped(canvas, said)
    return lines_of(canvas)


def _wrapped(canvas: LineCanvas, line: Told) -> None:
    """Add a line of the diagnosis, wrapped below its text."""
    *before, (text, style) = where_parts(line)
    indent = sum(len(part) for part, _ in before) or 4
    first, *rest = wrapped(text, canvas.width - (indent if before else 2))
    canvas.line(*(before or [("  ", "")]), (first, style))
    for more in rest:
        canvas.line((" " * indent + more, style))


def trips(view: DetailView, width: int) -> list[Text]:
    """Return the histogram of the call's round trips."""
    found = view.detail
    canvas = box(view, width)
    canvas.heading("RTT histogram", (f"{view.call.rtt_ms.count:,} round trips of this call", "dim"))
    if found is None or not found.rtt_histogram:
        canvas.line((view.missing or "no round trip yet", "dim"))
        return lines_of(canvas)
    history = History()
    history.rtt_histogram = found.rtt_histogram
    drawn = render_histogram(view.frame._replace(history=history), width, _HISTOGRAM_ROWS)
    # without its heading, which is for the session
    return [*lines_of(canvas), *list(drawn.split("\n", allow_blank=True))[1:]]


_LEFT: Final[tuple[Block, ...]] = (intervals, course, trips, gaps)
_RIGHT: Final[tuple[Block, ...]] = (facts, counts, asterisk_says, events)
_ONE: Final[tuple[Block, ...]] = (
    intervals,
    course,
    counts,
    asterisk_says,
    gaps,
    events,
    trips,
    facts,
)


def page(
    view: DetailView, width: int, draw: Callable[[Block, DetailView, int], list[Text]]
) -> list[Text]:
    """Return the whole page; `draw` draws a block, or returns it from a cache."""
    head = title(view, width)
    if width < TWO_COLUMNS:
        return [*head, *_stacked(_ONE, view, width, draw)]
    left = (width - _GUTTER) * 11 // 20
    right = width - _GUTTER - left
    return [
        *head,
        *_beside(_stacked(_LEFT, view, left, draw), _stacked(_RIGHT, view, right, draw), left),
    ]


def _stacked(
    blocks: Sequence[Block],
    view: DetailView,
    width: int,
    draw: Callable[[Block, DetailView, int], list[Text]],
) -> list[Text]:
    lines: list[Text] = []
    for one in blocks:
        drawn = draw(one, view, width)
        lines += [Text(), *drawn] if drawn else []
    return lines


def _beside(left: Sequence[Text], right: Sequence[Text], width: int) -> list[Text]:
    lines = []
    for at in range(max(len(left), len(right))):
        line = left[at].copy() if at < len(left) else Text(no_wrap=True, end="")
        if at < len(right) and right[at]:
            line.append(" " * (width + _GUTTER - line.cell_len))
            line.append_text(right[at])
        lines.append(line)
    return lines


class DetailPage(Pane):
    """The page in a widget of its full height; the container scrolls.

    The charts, which depend on the detail alone, are drawn once for each answer.
    """

    DEFAULT_CSS = "DetailPage { height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.charts_drawn = 0
        """For tests of the cost of a repaint."""
        self._view: DetailView | None = None
        self._charts: tuple[object, list[Text]] = (None, [])

    def show_view(self, view: DetailView) -> None:
        """Draw a call; unchanged lines are not repainted."""
        self._view = view
        self.redraw()

    def redraw(self) -> None:
        """Draw the page, and set the widget's height to match."""
        if self._view is None or not self.size.width or not self._is_displayed:
            return
        lines = page(self._view, self.size.width, self._block)
        if self.styles.height is None or self.styles.height.value != len(lines):
            self.styles.height = len(lines)
        self._set_text(Text("\n", no_wrap=True, end="").join(lines))

    def _block(self, block: Block, view: DetailView, width: int) -> list[Text]:
        if block is not course:
            return block(view, width)
        key = (id(view.detail), view.missing, width, view.limits, view.ascii)
        if self._charts[0] != key:
            self._charts = key, block(view, width)
            self.charts_drawn += 1
        return self._charts[1]
