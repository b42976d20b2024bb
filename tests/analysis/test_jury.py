from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ari_tui.analysis.jury import Jury
from ari_tui.analysis.series import Series
from ari_tui.analysis.sla_evidence import LOSS, MAX, Limited
from ari_tui.analysis.sla_profiles import SEED_PROFILE

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
    jury, series = Jury(SEED_PROFILE, LATE_NS), series_of(1)
    for second in range(5):
        book(series, [0], second)
    for until in (1, 1, 0, 3, 3):
        jury.close(everyone(1), series, FIRST + until)
    assert (jury.evidence.of_s, jury.evidence.packets, jury.evidence.clean_s) == (4, 4, 4.0)


@pytest.mark.parametrize(("dwell_ns", "limited"), [(LATE_NS, 0), (LATE_NS + 1, 1)])
def test_a_dwell_above_the_allowance_limits_that_call_second_only(
    dwell_ns: int, limited: int
) -> None:
    jury, series = Jury(SEED_PROFILE, LATE_NS), series_of(2)
    for second in range(3):
        book(series, [0, 1], second)
    series.book_dwell(np.array([1]), np.array([(FIRST + 1) * SECOND_NS]), np.array([dwell_ns]))
    jury.close(everyone(2), series, FIRST + 2)
    assert jury.evidence.limited_call_s[Limited.DWELL] == limited
    assert (jury.evidence.of_call_s, jury.evidence.clean_call_s) == (6, 6 - limited)


def test_a_second_limited_for_all_is_limited_for_every_call_that_was_there() -> None:
    jury, series = Jury(SEED_PROFILE, LATE_NS), series_of(3)
    for second in range(3):
        book(series, [0, 1], second)
    jury.limit_all(FIRST + 1, Limited.CLOCK_STEP)
    jury.limit_all(FIRST + 1, Limited.LOG_OVERFLOW)
    jury.close(everyone(3), series, FIRST + 2)
    found = jury.evidence
    assert found.limited_call_s == {Limited.CLOCK_STEP: 2, Limited.LOG_OVERFLOW: 2}
    assert (found.of_s, found.clean_s) == (3, 2.0)


def test_the_tier_is_chosen_by_the_calls_up_in_each_second() -> None:
    calls = SEED_PROFILE.tiers[-1].calls_up_to + 1
    jury, series = Jury(SEED_PROFILE, LATE_NS), series_of(calls)
    # those who begin within a second count from the next one on
    for second, up in enumerate((30, 31, 31, calls, calls)):
        book(series, list(range(up)), second)
    jury.close(everyone(calls), series, FIRST + 4)
    assert jury.evidence.tier_s == {0: 2, 1: 2, 2: 1}
    assert (jury.evidence.beyond_s, jury.evidence.peak_calls) == (1, calls)


def test_a_call_that_takes_anothers_place_within_a_second_is_no_further_one() -> None:
    jury, series = Jury(SEED_PROFILE, LATE_NS), series_of(35)
    for second, rows in enumerate((range(30), range(35), range(5, 35))):
        book(series, list(rows), second)
    jury.close(everyone(35), series, FIRST + 2)
    assert jury.evidence.tier_s == {0: 3}
    assert jury.evidence.peak_calls == 30


def test_where_nobody_went_on_from_the_second_before_all_are_up_at_once() -> None:
    jury, series = Jury(SEED_PROFILE, LATE_NS), series_of(62)
    for second, rows in enumerate((range(31), range(31, 62))):
        book(series, list(rows), second)
    jury.close(everyone(62), series, FIRST + 1)
    assert jury.evidence.tier_s == {1: 2}


def test_violations_are_counted_against_the_limits() -> None:
    jury, series = Jury(SEED_PROFILE, LATE_NS), series_of(1)
    book(series, [0] * 9, 0)
    book(series, [0], 1, rtt_ms=23)
    series.book("lost", np.array([0]), np.array([FIRST * SECOND_NS]))
    jury.close(everyone(1), series, FIRST + 1)
    assert (jury.evidence.violations[LOSS], jury.evidence.trials[LOSS]) == (1, 10)
    assert (jury.evidence.violations[MAX], jury.evidence.violated_s[MAX]) == (1, 1)


def test_without_calls_there_is_no_evidence() -> None:
    jury = Jury(SEED_PROFILE, LATE_NS)
    jury.close(everyone(0), series_of(1), FIRST)
    jury.close(everyone(1), series_of(1), FIRST + 10)
    assert jury.evidence.of_s == 0


def test_a_stretch_gathers_its_own_seconds_beside_the_whole() -> None:
    jury, series = Jury(SEED_PROFILE, LATE_NS), series_of(1)
    for second in range(6):
        book(series, [0], second, rtt_ms=50 if second == 5 else 5)
    early, open_ended = jury.stretch(FIRST + 1), jury.stretch(FIRST + 4)
    early.until_second = FIRST + 4
    jury.close(everyone(1), series, FIRST + 5)
    assert jury.evidence.of_s == 6
    assert (early.evidence.of_s, open_ended.evidence.of_s) == (3, 2)
    assert (early.evidence.violations[MAX], open_ended.evidence.violations[MAX]) == (0, 1)
