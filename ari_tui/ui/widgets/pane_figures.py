"""The figures of the panes: the window that is shown, colour and mark by limit, tiers in short."""

from __future__ import annotations

import re
from typing import Final

from ari_tui.document.model import Document, Window
from ari_tui.ui.frame import Frame
from ari_tui.ui.limits import MARKS, grade
from ari_tui.ui.widgets.line_canvas import Part, Style

STYLES: Final[dict[str, Style]] = {"ok": "ok", "near": "near", "fail": "fail", "none": ""}


def graded(text: str, value: float | None, limit: float | None) -> Part:
    """Return a figure's text with the style and the mark of its grade."""
    found = grade(value, limit)
    return text + MARKS[found], STYLES[found]


def window_of(document: Document, seconds: int) -> Window | None:
    """Return the totals' window of so many seconds, None for the session."""
    return next((w for w in document.totals.windows if w.seconds == seconds), None)


class Headline:
    """The main figures of the window that the screen shows."""

    def __init__(self, frame: Frame) -> None:
        window = window_of(frame.document, frame.window)
        figures = window or frame.document.totals
        self.rtt = figures.rtt_ms
        self.loss_ratio, self.late_ratio = figures.loss_ratio, figures.late_ratio
        self.window = f"{window.seconds}s" if window else ""


_TIER: Final = re.compile(r"up to (\d+(?: and \d+)*) calls")


def tier(label: str | None) -> str:
    """Return a tier in short: `up to 30 and 100 calls (120 seen)` is `≤30/100`."""
    found = _TIER.match(label or "")
    return "≤" + found[1].replace(" and ", "/") if found else (label or "")
