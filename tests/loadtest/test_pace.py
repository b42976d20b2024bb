from __future__ import annotations

import itertools

import pytest

from ari_tui.loadtest.pace import Pace


def placed(pace: Pace, until_s: float, tick_s: float = 0.05) -> list[float]:
    times = [tick * tick_s for tick in range(round(until_s / tick_s))]
    return [now for now in times for _ in range(50) if pace.take(now)]


@pytest.mark.parametrize("calls_per_s", [1.0, 5.0, 10.0, 40.0])
def test_calls_are_placed_at_their_rate_whatever_the_tick(calls_per_s: float) -> None:
    assert len(placed(Pace(calls_per_s), 10.0)) == pytest.approx(10 * calls_per_s, abs=2)


def test_what_was_missed_while_nothing_was_wanted_is_not_made_up_for() -> None:
    pace = Pace(5.0)
    assert pace.take(0.0)
    assert pace.take(100.0)
    assert not pace.take(100.1)
    assert pace.take(100.2)


def test_after_nothing_but_failures_calls_come_ever_more_rarely() -> None:
    pace = Pace(10.0)
    gaps, now, last = [], 0.0, 0.0
    for _ in range(14):
        while not pace.take(now):
            now += 0.01
        gaps.append(now - last)
        last = now
        pace.ended(good=False)
    assert gaps[3] == pytest.approx(0.1, abs=0.02)
    assert gaps[-1] == pytest.approx(5.0, abs=0.05)
    assert all(after > before - 0.05 for before, after in itertools.pairwise(gaps[4:]))


def test_a_good_call_brings_the_rate_back() -> None:
    pace = Pace(10.0)
    for _ in range(20):
        pace.ended(good=False)
    assert pace.take(0.0)
    assert not pace.take(4.9)
    pace.ended(good=True)
    assert pace.take(5.0)
    assert pace.take(5.1)


def test_the_rate_is_that_of_the_last_second() -> None:
    pace = Pace(10.0)
    for now in (0.0, 0.5, 0.9):
        assert pace.take(now)
    assert pace.rate(0.9) == 3
    assert pace.rate(1.2) == 2
    assert pace.rate(9.0) == 0
