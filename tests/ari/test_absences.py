from __future__ import annotations

from ari_tui.ari.absences import Absences, Away


class Clock:
    now = 10.0

    def __call__(self) -> float:
        return self.now


def test_before_it_first_stood_it_was_not_away() -> None:
    absences = Absences(Clock())
    assert (absences.total_s, absences.end()) == (0.0, None)
    assert list(absences.over) == []


def test_the_time_away_grows_while_it_lasts_and_stays_when_it_is_over() -> None:
    clock = Clock()
    absences = Absences(clock)
    absences.begin(10.0, "closed")
    clock.now = 15.0
    assert absences.total_s == 5.0
    assert absences.end() == 5.0
    clock.now = 99.0
    assert absences.total_s == 5.0
    assert list(absences.over) == [Away(10.0, 15.0, "closed")]


def test_an_absence_that_was_found_out_later_counts_from_when_it_began() -> None:
    clock = Clock()
    absences = Absences(clock)
    absences.begin(3.0, "no sign of life")
    assert absences.end() == 7.0


def test_times_away_add_up_and_only_so_many_are_kept() -> None:
    clock = Clock()
    absences = Absences(clock)
    for _ in range(1500):
        absences.begin(clock.now, "closed")
        clock.now += 1.0
        assert absences.end() == 1.0
    assert (absences.total_s, len(absences.over)) == (1500.0, 1000)
    assert absences.end() is None
