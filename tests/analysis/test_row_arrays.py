from __future__ import annotations

import numpy as np
import pytest

from ari_tui.analysis.row_arrays import RowArrays, add_at, column, grown


class Table(RowArrays):
    one = column(np.int64, -1)
    many = column(np.uint16, 7, (3,))


def test_fresh_rows_hold_the_initial_values() -> None:
    table = Table()
    table.grow(2)
    assert table.one.tolist() == [-1, -1]
    assert table.many.tolist() == [[7, 7, 7]] * 2
    assert [str(table.one.dtype), str(table.many.dtype)] == ["int64", "uint16"]


def test_growing_keeps_what_is_there() -> None:
    table = Table()
    table.grow(1)
    table.one[0], table.many[0, 1] = 5, 9
    table.grow(2)
    assert table.one.tolist() == [5, -1, -1]
    assert table.many[0].tolist() == [7, 9, 7]


def test_clearing_a_row_leaves_the_others() -> None:
    table = Table()
    table.grow(2)
    table.one[:], table.many[:] = 3, 4
    table.clear(0)
    assert table.one.tolist() == [-1, 3]
    assert table.many.tolist() == [[7, 7, 7], [4, 4, 4]]


def test_two_tables_of_a_class_share_nothing() -> None:
    first, second = Table(), Table()
    first.grow(1)
    assert (len(first.one), len(second.one)) == (1, 0)


def test_the_size_of_a_row_is_what_numpy_takes() -> None:
    table = Table()
    table.grow(10)
    assert table.row_bytes == (table.one.nbytes + table.many.nbytes) / 10 == 14


@pytest.mark.parametrize("shape", [(0,), (2,), (2, 3)])
def test_grown_adds_filled_rows_at_the_end(shape: tuple[int, ...]) -> None:
    array = grown(np.zeros(shape, dtype=np.int32), 2, 5)
    assert array.shape == (shape[0] + 2, *shape[1:])
    assert (array[-2:] == 5).all()
    assert (array[:-2] == 0).all()


def test_cells_are_added_to_as_often_as_they_are_named() -> None:
    table = np.zeros((3, 4), dtype=np.uint32)
    add_at(table, np.array([0, 2, 2, 2]), np.array([3, 1, 1, 0]))
    assert table.tolist() == [[0, 0, 0, 1], [0, 0, 0, 0], [1, 2, 0, 0]]
    assert table.dtype == np.uint32
