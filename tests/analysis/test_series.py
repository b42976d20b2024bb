"""The per-second cells against a twin of dictionaries."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_tui.analysis.series import NO_RTT, SAMPLES, SECONDS, Series

SECOND_NS = 1_000_000_000
FIRST = 1_700_000_000
MS = 1_000_000


def fresh(rows: int = 1) -> Series:
    series = Series()
    series.grow(rows)
    return series


def ns(seconds: Any) -> Any:
    return (FIRST * SECOND_NS + np.asarray(seconds, dtype=np.float64) * SECOND_NS).astype(np.int64)


def row0(items: Any) -> Any:
    return np.zeros(len(items), dtype=np.int64)


def history(series: Series, name: str, seconds: int, until: int, row: int = 0) -> list[Any]:
    return series.history(row, name, FIRST + until, seconds)


@settings(max_examples=80, deadline=None)
@given(
    events=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 700)), max_size=80),
    cuts=st.lists(st.integers(0, 80), max_size=3),
)
def test_events_are_counted_in_the_seconds_of_the_last_five_minutes(
    events: list[tuple[int, int]], cuts: list[int]
) -> None:
    series = fresh(3)
    edges = [0, *sorted(cuts), len(events)]
    for start, end in pairwise(edges):
        for row, second in events[start:end]:
            series.book("lost", np.array([row]), ns([second]))
    for row in range(3):
        mine = [second for owner, second in events if owner == row]
        newest: dict[int, int] = {}
        counted: dict[int, int] = defaultdict(int)
        for second in mine:
            cell = second % SECONDS
            if second > newest.get(cell, -1):
                newest[cell] = second
            counted[second] += second == newest[cell]
        alive = set(newest.values())
        expected = [counted[s] if s in alive else None for s in range(701)]
        assert history(series, "lost", 701, 700, row)[-SECONDS:] == expected[-SECONDS:]


def plain_p95(values: list[int]) -> int:
    values = sorted(values[:SAMPLES])
    return values[math.ceil(0.95 * len(values)) - 1]


gaps_s = st.sampled_from([0.0, 0.02, 0.3, 1.0, 4.5])
trips = st.lists(st.tuples(gaps_s, st.integers(0, 60 * MS)), max_size=60)
summed: dict[str, Callable[[list[int]], int]] = {
    "rtt_min": min,
    "rtt_max": max,
    "rtt_sum": sum,
    "rtt_p95": plain_p95,
}


@settings(max_examples=80, deadline=None)
@given(calls=st.lists(trips, min_size=1, max_size=4), cut=st.floats(0, 20))
def test_round_trips_of_a_second_are_summed_up_however_they_are_cut(
    calls: list[list[tuple[float, int]]], cut: float
) -> None:
    series = fresh(len(calls))
    rows = np.array([r for r, call in enumerate(calls) for _ in call], dtype=np.int64)
    at = np.concatenate([np.cumsum([gap for gap, _ in call]) for call in calls])
    rtt = np.array([v for call in calls for _, v in call], dtype=np.int64)
    for part in (at < cut, at >= cut):
        series.book_rtt(rows[part], ns(at[part]), rtt[part])
    for row in range(len(calls)):
        seconds: dict[int, list[int]] = defaultdict(list)
        for time, value in zip(at[rows == row], rtt[rows == row], strict=True):
            seconds[int(ns(time) // SECOND_NS) - FIRST].append(int(value))
        for name, function in summed.items():
            expected = [function(seconds[s]) if seconds[s] else None for s in range(290)]
            assert history(series, name, 290, 289, row) == expected, name


def test_many_calls_at_once_read_as_one_by_one() -> None:
    series = fresh(4)
    rng = np.random.default_rng(1)
    for row in (0, 2, 3):  # the second has no round trip
        times = np.sort(rng.uniform(10 * row, 10 * row + 15, 200))
        values = rng.integers(1, 50 * MS, 200)
        series.book_rtt(np.full(200, row), ns(times), values)
        series.book("sent", np.full(200, row), ns(times))
    rows, seconds = np.array([3, 0, 1, 2]), FIRST + np.arange(-5, 50)
    before = series.rtt_p95.copy(), series.samples.copy()
    p95, known = series.p95(rows, seconds), series.known(rows, seconds)
    for place, row in enumerate(rows.tolist()):
        expected = history(series, "rtt_p95", 55, 49, row)
        assert p95[place].tolist() == [value or 0 for value in expected]
        sent = history(series, "sent", 55, 49, row)
        assert known[place].tolist() == [value is not None for value in sent]
    assert p95.any(axis=1).tolist() == [True, True, False, True]
    assert np.array_equal(before[0], series.rtt_p95)
    assert np.array_equal(before[1], series.samples)


def test_a_second_without_a_round_trip_has_none_and_not_zero() -> None:
    series = fresh()
    series.book("sent", row0([1]), ns([0]))
    series.book("lost", row0([1]), ns([0]))
    assert history(series, "sent", 1, 0) == history(series, "lost", 1, 0) == [1]
    for name in ("rtt_min", "rtt_max", "rtt_p95", "rtt_sum"):
        assert history(series, name, 1, 0) == [None]


def test_the_newest_second_has_its_percentile_before_another_packet_comes() -> None:
    series = fresh()
    values = np.arange(1, 51) * MS
    series.book_rtt(row0(values), ns(np.linspace(0, 0.98, 50)), values)
    before = series.samples.copy(), series.rtt_p95.copy()
    assert history(series, "rtt_p95", 1, 0) == [48 * MS]  # rank ⌈0.95 · 50⌉
    assert np.array_equal(before[0], series.samples)
    assert np.array_equal(before[1], series.rtt_p95)


def test_a_flood_of_a_hundred_thousand_packets_a_second_does_not_wrap() -> None:
    series = fresh()
    times = ns(np.linspace(0, 0.999, 100_000))
    for name in ("sent", "returned", "lost", "late"):
        series.book(name, row0(times), times)
        assert history(series, name, 1, 0) == [100_000]
    series.book_rtt(row0(times), times, np.full(100_000, MS))
    assert history(series, "rtt_count", 1, 0) == [100_000]
    assert history(series, "rtt_sum", 1, 0) == [100_000 * MS]


def test_a_round_trip_longer_than_a_cell_holds_is_kept_at_its_largest() -> None:
    series = fresh()
    series.book_rtt(row0([1]), ns([0]), np.array([10 * SECOND_NS]))
    assert history(series, "rtt_max", 1, 0) == history(series, "rtt_p95", 1, 0) == [NO_RTT - 1]
    assert history(series, "rtt_sum", 1, 0) == [10 * SECOND_NS]


def test_a_second_that_has_left_the_ring_is_not_booked_again() -> None:
    series = fresh()
    series.book("lost", row0([1]), ns([SECONDS]))
    series.book("lost", row0([1]), ns([0]))
    assert history(series, "lost", 1, SECONDS) == [1]
    assert history(series, "lost", 1, 0) == [None]


def test_a_cell_taken_over_by_a_new_second_keeps_nothing_of_the_old_one() -> None:
    series = fresh()
    for name in ("sent", "returned", "lost", "late"):
        series.book(name, row0([1]), ns([0]))
    series.book_rtt(row0([1]), ns([0]), np.array([MS]))
    series.book_dwell(row0([1]), ns([0]), np.array([7]))
    series.book("sent", row0([1]), ns([SECONDS]))
    assert history(series, "sent", 1, SECONDS) == [1]
    for name in ("returned", "lost", "late", "dwell_max", "rtt_count"):
        assert history(series, name, 1, SECONDS) == [0], name
    assert history(series, "rtt_max", 1, SECONDS) == [None]


def test_the_longest_dwell_of_a_second_stays_and_is_never_below_nothing() -> None:
    series = fresh()
    dwell = np.array([5, 900, 30, -7])
    series.book_dwell(row0(dwell), ns([0, 0.1, 0.2, 1.0]), dwell)
    assert history(series, "dwell_max", 2, 1) == [900, 0]


def test_a_clock_set_back_gives_the_same_however_it_is_cut() -> None:
    times, values = ns([0.5, 1.5, 0.6, 1.6]), np.array([1, 2, 3, 4]) * MS
    whole, cut = fresh(), fresh()
    whole.book_rtt(row0(times), times, values)
    for i in range(4):
        cut.book_rtt(row0([1]), times[i : i + 1], values[i : i + 1])
    for name in ("rtt_min", "rtt_max", "rtt_sum", "rtt_count", "rtt_p95"):
        assert history(whole, name, 2, 1) == history(cut, name, 2, 1), name
