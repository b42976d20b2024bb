"""Whatever a log holds, nothing is raised, the books close, and cuts change no number."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_tui.analysis import counters as c
from ari_tui.analysis.fold import fold
from ari_tui.analysis.records import RECORD_DTYPE, Records
from ari_tui.analysis.store import Store
from ari_tui.wire import record as r

MS = 1_000_000
START_NS = 1_700_000_000_000_000_000
CALLS = 2


class Packet(NamedTuple):
    """One step of a hostile stream, and what becomes of its packet."""

    gap_us: int
    step: int
    ssrc: int
    call: int
    failed: bool
    trips_ms: list[int]


steps = st.sampled_from([1] * 12 + [0, 2, -1, -40, 500, *[1023] * 2, *[1024] * 4, 2999, 30_000])
packets = st.builds(
    Packet,
    gap_us=st.sampled_from([1, 20_000, 20_000, 20_000, 90_000, 400_000, 3_000_000]),
    step=steps,
    ssrc=st.sampled_from([1] * 15 + [2]),
    call=st.integers(1, CALLS),
    failed=st.sampled_from([False] * 7 + [True]),
    trips_ms=st.lists(st.sampled_from([0, 5, 5, 5, 90, 600, 2999, 3001]), max_size=2),
)


def log_of(stream: list[Packet]) -> Records:
    """Log the packets in order of time."""
    rows: list[tuple[Any, ...]] = []
    now, sequences = START_NS, dict.fromkeys(range(1, CALLS + 1), 65_000)
    for packet in stream:
        now += packet.gap_us * 1000
        sequences[packet.call] += packet.step
        sequence = sequences[packet.call]
        tx = 0 if packet.failed else now + 40_000
        common = {
            "sequence": sequence & 0xFFFF,
            "timestamp": 160 * sequence & 0xFFFFFFFF,
            "ssrc": packet.ssrc,
            "call": packet.call,
        }
        rows.append((now, tx, r.KIND_MEDIA_IN, common))
        for trip in [] if packet.failed else packet.trips_ms:
            back = now + 40_000 + trip * MS
            rows.append((back, back + 40_000, r.KIND_ECHO_IN, common))
    rows.sort(key=lambda row: row[0])
    records = np.zeros(len(rows), dtype=RECORD_DTYPE)
    for record, (rx, tx, kind, common) in zip(records, rows, strict=True):
        record["rx_ns"], record["tx_ns"], record["kind"] = rx, tx, kind
        for name, value in common.items():
            record[name] = value
    return records


def folded(batches: list[Records]) -> Store:
    """Fold batch by batch; after each one the books must be closed."""
    store = Store(loss_timeout_ns=3_000 * MS, late_ns=3 * MS, capacity=1)
    for call in range(1, CALLS + 1):
        store.add_call(call)
    for batch in batches:
        fold(store, batch, int(batch["rx_ns"].max()) if len(batch) else 0)
        for call in store.row_of:
            totals = store.call_totals(call, START_NS)
            counted = totals.counters
            assert counted[c.SENT] == counted[c.RETURNED] + counted[c.LOST] + totals.in_flight
            assert counted[c.DELIVERED] <= counted[c.RETURNED]
            assert totals.rtt.number == counted[c.RETURNED] - counted[c.UNCERTAIN]
            assert (counted >= 0).all()
    return store


@settings(max_examples=100, deadline=None)
@given(
    stream=st.lists(packets, min_size=1, max_size=120),
    cuts=st.lists(st.integers(0, 350), max_size=5),
)
def test_counters_add_up_and_cuts_change_nothing(stream: list[Packet], cuts: list[int]) -> None:
    log = log_of(stream)
    whole, cut = folded([log]), folded(np.split(log, sorted(cut % len(log) for cut in cuts)))
    assert np.array_equal(whole.counters, cut.counters)
    assert np.array_equal(whole.echo.rtt, cut.echo.rtt)


@settings(max_examples=60, deadline=None)
@given(
    stream=st.lists(packets, min_size=2, max_size=100),
    step_s=st.sampled_from([-3600.0, -10.0, -0.5, 0.5, 10.0, 3600.0]),
    at=st.floats(0, 1),
    cuts=st.lists(st.integers(0, 300), max_size=5),
)
def test_counters_add_up_when_the_clock_is_set(
    stream: list[Packet], step_s: float, at: float, cuts: list[int]
) -> None:
    log = log_of(stream)
    after = np.arange(len(log)) >= at * len(log)
    log["rx_ns"][after] += round(step_s * 1e9)
    log["tx_ns"][after & (log["tx_ns"] > 0)] += round(step_s * 1e9)
    folded([log])
    folded(np.split(log, sorted(cut % len(log) for cut in cuts)))


@pytest.mark.parametrize("seed", range(8))
def test_records_of_random_bytes_raise_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    log = np.frombuffer(rng.bytes(600 * RECORD_DTYPE.itemsize), dtype=RECORD_DTYPE).copy()
    log["call"] = rng.integers(1, CALLS + 2, len(log))
    log["kind"] = rng.choice([1, 1, 1, 2, 2, 5, 6, 7, 8, 99], len(log))
    log["ssrc"] = rng.integers(1, 3, len(log))
    log["rx_ns"] = np.sort(rng.integers(START_NS, START_NS + 20 * 10**9, len(log)))
    log["tx_ns"] = np.where(rng.random(len(log)) < 0.8, log["rx_ns"] + 50_000, 0)
    folded([log])
    folded(np.split(log, [100, 101, 300]))
