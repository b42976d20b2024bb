"""How numbers read in the panes: short, with their unit, and a dash where there is none.

The cells of the table have fewer signs for the same (`ui/number_format.py`). What is told here by
other rules cannot be drawn from those without a loss: under a millisecond a second decimal, a
round trip of minutes still in the unit that stands behind it, and up to an hour a time in minutes
and seconds, whole ones that have passed, where four cells hold one rounded unit.
"""

from __future__ import annotations

import re
from typing import Final

from ari_tui.document.model import Document, Window
from ari_tui.ui.frame import Frame
from ari_tui.ui.limits import grade
from ari_tui.ui.number_format import DASH, in_thousands, two_units
from ari_tui.ui.widgets.line_canvas import Part, Style

STYLES: Final[dict[str, Style]] = {"ok": "ok", "near": "near", "fail": "fail", "none": ""}
MARKS: Final = {"ok": "", "near": "~", "fail": "!", "none": ""}
"""What stands behind a figure, so that its colour is not alone."""


def ms(value: float | None) -> str:
    """Return milliseconds without their unit: `0.21`, `9.8`, `132`; a dash for none."""
    if value is None:
        return DASH
    if value < 0.995:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def limit_ms(value: float | None) -> str:
    """Return a limit in milliseconds as it was written: `15`, `0.5`."""
    return DASH if value is None else f"{value:g}"


def percent(share: float | None) -> str:
    """Return a share in percent; what rounds to nothing but is something reads `<0.01%`."""
    if share is None:
        return DASH
    if 0 < share < 0.00005:
        return "<0.01%"
    return f"{share * 100:.2f}%" if share < 0.09995 else f"{share * 100:.1f}%"


def length(seconds: float) -> str:
    """Return a length of time in at most two units: `9s`, `3m12s`, `1h03m`, `2d04h`."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    return f"{whole // 60}m{whole % 60:02}s" if whole < 3600 else two_units(whole)


def silence(seconds: float) -> str:
    """Return seconds of silence, with tenths below ten."""
    return f"{seconds:.1f}s" if seconds < 9.95 else length(seconds)


def count(number: float) -> str:
    """Return a number in at most five signs: `9876`, `12.3k`, `123k`, `1.23M`."""
    return in_thousands(number, 5)


def calls(number: int) -> str:
    """Return a number of calls in words."""
    return f"{number} call{'' if number == 1 else 's'}"


def clock(time: str) -> str:
    """Return the time of day (UTC) of an ISO time, `12:04:31`."""
    return time[11:19]


def of_day(second: int) -> str:
    """Return the time of day (UTC) of a second since 1970, `12:04:31`."""
    return f"{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}"


def graded(text: str, value: float | None, limit: float | None) -> Part:
    """Return a figure's text, coloured and marked by how it stands to its limit."""
    found = grade(value, limit)
    return text + MARKS[found], STYLES[found]


def window_of(document: Document, seconds: int) -> Window | None:
    """Return the totals' window of so many seconds, None for the session."""
    return next((w for w in document.totals.windows if w.seconds == seconds), None)


class Headline:
    """The figures that matter most, of the window that the screen shows."""

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
