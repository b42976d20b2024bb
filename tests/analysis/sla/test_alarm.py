"""When an alarm is raised and taken back, by glances at times that the test gives."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from ari_tui.analysis.sla.alarm import LONGEST_STEP_S, Alarm, AlarmDelays, Change, Judgement

DELAYS = AlarmDelays(after_s=15, clear_s=60, no_traffic_s=30)


def seen(alarm: Alarm, looks: Iterable[tuple[Judgement, int]]) -> list[tuple[int, str]]:
    """Glance once a second, each look for so many seconds; return when it turned into what."""
    turns: list[tuple[int, str]] = []
    at = 0
    for sight, seconds in looks:
        for _ in range(seconds):
            change = alarm.see(1000.0 + at, sight)
            if change is not None:
                turns.append((at, change.state))
            at += 1
    return turns


def test_what_is_good_raises_nothing() -> None:
    alarm = Alarm(DELAYS)
    assert seen(alarm, [("good", 1000)]) == []
    assert alarm.state == "ok"


def test_what_is_bad_is_told_once_it_has_lasted_and_then_no_more() -> None:
    alarm = Alarm(DELAYS)
    assert seen(alarm, [("good", 10), ("bad", 1000)]) == [(25, "fail")]
    assert alarm.state == "fail"


def test_what_is_bad_for_less_than_that_is_never_told() -> None:
    assert seen(Alarm(DELAYS), [("bad", 15), ("good", 1), ("bad", 15), ("good", 1)]) == []
    assert seen(Alarm(DELAYS), [("bad", 16)]) == [(15, "fail")]


def test_recovery_is_told_once_it_has_lasted() -> None:
    looks: list[tuple[Judgement, int]] = [("bad", 20), ("good", 60), ("bad", 1), ("good", 61)]
    assert seen(Alarm(DELAYS), looks) == [(15, "fail"), (141, "ok")]


def test_a_metric_that_flaps_is_told_once() -> None:
    alarm = Alarm(DELAYS)
    flapping: list[tuple[Judgement, int]] = [("bad", 20), ("good", 40)] * 60
    assert seen(alarm, [*flapping, ("bad", 1), ("good", 61)]) == [(15, "fail"), (3661, "ok")]


def test_without_patience_the_first_glance_counts() -> None:
    alarm = Alarm(AlarmDelays(after_s=0, clear_s=0))
    assert alarm.see(1, "bad") == Change("fail", "ok")
    assert alarm.see(2, "good") == Change("ok", "fail")


@pytest.mark.parametrize("sight", ["silent", "unknown"])
def test_silence_and_ignorance_neither_raise_nor_clear(sight: Judgement) -> None:
    patience = DELAYS._replace(no_traffic_s=0)
    assert seen(Alarm(patience), [(sight, 5000)]) == []
    failing = Alarm(patience)
    assert seen(failing, [("bad", 20), (sight, 5000)]) == [(15, "fail")]
    assert failing.state == "fail"


def test_what_was_bad_before_a_moment_of_ignorance_still_counts() -> None:
    looks: list[tuple[Judgement, int]] = [("bad", 10), ("unknown", 30), ("bad", 10)]
    # 9 s and 6 s: the second glance of a look is the first that has lasted
    assert seen(Alarm(DELAYS), looks) == [(46, "fail")]


def test_no_traffic_is_an_alarm_of_its_own_where_asked_for() -> None:
    alarm = Alarm(DELAYS)
    looks: list[tuple[Judgement, int]] = [("good", 5), ("silent", 1000), ("good", 62)]
    assert seen(alarm, looks) == [(35, "no_traffic"), (1065, "ok")]


def test_silence_that_is_broken_begins_anew() -> None:
    looks: list[tuple[Judgement, int]] = [
        ("silent", 25),
        ("unknown", 1),
        ("silent", 25),
        ("good", 1),
    ]
    assert seen(Alarm(DELAYS), looks) == []


def test_a_failure_turns_into_silence_and_back_into_a_failure() -> None:
    alarm = Alarm(DELAYS)
    looks: list[tuple[Judgement, int]] = [("bad", 20), ("silent", 40), ("bad", 20)]
    assert seen(alarm, looks) == [(15, "fail"), (50, "no_traffic"), (75, "fail")]


def test_time_that_nobody_saw_does_not_count() -> None:
    alarm = Alarm(DELAYS)
    assert alarm.see(0, "bad") is None
    assert alarm.see(3600, "bad") is None
    assert alarm.state == "ok"
    for step in (1, 2):
        change = alarm.see(3600 + step * LONGEST_STEP_S, "bad")
    assert change == Change("fail", "ok")  # three steps of 5 s


def test_a_clock_that_stands_still_or_goes_back_adds_nothing() -> None:
    alarm = Alarm(AlarmDelays(after_s=1, clear_s=1))
    for at in (10.0, 10.0, 9.0, 9.0):
        assert alarm.see(at, "bad") is None
    assert alarm.see(10.0, "bad") == Change("fail", "ok")
