"""The four intervals of a packet side by side, each with the part that it points to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from rich.text import Text

from ari_tui.core.number_format import DASH, ms_three_digits
from ari_tui.document.model import Spread
from ari_tui.ui.limits import MARKS, grade
from ari_tui.ui.widgets.detail_view import DetailView, box, lines_of, worst_ms
from ari_tui.ui.widgets.line_canvas import LineCanvas, Part
from ari_tui.ui.widgets.pane_figures import STYLES

_RECENT_S: Final = 60
_PATH: Final = "caller ─── Asterisk ──A──> ari-tui: B out, D back ──C──> echo server and back"
_PATH_FROM: Final = 100
_ROOMY: Final = 60
"""From this width on labels are whole words."""


class _Interval(NamedTuple):
    letter: str
    short: str
    long: str
    points_to: str
    spread: Spread | None
    limit: Callable[[str], float | None]
    """By percentile, in ms."""
    recent: str
    """The largest of the last minute, as text."""


def intervals(view: DetailView, width: int) -> list[Text]:
    """Return the table of the intervals, in ms."""
    canvas = box(view, width)
    rest = f" (A, B and D: {view.missing})" if view.missing else ""
    canvas.heading("Where a packet's time goes", (f"ms{rest}", "dim"))
    if width >= _PATH_FROM:
        canvas.line((_PATH, "dim"))
    columns = _columns(view)
    label = 9 if width >= _ROOMY else 5
    cell = min(18, max(8, (width - label) // len(columns)))
    canvas.line(" " * label, *((canvas.right(f"{one.letter} ", cell), "strong") for one in columns))
    names = [one.long if cell >= 13 else one.short for one in columns]
    canvas.line(" " * label, *((canvas.right(f"{name} ", cell), "dim") for name in names))
    for name in ("min", "p50", "p95", "p99", "max"):
        canvas.line(canvas.left(name, label), *(_cell(canvas, one, name, cell) for one in columns))
    recent = canvas.left("max, 60 s" if width >= _ROOMY else "60 s", label)
    canvas.line((recent, "dim"), *(canvas.right(f"{one.recent} ", cell) for one in columns))
    for line in _points_to(canvas, columns, label, cell):
        canvas.line(*line)
    return lines_of(canvas)


def _columns(view: DetailView) -> list[_Interval]:
    limits, found = view.limits, view.detail
    spreads = found.intervals if found is not None else None
    course = found.course if found is not None else None
    allowed = found.late_ms if found is not None else None

    def ours(name: str) -> float | None:
        return allowed if name in ("p99", "max") else None

    def of_sla(name: str) -> float | None:
        return getattr(limits, f"{name}_ms", None)

    arrival = ms_three_digits(worst_ms(course.asterisk_max_us, _RECENT_S) if course else None)
    dwell = worst_ms(course.dwell_max_us, _RECENT_S) if course else None
    trip = ms_three_digits(worst_ms(course.rtt_max_us, _RECENT_S) if course else None)
    # of a second only the longer one of B and D is kept
    either = DASH if dwell is None else f"≤{ms_three_digits(dwell)}"
    asterisk = spreads.asterisk_ms if spreads else None
    out = _in_ms(spreads.out_us) if spreads else None
    back = _in_ms(spreads.back_us) if spreads else None
    return [
        _Interval(
            "A", "arrival", "above floor", "Asterisk, caller", asterisk, lambda _: None, arrival
        ),
        _Interval("B", "out", "ours, out", "ourselves", out, ours, either),
        _Interval("C", "echo", "round trip", "network, echo", view.call.rtt_ms, of_sla, trip),
        _Interval("D", "back", "ours, back", "ourselves", back, ours, either),
    ]


def _in_ms(spread: Spread) -> Spread:
    known = {name: getattr(spread, name) for name in ("min", "mean", "p50", "p95", "p99", "max")}
    scaled = {name: None if us is None else us / 1000 for name, us in known.items()}
    return Spread(count=spread.count, **scaled)


def _cell(canvas: LineCanvas, one: _Interval, name: str, width: int) -> Part:
    value: float | None = getattr(one.spread, name) if one.spread is not None else None
    found = grade(value, one.limit(name))
    mark = MARKS[found]
    # a mark takes the place of a blank, so that decimal points stay aligned
    return canvas.right(ms_three_digits(value) + (mark or " "), width), STYLES[found]


def _points_to(
    canvas: LineCanvas, columns: list[_Interval], label: int, cell: int
) -> list[list[str | Part]]:
    if cell >= 17:
        head: list[str | Part] = [(canvas.left("look at", label), "dim")]
        return [[*head, *((canvas.right(f"{one.points_to} ", cell), "dim") for one in columns)]]
    return [
        [("A: Asterisk's side and the caller's", "dim")],
        [("B, D: ourselves  C: network and echo", "dim")],
    ]
