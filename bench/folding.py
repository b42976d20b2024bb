"""What the fold costs a record, over synthetic logs of ten seconds cut as live ones are."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

from ari_tui.analysis.fold import fold
from ari_tui.analysis.records import RECORD_DTYPE, Records
from ari_tui.analysis.store import Store
from ari_tui.wire import record as r

ROUNDS = 5
_START_NS = 1_700_000_000_000_000_000


def synthetic_log(calls: int, seconds: int) -> Records:
    """Return a log of 20 ms calls, spread phases, RTT of 5 ms and more, one in a thousand lost."""
    rng = np.random.default_rng(1)
    ticks = 50 * seconds
    call = np.tile(np.arange(1, calls + 1), ticks)
    tick = np.repeat(np.arange(ticks), calls)
    media = np.zeros(len(call), dtype=RECORD_DTYPE)
    media["rx_ns"] = _START_NS + tick * 20_000_000 + call * (20_000_000 // (calls + 1))
    media["tx_ns"] = media["rx_ns"] + 40_000
    media["sequence"], media["timestamp"] = tick & 0xFFFF, tick * 160
    media["ssrc"] = media["call"] = call
    media["kind"], media["bracket_ns"] = r.KIND_MEDIA_IN, 3000
    echo = media.copy()
    echo["kind"] = r.KIND_ECHO_IN
    trip = 5_000_000 + rng.exponential(300_000, len(echo)).astype(np.int64)
    echo["rx_ns"] = media["tx_ns"] + trip
    echo["tx_ns"] = echo["rx_ns"] + 40_000
    echo = echo[rng.random(len(echo)) >= 0.001]
    log = np.concatenate((media, echo))
    return log[np.argsort(log["rx_ns"], kind="stable")]


def _once(log: Records, calls: int) -> float:
    store = Store(loss_timeout_ns=3_000_000_000, late_ns=3_000_000)
    for call in range(1, calls + 1):
        store.add_call(call)
    times = log["rx_ns"]
    cuts = np.searchsorted(times, np.arange(times[0], times[-1] + 250_000_000, 250_000_000))
    began = time.process_time_ns()
    for start, end in zip(cuts, [*cuts[1:], len(log)], strict=True):
        if end > start:
            fold(store, log[start:end], int(times[end - 1]))
    return (time.process_time_ns() - began) / len(log)


def measure(calls: int) -> dict[str, Any]:
    """Return the median cost in µs a record, and the memory of a call."""
    log = synthetic_log(calls, 10 if calls <= 150 else 4)
    costs = [_once(log, calls) / 1000 for _ in range(ROUNDS)]
    store = Store(loss_timeout_ns=3_000_000_000, late_ns=3_000_000, capacity=1)
    arrays = [getattr(table, name) for table in store.tables for name in table.COLUMNS]
    arrays += [store.counters, store.drops, store.scratch]
    return {
        "calls": calls,
        "us_a_record": round(statistics.median(costs), 2),
        "min": round(min(costs), 2),
        "max": round(max(costs), 2),
        "bytes_a_call": sum(array.nbytes for array in arrays),
    }
