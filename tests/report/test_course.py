from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ari_tui.report.course import Beat, Course, CourseKeeper, course_of_beats
from ari_tui.snapshot.live import AllCourse, Live
from ari_tui.snapshot.model import Document, encode
from tests.report.kit import a_run, a_second
from tests.ui.kit import a_spread

T = 1_795_348_800  # 2026-11-22 12:00:00 UTC


def live(last: int, *sent: int | None, lost: int = 0, p95_us: int | None = 9000) -> Live:
    n = len(sent)
    rtt = [None if one is None else p95_us for one in sent]
    return Live(
        last_second=last, seconds=n, calls={}, rtt_histogram=[],
        all=AllCourse(
            sent=list(sent), lost=[lost] * n, late=[1] * n, rtt_p50_us=rtt, rtt_p95_us=rtt,
            rtt_p99_us=rtt, rtt_max_us=rtt,
        ),
    )  # fmt: skip


def test_seconds_told_again_are_written_over_and_the_rest_is_kept() -> None:
    keeper = CourseKeeper()
    keeper.take(a_run(totals__calls__active=1), live(T + 1, 10, 20))
    keeper.take(a_run(totals__calls__active=2), live(T + 2, 20, 30, lost=4))
    course = keeper.seconds(T + 0.7, T + 2.2)
    assert [(one.at_s, one.calls, one.sent, one.lost) for one in course] == [
        (0.0, 0, 10, 0), (1.0, 1, 20, 4), (2.0, 2, 30, 4),
    ]  # fmt: skip
    assert course[0].p95_ms == 9.0


def test_a_course_has_no_gap_and_no_round_trip_is_null() -> None:
    keeper = CourseKeeper()
    keeper.take(a_run(totals__calls__active=3), live(T, 10))
    keeper.take(a_run(totals__calls__active=3), live(T + 3, None, 10, p95_us=None))
    course = keeper.seconds(T, T + 3)
    assert [one.sent for one in course] == [10, 0, 0, 10]
    assert [one.calls for one in course] == [3, 3, 3, 3]
    assert [one.p95_ms for one in course] == [9.0, None, None, None]


def test_joined_points_add_up_and_keep_the_worst() -> None:
    points = [a_second(float(n), lost=n, max_ms=float(n) or None, calls=n) for n in range(5)]
    found = Course(points).coarsened(3)
    assert [(one.at_s, one.sent, one.lost, one.max_ms, one.calls) for one in found.points] == [
        (0.0, 200, 1, 1.0, 1), (2.0, 200, 5, 3.0, 3), (4.0, 100, 4, 4.0, 4),
    ]  # fmt: skip
    assert (found.step_s, found.joined, found.duration_s) == (2.0, 2, 6.0)
    assert Course(points).coarsened(5).points is points
    assert Course([]).coarsened(3).points == []


def test_the_point_of_a_time_is_found_and_gaps_have_none() -> None:
    course = Course([a_second(1.0), a_second(2.0), a_second(9.0)])
    found = [course.at(second) for second in (0.5, 1.0, 2.9, 5.0, 9.5, 12.0)]
    assert [one and one.at_s for one in found] == [None, 1.0, 2.0, None, 9.0, None]


def beat(at: int, sent: int, lost: int = 0, **fields: Any) -> Beat:
    document: Document = a_run(
        time=f"2026-11-22T12:00:{at:02}.000+00:00", session__started_at="2026-11-22T12:00:00Z",
        totals__packets__sent=sent, totals__packets__lost=lost, totals__packets__late_echo=0,
        window__rtt_ms=a_spread(4.0), **{"kind": "interval", **fields},
    )  # fmt: skip
    return msgspec.json.decode(encode(document), type=Beat)


def test_documents_tell_what_came_since_the_one_before() -> None:
    beats = [beat(1, 100), beat(2, 250, window__seconds=10), beat(3, 250), beat(4, 260)]
    course = course_of_beats(beats)
    assert [(one.at_s, one.sent) for one in course.points] == [
        (0.0, 100), (1.0, 150), (2.0, 0), (3.0, 10),
    ]  # fmt: skip
    assert course.points[0].p95_ms == 8.0
    assert (course.step_s, course.rtt_over_s) == (1.0, 10.0)


def test_a_loss_is_drawn_where_it_was_sent_the_last_ones_too() -> None:
    beats = [beat(at, 100 * at, lost=5 if at >= 6 else 0) for at in range(1, 7)]
    end = beat(9, 600, lost=12, kind="final")
    course = course_of_beats([*beats, end])
    # known in second 6, sent 3 s before; at the end all that was under way is booked
    assert [one.lost for one in course.points] == [0, 0, 5, 0, 0, 7]
    assert course.duration_s == 6.0


def test_losses_go_to_points_in_which_something_was_sent() -> None:
    beats = [beat(1, 100), beat(2, 100), beat(6, 100, lost=3)]
    assert [one.lost for one in course_of_beats(beats).points] == [3, 0, 0]
    assert [one.lost for one in course_of_beats([beat(1, 0, lost=3)]).points] == [0]


def test_a_lone_final_document_is_one_point() -> None:
    (point,) = course_of_beats([beat(9, 600, kind="final")]).points
    assert point.sent == 600


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="Invalid isoformat"):
        course_of_beats([msgspec.structs.replace(beat(1, 1), time="soon")])
