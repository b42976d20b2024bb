"""What speaks for and against a profile: violations in clean seconds, and what was left out.

The unit is the call-second: one call during one second. It is clean unless the instrument was
limited in it, and limited ones are counted but not judged. Seconds are told to people in wall
time: of `of_s` seconds with packets, the share of call-seconds that was clean. For one call that
is its clean seconds; with 150 calls one call's full socket does not spoil the second for all.
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
"""p99 ≤ 18 ms says: at most this share of packets lies above 18 ms."""


class Limited(enum.IntFlag):
    """Why a second of a call says nothing of the network; a bit each, to be kept in an array."""

    SOCKET_DROPS = 1
    DWELL = 2
    LOG_OVERFLOW = 4
    CLOCK_STEP = 8
    ECHO_DWELL = 16

    @property
    def words(self) -> str:
        """Return the reason as it reads after "limited by"."""
        return _WORDS[self]


_WORDS: Final = {
    Limited.SOCKET_DROPS: "drops at our socket",
    Limited.DWELL: "our own dwell",
    Limited.LOG_OVERFLOW: "an overflow of the packet log",
    Limited.CLOCK_STEP: "a step of the clock",
    Limited.ECHO_DWELL: "the echo server's dwell",
}


class Second(NamedTuple):
    """One second of n calls, closed: nothing sent in it is under way any more."""

    settled: Ints
    """(n) packets sent in it, each returned or lost by now."""
    late: Ints
    lost: Ints
    rtt_count: Ints
    """(n) round trips measured."""
    above: Ints
    """(n, limits) how many of them lay above each of `Profile.thresholds_ns`."""
    limited: npt.NDArray[np.integer]
    """(n) bits of `Limited`; 0 is clean."""

    def only(self, calls: Mask) -> Second:
        """Return the second of some of its calls (mask of n)."""
        return Second(
            self.settled[calls],
            self.late[calls],
            self.lost[calls],
            self.rtt_count[calls],
            self.above[calls],
            self.limited[calls],
        )


def breaks(profile: Profile, over: Ints, of: Ints) -> Mask:
    """Tell of each rule (last axis: RULES) whether so many packets of so many break it."""
    allowed = np.array([*RTT_SHARES.values(), profile.late_ratio, profile.loss_ratio, 0.0])
    broken: Mask = over > allowed * of + 1e-9  # 0.29 · 100 is less than 29
    return broken


class Evidence:
    """Counts for each rule (RULES) of one profile. Pieces of time add up; calls do not.

    Attributes: `violations`, `trials` (packets over their limit, of how many), `violated_s` (wall
    seconds that alone would break the rule), `packets` (seen, limited seconds included),
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
        """Take one wall second: of all n calls at once, judged by the tier for `calls_up` calls.

        A call without packets, on hold say, is no evidence unless the instrument was limited.
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
        """Return packets over their limit, of how many: each (n calls, RULES); 0 where limited."""
        judged = second.limited == 0
        clean, tier = second.only(judged), tier_for(self.profile, calls_up).tier
        limits = (tier.p50_ms, tier.p95_ms, tier.p99_ms, self.profile.max_ms)
        *shares, highest = (clean.above[:, self._thresholds[limit]] for limit in limits)
        over: Ints = np.zeros((len(second.settled), len(RULES)), dtype=np.int64)
        of: Ints = np.zeros_like(over)
        over[judged] = np.stack([*shares, clean.late, clean.lost, highest], axis=1)
        trips, settled = clean.rtt_count, clean.settled
        of[judged] = np.stack([trips, trips, trips, settled, settled, trips], axis=1)
        return over, of

    def merge(self, later: Evidence) -> None:
        """Take another stretch of time of the same calls. Raises ValueError for another profile."""
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
        """Return the clean seconds of `of_s`, to a tenth; less than `of_s` unless all were."""
        return self._wall_s(self.clean_call_s)

    def limited_s(self, reason: Limited) -> float:
        """Return the seconds of `of_s` that a reason limited, to a tenth."""
        return self._wall_s(self.limited_call_s[reason])

    def _wall_s(self, call_s: int) -> float:
        return 10 * self.of_s * call_s // self.of_call_s / 10 if self.of_call_s else 0.0

    @property
    def mostly_limited(self) -> bool:
        """Tell whether less than half of the call-seconds were clean."""
        return 2 * self.clean_call_s < self.of_call_s

    @property
    def tiers(self) -> list[Tier]:
        """Return the tiers that judged some second, in their order."""
        return [self.profile.tiers[number] for number in sorted(self.tier_s)]
