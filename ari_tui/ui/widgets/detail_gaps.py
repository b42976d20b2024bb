"""Gaps in the stream from Asterisk, by kind, and the call's events."""

from __future__ import annotations

from typing import Final

from rich.text import Text

from ari_tui.core.number_format import span_short, time_of_day
from ari_tui.document.detail import GapLine
from ari_tui.ui.widgets.detail_view import DetailView, box, lines_of, wrapped
from ari_tui.ui.widgets.events import event_parts
from ari_tui.ui.widgets.line_canvas import LineCanvas, Style

MEANINGS: Final = {
    "missing": "numbered packets did not come",
    "hidden": "timestamp jumped: silence suppressed, or an outage that Asterisk hides",
    "stalled": "timestamp jumped with the marker: Asterisk stalled",
    "delayed": "only the arrival moved: all came, late",
    "dtmf": "a digit: Asterisk keeps its packets",
    "hold": "on hold",
    "comfort_noise": "comfort noise",
    "engine": "our media worker was dead, or stopped and its socket full",
}
_GAPS, _EVENTS = 8, 12


def gaps(view: DetailView, width: int) -> list[Text]:
    """Return the number of gaps of each kind, and the newest gaps, the newest last."""
    canvas, call = box(view, width), view.call
    number = sum(call.gaps.values())
    canvas.heading("Gaps", (f"{number:,} in the stream from Asterisk", "dim"))
    for kind, count in call.gaps.items():
        if count:
            for line in wrapped(f"{count:>5,} {kind}: {MEANINGS.get(kind, '')}", width, indent=6):
                canvas.line((line, "dim" if line.startswith("      ") else ""))
    if view.missing:
        canvas.line((f"each gap: {view.missing}", "dim"))
    for gap in view.detail.gaps[-_GAPS:] if view.detail is not None else ():
        _gap(canvas, gap)
    return lines_of(canvas)


def _gap(canvas: LineCanvas, gap: GapLine) -> None:
    mark = "!" if gap.interrupts else " "
    style: Style = "fail" if gap.interrupts else ""
    moved = f"  seq +{gap.missing + 1}" if gap.missing else ""
    jumped = f"  ts +{gap.timestamp_ms:.0f} ms" if gap.timestamp_ms >= 1 else ""
    open_still = "" if gap.settled else "  (may be explained yet)"
    text = f"{span_short(gap.length_ms / 1000, tenths=True)} {gap.kind}{moved}{jumped}{open_still}"
    canvas.line((time_of_day(gap.time), "dim"), (f" {mark} ", style), (text, style))


def events(view: DetailView, width: int) -> list[Text]:
    """Return the events of this call, the newest last."""
    canvas = box(view, width)
    canvas.heading("Events")
    lines = view.detail.events if view.detail is not None else view.own_events
    if not lines:
        none = "loading" if view.missing == "loading" else "none kept"
        canvas.line((none, "dim"))
    for event in lines[-_EVENTS:]:
        time, mark, _, (text, style) = event_parts(canvas, event)
        first, *rest = wrapped(text, max(10, width - 12))
        canvas.line(time, mark, (first, style))
        for line in rest:
            canvas.line(" " * 11, (line, style))
    return lines_of(canvas)
