"""."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ari_tui.analysis.records import Ints
from ari_tui.analysis.series import Series
from ari_tui.analysis.sla.evaluator import WINDOW_S, LastMinute, SlaEvaluator
from ari_tui.analysis.sla.evidence import LOSS, MAX, RULES, Limited, Second
from ari_tui.analysis.sla.profiles import SEED_PROFILE

MS = 1_000_000
SECOND_NS = 1000 * MS
FIRST = 1_700_000_000
LATE_NS = 3 * MS


def series_of(calls: int) -> Series:
    series = Series(SEED_PROFILE.thresholds_ns())
    series.grow(calls)
    return series


def book(series: Series, rows: list[int], second: int, *, rtt_ms: int = 5) -> None:
    owners = np.array(rows, dtype=np.int64)
    times = np.full(len(rows), (FIRST + second) * SECOND_NS)
    series.book("sent", owners, times)
    series.book("returned", owners, times)
    series.book_rtt(owners, times, np.full(len(rows), rtt_ms * MS))


def everyone(calls: int) -> Any:
    return np.arange(calls, dtype=np.int64)


def test_a_second_is_taken_once_whenever_books_are_closed() -> None:
    sla_evaluator, series = SlaEvaluator(SEED_PROFILE, LATE_NS), series_of(1)
    for second in range(5):
        book(series, [0], second)
    for until in (1, 1, 0, 3, 3):
        sla_evaluator.close(everyone(1), series, FIRST + until)
    assert (
        sla_evaluator.evidence.of_s,
        sla_evaluator.evidence.packets,
        sla_evaluator.evidence.clean_s,
    ) == (4, 4, 4.0)


@pytest.mark.parametrize(("dwell_ns", "limited"), [(LATE_NS, 0), (LATE_NS + 1, 1)])
def test_a_dwell_above_the_allowance_limits_that_call_second_only(
    dwell_ns: int, limited: int
) -> None:
    sla_evaluator, series = SlaEvaluator(SEED_PROFILE, LATE_NS), series_of(2)
    for second in range(3):
        book(series, [0, 1], second)
    series.book_dwell(np.array([1]), np.array([(FIRST + 1) * SECOND_NS]), np.array([dwell_ns]))
    sla_evaluator.close(everyone(2), series, FIRST + 2)
    assert sla_evaluator.evidence.limited_call_s[Limited.DWELL] == limited
    assert (sla_evaluator.evidence.of_call_s, sla_evaluator.evidence.clean_call_s) == (
        6,
        6 - limited,
    )


def test_a_second_limited_for_all_is_limited_for_every_call_that_was_there() -> None:
    sla_evaluator, series = SlaEvaluator(SEED_PROFILE, LATE_NS), series_of(3)
    for second in range(3):
        book(series, [0, 1], second)
    sla_evaluator.limit_all(FIRST + 1, Limited.CLOCK_STEP)
    sla_evaluator.limit_all(FIRST + 1, Limited.LOG_OVERFLOW)
    sla_evaluator.close(everyone(3), series, FIRST + 2)
    found = sla_evaluator.evidence
    assert found.limited_call_s == {Limited.CLOCK_STEP: 2, Limited.LOG_OVERFLOW: 2}
    assert (found.of_s, found.clean_s) == (3, 2.0)


def test_the_tier_is_chosen_by_the_calls_up_in_each_second() -> None:
    calls = SEED_PROFILE.tiers[-1].calls_up_to + 1
    sla_evaluator, series = SlaEvaluator(SEED_PROFILE, LATE_NS), series_of(calls)
    # those who begin within a second count from the next one on
    for second, up in enumerate((30, 31, 31, calls, calls)):
        book(series, list(range(up)), second)
    sla_evaluator.close(everyone(calls), series, FIRST + 4)
    assert sla_evaluator.evidence.tier_s == {0: 2, 1: 2, 2: 1}
    assert (sla_evaluator.evidence.beyond_s, sla_evaluator.evidence.peak_calls) == (1, calls)


def test_a_call_that_takes_anothers_place_within_a_second_is_no_further_one() -> None:
    sla_evaluator, series = SlaEvaluator(SEED_PROFILE, LATE_NS), series_of(35)
    for second, rows in enumerate((range(30), range(35), range(5, 35))):
        book(series, list(rows), second)
    sla_evaluator.close(everyone(35), series, FIRST + 2)
    assert sla_evaluator.evidence.tier_s == {0: 3}
    assert sla_evaluator.evidence.peak_calls == 30


def test_where_nobody_went_on_from_the_second_before_all_are_up_at_once() -> None:
    sla_evaluator, series = SlaEvaluator(SEED_PROFILE, LATE_NS), series_of(62)
    for second, rows in enumerate((range(31), range(31, 62))):
        book(series, list(rows), second)
    sla_evaluator.close(everyone(62), series, FIRST + 1)
    assert sla_evaluator.evidence.tier_s == {1: 2}


def test_violations_are_counted_against_the_limits() -> None:
    sla_evaluator, series = SlaEvaluator(SEED_PROFILE, LATE_NS), series_of(1)
    book(series, [0] * 9, 0)
    book(series, [0], 1, rtt_ms=23)
    series.book("lost", np.array([0]), np.array([FIRST * SECOND_NS]))
    sla_evaluator.close(everyone(1), series, FIRST + 1)
    assert (sla_evaluator.evidence.violations[LOSS], sla_evaluator.evidence.trials[LOSS]) == (1, 10)
    assert (sla_evaluator.evidence.violations[MAX], sla_evaluator.evidence.violated_s[MAX]) == (
        1,
        1,
    )


def test_without_calls_there_is_no_evidence() -> None:
    sla_evaluator = SlaEvaluator(SEED_PROFILE, LATE_NS)
    sla_evaluator.close(everyone(0), series_of(1), FIRST)
    sla_evaluator.close(everyone(1), series_of(1), FIRST + 10)
    assert sla_evaluator.evidence.of_s == 0


def test_an_evidence_window_gathers_its_own_seconds_beside_the_whole() -> None:
    sla_evaluator, series = SlaEvaluator(SEED_PROFILE, LATE_NS), series_of(1)
    for second in range(6):
        book(series, [0], second, rtt_ms=50 if second == 5 else 5)
    early, open_ended = (
        sla_evaluator.evidence_window(FIRST + 1),
        sla_evaluator.evidence_window(FIRST + 4),
    )
    early.until_second = FIRST + 4
    sla_evaluator.close(everyone(1), series, FIRST + 5)
    assert sla_evaluator.evidence.of_s == 6
    assert (early.evidence.of_s, open_ended.evidence.of_s) == (3, 2)
    assert (early.evidence.violations[MAX], open_ended.evidence.violations[MAX]) == (0, 1)


LIMITS = SEED_PROFILE.thresholds_ms()


def heard(*lost: int, packets: int = 50, slow: tuple[int, ...] = (), limited: int = 0) -> Second:
    """A second of as many calls; `lost` by call, and how many of each lay above every limit."""
    n = len(lost)
    missing, late = np.array(lost, dtype=np.int64), np.zeros(n, dtype=np.int64)
    above = np.zeros((n, len(LIMITS)), dtype=np.int64)
    above[:] = np.array(slow or (0,) * n)[:, None]
    settled: Ints = np.full(n, packets)
    bits = np.full(n, limited)
    return Second(settled, late, missing, settled - missing, above, bits)


def rows(*numbers: int) -> Ints:
    return np.array(numbers, dtype=np.int64)


def test_seconds_leave_when_a_minute_has_gone_by_whether_others_come_or_not() -> None:
    minute = LastMinute(SEED_PROFILE)
    for second in range(100, 200):
        minute.take(second, 1, rows(0), heard(1))
        minute.forget(second)
        assert minute.evidence.of_s == min(second - 99, WINDOW_S)
    minute.forget(200 + WINDOW_S // 2 - 1)
    assert minute.evidence.of_s == 30
    assert minute.evidence.violations[LOSS] == 30
    minute.forget(1000)
    assert (minute.evidence.of_s, minute.evidence.packets) == (0, 0)


def test_each_second_is_handed_back_as_evidence_of_its_own() -> None:
    minute = LastMinute(SEED_PROFILE)
    minute.take(1, 1, rows(0), heard(7))
    piece = minute.take(2, 1, rows(0), heard(3))
    assert (piece.of_s, piece.violations[LOSS]) == (1, 3)
    assert minute.evidence.violations[LOSS] == 10


def test_the_tier_that_judges_now_is_that_of_the_newest_second() -> None:
    minute = LastMinute(SEED_PROFILE)
    assert (minute.calls_up, minute.tier.number) == (0, 0)
    minute.take(1, 90, rows(0), heard(0))
    minute.take(2, 20, rows(0), heard(0))
    assert (minute.calls_up, minute.tier.number) == (20, 0)
    minute.take(3, 151, rows(0), heard(0))
    assert (minute.tier.number, minute.tier.beyond_last) == (2, True)
    minute.forget(1000)
    assert minute.calls_up == 0


def test_a_call_is_affected_when_its_own_packets_break_a_rule_over_the_minute() -> None:
    minute = LastMinute(SEED_PROFILE)
    # 0.2 % of 50 packets over 20 s are two: the second call has two, the third three
    for second in range(20):
        minute.take(second, 3, rows(0, 5, 9), heard(0, int(second < 2), int(second < 3)))
    assert minute.affected() == {**dict.fromkeys(RULES, 0), "loss": 1}
    minute.take(20, 3, rows(0, 5, 9), heard(0, 0, 0, slow=(0, 1, 1)))
    assert minute.affected()["max"] == 2


def test_a_call_that_came_later_is_counted_by_its_own_seconds() -> None:
    minute = LastMinute(SEED_PROFILE)
    minute.take(1, 1, rows(0), heard(0))
    minute.take(2, 2, rows(0, 3), heard(0, 50))
    assert minute.affected()["loss"] == 1


def test_limited_seconds_affect_nobody() -> None:
    minute = LastMinute(SEED_PROFILE)
    minute.take(1, 2, rows(0, 1), heard(50, 50, slow=(9, 9), limited=int(Limited.DWELL)))
    assert minute.affected() == dict.fromkeys(RULES, 0)


def test_without_a_second_nobody_is_affected() -> None:
    assert LastMinute(SEED_PROFILE).affected() == dict.fromkeys(RULES, 0)
