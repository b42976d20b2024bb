"""The settings of an impairment: `delay=20ms,jitter=5ms,loss=1%,burst=3,dup=0.5%,reorder=1%`.

Every share is of *all packets that arrive*: `loss=5%,dup=1%` means 5 lost and 1 duplicate in 100
sent. A lost packet can be neither duplicated nor overtaken, which limits the sums.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from ari_tui.core.errors import ConfigError
from ari_tui.core.number_format import percent_significant
from ari_tui.core.text import did_you_mean

MAX_TIME_NS: Final = 10_000_000_000
"""Longest delay and longest jitter; more is taken for a typing error."""
MAX_BURST: Final = 1_000_000
_ROUNDING: Final = 1e-9
"""Tolerance for sums such as 0.7 + 0.2 + 0.1, slightly above 1 in floating point."""

EXAMPLE: Final = "delay=20ms,jitter=5ms,loss=1%,burst=3,dup=0.5%,reorder=1%"

_NUMBER: Final = re.compile(r"(-?\d+(?:\.\d*)?|-?\.\d+)\s*([a-zA-Z%]*)\Z", re.ASCII)
_KEYS: Final = ("delay", "jitter", "loss", "burst", "dup", "reorder")
_UNITS_NS: Final = {"us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}


@dataclass(frozen=True)
class ImpairmentSpec:
    """One impairment: times in ns, shares of all arriving packets in 0 … 1.

    `burst` is the length of a run of losses. `duplicate` is at most 1 − `loss`, `reorder` at most
    half of that, as one packet overtakes another. Raises ConfigError, naming the key as in
    `parse_impairment`.
    """

    delay_ns: int = 0
    jitter_ns: int = 0
    loss: float = 0.0
    burst: int = 1
    duplicate: float = 0.0
    reorder: float = 0.0

    def __post_init__(self) -> None:
        for key, time_ns in (("delay", self.delay_ns), ("jitter", self.jitter_ns)):
            if not 0 <= time_ns <= MAX_TIME_NS:
                raise _error(f"{key} must lie between 0 and 10s, not {_time_text(time_ns)}")
        for key, share in (("loss", self.loss), ("dup", self.duplicate), ("reorder", self.reorder)):
            if not 0.0 <= share <= 1.0:
                raise _error(f"{key} must lie between 0% and 100%, not {share:.6g}")
        if not 1 <= self.burst <= MAX_BURST:
            raise _error(f"burst must be a whole number from 1 to {MAX_BURST}, not {self.burst}")
        if self.burst > 1 and not self.loss:
            raise _error("burst is the length of a run of losses: give loss too")
        self._check_sums()

    def _check_sums(self) -> None:
        left = 1.0 - self.loss
        if self.duplicate > left + _ROUNDING:
            raise _error(f"dup must be at most {left:.6g}: loss leaves no more to double")
        if self.reorder > left / 2 + _ROUNDING:
            raise _error(
                f"reorder must be at most {left / 2:.6g}: of what loss leaves,"
                " every packet overtaken takes another to overtake it"
            )

    @property
    def active(self) -> bool:
        """Whether anything is impaired."""
        return self != ImpairmentSpec()

    def __str__(self) -> str:
        parts = [
            f"delay={_time_text(self.delay_ns)}" if self.delay_ns else "",
            f"jitter={_time_text(self.jitter_ns)}" if self.jitter_ns else "",
            f"loss={percent_significant(self.loss)}" if self.loss else "",
            f"burst={self.burst}" if self.burst > 1 else "",
            f"dup={percent_significant(self.duplicate)}" if self.duplicate else "",
            f"reorder={percent_significant(self.reorder)}" if self.reorder else "",
        ]
        return ",".join(part for part in parts if part) or "none"


def parse_impairment(text: str) -> ImpairmentSpec:
    """Read an impairment SPEC: comma-separated `key=value`, each key once, in any order.

    `delay`, `jitter` with a unit (us, ms, s; a bare 0 is allowed); `loss`, `dup`, `reorder` as a
    percentage (1.5%) or as a fraction (0.015); `burst` a whole number. Raises ConfigError naming
    the key or value and what is allowed.
    """
    values: dict[str, str] = {}
    for part in text.split(","):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not value:
            raise _error(f"{part.strip()!r} is not key=value, as in {EXAMPLE}")
        if key not in _KEYS:
            raise _unknown(key)
        if key in values:
            raise _error(f"{key} is given twice")
        values[key] = value
    values = {**dict.fromkeys(_KEYS, "0"), "burst": "1", **values}
    delay_ns, jitter_ns = (read_time_ns(key, values[key]) for key in ("delay", "jitter"))
    loss, burst = read_share("loss", values["loss"]), _read_burst(values["burst"])
    duplicate, reorder = (read_share(key, values[key]) for key in ("dup", "reorder"))
    return ImpairmentSpec(delay_ns, jitter_ns, loss, burst, duplicate, reorder)


def read_time_ns(key: str, value: str) -> int:
    """Read a time with its unit into ns. Raises ConfigError naming the key."""
    match = _NUMBER.match(value)
    bare_zero = match is not None and not match[2] and Decimal(match[1]) == 0
    if match is None or not (match[2] in _UNITS_NS or bare_zero):
        raise _error(f"{key}={value}: give a time with its unit, us, ms or s, as in {key}=20ms")
    return round(Decimal(match[1]) * _UNITS_NS.get(match[2], 1))


def read_share(key: str, value: str) -> float:
    """Read a percentage or a fraction as 0 … 1. Raises ConfigError naming the key."""
    match = _NUMBER.match(value)
    if match is None or match[2] not in ("", "%"):
        raise _error(
            f"{key}={value}: give a percentage or a fraction, as in {key}=1% or {key}=0.01"
        )
    if not match[2] and Decimal(match[1]) > 1:
        raise _error(f"{key}={value}: a fraction is at most 1; {match[1]} in a hundred is {value}%")
    return float(Decimal(match[1]) / 100 if match[2] else Decimal(match[1]))


def _read_burst(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise _error(f"burst={value}: give a whole number from 1 to {MAX_BURST}")
    return int(value)


def _time_text(time_ns: int) -> str:
    unit, scale = next(
        ((unit, scale) for unit, scale in (("s", 10**9), ("ms", 10**6)) if abs(time_ns) >= scale),
        ("us", 10**3),
    )
    return f"{Decimal(time_ns) / scale:f}{unit}"


def _unknown(key: str) -> ConfigError:
    hint = f"{did_you_mean(key, _KEYS)} allowed are {', '.join(_KEYS)}".lstrip()
    return _error(f"unknown key {key!r}: {hint}")


def _error(message: str) -> ConfigError:
    return ConfigError(f"impairment: {message}")
