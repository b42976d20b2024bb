import pytest

from ari_tui.core.binomial import lower_bound
from ari_tui.document.model import SlaLimits
from ari_tui.ui.limits import SCALE_MS, Limits, grade, share_grade
from tests.document.kit import sla_now
from tests.ui import kit

SEED = Limits(8.0, 12.0, 18.0, 22.0, 0.001, 0.002)


def test_limits_are_read_from_the_rules_of_the_verdict() -> None:
    assert Limits.of(kit.an_sla()) == SEED


def test_of_several_tiers_met_the_highest_limit_counts() -> None:
    rules = [kit.a_rule("p95", 12.0, limits_ms=[12.0, 15.0])]
    assert Limits.of(kit.an_sla(rules=rules)) == Limits(p95_ms=15.0)


def test_the_limits_are_those_of_the_tier_that_judges_now() -> None:
    now = sla_now(
        limits=SlaLimits(
            p50_ms=10, p95_ms=15, p99_ms=20, max_ms=22, late_ratio=0.001, loss_ratio=0.002
        )
    )
    rules = [kit.a_rule("p95", 18.0, limits_ms=[12.0, 15.0, 18.0])]
    assert Limits.of(kit.an_sla(rules=rules, now=now)) == Limits(10, 15, 20, 22, 0.001, 0.002)


def test_a_rule_without_a_tier_yet_limits_nothing() -> None:
    rules = [kit.a_rule("p50", 8.0, limits_ms=[]), kit.a_rule("loss", 0.002)]
    assert Limits.of(kit.an_sla(rules=rules)) == Limits(loss_ratio=0.002)


def test_the_scale_is_the_limit_of_the_longest_round_trip() -> None:
    assert SEED.scale_ms == 22.0
    assert Limits(max_ms=50.0).scale_ms == 50.0
    assert Limits().scale_ms == SCALE_MS


@pytest.mark.parametrize(
    ("value", "limit", "expected"),
    [
        (None, 10.0, "none"),
        (5.0, None, "none"),
        (0.0, 10.0, "ok"),
        (7.9, 10.0, "ok"),
        (8.0, 10.0, "near"),
        (10.0, 10.0, "near"),
        (10.1, 10.0, "fail"),
        (0.0, 0.0, "ok"),
        (0.1, 0.0, "fail"),
    ],
)
def test_a_limit_may_be_reached_and_is_near_from_four_fifths_on(
    value: float | None, limit: float | None, expected: str
) -> None:
    assert grade(value, limit) == expected


@pytest.mark.parametrize("whole", [10, 500, 3000, 180_000])
@pytest.mark.parametrize("limit", [0.001, 0.002, 0.3])
def test_a_share_fails_where_the_verdicts_own_bounds_say_so(whole: int, limit: float) -> None:
    first = next(
        part for part in range(int(whole * limit), whole + 1) if lower_bound(part, whole) > limit
    )
    assert share_grade(first, whole, limit) == "fail"
    assert share_grade(first - 1, whole, limit) != "fail"


def test_a_share_of_nothing_has_no_grade_and_a_limit_of_zero_forgives_none() -> None:
    assert share_grade(0, 0, 0.001) == "none"
    assert share_grade(1, 100, None) == "none"
    assert share_grade(1, 1000, 0.0) == "fail"
