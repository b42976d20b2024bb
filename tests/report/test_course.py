from __future__ import annotations

from ari_tui.report.course import Course
from tests.report.kit import a_second


def test_joined_points_add_up_and_keep_the_worst() -> None:
    points = [a_second(float(n), lost=n, max_ms=float(n) or None, calls=n) for n in range(5)]
    found = Course(points).coarsened(3)
    assert [(one.at_s, one.sent, one.lost, one.max_ms, one.calls) for one in found.points] == [
        (0.0, 200, 1, 1.0, 1),
        (2.0, 200, 5, 3.0, 3),
        (4.0, 100, 4, 4.0, 4),
    ]
    assert (found.step_s, found.joined, found.duration_s) == (2.0, 2, 6.0)
    assert Course(points).coarsened(5).points is points
    assert Course([]).coarsened(3).points == []


def test_the_point_of_a_time_is_found_and_gaps_have_none() -> None:
    course = Course([a_second(1.0), a_second(2.0), a_second(9.0)])
    found = [course.at(second) for second in (0.5, 1.0, 2.9, 5.0, 9.5, 12.0)]
    assert [one and one.at_s for one in found] == [None, 1.0, 2.0, None, 9.0, None]


def test_a_point_reaches_to_the_next_one_and_into_no_gap() -> None:
    course = Course([a_second(at) for at in (0.0, 0.4, 2.0, 4.0, 9.0)], step_s=2.0)
    assert course.slots() == [(0.0, 0.4), (0.4, 2.0), (2.0, 4.0), (4.0, 6.0), (9.0, 11.0)]
    assert Course([]).slots() == []
