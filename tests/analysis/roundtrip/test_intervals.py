from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.analysis import histogram
from ari_tui.analysis.roundtrip.intervals import (
    ASTERISK,
    BACK,
    BUCKETS,
    OUT,
    PER_OCTAVE,
    IntervalHistograms,
    coarse_bucket_of,
    coarsened,
)
from ari_tui.building.figures import spread

Bench = Any


def filled(kind: int, *values_ns: int) -> IntervalHistograms:
    table = IntervalHistograms()
    table.grow(2)
    table.book(kind, np.full(len(values_ns), 1), np.array(values_ns))
    return table


def test_buckets_are_eighths_of_octaves_from_a_microsecond() -> None:
    values = np.array([-5.0, 0.0, 1023.0, 1024.0, 1151.0, 1152.0, 2047.0, 2048.0, 1e12])
    assert coarse_bucket_of(values).tolist() == [0, 0, 0, 1, 1, 2, 8, 9, BUCKETS - 1]


@given(st.lists(st.integers(1024, 30_000_000_000), min_size=1, max_size=50))
def test_percentiles_are_within_seven_percent(values: list[int]) -> None:
    found = spread(filled(OUT, *values).of(1, OUT), 1)
    exact = sorted(values)
    for share, name in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99")):
        rank = max(1, -(-round(share * 100) * len(values) // 100))
        assert getattr(found, name) == pytest.approx(exact[rank - 1], rel=0.0704)
    assert (found.min, found.max, found.count) == (exact[0], exact[-1], len(values))
    assert found.mean == pytest.approx(sum(values) / len(values), abs=0.001)


def test_intervals_and_calls_are_kept_apart() -> None:
    table = filled(ASTERISK, -2000, 5000)
    table.book(BACK, np.array([0, 1, 0]), np.array([10_000, 20_000, 30_000]))
    assert [table.of(1, kind).number for kind in (ASTERISK, OUT, BACK)] == [2, 0, 1]
    assert (table.of(0, BACK).minimum, table.of(0, BACK).maximum) == (10_000, 30_000)
    assert spread(table.of(1, ASTERISK), 1000).min == -2.0
    table.clear(0)
    assert table.of(0, BACK).number == 0
    assert table.of(1, BACK).number == 1


def test_without_samples_there_are_none() -> None:
    assert spread(filled(OUT).of(0, OUT), 1).p99 is None


@given(st.lists(st.integers(1, 10**10), min_size=1, max_size=60))
def test_a_coarse_histogram_holds_every_sample_in_order(values: list[int]) -> None:
    counts = np.zeros(histogram.BUCKETS, dtype=np.int64)
    histogram.add(counts, np.array(values))
    found = coarsened(counts)
    uppers = [upper for upper, _ in found]
    assert sum(count for _, count in found) == len(values)
    assert uppers == sorted(set(uppers))
    assert found[-1][1] > 0
    assert max(values) / 1000 <= uppers[-1] + 1
    assert len(found) == 1 or uppers[-1] <= 2 * uppers[-2]


def test_a_coarse_histogram_goes_by_eighths_of_octaves_of_nanoseconds() -> None:
    counts = np.zeros(histogram.BUCKETS, dtype=np.int64)
    histogram.add(counts, np.array([1 << 20, (1 << 21) - 1]))  # 1.05 ms, just under 2.1 ms
    assert [count for _, count in coarsened(counts)] == [1, *[0] * (PER_OCTAVE - 2), 1]
    assert coarsened(counts)[0][0] == round((1 << 20) * (1 + 1 / PER_OCTAVE) / 1000)
    assert coarsened(np.zeros(histogram.BUCKETS, dtype=np.int64)) == []


def test_the_fold_tells_whose_the_time_was(bench: Bench) -> None:
    log = bench.log()
    for n in range(200):
        behind = 40 if n == 150 else 0
        log.media(20 * n + behind, n, dwell_us=300 if n == 170 else 50)
        log.echo(20 * n + behind + 6, n)
    store = bench.fold(log).store
    asterisk, out, back = (spread(store.intervals.of(0, k), 1000) for k in (ASTERISK, OUT, BACK))
    assert (asterisk.max, out.max, back.max) == (40_000.0, 300.0, 50.0)
    assert (asterisk.count, out.count, back.count) == (200, 200, 200)
    assert asterisk.p95 is not None
    assert asterisk.p95 < 1
    second = bench.start_ns // 10**9 + 3
    assert store.series.history(0, "asterisk_max", second, 2) == [1, 40_000_000]
