"""Profiles: the original's numbers, the choice of a tier, and what contradicts itself."""

from typing import Any

import msgspec
import pytest

from ari_tui.analysis.sla.profiles import SEED_PROFILE, Profile, Tier, tier_for


def tier(calls_up_to: int = 30, p50_ms: float = 8, p95_ms: float = 12, p99_ms: float = 18) -> Tier:
    return Tier(calls_up_to=calls_up_to, p50_ms=p50_ms, p95_ms=p95_ms, p99_ms=p99_ms)


def profile(*tiers: Tier, **changes: Any) -> Profile:
    values: dict[str, Any] = {"max_ms": 22, "late_ratio": 0.001, "loss_ratio": 0.002, **changes}
    return Profile(name="own", tiers=tiers, **values)


def test_the_seed_profile_has_the_originals_numbers() -> None:
    limits = [(t.calls_up_to, t.p50_ms, t.p95_ms, t.p99_ms) for t in SEED_PROFILE.tiers]
    assert limits == [(30, 8, 12, 18), (100, 10, 15, 20), (150, 12, 18, 22)]
    assert (SEED_PROFILE.max_ms, SEED_PROFILE.max_budget_s) == (22, 0)
    assert (SEED_PROFILE.late_ratio, SEED_PROFILE.loss_ratio) == (0.001, 0.002)


@pytest.mark.parametrize(
    ("calls", "up_to", "beyond"),
    [
        (0, 30, False),
        (1, 30, False),
        (30, 30, False),
        (31, 100, False),
        (100, 100, False),
        (101, 150, False),
        (150, 150, False),
        (151, 150, True),
        (9999, 150, True),
    ],
)
def test_the_tier_is_the_first_that_allows_the_calls(calls: int, up_to: int, beyond: bool) -> None:
    choice = tier_for(SEED_PROFILE, calls)
    assert choice.tier.calls_up_to == up_to
    assert SEED_PROFILE.tiers[choice.number] == choice.tier
    assert choice.beyond_last is beyond


def test_the_thresholds_are_all_limits_once_and_rising() -> None:
    assert SEED_PROFILE.thresholds_ms() == (8, 10, 12, 15, 18, 20, 22)
    assert SEED_PROFILE.thresholds_ns()[:2] == (8_000_000, 10_000_000)
    assert profile(tier(p50_ms=0.3, p95_ms=0.3)).thresholds_ns() == (
        300_000,
        18_000_000,
        22_000_000,
    )


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: profile(), "tiers is empty"),
        (lambda: profile(tier(calls_up_to=0)), r"tiers\[0\].calls_up_to = 0 is not 1 or more"),
        (
            lambda: profile(tier(30), tier(30)),
            r"tiers\[1\].calls_up_to = 30 is not above tiers\[0\].calls_up_to = 30",
        ),
        (lambda: profile(tier(30), tier(20)), r"tiers\[1\].calls_up_to = 20 is not above"),
        (lambda: profile(tier(p50_ms=0)), r"tiers\[0\].p50_ms = 0 is not above 0"),
        (lambda: profile(tier(p99_ms=float("nan"))), r"tiers\[0\].p99_ms = nan is not above 0"),
        (lambda: profile(tier(), tier(60, p50_ms=13)), r"tiers\[1\]: p50_ms = 13 is above p95_ms"),
        (lambda: profile(tier(p95_ms=19)), r"tiers\[0\]: p95_ms = 19 is above p99_ms = 18"),
        (lambda: profile(tier(p99_ms=23)), r"tiers\[0\].p99_ms = 23 is above max_ms = 22"),
        (lambda: profile(tier(), max_ms=-1), "max_ms = -1 is not above 0"),
        (lambda: profile(tier(), loss_ratio=0.0), "loss_ratio = 0 is not a share"),
        (lambda: profile(tier(), late_ratio=1.0), "late_ratio = 1 is not a share"),
        (lambda: profile(tier(), max_budget_s=-1), "max_budget_s = -1 is below 0"),
    ],
)
def test_a_profile_that_contradicts_itself_is_refused_by_the_key(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=f"profile 'own': .*{words}"):
        make()


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(ValueError, match=r"p50_ms = 0 .*; loss_ratio = 0 .*; max_budget_s = -2"):
        profile(tier(p50_ms=0), loss_ratio=0, max_budget_s=-2)


def test_equal_percentile_limits_are_allowed() -> None:
    assert profile(tier(p50_ms=18, p95_ms=18), max_ms=18).thresholds_ms() == (18,)


def test_a_profile_read_from_text_is_checked_too() -> None:
    text = msgspec.json.encode(SEED_PROFILE)
    assert msgspec.json.decode(text, type=Profile) == SEED_PROFILE
    with pytest.raises(msgspec.ValidationError, match="max_ms = -5 is not above 0"):
        msgspec.json.decode(text.replace(b'"max_ms":22', b'"max_ms":-5'), type=Profile)
