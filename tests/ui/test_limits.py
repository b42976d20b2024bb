from typing import Any

import pytest

from ari_tui.analysis.binomial import lower_bound
from ari_tui.document.model import SlaLimits
from ari_tui.ui.limits import SCALE_MS, Limits, grade, mark_of, share_grade, window_of
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


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, " "),
        ({"p50": 6.5, "rtt_ms": kit.a_spread(6.5, p95=10, p99=10, max=10)}, "~"),
        ({"p50": 5.9}, "~"),  # p95 11.8, p99 17.7
        ({"p50": 6.1}, "!"),  # p95 12.2
        ({"p50": 8.5, "rtt_ms": kit.a_spread(8.5, p95=9, p99=9, max=9)}, "!"),
        ({"rtt_ms": kit.a_spread(5, max=22.1)}, "!"),
        ({"lost": 5}, "~"),  # of 3000, 0.17 %
        ({"lost": 11}, "~"),  # 0.37 %: of an average of 6, chance has as many in 4.2 % of cases
        ({"lost": 12}, "!"),  # in 2.0 %
        ({"late": 7}, "~"),
        ({"late": 8}, "!"),
        ({"rtt_ms": kit.NO_SPREAD, "loss_ratio": None, "late_ratio": None}, "?"),
        # all is lost and nothing came back: that is no lack of data
        ({"rtt_ms": kit.NO_SPREAD, "lost": 3000}, "!"),
    ],
)
def test_a_call_is_marked_by_what_the_rules_judge(changed: dict[str, Any], expected: str) -> None:
    assert mark_of(kit.a_call(1, **{"p50": 4.0, **changed}), SEED) == expected


def test_packets_overdue_are_worth_a_look_before_they_count_as_lost() -> None:
    call = kit.a_call(
        1, p50=2.0, packets=kit.packets(sent=100, returned=97, in_flight=3, overdue=3)
    )
    assert mark_of(call, SEED) == "~"
    assert mark_of(call, SEED, 10) == "~"


def test_an_interruption_is_worth_a_look_over_the_session_alone() -> None:
    call = kit.a_call(1, p50=2.0, packets=kit.packets(sent=100, returned=100, interruptions=1))
    assert mark_of(call, SEED) == "~"
    assert mark_of(call, SEED, 60) == " "


def test_in_a_window_a_call_is_marked_by_that_window_alone() -> None:
    bad, good = kit.a_spread(20.0), kit.a_spread(2.0)
    call = kit.a_call(1, p50=20.0, windows=[kit.window(10, good), kit.window(60, bad)])
    assert mark_of(call, SEED) == "!"
    assert mark_of(call, SEED, 60) == "!"
    assert mark_of(call, SEED, 10) == " "


def test_losses_of_a_window_break_the_limit_of_losses() -> None:
    windows = [kit.window(10, kit.a_spread(2.0), lost=5), kit.window(60, kit.a_spread(2.0), lost=2)]
    call = kit.a_call(1, p50=2.0, windows=windows)
    assert mark_of(call, SEED, 10) == "!"
    assert mark_of(call, SEED, 60) == " "


def test_a_window_in_which_nothing_came_back_or_that_is_missing_has_no_data() -> None:
    silent = kit.window(10, sent=0, returned=0)
    assert mark_of(kit.a_call(1, windows=[silent]), SEED, 10) == "?"
    assert mark_of(kit.a_call(1, windows=[silent]), SEED, 60) == "?"
    assert window_of(kit.a_call(1, windows=[silent]), 60) is None


def test_without_limits_a_call_with_data_is_unmarked() -> None:
    assert mark_of(kit.a_call(1, p50=500.0, lost=100), Limits()) == " "


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
