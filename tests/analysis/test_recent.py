from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_tui.analysis.recent import COUNTED, SECONDS, Recent

SECOND_NS = 1_000_000_000
FIRST = 1_700_000_000


def ns(seconds: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return (FIRST + np.array(seconds, dtype=np.int64)) * SECOND_NS + 5


@settings(max_examples=60, deadline=None)
@given(
    events=st.lists(st.tuples(st.integers(0, 130), st.integers(1, 10**8)), max_size=120),
    length=st.sampled_from([10, 60]),
)
def test_a_window_is_the_sum_of_its_seconds(events: list[tuple[int, int]], length: int) -> None:
    recent, plain = Recent(), defaultdict(list)
    events.sort()
    for second, rtt in events:
        for name in COUNTED:
            recent.book(name, ns([second]))
        recent.book_rtt(ns([second]), np.array([rtt]))
        plain[second].append(rtt)
    found = recent.window(FIRST + 130, length)
    expected = [rtt for second in range(131 - length, 131) for rtt in plain[second]]
    assert (found.sent, found.returned, found.lost, found.late) == (len(expected),) * 4
    assert (found.rtt.number, found.rtt.total) == (len(expected), sum(expected))
    assert found.rtt.counts.sum() == len(expected)
    if expected:
        assert (found.rtt.minimum, found.rtt.maximum) == (min(expected), max(expected))


@pytest.mark.parametrize(("late_by", "kept"), [(SECONDS - 1, 1), (SECONDS, 0)])
def test_what_is_older_than_the_ring_is_not_booked(late_by: int, kept: int) -> None:
    recent = Recent()
    recent.book("sent", ns([SECONDS]))
    recent.book("lost", ns([SECONDS - late_by]))
    assert recent.window(FIRST + SECONDS - late_by, 1).lost == kept
    assert recent.window(FIRST + SECONDS, 1).sent == 1


def test_a_batch_over_several_seconds_is_booked_to_each() -> None:
    recent = Recent()
    recent.book("late", ns([3, 1, 3, 2, 3]))
    assert [recent.window(FIRST + second, 1).late for second in (1, 2, 3, 4)] == [1, 1, 3, 0]


def booked(seconds: dict[int, list[int]]) -> Recent:
    """Book RTTs (ns) into seconds, each sent in the second of its return."""
    recent = Recent()
    for second, rtts in sorted(seconds.items()):
        recent.book("sent", ns([second] * len(rtts)))
        recent.book_rtt(ns([second] * len(rtts)), np.array(rtts))
    return recent


def test_percentiles_of_a_second_outlive_its_histogram() -> None:
    rtts = {second: [(second + 1) * 10_000 * n for n in range(1, 101)] for second in range(280)}
    young = {second: booked({second: rtts[second]}) for second in (0, 100, 219, 220, 279)}
    old = booked(rtts)
    course = old.course(FIRST + 279, 280)
    for second, alone in young.items():
        expected = alone.course(FIRST + second, 1)
        assert course.percentiles[:, second].tolist() == expected.percentiles[:, 0].tolist()
        p50, p95, p99 = course.percentiles[:, second] / ((second + 1) * 10_000)
        assert (p50, p95, p99) == pytest.approx((50, 95, 99), rel=0.01)
        assert course.rtt_max[second] == rtts[second][-1]
    assert course.known.all()
    assert course.answered.all()


def test_a_course_tells_nothing_of_seconds_in_which_nothing_was() -> None:
    recent = booked({5: [1000], 7: [3000]})
    recent.book("lost", ns([6]))
    course = recent.course(FIRST + 8, 5)
    assert course.known.tolist() == [False, True, True, True, False]
    assert course.answered.tolist() == [False, True, False, True, False]
    assert course.sent.tolist() == [0, 1, 0, 1, 0]
    assert course.lost.tolist() == [0, 0, 1, 0, 0]
    assert course.rtt_max.tolist() == [0, 1000, 0, 3000, 0]
    assert course.percentiles[1].tolist() == [0, 1000, 0, 3000, 0]


def test_a_second_of_five_minutes_ago_gives_way_to_the_one_that_takes_its_place() -> None:
    recent = booked({0: [1000], SECONDS: [2000]})
    course = recent.course(FIRST + SECONDS, SECONDS)
    assert course.answered.tolist() == [False] * (SECONDS - 1) + [True]
    assert course.percentiles[0, -1] == 2000


def test_a_clock_that_was_set_back_does_not_mix_seconds_up() -> None:
    recent = booked({100: [5000]})
    for back in (40, 41):
        recent.book_rtt(ns([back]), np.array([9_000_000]))
    assert recent.course(FIRST + 100, 1).percentiles[:, 0].tolist() == [5000] * 3
    assert recent.window(FIRST + 100, 1).rtt.maximum == 5000
    assert recent.window(FIRST + 100, 1).rtt.counts.sum() == 1


def test_looking_changes_nothing() -> None:
    recent = booked({second: [1000 + second] for second in range(0, 200, 3)})
    before = {name: np.copy(table) for name, table in tables_of(recent).items()}
    recent.course(FIRST + 230, SECONDS)
    recent.window(FIRST + 230, 60)
    after = tables_of(recent)
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert len(before) > 5


def tables_of(recent: Recent) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
    return {
        **{name: table for name, table in vars(recent).items() if isinstance(table, np.ndarray)},
        **recent._counts,
    }
