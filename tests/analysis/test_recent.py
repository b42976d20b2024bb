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
