"""Evidence for and against a profile: violations in clean seconds, and limited seconds.

The unit is the call-second: one call during one second. Clean ones are judged, limited ones only
counted. Texts give wall time: `of_s` seconds with packets times the share of clean call-seconds.
For one call that is its clean seconds; of 150 calls, one with a full socket limits only its own.
"""

from __future__ import annotations

import enum
from collections import Counter
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ari_tui.analysis.records import Ints, Mask
from ari_tui.analysis.sla.profiles import Profile, Tier, tier_for

RULES: Final = ("p50", "p95", "p99", "late", "loss", "max")
P50, P95, P99, LATE, LOSS, MAX = range(len(RULES))
RTT_SHARES: Final = {P50: 0.5, P95: 0.05, P99: 0.01}
"""The share of packets that may be above the limit: p99 ≤ 18 ms means at most 1 % above 18 ms."""


class Limited(enum.IntFlag):
    """Why a second of a call is not judged; one bit each, as stored in arrays."""

    SOCKET_DROPS = 1
    DWELL = 2
    LOG_OVERFLOW = 4
    CLOCK_STEP = 8
    ECHO_DWELL = 16
    WORKER = 32
    MACHINE = 64

    @property
    def words(self) -> str:
        """Return the reason as a text that follows "limited by"."""
        return _WORDS[self]


_WORDS: Final = {
    Limited.SOCKET_DROPS: "drops at our socket",
    Limited.DWELL: "delay in this engine",
    Limited.LOG_OVERFLOW: "an overflow of the packet log",
    Limited.CLOCK_STEP: "a step of the clock",
    Limited.ECHO_DWELL: "delay in the echo server",
    Limited.WORKER: "a media worker that was dead or stopped",
    Limited.MACHINE: "stolen CPU or a stall of this machine",
}


class Second(NamedTuple):
    """One closed second of n calls: no packet sent in it is in flight any more."""

    settled: Ints
    """(n) packets sent in it, all returned or lost."""
    late: Ints
    lost: Ints
    rtt_count: Ints
    """(n) round trips measured."""
    above: Ints
    """(n, limits) round trips above each of `Profile.thresholds_ns`."""
    limited: npt.NDArray[np.integer]
    """(n) bits of `Limited`; 0 is clean."""


def share_limits(profile: Profile) -> tuple[float, ...]:
    """Return the allowed share of packets over their limit, by rule (RULES); 0 for "max"."""
    return (*RTT_SHARES.values(), profile.late_ratio, profile.loss_ratio, 0.0)


def breaks(profile: Profile, over: Ints, of: Ints) -> Mask:
    """Return which rules (last axis: RULES) are broken by `over` packets of `of`."""
    # 0.29 · 100 is less than 29
    return np.asarray(over > np.array(share_limits(profile)) * of + 1e-9)


class Evidence:
    """Counts by rule (RULES) for one profile. May be added up over time, but not over calls.

    Attributes: `violations` (packets over their limit), `trials` (packets judged), `violated_s`
    (wall seconds that alone would break the rule), `packets` (including limited seconds),
    `limited_call_s` (by reason; a second with two counts for both), `tier_s` (wall seconds by
    tier), `beyond_s` (wall seconds above the last tier), `peak_calls`.
    """

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._thresholds = {limit: i for i, limit in enumerate(profile.thresholds_ms())}
        self.violations: Ints = np.zeros(len(RULES), dtype=np.int64)
        self.trials: Ints = np.zeros(len(RULES), dtype=np.int64)
        self.violated_s: Ints = np.zeros(len(RULES), dtype=np.int64)
        self.packets = self.of_s = self.of_call_s = self.clean_call_s = 0
        self.limited_call_s: Counter[Limited] = Counter()
        self.tier_s: Counter[int] = Counter()
        self.beyond_s = self.peak_calls = 0

    def add(self, calls_up: int, second: Second) -> None:
        """Add one wall second of all n calls, judged by the tier for `calls_up` calls.

        A call without packets, for example on hold, counts only if the second is limited.
        """
        seen = (second.settled > 0) | (second.rtt_count > 0) | (second.limited != 0)
        if not seen.any():
            return
        clean = seen & (second.limited == 0)
        self.packets += int(second.settled.sum())
        self.of_s += 1
        self.of_call_s += int(seen.sum())
        self.clean_call_s += int(clean.sum())
        for reason in Limited:
            count = int(((second.limited & reason) != 0).sum())
            if count:
                self.limited_call_s[reason] += count
        choice = tier_for(self.profile, calls_up)
        self.tier_s[choice.number] += 1
        self.beyond_s += choice.beyond_last
        self.peak_calls = max(self.peak_calls, calls_up)
        over, of = self.by_call(calls_up, second)
        violations, trials = over.sum(axis=0), of.sum(axis=0)
        self.violations += violations
        self.trials += trials
        self.violated_s += breaks(self.profile, violations, trials)

    def by_call(self, calls_up: int, second: Second) -> tuple[Ints, Ints]:
        """Return packets over their limit and packets judged (n calls, RULES); 0 where limited."""
        judged, tier = second.limited == 0, tier_for(self.profile, calls_up).tier
        clean = Second._make(field[judged] for field in second)
        limits = (tier.p50_ms, tier.p95_ms, tier.p99_ms, self.profile.max_ms)
        *shares, highest = (clean.above[:, self._thresholds[limit]] for limit in limits)
        over: Ints = np.zeros((len(second.settled), len(RULES)), dtype=np.int64)
        of: Ints = np.zeros_like(over)
        over[judged] = np.stack([*shares, clean.late, clean.lost, highest], axis=1)
        trips, settled = clean.rtt_count, clean.settled
        of[judged] = np.stack([trips, trips, trips, settled, settled, trips], axis=1)
        return over, of

    def merge(self, later: Evidence) -> None:
        """Add another time of the same calls. Raises ValueError for another profile."""
        if later.profile != self.profile:
            raise ValueError(
                f"evidence for {later.profile.name!r} does not speak of {self.profile.name!r}"
            )
        self.violations += later.violations
        self.trials += later.trials
        self.violated_s += later.violated_s
        self.packets += later.packets
        self.of_s += later.of_s
        self.of_call_s += later.of_call_s
        self.clean_call_s += later.clean_call_s
        self.limited_call_s.update(later.limited_call_s)
        self.tier_s.update(later.tier_s)
        self.beyond_s += later.beyond_s
        self.peak_calls = max(self.peak_calls, later.peak_calls)

    @property
    def clean_s(self) -> float:
        """Return the clean seconds of `of_s`, rounded down to a tenth."""
        return self._wall_s(self.clean_call_s)

    def limited_s(self, reason: Limited) -> float:
        """Return the seconds of `of_s` limited by a reason, rounded down to a tenth."""
        return self._wall_s(self.limited_call_s[reason])

    def _wall_s(self, call_s: int) -> float:
        return 10 * self.of_s * call_s // self.of_call_s / 10 if self.of_call_s else 0.0

    @property
    def mostly_limited(self) -> bool:
        """Return whether less than half of the call-seconds were clean."""
        return 2 * self.clean_call_s < self.of_call_s

    @property
    def tiers(self) -> list[Tier]:
        """Return the tiers by which any second was judged, in their order."""
        return [self.profile.tiers[number] for number in sorted(self.tier_s)]
