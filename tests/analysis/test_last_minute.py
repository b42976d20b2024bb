"""The last minute by itself: what is in it, which tier judges now, who breaks which rule."""

from __future__ import annotations

import numpy as np

from ari_tui.analysis.last_minute import WINDOW_S, LastMinute
from ari_tui.analysis.records import Ints
from ari_tui.analysis.sla_evidence import LOSS, RULES, Limited, Second
from ari_tui.analysis.sla_profiles import SEED_PROFILE

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
