"""Faults of the trial, each with the places that a right diagnosis may name for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.float64]
"""Milliseconds since the start."""
Window = tuple[float, float]
"""From and until, in ms."""


@dataclass(frozen=True)
class Fault:
    """One fault: `amount` is a share of packets, or milliseconds, by `kind`.

    loss (share; runs of `burst`), jitter (uniform up to ms), swap (share), stall (held for ms every
    `every_s`, then all at once), outage (lost for ms), suppressed (not sent for ms), dwell (up to
    ms in a share of 20 %), drops (share, at our socket), down (ms; what is sent meanwhile is
    refused, then counters are anew), failed (share, by the echo server itself), dead (ms; our
    worker is gone, and what comes meanwhile is lost).
    """

    place: str
    kind: str
    amount: float
    every_s: float = 0.0
    burst: int = 1
    from_s: float = 20.0
    until_s: float = 1e9
    calls: frozenset[int] | None = None
    """Which calls it hits; None is all."""
    right: frozenset[str] = frozenset()
    """Places that are right too, beside `place`."""
    unknown: bool = False
    """WHERE.md says that its place may be "not known"."""

    @property
    def name(self) -> str:
        """Return what the table calls it."""
        return f"{self.place} {self.kind} {self.amount:g}"

    @property
    def places(self) -> frozenset[str]:
        """Return every place that is right for it."""
        return self.right | {self.place}

    def hits(self, call: int) -> bool:
        """Return whether it concerns a call."""
        return self.calls is None or call in self.calls

    def active(self, times: Times) -> npt.NDArray[np.bool_]:
        """Return which times it covers."""
        return np.asarray((times >= self.from_s * 1000) & (times < self.until_s * 1000))

    def windows(self, end_s: float) -> list[Window]:
        """Return the windows of a stall, an outage or the like, until the end."""
        last_s = min(self.until_s, end_s)
        starts = np.arange(self.from_s + 0.37, last_s, self.every_s or 1e9) * 1000
        return [(float(start), float(start) + self.amount) for start in starts]


CALLER_IN: Final = (
    Fault("caller-in", "loss", 0.03),
    Fault("caller-in", "loss", 0.08, burst=3),
    Fault("caller-in", "jitter", 40.0),
    Fault("caller-in", "stall", 300.0, every_s=3, unknown=True),
    Fault("caller-in", "outage", 800.0, every_s=8),
    Fault("caller-in", "outage", 3000.0, every_s=15),
    Fault(
        "caller-in", "suppressed", 2000.0, every_s=10, right=frozenset({"asterisk"}), unknown=True
    ),
    Fault("caller-in", "swap", 0.05, unknown=True),
)
ASTERISK: Final = (
    Fault("asterisk", "stall", 300.0, every_s=3),
    Fault("asterisk", "stall", 1500.0, every_s=12),
)
ASTERISK_ENGINE: Final = (
    Fault("asterisk-engine", "loss", 0.03, right=frozenset({"asterisk"})),
    Fault("asterisk-engine", "jitter", 30.0, unknown=True),
)
ENGINE: Final = (
    Fault("engine", "stall", 250.0, every_s=3),
    Fault("engine", "dwell", 20.0),
    Fault("engine", "drops", 0.03),
    Fault("engine", "dead", 2500.0, every_s=20),
)
ECHO: Final = (
    Fault("echo-out", "loss", 0.03),
    Fault("echo-out", "loss", 0.08, burst=3),
    Fault("echo-back", "loss", 0.03),
    Fault("echo-path", "jitter", 30.0, right=frozenset({"echo-out", "echo-back"})),
    Fault(
        "echo-path",
        "outage",
        4000.0,
        every_s=20,
        right=frozenset({"echo-out", "echo-back"}),
        unknown=True,
    ),
    Fault("echo-server", "stall", 300.0, every_s=3),
    Fault("echo-server", "failed", 0.03),
    Fault("echo-server", "down", 4000.0, every_s=20),
)
CALLER_OUT: Final = (Fault("caller-out", "loss", 0.05),)
SINGLES: Final = (*CALLER_IN, *ASTERISK, *ASTERISK_ENGINE, *ENGINE, *ECHO, *CALLER_OUT)
_BY_PLACE: Final = {fault.place: fault for fault in reversed(SINGLES)}
"""The first fault of each place."""


@dataclass(frozen=True)
class Scenario:
    """Calls with faults, exactly repeatable by its seed."""

    name: str
    faults: tuple[Fault, ...] = ()
    calls: int = 6
    seconds: int = 60
    seed: int = 1
    transcoded: bool = False
    """Asterisk decodes and encodes: its own sequence is whole, whatever was lost before."""
    reports: bool = True
    """The callers' phones send RTCP."""
    foreign_echo: bool = False
    """The echo server tells nothing."""
    digits: bool = False
    """The callers press digits, whose packets Asterisk swallows."""
    may_be_clean: bool = False
    """The faults may be too small to be told."""

    @property
    def numbers(self) -> range:
        """Return the calls' numbers."""
        return range(1, self.calls + 1)

    def of(self, *places: str) -> list[Fault]:
        """Return the faults at some places."""
        return [fault for fault in self.faults if fault.place in places]

    def expected(self, call: int | None = None) -> tuple[frozenset[str], bool]:
        """Return the right places of the first line, and whether it may be "not known".

        Of one call, or of the session. No place: it must be clean.
        """
        hitting = [f for f in self.faults if call is None or f.hits(call)]
        places = frozenset[str]().union(*(fault.places for fault in hitting))
        if self.foreign_echo and "echo-server" in places:
            places |= {"echo-path"}  # its path and itself are not told apart
        return places, any(self._may_be_unknown(fault) for fault in hitting)

    def _may_be_unknown(self, fault: Fault) -> bool:
        blind = fault.place == "caller-out" and not self.reports
        told_apart_late = self.transcoded and fault.place in ("caller-in", "asterisk-engine")
        return fault.unknown or blind or told_apart_late


def none(seed: int) -> list[Scenario]:
    """Return healthy scenarios."""
    return [
        Scenario("no fault", seed=seed),
        Scenario("no fault, one call", calls=1, seed=seed),
        Scenario("no fault, transcoded", transcoded=True, seed=seed),
        Scenario("no fault, 24 calls", calls=24, seed=seed),
        Scenario("no fault, no reports", reports=False, seed=seed),
        Scenario("no fault, digits", digits=True, seed=seed),
        Scenario("no fault, foreign echo", foreign_echo=True, seed=seed),
    ]


def singles(seed: int) -> list[Scenario]:
    """Return every fault alone: on all calls, on one of six, on the only one; transcoded."""
    found: list[Scenario] = []
    for fault in SINGLES:
        name = fault.name
        found.append(Scenario(name, (fault,), seed=seed))
        found.append(Scenario(f"{name}, one call", (fault,), calls=1, seed=seed))
        if fault.place not in ("asterisk", "engine", "echo-server"):
            one = replace(fault, calls=frozenset({2}))
            found.append(Scenario(f"{name}, one of six", (one,), seed=seed))
        if fault.place in ("caller-in", "asterisk", "echo-out", "caller-out"):
            found.append(Scenario(f"{name}, transcoded", (fault,), transcoded=True, seed=seed))
    return [*found, *_special(seed)]


def _special(seed: int) -> list[Scenario]:
    """Return faults under conditions of their own."""
    trunk, stalled = _BY_PLACE["caller-in"], CALLER_IN[3]
    lost = replace(_BY_PLACE["echo-out"], right=frozenset({"echo-path"}), unknown=True)
    return [
        Scenario("one trunk for 24 calls loses", (trunk,), calls=24, seed=seed),
        Scenario("one trunk for 24 calls stalls", (stalled,), calls=24, seed=seed),
        Scenario("24 calls, Asterisk stalls", (ASTERISK[0],), calls=24, seed=seed),
        Scenario("caller-out loss, no reports", CALLER_OUT, reports=False, seed=seed),
        Scenario("echo-out loss, no reports", (_BY_PLACE["echo-out"],), reports=False, seed=seed),
        Scenario("echo loss, foreign echo", (lost,), foreign_echo=True, seed=seed),
        Scenario("echo-back loss 24 calls", (_BY_PLACE["echo-back"],), calls=24, seed=seed),
        Scenario("echo-server stall 24 calls", (ECHO[5],), calls=24, seed=seed),
    ]


_FUZZ: Final = {
    "loss": (0.004, 0.15),
    "jitter": (8.0, 60.0),
    "stall": (60.0, 900.0),
    "outage": (100.0, 4000.0),
    "failed": (0.004, 0.1),
    "down": (1000.0, 6000.0),
    "drops": (0.004, 0.1),
    "dwell": (5.0, 60.0),
    "suppressed": (300.0, 4000.0),
    "swap": (0.01, 0.1),
    "dead": (500.0, 4000.0),
}
"""Amounts of each kind, drawn evenly on a scale of ratios."""


def fuzz(seed: int) -> Scenario:
    """Return one to three faults of any size, at any time, on all calls or on some."""
    random = np.random.default_rng(seed)
    picks = random.choice(len(SINGLES), size=int(random.integers(1, 4)), replace=False)
    calls = int(random.choice([1, 3, 6, 12]))
    return Scenario(
        f"fuzz {' + '.join(f'{SINGLES[i].place} {SINGLES[i].kind}' for i in picks)}",
        tuple(_drawn(SINGLES[i], calls, random) for i in picks),
        calls=calls,
        seconds=75,
        seed=seed,
        transcoded=bool(random.random() < 0.3),
        reports=bool(random.random() < 0.8),
        foreign_echo=bool(random.random() < 0.15),
        digits=bool(random.random() < 0.3),
        may_be_clean=True,
    )


def _drawn(fault: Fault, calls: int, random: np.random.Generator) -> Fault:
    low, high = _FUZZ[fault.kind]
    amount = float(np.exp(random.uniform(np.log(low), np.log(high))))
    some = fault.place not in ("asterisk", "engine", "echo-server") and random.random() < 0.4
    hit = frozenset(int(n) for n in random.integers(1, calls + 1, size=max(1, calls // 3)))
    return replace(
        fault,
        amount=amount,
        every_s=max(fault.every_s, 2.5 * amount / 1000) if fault.every_s else 0.0,
        burst=int(random.choice([1, 1, 2, 5])),
        from_s=float(random.uniform(3, 35)),
        until_s=1e9 if random.random() < 0.5 else float(random.uniform(45, 60)),
        calls=hit if some else None,
        unknown=True,
    )


def pairs(seed: int) -> list[Scenario]:
    """Return every two places at once, by the first fault of each."""
    return [
        Scenario(f"{a.name} + {b.name}", (a, b), seed=seed)
        for a, b in combinations(reversed(_BY_PLACE.values()), 2)
    ]
