"""A fault placed on purpose: `PLACE:SPEC`, as in `caller-in:loss=3%,after=10s`.

SPEC is that of an impairment (`impairment_spec`), with further keys by place:

- `stall=300ms,every=2s`: the place stands still so long, then continues with what has waited
- `silence=2s,every=10s`: so long nothing passes: it is lost
- `restart=3s,every=30s`: it is away so long and starts anew
- `transcode`: Asterisk encodes anew, its own sequence is whole whatever was lost before
- `rtcp=off`, `rtcp=50%`: how many of the callers' phones send reports
- `calls=2`: only the first so many calls, in the order of their media
- `after=5s`, `for=20s`: when it begins, counted from the start, and how long it lasts
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from ari_tui.core.errors import ConfigError
from ari_tui.core.text import did_you_mean
from ari_tui.reflector.impairment_spec import (
    MAX_TIME_NS,
    ImpairmentSpec,
    parse_impairment,
    read_share,
    read_time_ns,
)

_PACKETS: Final = ("delay", "jitter", "loss", "burst", "dup", "reorder")
_WHEN: Final = ("after", "for")
_LEG: Final = (*_PACKETS, "stall", "silence", "every", "calls", *_WHEN)
KEYS: Final[dict[str, tuple[str, ...]]] = {
    "caller-in": _LEG,
    "asterisk": ("stall", "restart", "every", "transcode", *_WHEN),
    "asterisk-engine": _LEG,
    "engine": ("stall", "every", *_WHEN),
    "echo-out": _LEG,
    "echo-back": _LEG,
    "echo-path": _LEG,
    "echo-server": (*_PACKETS, "stall", "restart", "every", *_WHEN),
    "caller-out": (*_LEG, "rtcp"),
}
"""The keys that each place allows; the places are those of `document/where.py`."""
SIM_PLACES: Final = ("caller-in", "asterisk", "asterisk-engine", "caller-out")
"""Places within the simulated Asterisk, or at its legs."""
PATH_PLACES: Final = ("echo-out", "echo-back", "echo-path")
"""Places between engine and echo server."""
_EPISODES: Final = ("stall", "silence", "restart")
_LONGEST_NS: Final = 86_400 * 1_000_000_000


@dataclass(frozen=True)
class FaultSpec:
    """One fault; times in ns. `text` is what was given, to be passed on."""

    place: str
    text: str
    impairment: ImpairmentSpec = field(default_factory=ImpairmentSpec)
    stall_ns: int = 0
    silence_ns: int = 0
    restart_ns: int = 0
    every_ns: int = 0
    """From the begin of one stall, silence or restart to the next; 0: there is one."""
    transcode: bool = False
    rtcp_share: float | None = None
    calls: int | None = None
    after_ns: int = 0
    for_ns: int | None = None

    def active(self, elapsed_ns: int) -> bool:
        """Return whether it lasts at a time since the start."""
        since_ns = elapsed_ns - self.after_ns
        return since_ns >= 0 and (self.for_ns is None or since_ns < self.for_ns)

    def episode_end(self, length_ns: int, elapsed_ns: int) -> int | None:
        """Return when the stall, silence or restart of a time ends; None outside of one."""
        if not length_ns or not self.active(elapsed_ns):
            return None
        since_ns = elapsed_ns - self.after_ns
        begin_ns = since_ns // self.every_ns * self.every_ns if self.every_ns else 0
        until_ns = begin_ns + length_ns
        return self.after_ns + until_ns if since_ns < until_ns else None

    def next_episode(self, elapsed_ns: int) -> int | None:
        """Return when the next stall, silence or restart begins, at or after a time."""
        since_ns = elapsed_ns - self.after_ns
        begin_ns = 0
        if since_ns > 0:
            if not self.every_ns:
                return None
            begin_ns = -(-since_ns // self.every_ns) * self.every_ns
        if self.for_ns is not None and begin_ns >= self.for_ns:
            return None
        return self.after_ns + begin_ns


def parse_fault(text: str) -> FaultSpec:
    """Read `PLACE:SPEC`. Raises ConfigError naming the place, key or value and what is allowed."""
    place, colon, spec = (part.strip() for part in text.partition(":"))
    if place not in KEYS:
        hint = did_you_mean(place, KEYS)
        allowed = f"allowed are {', '.join(KEYS)}"
        raise ConfigError(f"--fault {text}: unknown place {place!r}: {hint} {allowed}".rstrip())
    if not colon or not spec:
        raise ConfigError(f"--fault {text}: give PLACE:SPEC, as in {place}:{_example(place)}")
    try:
        return _read(place, text, _pairs(place, spec))
    except ConfigError as error:
        raise ConfigError(f"--fault {text}: {str(error).removeprefix('impairment: ')}") from None


def parse_faults(texts: tuple[str, ...]) -> tuple[FaultSpec, ...]:
    """Read several."""
    return tuple(parse_fault(text) for text in texts)


def _pairs(place: str, spec: str) -> dict[str, str]:
    """Split a SPEC into its keys and values, each allowed at the place and given once."""
    values: dict[str, str] = {}
    for part in spec.split(","):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if key not in KEYS[place]:
            hint = did_you_mean(key, KEYS[place])
            allowed = f"{place} allows {', '.join(KEYS[place])}"
            raise ConfigError(f"unknown key {key!r}: {hint} {allowed}")
        if (key == "transcode") == bool(equals) or (equals and not value):
            raise ConfigError(f"{part.strip()!r}: give {_example(place)}")
        if key in values:
            raise ConfigError(f"{key} is given twice")
        values[key] = value
    return values


def _read(place: str, text: str, values: dict[str, str]) -> FaultSpec:
    packets = ",".join(f"{key}={values[key]}" for key in _PACKETS if key in values)
    times = {
        f"{key}_ns": _time_ns(key, values[key])
        for key in (*_EPISODES, "every", *_WHEN)
        if key in values
    }
    fault = FaultSpec(
        place,
        text,
        impairment=parse_impairment(packets) if packets else ImpairmentSpec(),
        transcode="transcode" in values,
        rtcp_share=_rtcp_share(values["rtcp"]) if "rtcp" in values else None,
        calls=_calls(values["calls"]) if "calls" in values else None,
        **times,
    )
    _check_episodes(fault)
    return fault


def _check_episodes(fault: FaultSpec) -> None:
    lengths = {key: getattr(fault, f"{key}_ns") for key in _EPISODES}
    given = [key for key, length_ns in lengths.items() if length_ns]
    if len(given) > 1:
        raise ConfigError(f"{' and '.join(given)}: give each in a --fault of its own")
    if fault.every_ns and not given:
        raise ConfigError("every is the time between stalls, silences or restarts: give one too")
    if given and fault.every_ns and fault.every_ns <= lengths[given[0]]:
        raise ConfigError(f"every must be longer than {given[0]}")
    if given and lengths[given[0]] > MAX_TIME_NS:
        raise ConfigError(f"{given[0]} must be at most 10s")


def _time_ns(key: str, value: str) -> int:
    time_ns = read_time_ns(key, value)
    if not 0 < time_ns <= _LONGEST_NS and not (key == "after" and time_ns == 0):
        raise ConfigError(f"{key}={value}: give more than 0 and at most a day")
    return time_ns


def _rtcp_share(value: str) -> float:
    if value in ("on", "off"):
        return float(value == "on")
    return read_share("rtcp", value)


def _calls(value: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,5}", value):
        raise ConfigError(f"calls={value}: give a whole number from 1")
    return int(value)


def _example(place: str) -> str:
    """Return a SPEC that the place allows."""
    keys = KEYS[place]
    return "loss=3%,after=10s" if "loss" in keys else "stall=300ms,every=2s"
