"""SLA profiles: limits in tiers by load, and the original system's numbers as the default."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec


class Tier(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """RTT limits (ms) for up to `calls_up_to` calls at once."""

    calls_up_to: int
    p50_ms: float
    p95_ms: float
    p99_ms: float

    def faults(self, name: str) -> list[str]:
        """Return what is wrong with the tier, as texts that begin with `name`."""
        if self.calls_up_to < 1:
            return [f"{name}.calls_up_to = {self.calls_up_to} is not 1 or more"]
        found = [
            f"{name}.{key} = {value:g} is not above 0"
            for key, value in self._limits()
            if not _is_positive(value)
        ]
        return found or [
            f"{name}: {low_key} = {low:g} is above {high_key} = {high:g}"
            for (low_key, low), (high_key, high) in pairwise(self._limits())
            if low > high
        ]

    def _limits(self) -> list[tuple[str, float]]:
        return [("p50_ms", self.p50_ms), ("p95_ms", self.p95_ms), ("p99_ms", self.p99_ms)]


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named set of limits. Raises ValueError if they are invalid or contradict each other.

    `late_ratio` and `loss_ratio` are shares of settled packets; `max_budget_s` is how many
    seconds may hold a packet above `max_ms`.
    """

    name: str
    tiers: tuple[Tier, ...]
    max_ms: float
    late_ratio: float
    loss_ratio: float
    max_budget_s: int = 0

    def __post_init__(self) -> None:
        found = self.faults()
        if found:
            raise ValueError(f"profile {self.name!r}: {'; '.join(found)}")

    def faults(self) -> list[str]:
        """Return what is wrong with the profile, as texts that name its keys."""
        found = [] if self.tiers else ["tiers is empty: at least one is needed"]
        for number, tier in enumerate(self.tiers):
            found += tier.faults(f"tiers[{number}]")
        found += [
            f"tiers[{i + 1}].calls_up_to = {after.calls_up_to} is not above "
            f"tiers[{i}].calls_up_to = {before.calls_up_to}"
            for i, (before, after) in enumerate(pairwise(self.tiers))
            if after.calls_up_to <= before.calls_up_to
        ]
        return found + self._faults_at_any_load()

    def _faults_at_any_load(self) -> list[str]:
        found = []
        if not _is_positive(self.max_ms):
            found.append(f"max_ms = {self.max_ms:g} is not above 0")
        found += [
            f"tiers[{number}].p99_ms = {tier.p99_ms:g} is above max_ms = {self.max_ms:g}"
            for number, tier in enumerate(self.tiers)
            if tier.p99_ms > self.max_ms > 0
        ]
        found += [
            f"{key} = {value:g} is not a share above 0 and below 1 (no number of packets proves "
            "that none is ever over; 0.0001 is one in ten thousand)"
            for key, value in (("late_ratio", self.late_ratio), ("loss_ratio", self.loss_ratio))
            if not 0 < value < 1
        ]
        if self.max_budget_s < 0:
            found.append(f"max_budget_s = {self.max_budget_s} is below 0")
        return found

    def thresholds_ms(self) -> tuple[float, ...]:
        """Return the different RTT limits of the profile, ascending."""
        limits = {ms for tier in self.tiers for ms in (tier.p50_ms, tier.p95_ms, tier.p99_ms)}
        return tuple(sorted(limits | {self.max_ms}))

    def thresholds_ns(self) -> tuple[int, ...]:
        """Return `thresholds_ms` in ns. A packet violates a limit when its RTT is above it."""
        return tuple(round(limit * 1_000_000) for limit in self.thresholds_ms())


class TierChoice(NamedTuple):
    """The tier for a load (`number` from 0), and whether the load is above the last tier."""

    number: int
    tier: Tier
    beyond_last: bool


def tier_for(profile: Profile, calls: int) -> TierChoice:
    """Choose the tier for a number of calls at once; above the last tier its limits apply."""
    for number, tier in enumerate(profile.tiers):
        if calls <= tier.calls_up_to:
            return TierChoice(number, tier, beyond_last=False)
    last = len(profile.tiers) - 1
    return TierChoice(last, profile.tiers[last], beyond_last=True)


def _is_positive(value: float) -> bool:
    return math.isfinite(value) and value > 0


SEED_PROFILE: Final = Profile(
    name="seed",
    tiers=(
        Tier(calls_up_to=30, p50_ms=8, p95_ms=12, p99_ms=18),
        Tier(calls_up_to=100, p50_ms=10, p95_ms=15, p99_ms=20),
        Tier(calls_up_to=150, p50_ms=12, p95_ms=18, p99_ms=22),
    ),
    max_ms=22,
    late_ratio=0.001,
    loss_ratio=0.002,
)
"""The original system's numbers, the default."""
