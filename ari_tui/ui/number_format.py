"""Figures and names in table cells: every text fits the width that its function documents.

The rules are those of `core/number_format.py`, capped to the width of a cell.
"""

from __future__ import annotations

import re
from typing import Final

from ari_tui.core.number_format import DASH, fitted, thousands, two_units

ASCII_DASH: Final = "-"
CUT, ASCII_CUT = "…", "~"
"""The ellipsis of a cut text."""

_SERIAL_ZEROS: Final = re.compile(r"-0{1,6}(?=[0-9a-f]{2,7}(?:;[12])?$)")


def milliseconds(value: float) -> str:
    """Return a round trip in ms, up to 4 wide: `0.3`, `99.9`, `2999`, `12s`."""
    if value < 99.95:
        return f"{value:.1f}"
    return f"{value:.0f}" if value < 9999.5 else f"{min(value / 1000, 999):.0f}s"


def span_ms(value: float) -> str:
    """Return a length of time given in ms, up to 4 wide: `0.4s`, `12s`, `99s`, `3m`, `2h`."""
    return seconds(value / 1000)


def seconds(value: float) -> str:
    """Return a length of time given in s, up to 4 wide."""
    if value < 9.95:
        return f"{value:.1f}s"
    if value < 99.5:
        return f"{value:.0f}s"
    minutes = value / 60
    return f"{minutes:.0f}m" if minutes < 99.5 else f"{min(minutes / 60, 999):.0f}h"


def duration(value: float) -> str:
    """Return how long a call is up, up to 6 wide: `3:12`, `59:59`, `1h02m`, `2d03h`."""
    total = max(0, int(value))
    if total < 3600:
        return f"{total // 60}:{total % 60:02}"
    days, rest = divmod(total, 86400)
    return two_units(min(days, 99) * 86400 + rest)


def count(value: float) -> str:
    """Return a whole number, up to 4 wide: `9999`, `12k`, `1.2M`, `123M`, `1.2G`."""
    return str(int(value)) if value < 10_000 else thousands(min(value, 999e9), 4)


def percent(value: float) -> str:
    """Return a share, up to 6 wide: `0.04%`, `12.5%`, `100%`; more than 0 is never shown as 0."""
    share = value * 100
    if 0 < share < 0.005:
        return "<.01%"
    return f"{fitted(share, 4)}%"


def number(value: float) -> str:
    """Return a figure without a unit with two decimals, up to 4 wide: `4.41`, `12.5`, `125`."""
    return fitted(value, 4) if value < 99.95 else count(round(value))


def channel(name: str) -> str:
    """Return a channel's name without the zeros of its serial number: `PJSIP/1001-0a`."""
    return _SERIAL_ZEROS.sub("-", name)


def middle_cut(text: str, width: int) -> str:
    """Return a text at most `width` characters long, cut in its middle.

    Both ends identify a channel: the endpoint and the serial number.
    """
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}{CUT}{text[len(text) - tail :]}"


def plain_ascii(text: str) -> str:
    """Return a text with our own signs replaced by ASCII ones; names from outside stay."""
    return ASCII_DASH if text == DASH else text.replace(CUT, ASCII_CUT)
