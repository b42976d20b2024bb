"""Proposed limits: the floor and what was measured above it, and shares by their evidence."""

from __future__ import annotations

from typing import Any

import pytest

from ari_tui.analysis.sla.calibration import FEWEST, PathSample, propose
from ari_tui.analysis.sla.profiles import Tier
from ari_tui.core.binomial import upper_bound


def watched(**changed: Any) -> PathSample:
    """A minute of four calls on a path of 40 ms, with a budget of 2, 6, 10 and 20 ms above it."""
    made = PathSample(
        seconds=60.0,
        calls=4,
        settled=12_000,
        lost=6,
        late=0,
        histogram={42_000: 9000, 46_000: 2500, 50_000: 400, 70_000: 100},
        shortest_ms=40.0,
        longest_ms=60.0,
        limited_s=0.0,
    )
    return made._replace(**changed)


def test_a_limit_is_the_floor_plus_the_headroom_times_what_lies_above_it() -> None:
    found = propose(watched(), "wan", 1.5)
    # p99 is the rank 11,880 of 12,000: 50 ms
    (tier,) = found.profile.tiers
    assert tier == Tier(calls_up_to=10, p50_ms=43.0, p95_ms=49.0, p99_ms=55.0)
    assert (found.profile.name, found.profile.max_ms) == ("wan", 70.0)
    assert found.reasons["tiers"] == (
        "p50 42.0, p95 46.0, p99 50.0 ms with up to 4 calls, floor 40.0 ms plus 1.5 times what "
        "lies above it"
    )


def test_limits_are_rounded_up_and_leave_a_millisecond_at_least() -> None:
    still = watched(histogram={1_200: 2000}, shortest_ms=1.1, longest_ms=1.2)
    profile = propose(still, "lan", 1.0).profile
    assert (profile.tiers[0].p50_ms, profile.tiers[0].p99_ms, profile.max_ms) == (2.5, 2.5, 2.5)


def test_a_bucket_that_reaches_above_the_longest_round_trip_counts_as_that() -> None:
    coarse = watched(histogram={65_536: 2000}, shortest_ms=60.0, longest_ms=62.0)
    assert propose(coarse, "own", 1.0).profile.tiers[0].p50_ms == 62.0


@pytest.mark.parametrize(
    ("lost", "settled", "limit"),
    [(0, 12_000, 0.0005), (6, 12_000, 0.002), (0, 1000, 0.01), (600, 12_000, 0.1)],
)
def test_a_share_is_what_the_evidence_cannot_rule_out_times_the_headroom(
    lost: int, settled: int, limit: float
) -> None:
    found = propose(watched(lost=lost, settled=settled), "own", 1.5)
    assert found.profile.loss_ratio == limit
    assert found.profile.loss_ratio >= 1.5 * upper_bound(lost, settled)
    assert f"{lost:,} of {settled:,} packets lost" in found.reasons["loss_ratio"]


def test_a_path_that_loses_nearly_all_still_gives_a_profile() -> None:
    profile = propose(watched(late=11_999, lost=0), "own", 5).profile
    assert profile.late_ratio == 0.5


@pytest.mark.parametrize(("calls", "up_to"), [(0, 10), (10, 10), (11, 20), (150, 150)])
def test_a_tier_reaches_to_the_calls_that_were_seen_in_tens(calls: int, up_to: int) -> None:
    assert propose(watched(calls=calls), "own", 2).profile.tiers[0].calls_up_to == up_to


def test_too_few_round_trips_tell_nothing() -> None:
    few = watched(histogram={5_000: FEWEST - 1}, seconds=9.7)
    with pytest.raises(ValueError, match=r"999 round trips in 10 s: 1,000 are needed"):
        propose(few, "own", 2)
    propose(watched(histogram={50_000: FEWEST}), "own", 2)
