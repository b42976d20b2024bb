"""What an impairment is asked to do: `delay=20ms,jitter=5ms,loss=1%,burst=3,dup=0.5%,reorder=1%`.

Every share is one of *all packets that arrive*, so that `loss=5%,dup=1%` shows as 5 lost and 1
duplicate in 100 sent. A lost packet can be neither doubled nor overtaken, which bounds the sums.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from ari_tui.core.errors import ConfigError
from ari_tui.core.number_format import percent_significant

MAX_TIME_NS: Final = 10_000_000_000
"""Longest delay and longest jitter; more is a typing error, not a network."""
MAX_BURST: Final = 1_000_000
_ROUNDING: Final = 1e-9
"""Sums of shares such as 0.7 + 0.2 + 0.1 come out a hair above 1."""

EXAMPLE: Final = "delay=20ms,jitter=5ms,loss=1%,burst=3,dup=0.5%,reorder=1%"

_NUMBER: Final = re.compile(r"(-?\d+(?:\.\d*)?|-?\.\d+)\s*([a-zA-Z%]*)\Z", re.ASCII)
_KEYS: Final = ("delay", "jitter", "loss", "burst", "dup", "reorder")
_UNITS_NS: Final = {"us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}


@dataclass(frozen=True)
class ImpairmentSpec:
    """One impairment: times in ns, shares of all arriving packets in 0 … 1.

    `burst` is the length of a run of losses. `duplicate` is at most what `loss` leaves,
    `reorder` at most half of that, as it takes a second packet to overtake the first. Raises
    ConfigError, naming the key as `parse_impairment` spells it.
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
        """Tell whether anything is asked for at all."""
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
    return _read(values)


def _read(values: Mapping[str, str]) -> ImpairmentSpec:
    def time_ns(key: str) -> int:
        return _read_time_ns(key, values[key]) if key in values else 0

    def share(key: str) -> float:
        return _read_share(key, values[key]) if key in values else 0.0

    return ImpairmentSpec(
        delay_ns=time_ns("delay"),
        jitter_ns=time_ns("jitter"),
        loss=share("loss"),
        burst=_read_burst("burst", values["burst"]) if "burst" in values else 1,
        duplicate=share("dup"),
        reorder=share("reorder"),
    )


def _read_time_ns(key: str, value: str) -> int:
    match = _NUMBER.match(value)
    if match is None or (match[2] not in _UNITS_NS and not _is_bare_zero(match)):
        raise _error(f"{key}={value}: give a time with its unit, us, ms or s, as in {key}=20ms")
    return round(Decimal(match[1]) * _UNITS_NS.get(match[2], 1))


def _is_bare_zero(match: re.Match[str]) -> bool:
    return not match[2] and Decimal(match[1]) == 0


def _read_share(key: str, value: str) -> float:
    match = _NUMBER.match(value)
    if match is None or match[2] not in ("", "%"):
        raise _error(
            f"{key}={value}: give a percentage or a fraction, as in {key}=1% or {key}=0.01"
        )
    if not match[2] and Decimal(match[1]) > 1:
        raise _error(f"{key}={value}: a fraction is at most 1; {match[1]} in a hundred is {value}%")
    return float(Decimal(match[1]) / 100 if match[2] else Decimal(match[1]))


def _read_burst(key: str, value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise _error(f"{key}={value}: give a whole number from 1 to {MAX_BURST}")
    return int(value)


def _time_text(time_ns: int) -> str:
    unit, scale = next(
        ((unit, scale) for unit, scale in (("s", 10**9), ("ms", 10**6)) if abs(time_ns) >= scale),
        ("us", 10**3),
    )
    return f"{Decimal(time_ns) / scale:f}{unit}"


def _unknown(key: str) -> ConfigError:
    near = difflib.get_close_matches(key, _KEYS, n=1)
    meant = f"did you mean {near[0]}? " if near else ""
    return _error(f"unknown key {key!r}: {meant}allowed are {', '.join(_KEYS)}")


def _error(message: str) -> ConfigError:
    return ConfigError(f"impairment: {message}")
