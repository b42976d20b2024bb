"""Jitter against the recursion of RFC 3550 section A.8, packet by packet."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.analysis.stream import jitter

differences = st.lists(st.tuples(st.integers(0, 4), st.integers(-(10**10), 10**10)), max_size=120)


def plain(start: list[float], items: list[tuple[int, int]]) -> list[float]:
    found = list(start)
    for row, difference in items:
        found[row] += (abs(difference) - found[row]) / 16
    return found


@given(items=differences, cut=st.integers(0, 120), start=st.floats(0, 1e9))
def test_jitter_is_that_of_the_recursion_however_it_is_cut(
    items: list[tuple[int, int]], cut: int, start: float
) -> None:
    found = np.full(5, start)
    for part in (items[:cut], items[cut:]):
        part = sorted(part, key=lambda item: item[0])  # stable: in order of arrival in each row
        rows = np.array([row for row, _ in part], dtype=np.int64)
        jitter.advance(found, rows, np.array([d for _, d in part], dtype=np.int64))
    assert found.tolist() == pytest.approx(plain([start] * 5, items), rel=1e-9, abs=1e-6)


def test_no_difference_leaves_the_jitter_as_it_is() -> None:
    found = np.array([1.5, 2.5])
    jitter.advance(found, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    assert found.tolist() == [1.5, 2.5]


def test_a_constant_difference_is_approached_by_sixteenths() -> None:
    found = np.zeros(1)
    jitter.advance(found, np.zeros(1, dtype=np.int64), np.array([-16_000_000]))
    assert found[0] == 1_000_000
    jitter.advance(found, np.zeros(2000, dtype=np.int64), np.full(2000, 16_000_000))
    assert found[0] == pytest.approx(16_000_000)


def test_a_very_long_batch_neither_overflows_nor_yields_nan() -> None:
    found = np.zeros(1)
    jitter.advance(found, np.zeros(100_000, dtype=np.int64), np.full(100_000, 5))
    assert found[0] == pytest.approx(5)


@given(items=differences, start=st.floats(0, 1e9))
def test_the_jitter_after_every_difference_is_that_of_the_recursion(
    items: list[tuple[int, int]], start: float
) -> None:
    items = sorted(items, key=lambda item: item[0])
    rows = np.array([row for row, _ in items], dtype=np.int64)
    after = jitter.advance(np.full(5, start), rows, np.array([d for _, d in items], dtype=np.int64))
    told = [plain([start] * 5, items[: i + 1])[row] for i, (row, _) in enumerate(items)]
    assert after.tolist() == pytest.approx(told, rel=1e-9, abs=1e-6)
