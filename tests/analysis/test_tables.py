from __future__ import annotations

import numpy as np
import pytest

from ari_tui.analysis import counters as c
from ari_tui.analysis.sla.profiles import SEED_PROFILE
from ari_tui.analysis.tables import Tables

LATE_NS = 3_000_000


def make_tables(capacity: int = 1) -> Tables:
    return Tables(SEED_PROFILE, LATE_NS, capacity)


def test_a_call_cannot_be_added_twice() -> None:
    tables = make_tables()
    tables.add_call(5)
    with pytest.raises(ValueError, match="call 5 is already measured"):
        tables.add_call(5)


def test_a_table_without_room_grows_when_the_first_call_comes() -> None:
    tables = make_tables(capacity=0)
    assert tables.add_call(1) == 0


def test_a_row_takes_at_most_64_kib_and_that_is_what_numpy_holds() -> None:
    small, large = make_tables(), make_tables(capacity=101)
    assert small.bytes_per_call <= 65_536

    def held(kept: Tables) -> int:
        tables = kept.tables
        arrays = [getattr(table, name) for table in tables for name in table.COLUMNS]
        return sum(a.nbytes for a in [*arrays, kept.counters, kept.drops, kept.scratch])

    assert held(large) - held(small) == 100 * small.bytes_per_call


def test_a_row_that_was_freed_is_fresh_and_the_next_to_be_used() -> None:
    tables = make_tables(capacity=2)
    row = tables.add_call(1)
    tables.counters[row, c.RECEIVED] = 7
    tables.drops[row] = 3
    tables.media.started[row] = True
    tables.gaps_of(row)
    tables.direction_of(row)
    tables.foreign_packets_of(row).meet(7, 7)
    tables.free(1)
    assert 1 not in tables.row_of
    assert [tables.gaps, tables.directions, tables.foreign_packets] == [{}, {}, {}]
    assert not np.any(tables.counters)
    assert not np.any(tables.drops)
    assert not tables.media.started[row]
    assert tables.add_call(2) == row


def test_a_call_that_has_no_row_cannot_free_one() -> None:
    with pytest.raises(KeyError):
        make_tables().free(9)


def test_what_few_calls_have_is_made_once_and_kept() -> None:
    tables = make_tables()
    row = tables.add_call(1)
    assert not tables.foreign_packets
    assert tables.foreign_packets_of(row) is tables.foreign_packets_of(row)
    assert tables.gaps_of(row) is tables.gaps_of(row)
    assert tables.direction_of(row) is tables.direction_of(row)
