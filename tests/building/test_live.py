"""What the stream sends beside a document: the course of all calls, from the store."""

import msgspec
import numpy as np
import pytest

from ari_tui.analysis.store import Store
from ari_tui.building.live import build_live
from ari_tui.document.live import AllCourse, CallCourse, History, Live
from tests.building.conftest import MS, START_NS

SECOND = START_NS // 1_000_000_000
NAMES = {1: "s.1", 2: "s.2"}


def test_a_calls_course_is_what_was_measured_second_by_second(store: Store) -> None:
    live = build_live(store, NAMES, SECOND + 1, 4)
    assert (live.last_second, live.seconds) == (SECOND + 1, 4)
    assert live.calls["s.1"] == CallCourse(
        sent=[None, None, 10, None],
        lost=[None, None, 0, None],
        late=[None, None, 0, None],
        rtt_p95_us=[None, None, 10_000, None],
        rtt_max_us=[None, None, 10_000, None],
    )
    silent: list[int | None] = [None] * 4
    assert live.calls["s.2"] == CallCourse(
        sent=silent, lost=silent, late=silent, rtt_p95_us=silent, rtt_max_us=silent
    )


def test_all_together_have_the_percentiles_of_each_second(store: Store) -> None:
    live = build_live(store, NAMES, SECOND, 2)
    flat = [None, 10_000]
    assert live.all == AllCourse(
        sent=[None, 10],
        lost=[None, 0],
        late=[None, 0],
        rtt_p50_us=flat,
        rtt_p95_us=flat,
        rtt_p99_us=flat,
        rtt_max_us=flat,
    )


def test_a_loss_booked_later_is_in_the_second_of_its_sending(store: Store) -> None:
    history = History()
    history.merge(build_live(store, NAMES, SECOND, 6))
    assert history.calls["s.1"].tail("lost", 1) == [0]
    store.give_up(1)
    history.merge(build_live(store, NAMES, SECOND + 4, 6))
    assert history.calls["s.1"].tail("lost", 5) == [1, None, None, None, None]
    assert history.all.tail("lost", 5) == [1, None, None, None, None]


def test_the_histogram_counts_round_trips_of_calls_that_have_left_too(store: Store) -> None:
    before = build_live(store, NAMES, SECOND, 1).rtt_histogram
    ((upper_us, count),) = before
    assert count == 9
    assert 10_000 < upper_us <= 10_000 * 1.125
    store.retire_call(1)
    after = build_live(store, NAMES, SECOND, 1)
    assert after.rtt_histogram == before
    assert list(after.calls) == ["s.2"]


def test_without_calls_there_is_a_course_of_nothing() -> None:
    empty = Store(loss_timeout_ns=3_000 * MS, late_ns=3 * MS)
    live = build_live(empty, {}, SECOND, 3)
    assert (live.calls, live.rtt_histogram) == ({}, [])
    assert live.all.rtt_p95_us == live.all.sent == [None] * 3


def test_it_survives_the_wire_and_looking_changes_nothing(store: Store) -> None:
    first = build_live(store, NAMES, SECOND, 300)
    arrays = {
        name: value.copy()
        for name, value in vars(store.series).items()
        if isinstance(value, np.ndarray)
    }
    assert msgspec.json.decode(msgspec.json.encode(first), type=Live) == first
    assert build_live(store, NAMES, SECOND, 300) == first
    assert arrays
    for name, value in arrays.items():
        assert np.array_equal(value, getattr(store.series, name)), name


@pytest.mark.parametrize("seconds", [1, 6, 300])
def test_every_row_is_as_long_as_was_asked(store: Store, seconds: int) -> None:
    live = build_live(store, NAMES, SECOND + 100, seconds)
    for course in (live.all, *live.calls.values()):
        assert {len(getattr(course, name)) for name in course.__struct_fields__} == {seconds}
