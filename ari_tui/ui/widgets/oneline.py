"""The whole screen in one line, for a window that holds no more."""

from __future__ import annotations

from rich.text import Text

from ari_tui.ui.frame import Frame
from ari_tui.ui.widgets import figures as f
from ari_tui.ui.widgets.ink import Form, Ink, fit, item
from ari_tui.ui.widgets.pane import Pane
from ari_tui.ui.widgets.standing import connection, verdict


class OneLine(Pane):
    """The verdict and what stands behind it, in one line."""

    DEFAULT_CSS = "OneLine { height: 1; }"

    def draw(self, frame: Frame, width: int, height: int) -> Text:
        """Return the line."""
        return lines(frame, width, height)


def lines(frame: Frame, width: int, height: int) -> Text:
    """Return the line in a box of so many cells: the verdict is the last to go."""
    ink = Ink(width, height, ascii_only=frame.ascii)
    headline, limits = f.Headline(frame), frame.limits
    word, style = verdict(frame.document.sla)
    state, state_style = connection(frame)
    silent = frame.document.totals.packets.interruptions
    rtt, loss = headline.rtt.p95, headline.loss_ratio
    items = [
        (Form(0, [(word[:4], style)]), Form(2, [(word, style)]), Form(6, [(f"SLA {word}", style)])),
        # a line that says nothing of its age would pass for a live one
        (Form(1, [(state[0], state_style)]), Form(5, [(state, state_style)])),
        item(3, ("p95 ", "dim"), f.graded(f.ms(rtt), rtt, limits.p95_ms)),
        item(4, ("loss ", "dim"), f.graded(f.percent(loss), loss, limits.loss_ratio)),
        item(5, (f.calls(frame.document.totals.calls.active), "")),
        item(6, (f"gaps {silent}~", "near")) if silent else (),
        item(7, (f.clock(frame.document.time), "dim")),
    ]
    ink.line(*fit(items, width, ascii_only=frame.ascii))
    return ink.text()
