from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_tui.analysis import counters as c
from ari_tui.analysis import histogram
from ari_tui.analysis.diagnosis.outside import LegCounts
from ari_tui.analysis.fold import fold
from ari_tui.analysis.roundtrip.direction import Directions
from ari_tui.analysis.roundtrip.loss_runs import LossRuns
from ari_tui.analysis.row_arrays import RowArrays, add_at, column, grown
from ari_tui.analysis.sla.profiles import SEED_PROFILE
from ari_tui.analysis.store import Store
from ari_tui.analysis.stream.gaps import KINDS
from ari_tui.analysis.tables import Tables
from ari_tui.analysis.totals import CallTotals, merge
from ari_tui.document.model import Packets

Bench = Any
MS = 1_000_000


def make_store(capacity: int = 1) -> Store:
    return Store(loss_timeout_ns=3_000 * MS, late_ns=3 * MS, capacity=capacity)


def same(first: CallTotals, second: CallTotals) -> bool:
    """Tell whether two sums agree in everything."""
    return (
        np.array_equal(first.counters, second.counters)
        and np.array_equal(first.rtt.counts, second.rtt.counts)
        and first.rtt[1:] == second.rtt[1:]
        and first[1:3] == second[1:3]
        and first[4:] == second[4:]
    )


def rough_log(bench: Bench, call: int, *, packets: int = 200) -> Any:
    """A call with a little of everything: losses, copies, an interruption, failed sends."""
    log = bench.log()
    for n in range(packets):
        at = 20 * n + (400 if n > 150 else 0)
        log.media(at, n + 65_500, call=call, ssrc=call, failed=n == 20)
        if n % 9:
            log.echo(at + 5 + call, n + 65_500, call=call, ssrc=call)
        if n % 31 == 0:
            log.echo(at + 7 + call, n + 65_500, call=call, ssrc=call)
    return log


def test_retiring_an_unknown_call_is_harmless() -> None:
    store = make_store()
    store.retire_call(9)
    assert not store.retired_totals().counters.any()


def test_retiring_a_call_forgets_what_asterisk_counted_of_it() -> None:
    store = make_store()
    store.add_call(1)
    store.outside.leg_counts(1, 10**9, LegCounts(10, 1, 10, None, None))
    store.outside.leg_counts(2, 10**9, LegCounts(20, 2, 20, None, None))
    store.retire_call(1)
    assert store.outside.readings_of(1) == []
    assert len(store.outside.readings_of(2)) == 1


def test_growing_past_the_capacity_in_mid_call_changes_no_number(bench: Bench) -> None:
    records = rough_log(bench, 1).records()
    grown, roomy = make_store(capacity=1), make_store(capacity=64)
    for store in (grown, roomy):
        store.add_call(1)
        fold(store, records[:150], 0)
        for call in range(2, 50):
            store.add_call(call)
        fold(store, records[150:], int(records["rx_ns"].max()))
    assert grown.capacity >= 49
    assert sorted(grown.row_of.values()) == list(range(49))
    assert same(grown.call_totals(1, bench.start_ns), roomy.call_totals(1, bench.start_ns))


def test_a_row_used_again_measures_as_a_fresh_one(bench: Bench) -> None:
    store = make_store()
    store.add_call(1)
    fold(store, rough_log(bench, 1).records(), bench.start_ns)
    store.retire_call(1)
    assert store.add_call(2) == 0
    fresh = make_store()
    fresh.add_call(2)
    for table, clean in zip(store.tables, fresh.tables, strict=True):
        for name in table.COLUMNS:
            found, wanted = getattr(table, name), getattr(clean, name)
            assert np.array_equal(found, wanted, equal_nan=found.dtype.kind == "f"), name
    records = rough_log(bench, 2).records()
    for each in (store, fresh):
        fold(each, records, int(records["rx_ns"].max()))
    assert same(store.call_totals(2, bench.start_ns), fresh.call_totals(2, bench.start_ns))
    assert store.drops.tolist() == fresh.drops.tolist()


def test_socket_drops_of_an_earlier_call_are_not_taken_off_the_next_ones(bench: Bench) -> None:
    store = make_store()
    for call in (1, 2):
        store.add_call(call)
        log = bench.log()
        log.other(0, 5, call=call, aux=10)
        fold(store, log.records(), bench.start_ns)
        assert store.call_totals(call, 0).counters[c.SOCKET_DROPS] == 10
        store.retire_call(call)
    assert store.retired_totals().counters[c.SOCKET_DROPS] == 20


@settings(max_examples=10, deadline=None)
@given(left=st.sets(st.integers(1, 6)))
def test_the_totals_are_the_same_whoever_has_left(bench_class: Bench, left: set[int]) -> None:
    store, reference = make_store(), make_store()
    for each in (store, reference):
        for call in range(1, 7):
            each.add_call(call)
            records = rough_log(bench_class, call, packets=30 * call).records()
            fold(each, records, int(records["rx_ns"].max()))
            each.close_call(call)  # as leaving does

    def everything(each: Store) -> CallTotals:
        here = [each.call_totals(call, bench_class.start_ns) for call in each.row_of]
        return merge([each.retired_totals(), *here])

    for call in left:
        store.retire_call(call)
    assert set(store.row_of) == set(range(1, 7)) - left
    assert same(everything(store), everything(reference))
    totals = everything(store)
    counted = totals.counters
    assert counted[c.SENT] == counted[c.RETURNED] + counted[c.LOST]
    assert totals.rtt.number == counted[c.RETURNED] - counted[c.UNCERTAIN]


@pytest.fixture(scope="module")
def bench_class(bench_type: Bench) -> Bench:
    return bench_type


def test_nothing_adds_up_to_nothing() -> None:
    for totals in (merge([]), merge([make_store().retired_totals()] * 2)):
        assert not totals.counters.any()
        assert totals.rtt.number == totals.in_flight == totals.longest_gap_ns == 0


def test_merging_keeps_extremes_and_leaves_the_parts_alone(bench: Bench) -> None:
    store = make_store()
    for call, rtt in ((1, 5), (2, 50)):
        store.add_call(call)
        log = bench.log()
        log.media(0, 0, call=call)
        log.echo(rtt + 0.05, 0, call=call)
        fold(store, log.records(), 0)
    parts = [store.call_totals(call, 0) for call in (1, 2)]
    whole = merge(parts)
    assert (whole.rtt.minimum, whole.rtt.maximum, whole.rtt.total) == (5 * MS, 50 * MS, 55 * MS)
    assert int(whole.rtt.counts.sum()) == 2
    whole.rtt.counts[:] = whole.counters[:] = 0
    assert same(parts[0], store.call_totals(1, 0))


def test_a_copy_of_a_calls_numbers_does_not_move_with_the_call(bench: Bench) -> None:
    store = make_store()
    store.add_call(1)
    records = rough_log(bench, 1).records()
    fold(store, records[:100], 0)
    before = store.call_totals(1, 0)
    sent, samples = int(before.counters[c.SENT]), int(before.rtt.counts.sum())
    fold(store, records[100:], 0)
    assert (int(before.counters[c.SENT]), int(before.rtt.counts.sum())) == (sent, samples)


def test_our_own_delay_is_never_below_nothing(bench: Bench) -> None:
    log = bench.log()
    log.media(0, 0, dwell_us=-400)  # the clock was set back between receiving and sending
    log.media(20, 1, dwell_us=70)
    store = bench.fold(log).store
    spread = store.dwell_spread("out")
    assert (spread.minimum, spread.maximum, spread.number) == (0, 70_000, 2)
    assert store.dwell_spread("back").number == 0


def test_every_counter_has_its_own_place_under_its_own_name() -> None:
    places = [getattr(c, name.upper()) for name in c.NAMES]
    assert places == list(range(c.COUNT))


def test_a_documents_packets_are_the_counters_and_what_is_under_way() -> None:
    assert set(Packets.__struct_fields__) == {*c.NAMES, "in_flight", "overdue"}


def call(
    *, lost: int = 0, directions: Directions | None = None, rtt_ns: tuple[int, ...] = ()
) -> CallTotals:
    counters = np.arange(c.COUNT, dtype=np.int64)
    counters[c.LOST] = lost
    rtt = histogram.no_durations()
    if rtt_ns:
        rtt = rtt.plus(np.array(rtt_ns, dtype=np.int64))
    runs = LossRuns()
    runs.grow(1)
    runs.fold(np.zeros(20 + lost, dtype=np.int64), np.arange(20 + lost) >= 20)
    gaps = {**dict.fromkeys(KINDS, 0), "dtmf": 1}
    return CallTotals(counters, 2, 1, rtt, 300, 700, runs.pattern(0), directions, gaps, 3)


def test_no_calls_have_empty_totals() -> None:
    nothing = merge([])
    assert (nothing.counters.sum(), nothing.rtt.number, nothing.dead_air_ns) == (0, 0, 0)
    assert nothing.directions is None
    assert nothing.losses.settled == 0


def test_counts_add_up_and_extremes_stay_extremes() -> None:
    both = merge([call(rtt_ns=(5_000, 9_000)), call(lost=2, rtt_ns=(1_000,))])
    assert both.counters[c.SENT] == 2 * c.SENT
    assert (both.in_flight, both.overdue) == (4, 2)
    assert (both.rtt.minimum, both.rtt.maximum, both.rtt.total, both.rtt.number) == (
        1_000,
        9_000,
        15_000,
        3,
    )
    assert (both.longest_gap_ns, both.dead_air_ns) == (300, 1400)
    assert (both.losses.lost, both.losses.named_runs()["2"]) == (2, 1)
    assert (both.gaps["dtmf"], both.missing_explained) == (2, 6)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([call(), call()], None),
        ([call(directions=Directions(1, 2, 3), lost=6), call()], Directions(1, 2, 3)),
        ([call(directions=Directions(1, 2, 3), lost=6), call(lost=1)], None),
        (
            [call(directions=Directions(1, 0, 0)), call(directions=Directions(0, 0, 4))],
            Directions(1, 0, 4),
        ),
    ],
)
def test_directions_are_known_where_every_loss_has_one(
    parts: list[CallTotals], expected: Directions | None
) -> None:
    assert merge(parts).directions == expected


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


def test_a_row_takes_at_most_64_kib() -> None:
    kept = make_tables(capacity=100)
    arrays = [getattr(table, name) for table in kept.tables for name in table.COLUMNS]
    held = sum(a.nbytes for a in [*arrays, kept.counters, kept.drops, kept.scratch])
    assert held <= 100 * 65_536


def test_a_row_that_was_freed_is_fresh_and_the_next_to_be_used() -> None:
    tables = make_tables(capacity=2)
    row = tables.add_call(1)
    tables.counters[row, c.RECEIVED] = 7
    tables.drops[row] = 3
    tables.media.started[row] = True
    tables.gaps_of(row)
    tables.direction_of(row)
    tables.foreign_packets_of(row).add(7, 7)
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
