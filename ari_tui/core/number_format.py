"""Numbers, shares and times as text: one rule a name, for reports, panes, cells and plugins.

None is no sample and reads as a dash. Who writes what, and by which rule::

    rule                  text                 used by
    fixed                 12.34ms              status line, capture tables, incident text
    grouped               12,345               reports
    as_set                15, 0.5              limits in ms, panes
    plain                 0.0015               Nagios, proposed profiles: no exponent, no zeros
    fitted, thousands     4.41, 12.3k          panes and cells, by their width
    tick                  0.5, 20, 1.5k        labels of axes
    ms                    8.20, 21.3, 1,240    reports
    ms_short              0.21, 9.8, 132       panes
    ms_three_digits       0.048, 5.21, 1200    detail pages
    percent               0.04%                status line, capture tables, instrument pane
    percent_precise       0.04 %, 0.0010 %     reports
    percent_short         <0.01%, 2.13%, 50.0% panes
    percent_significant   2.3%, 0.2 %          limits, verdicts, impairments
    clock                 0:05, 1:00:00        axes of time
    span                  8.5 s, 1:05 min      reports
    span_short            9s, 3m12s, 1h03m     panes
    moment, time_of_day   2026-11-22 11:59:00 UTC, 11:59:00

Cells of a fixed width build on these (`ui/number_format.py`).
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Final

from ari_tui.core.text import clean_text

DASH: Final = "—"


def fixed(
    value: float | None, decimals: int = 0, unit: str = "", *, sign: str = "", none: str = DASH
) -> str:
    """Return a number with so many decimals; `sign` "+" shows that of a positive one too."""
    return none if value is None else f"{value:{sign}.{decimals}f}{unit}"


def grouped(value: float | None, decimals: int = 0) -> str:
    """Return a number with commas between thousands."""
    return DASH if value is None else f"{value:,.{decimals}f}"


def as_set(value: float | None) -> str:
    """Return a limit as it was set: `15`, `0.5`."""
    return DASH if value is None else significant(value)


def significant(value: float, figures: int = 6) -> str:
    """Return a number in so many significant figures, without an exponent: `100`, `0.00012`."""
    text = f"{value:.{figures}g}"
    if "e" not in text:
        return text
    exponent = int(text.partition("e")[2])
    return plain(float(text), max(0, figures - 1 - exponent))


def plain(value: float, decimals: int = 6) -> str:
    """Return a number in digits and a point only, without zeros at its end."""
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


def fitted(value: float, width: int, least: int = 0) -> str:
    """Return a number with as many decimals as `width` holds, the point counted, but `least`.

    Only one that takes more with `least` decimals is longer.
    """
    for decimals in range(width - 2, least, -1):
        if value < 10 ** (width - 1 - decimals) - 0.5 / 10**decimals:
            return f"{value:.{decimals}f}"
    return f"{value:.{least}f}"


def thousands(value: float, width: int = 5) -> str:
    """Return a number, from 10,000 on in k, M or G, at most `width` (4 or more) wide.

    Only more than 999 G takes more.
    """
    if value < 9999.5:
        return f"{value:.0f}"
    for unit in ("k", "M"):
        value /= 1000
        if value < 999.5:
            return fitted(value, width - 1) + unit
    return fitted(value / 1000, width - 1) + "G"


def tick(value: float) -> str:
    """Return the label of an axis without needless digits: `0.5`, `20`, `1.5k`."""
    for limit, unit in ((1_000_000, "M"), (1000, "k")):
        if abs(value) >= limit:
            return f"{value / limit:g}{unit}"
    return f"{value:g}"


def rounded_up(number: int, figures: int = 2) -> int:
    """Return the next whole number that has so many figures, for what is said with "about"."""
    unit: int = 10 ** max(len(str(number)) - figures, 0)
    return -(-number // unit) * unit


def plural(number: int, noun: str) -> str:
    """Return `1 call`, `2 calls`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def ms(value: float | None) -> str:
    """Return milliseconds for a report: `0.42`, `21.3`, `1,240`."""
    return _by_size(value, (10, 100), ",")


def ms_short(value: float | None) -> str:
    """Return milliseconds for a pane: `0.21`, `9.8`, `132`."""
    return _by_size(value, (0.995, 99.95))


def ms_three_digits(value: float | None) -> str:
    """Return milliseconds with three digits that count: `0.048`, `5.21`, `25.1`, `1200`."""
    return _by_size(value, (0.9995, 9.995, 99.95))


def _by_size(value: float | None, bounds: tuple[float, ...], separator: str = "") -> str:
    """Return a number with a decimal for each bound that its size stays below."""
    if value is None:
        return DASH
    return f"{value:{separator}.{sum(abs(value) < bound for bound in bounds)}f}"


def percent(share: float | None, decimals: int = 2) -> str:
    """Return a share with so many decimals: `0.04%`."""
    return fixed(None if share is None else share * 100, decimals, "%")


def percent_precise(share: float | None) -> str:
    """Return a share for a report; a small one has four decimals and is never shown as none."""
    if share is None:
        return DASH
    shown = share * 100
    if 0 < shown < 0.01:
        return f"{shown:.4f} %" if shown >= 0.0001 else "under 0.0001 %"
    return f"{shown:.2f} %"


def percent_short(share: float | None) -> str:
    """Return a share for a pane; what rounds to nothing but is something reads `<0.01%`."""
    if share is None:
        return DASH
    return "<0.01%" if 0 < share < 0.00005 else f"{fitted(share * 100, 4, least=1)}%"


def percent_significant(
    share: float, figures: int = 6, unit: str = "%", *, least: float = 0.0
) -> str:
    """Return a share in so many significant figures; one below `least` reads `<0.0001%`."""
    return f"<{least * 100:.4f}%" if 0 < share < least else significant(share * 100, figures) + unit


def clock(seconds: float) -> str:
    """Return a time since the start: `0:05`, `1:00:00`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours}:{minutes_left:02}:{rest:02}" if hours > 0 else f"{minutes}:{rest:02}"


def span(seconds: float) -> str:
    """Return a length of time for a report: `8.5 s`, `1:05 min`, `1:00:00 h`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return clock(seconds) + (" h" if seconds >= 3600 else " min")


def span_short(seconds: float, *, tenths: bool = False) -> str:
    """Return a length of time in at most two units: `9s`, `3m12s`, `1h03m`, `2d04h`.

    `tenths` shows those of less than ten seconds: `1.4s`.
    """
    if tenths and seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    return f"{whole // 60}m{whole % 60:02}s" if whole < 3600 else two_units(whole)


def two_units(whole_s: int) -> str:
    """Return a time of an hour or more in its two largest units: `1h02m`, `2d03h`, `123d04h`."""
    if whole_s < 86400:
        return f"{whole_s // 3600}h{whole_s // 60 % 60:02}m"
    return f"{whole_s // 86400}d{whole_s // 3600 % 24:02}h"


def iso(time_ns: int) -> str:
    """Return a time (ns of CLOCK_REALTIME) as ISO 8601 in UTC, to the millisecond."""
    found = datetime.fromtimestamp(time_ns / 1e9, timezone.utc)
    return found.isoformat(timespec="milliseconds")


def moment(iso: str) -> str:
    """Return an ISO 8601 time in UTC to the second; what is none is returned cleaned."""
    try:
        found = datetime.fromisoformat(iso.replace("Z", "+00:00"))
    except ValueError:
        return clean_text(iso, 40)
    return found.strftime("%Y-%m-%d %H:%M:%S UTC")


def time_of_day(time: str | float) -> str:
    """Return the time of day (UTC) of an ISO time or of seconds since 1970: `12:04:31`."""
    if isinstance(time, str):
        return time[11:19]
    return datetime.fromtimestamp(time, timezone.utc).strftime("%H:%M:%S")


def unix_seconds(iso: str) -> float:
    """Return an ISO 8601 time as seconds since 1970. Raises ValueError."""
    return datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp()
