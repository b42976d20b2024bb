from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_tui.analysis.grouping import RowGroups, first_occurrence
from ari_tui.analysis.records import RECORD_DTYPE, from_bytes, pick
from ari_tui.wire.record import FIELDS, RECORD, RECORD_SIZE

LARGEST = {"q": 2**63 - 1, "I": 2**32 - 1, "H": 2**16 - 1, "B": 2**8 - 1}


def test_the_dtype_lies_on_the_struct_byte_for_byte() -> None:
    assert RECORD_DTYPE.itemsize == RECORD_SIZE == 48
    values = [LARGEST[code] - place for place, (_, code, _) in enumerate(FIELDS)]
    (record,) = from_bytes(RECORD.pack(*values))
    assert [int(record[name]) for name, _, _ in FIELDS] == values


def test_bytes_are_viewed_and_not_copied() -> None:
    data = bytes(3 * RECORD_SIZE)
    records = from_bytes(data)
    assert len(records) == 3
    assert not records.flags.writeable
    assert np.shares_memory(records, np.frombuffer(data, dtype=np.uint8))


def test_no_bytes_are_no_records() -> None:
    assert len(from_bytes(b"")) == 0


def test_part_of_a_record_is_an_error() -> None:
    with pytest.raises(ValueError, match="size"):
        from_bytes(bytes(RECORD_SIZE + 1))


def test_records_are_picked_by_place_or_by_mask_as_copies() -> None:
    records = np.zeros(4, dtype=RECORD_DTYPE)
    records["call"], records["rx_ns"] = [5, 6, 7, 8], [1, 2, 3, 2**62]
    assert pick(records, np.array([3, 0, 3]))["call"].tolist() == [8, 5, 8]
    marked = pick(records, np.array([False, True, False, True]))
    assert marked["rx_ns"].tolist() == [2, 2**62]
    marked["call"] = 0
    assert records["call"].tolist() == [5, 6, 7, 8]
    assert len(pick(records, np.zeros(4, dtype=np.bool_))) == 0
    assert pick(from_bytes(records.tobytes())[::2], np.array([1]))["call"].tolist() == [7]


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
    row_groups, values, _ = arrays(groups)
    rows = [row for row, run, _ in groups for _ in run]
    runs = [(row, len(list(items))) for row, items in groupby(rows)]
    assert row_groups.rows.tolist() == [row for row, _ in runs]
    assert (row_groups.ends - row_groups.starts + 1).tolist() == [length for _, length in runs]
    assert row_groups.position().tolist() == [i for _, n in runs for i in range(n)]
    assert row_groups.rows[row_groups.of].tolist() == rows
    assert len(values) == len(row_groups.of)


@given(groups=grouped)
def test_running_sums_begin_anew_with_each_run(groups: Groups) -> None:
    row_groups, values, _ = arrays(groups)
    expected = [sum(run[: i + 1]) for _, run, _ in groups for i in range(len(run))]
    assert row_groups.cumulative(values).tolist() == expected


@given(groups=grouped)
def test_the_element_before_the_first_is_the_initial_one(groups: Groups) -> None:
    row_groups, values, initial = arrays(groups)
    expected = [v for _, run, start in groups for v in [start, *run[:-1]]]
    assert row_groups.previous(values, initial).tolist() == expected


@settings(max_examples=200)
@given(groups=grouped)
def test_the_running_maximum_keeps_runs_apart(groups: Groups) -> None:
    row_groups, values, initial = arrays(groups)
    expected = [max(start, *run[: i + 1]) for _, run, start in groups for i in range(len(run))]
    assert row_groups.running_max(values, initial).tolist() == expected


@given(groups=grouped)
def test_counts_and_reductions_are_those_of_each_run(groups: Groups) -> None:
    row_groups, values, _ = arrays(groups)
    assert row_groups.count(values > 0).tolist() == [
        sum(v > 0 for v in run) for _, run, _ in groups
    ]
    assert row_groups.reduce(np.minimum, values).tolist() == [min(run) for _, run, _ in groups]
    assert row_groups.reduce(np.add, values).tolist() == [sum(run) for _, run, _ in groups]


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
