from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_tui.analysis import counters as c
from ari_tui.analysis.fold import fold
from ari_tui.analysis.store import Store
from ari_tui.analysis.totals import CallTotals, merge

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
