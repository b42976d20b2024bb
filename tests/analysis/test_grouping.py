"""Grouped arithmetic against loops in plain Python."""

from __future__ import annotations

from itertools import groupby

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_tui.analysis.grouping import RowGroups, first_occurrence

numbers = st.integers(-(2**39), 2**39)
grouped = st.lists(
    st.tuples(st.integers(0, 50), st.lists(numbers, min_size=1, max_size=8), numbers),
    min_size=1,
    max_size=12,
    unique_by=lambda group: group[0],
).map(sorted)
"""Runs: a row, its values, and what was before them."""

Groups = list[tuple[int, list[int], int]]


def arrays(groups: Groups) -> tuple[RowGroups, np.ndarray, np.ndarray]:
    rows = np.array([row for row, values, _ in groups for _ in values], dtype=np.int64)
    values = np.array([value for _, run, _ in groups for value in run], dtype=np.int64)
    return RowGroups(rows), values, np.array([initial for _, _, initial in groups], dtype=np.int64)


@given(groups=grouped)
def test_runs_are_found_as_groupby_finds_them(groups: Groups) -> None:
    segments, values, _ = arrays(groups)
    rows = [row for row, run, _ in groups for _ in run]
    runs = [(row, len(list(items))) for row, items in groupby(rows)]
    assert segments.rows.tolist() == [row for row, _ in runs]
    assert (segments.ends - segments.starts + 1).tolist() == [length for _, length in runs]
    assert segments.position().tolist() == [i for _, n in runs for i in range(n)]
    assert segments.rows[segments.of].tolist() == rows
    assert len(values) == len(segments.of)


@given(groups=grouped)
def test_running_sums_begin_anew_with_each_run(groups: Groups) -> None:
    segments, values, _ = arrays(groups)
    expected = [sum(run[: i + 1]) for _, run, _ in groups for i in range(len(run))]
    assert segments.cumulative(values).tolist() == expected


@given(groups=grouped)
def test_the_element_before_the_first_is_the_initial_one(groups: Groups) -> None:
    segments, values, initial = arrays(groups)
    expected = [v for _, run, start in groups for v in [start, *run[:-1]]]
    assert segments.previous(values, initial).tolist() == expected


@settings(max_examples=200)
@given(groups=grouped)
def test_the_running_maximum_keeps_runs_apart(groups: Groups) -> None:
    segments, values, initial = arrays(groups)
    expected = [max(start, *run[: i + 1]) for _, run, start in groups for i in range(len(run))]
    assert segments.running_max(values, initial).tolist() == expected


@given(groups=grouped)
def test_counts_and_reductions_are_those_of_each_run(groups: Groups) -> None:
    segments, values, _ = arrays(groups)
    assert segments.count(values > 0).tolist() == [sum(v > 0 for v in run) for _, run, _ in groups]
    assert segments.reduce(np.minimum, values).tolist() == [min(run) for _, run, _ in groups]
    assert segments.reduce(np.add, values).tolist() == [sum(run) for _, run, _ in groups]


def test_the_running_maximum_holds_for_a_thousand_calls_of_far_apart_numbers() -> None:
    rows = np.repeat(np.arange(1000), 2)
    values = np.tile(np.array([2**40, 0]), 1000)
    low = np.full(1000, -1)
    assert RowGroups(rows).running_max(values, low).tolist() == [2**40] * 2000


@given(keys=st.lists(st.integers(0, 9), max_size=40))
def test_the_first_of_every_key_is_marked(keys: list[int]) -> None:
    scratch = np.full(10, 3, dtype=np.int32)  # left over from another time
    marked = first_occurrence(np.array(keys, dtype=np.int64), scratch)
    assert marked.tolist() == [key not in keys[:i] for i, key in enumerate(keys)]
