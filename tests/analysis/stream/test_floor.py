"""The moving floor against a twin that goes sample by sample and builds its hull point by point."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_tui.analysis.stream.floor import BLOCK_NS, BLOCKS, MAX_SKEW, STEP_NS, Floor

MS = 1_000_000
LATE_NS = 3 * MS
START_NS = 1_700_000_000_000_000_000
Point = tuple[float, float]


def lower_hull(points: list[Point]) -> list[Point]:
    """Andrew's monotone chain, the lower half."""
    hull: list[Point] = []
    for x, y in sorted(points):
        while len(hull) > 1:
            (x0, y0), (x1, y1) = hull[-2:]
            if (x1 - x0) * (y - y0) > (x - x0) * (y1 - y0):
                break
            hull.pop()
        hull.append((x, y))
    return hull


class PlainFloor:
    """One call's floor, kept with lists."""

    def __init__(self, skewed: bool) -> None:
        self.skewed = skewed
        self.window: list[Point] = []
        self.level: float | None = None
        self.slope = self.reference = 0.0
        self.block = self.above = 0
        self.lowest: Point | None = None  # time and value of the open block's minimum
        self.origin: Point | None = None
        self.steps: list[int] = []

    def late(self, time: int, value: int) -> tuple[bool, float]:
        """Judge a sample; also tell by how much it missed the limit."""
        if self.origin is None:
            self.origin = (time, value)
        at, value = time - int(self.origin[0]), value - int(self.origin[1])
        if at // BLOCK_NS > self.block:
            self.close()
            self.block, self.lowest = at // BLOCK_NS, None
        if self.level is None:
            floor = float(min(value, self.lowest[1] if self.lowest else value))
        else:
            floor = self.level + self.slope * (at - self.reference)
        if self.lowest is None or value < self.lowest[1]:
            self.lowest = (at, value)
        return value > floor + LATE_NS, value - floor - LATE_NS

    def close(self) -> None:
        assert self.lowest is not None
        time, value = self.lowest
        offset = 0.0
        if self.level is not None:
            offset = value - (self.level + self.slope * (time - self.reference))
        self.above = self.above + 1 if offset > STEP_NS else 0
        if offset < -STEP_NS:
            self.window = []
        elif self.above == 2:
            self.window = self.window[-1:]
        if offset < -STEP_NS or self.above == 2:
            self.steps.append(int(offset))
            self.above = 0
        self.window = [*self.window, (time, value)][-BLOCKS:]
        self.window = [p for p in self.window if p[0] >= time - BLOCKS * BLOCK_NS]
        self.fit()

    def fit(self) -> None:
        times = [x for x, _ in self.window]
        self.reference = middle = (min(times) + max(times)) / 2
        hull = lower_hull(self.window)
        if not self.skewed or len(hull) == 1:
            self.level, self.slope = min(y for _, y in self.window), 0.0
            return
        right = next(i for i, (x, _) in enumerate(hull) if x > middle)
        (x0, y0), (x1, y1) = hull[right - 1], hull[right]
        slope = (y1 - y0) / (x1 - x0)
        self.level = y0 + slope * (middle - x0)
        self.slope = max(-MAX_SKEW, min(MAX_SKEW, slope))


def fresh(*, skewed: bool, rows: int = 1) -> Floor:
    floor = Floor("media", skewed=skewed)
    floor.grow(rows)
    return floor


def judge(floor: Floor, times: Any, values: Any) -> tuple[list[bool], list[int]]:
    times, values = np.asarray(times, dtype=np.int64), np.asarray(values, dtype=np.int64)
    excess, steps = floor.judge(np.zeros(len(times), dtype=np.int64), times, values)
    late = excess > LATE_NS
    return late.tolist(), [step.by_ns for step in steps]


samples = st.lists(
    st.tuples(
        st.sampled_from([20, 20, 20, 100, 250, 250, 500, 1000, 2500, 31_000]),  # ms since the last
        st.sampled_from([0, 0, 0, 100, 900, 1500, 1900, 2500, 4000, 80_000]),  # µs above the path
        st.sampled_from([0] * 12 + [-6000, 5000]),  # µs by which the path changes
    ),
    min_size=1,
    max_size=150,
)


@settings(max_examples=150, deadline=None)
@given(
    items=samples,
    skew=st.integers(-400, 400),
    skewed=st.booleans(),
    cuts=st.lists(st.integers(0, 150), max_size=4),
)
def test_the_floor_is_that_of_a_plain_lower_hull_however_it_is_cut(
    items: list[tuple[int, int, int]], skew: int, skewed: bool, cuts: list[int]
) -> None:
    times, values, at, path = [], [], 0, 20_000
    for gap, above, change in items:
        at, path = at + gap, path + change
        times.append(START_NS + at * MS)
        values.append((path + above) * 1000 + (at * skew if skewed else 0))
    twin, floor = PlainFloor(skewed), fresh(skewed=skewed)
    expected = [twin.late(t, v) for t, v in zip(times, values, strict=True)]
    late: list[bool] = []
    steps: list[int] = []
    edges = [0, *sorted(cuts), len(items)]
    for start, end in pairwise(edges):
        some, moved = judge(floor, times[start:end], values[start:end])
        late, steps = late + some, steps + moved
    for got, (want, by_ns) in zip(late, expected, strict=True):
        assert got == want or abs(by_ns) < 10  # both compute in floating point
    assert steps == pytest.approx(twin.steps, abs=10)
    if twin.level is not None:
        assert floor.level[0] == pytest.approx(twin.level, abs=10)
        assert floor.slope[0] == pytest.approx(twin.slope, abs=1e-9)


def test_many_calls_at_once_have_the_floors_that_they_have_alone() -> None:
    rng = np.random.default_rng(5)
    calls, n = 7, 400
    times = START_NS + np.arange(n) * 50 * MS + rng.integers(0, MS, (calls, n))
    values = 10 * MS + rng.exponential(2 * MS, (calls, n)).astype(np.int64)
    values[3, 200:] += 6 * MS
    rows = np.repeat(np.arange(calls), n)
    together = fresh(skewed=True, rows=calls)
    excess, steps = together.judge(rows, times.ravel(), values.ravel())
    late = excess > LATE_NS
    for call in range(calls):
        alone = fresh(skewed=True)
        assert judge(alone, times[call], values[call])[0] == late[rows == call].tolist()
        assert alone.level[0] == together.level[call]
    assert [step.row for step in steps] == [3]


def test_a_block_right_in_the_middle_of_the_window_does_not_tilt_the_floor() -> None:
    # the lowest block lies at the middle to the nanosecond, the one after it 1.9 ms higher
    floor = fresh(skewed=True)
    values = [10_500_000] * 5 + [10 * MS, 11_900_000] + [10 * MS] * 5
    judge(floor, [START_NS + i * BLOCK_NS for i in range(12)], values)
    assert floor.slope[0] == 0
    assert floor.at(0, START_NS + 40 * BLOCK_NS) == 10 * MS


@pytest.mark.parametrize("ppm", [-499, -50, 0, 50, 499])
def test_the_slope_is_the_skew_of_the_clocks(ppm: int) -> None:
    floor = fresh(skewed=True)
    times = START_NS + np.arange(3000) * 20 * MS
    late, steps = judge(floor, times, (times - START_NS) * ppm // 1_000_000)
    assert floor.slope[0] == pytest.approx(ppm * 1e-6, abs=1e-9)
    assert not any(late)
    assert steps == []


def test_more_skew_than_clocks_have_is_capped() -> None:
    floor = fresh(skewed=True)
    times = START_NS + np.arange(600) * 20 * MS
    judge(floor, times, (times - START_NS) // 1000)
    assert floor.slope[0] == MAX_SKEW


def test_a_round_trip_has_no_slope() -> None:
    floor = fresh(skewed=False)
    times = START_NS + np.arange(600) * 20 * MS
    judge(floor, times, (times - START_NS) // 10_000)
    assert floor.slope[0] == 0


def test_the_limit_itself_is_not_late() -> None:
    floor = fresh(skewed=False)
    at = [START_NS + n * 20 * MS for n in range(3)]
    assert judge(floor, at, [0, LATE_NS, LATE_NS + 1])[0] == [False, False, True]


def test_one_block_above_is_late_and_moves_nothing() -> None:
    floor = fresh(skewed=False)
    values = [10 * MS] * 100 + [16 * MS] * 50 + [10 * MS] * 100
    late, steps = judge(floor, START_NS + np.arange(250) * 20 * MS, values)
    assert late == [False] * 100 + [True] * 50 + [False] * 100
    assert steps == []


def test_what_is_older_than_thirty_seconds_is_forgotten() -> None:
    floor = fresh(skewed=False)
    values = [8_500_000] + [10 * MS] * 40
    judge(floor, [START_NS + i * BLOCK_NS for i in range(41)], values)
    assert floor.at(0, START_NS) == 10 * MS


def test_a_clock_set_back_reopens_no_block_and_raises_nothing() -> None:
    floor = fresh(skewed=True)
    times = [START_NS + i * 20 * MS - (2_000 * MS if i > 250 else 0) for i in range(1000)]
    values = [-2_000 * MS if i > 250 else 0 for i in range(1000)]
    late, steps = judge(floor, times, values)
    assert not any(late)
    assert steps == [-2_000 * MS]


def test_a_floor_that_is_cleared_begins_anew() -> None:
    floor = fresh(skewed=True, rows=2)
    rows = np.repeat(np.arange(2), 300)
    times = np.tile(START_NS + np.arange(300) * 20 * MS, 2)
    floor.judge(rows, times, np.full(600, 50 * MS))
    floor.clear(0)
    assert floor.at(0, START_NS) is None
    assert floor.at(1, START_NS) == 50 * MS
    assert judge(floor, [START_NS + 10**10], [90 * MS]) == ([False], [])


def test_no_samples_are_judged_without_complaint() -> None:
    assert judge(fresh(skewed=True), [], []) == ([], [])
