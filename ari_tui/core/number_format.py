"""Numbers, shares and times as a report writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ari_tui.core.text import clean_text
from ari_tui.report.scales import clock

DASH: Final = "—"


def number(value: float | None, digits: int = 0) -> str:
    """Return a number with commas between thousands, a dash for no sample."""
    return DASH if value is None else f"{value:,.{digits}f}"


def ms(value: float | None) -> str:
    """Return milliseconds with the digits that tell something: `0.42`, `8.2`, `1,240`."""
    if value is None:
        return DASH
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:,.{digits}f}"


def percent(value: float | None) -> str:
    """Return a share in percent, small ones with more digits, a dash for no sample."""
    if value is None:
        return DASH
    shown = value * 100
    if 0 < shown < 0.01:
        return f"{shown:.4f} %" if shown >= 0.0001 else "under 0.0001 %"
    return f"{shown:.2f} %"


def share(value: float) -> str:
    """Return a limit in percent with the digits that it has: `0.2 %`, `50 %`."""
    return f"{value * 100:g} %"


def span(seconds: float) -> str:
    """Return a length of time: `8.5 s`, `1:05 min`, `1:00:00 h`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return clock(seconds) + (" h" if seconds >= 3600 else " min")


def moment(iso: str) -> str:
    """Return an ISO 8601 time in UTC to the second; what is none is returned cleaned."""
    try:
        found = datetime.fromisoformat(iso.replace("Z", "+00:00"))
    except ValueError:
        return clean_text(iso, 40)
    return found.strftime("%Y-%m-%d %H:%M:%S UTC")


def unix_seconds(iso: str) -> float:
    """Return an ISO 8601 time as seconds since 1970. Raises ValueError."""
    return datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp()
