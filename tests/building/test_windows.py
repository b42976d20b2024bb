from __future__ import annotations

import numpy as np
import pytest

from ari_tui.analysis.fold import fold
from ari_tui.analysis.records import RECORD_DTYPE
from ari_tui.analysis.store import Store
from ari_tui.building.windows import LENGTHS, CallWindows, windows_of_all
from ari_tui.wire import record as r

MS = 1_000_000
FIRST = 1_700_000_000
START_NS = FIRST * 1000 * MS
PACKETS = 700  # ten a second


def is_lost(n: int) -> bool:
    return n % 7 == 3


def rtt_ms(n: int) -> int:
    return 30 if n % 11 == 5 else 10


@pytest.fixture
def busy() -> Store:
    """Calls 1 and 2: 70 s of ten packets a second, every seventh lost, some late."""
    store = Store(loss_timeout_ns=3_000 * MS, late_ns=3 * MS)
    rows = []
    for call in (1, 2):
        store.add_call(call)
        for n in range(PACKETS):
            at = START_NS + 100 * n * MS
            rows.append((at, r.KIND_MEDIA_IN, n, call))
            if not is_lost(n):
                rows.append((at + rtt_ms(n) * MS, r.KIND_ECHO_IN, n, call))
    rows.sort()
    log = np.zeros(len(rows), dtype=RECORD_DTYPE)
    for name, values in zip(
        ("rx_ns", "kind", "sequence", "call"), zip(*rows, strict=True), strict=True
    ):
        log[name] = values
    log["tx_ns"], log["timestamp"], log["ssrc"] = log["rx_ns"], log["sequence"] * 800, 1
    fold(store, log, START_NS + 75_000 * MS)
    return store


@pytest.mark.parametrize("last", [9, 42, 69, 73])
def test_windows_are_the_sums_of_their_seconds(busy: Store, last: int) -> None:
    all_shown, all_pool = windows_of_all(busy, FIRST + last)
    shown, pool = CallWindows(busy, [2, 1], FIRST + last).of(2)
    for place, length in enumerate(LENGTHS):
        seen = [n for n in range(PACKETS) if last - length < n // 10 <= last]
        trips = [rtt_ms(n) for n in seen if not is_lost(n)]
        late = sum(rtt > 13 for rtt in trips)
        for window, calls in ((shown[place], 1), (all_shown[place], 2)):
            assert (window.seconds, window.sent) == (length, calls * len(seen))
            assert (window.returned, window.lost) == (
                calls * len(trips),
                calls * (len(seen) - len(trips)),
            )
            assert (window.late, window.rtt_ms.count) == (calls * late, calls * len(trips))
            assert window.loss_ratio == pytest.approx(1 - len(trips) / len(seen), abs=1e-8)
            assert (window.rtt_ms.min, window.rtt_ms.max) == (10.0, 30.0)
            assert window.rtt_ms.mean == pytest.approx(sum(trips) / len(trips), abs=0.001)
    assert (all_pool.settled, all_pool.lost) == (2 * pool.settled, 2 * pool.lost)
    assert pool.rtt_sum_ns == sum(
        rtt_ms(n) * MS for n in range(PACKETS) if last - 10 < n // 10 <= last and not is_lost(n)
    )


def test_percentiles_are_of_all_calls_alone(busy: Store) -> None:
    (ten, _), _ = windows_of_all(busy, FIRST + 60)
    assert ten.rtt_ms.p50 == pytest.approx(10, rel=0.01)
    shown, _ = CallWindows(busy, [1], FIRST + 60).of(1)
    assert shown[0].rtt_ms.p50 is None


def test_windows_before_and_after_a_call_are_empty(busy: Store) -> None:
    for second in (FIRST - 1, FIRST + 5000):
        shown, pool = CallWindows(busy, [1], second).of(1)
        assert [(window.sent, window.loss_ratio) for window in shown] == [(0, None)] * 2
        assert shown[0].rtt_ms.min is shown[0].rtt_ms.max is None
        assert pool.settled == 0
        assert windows_of_all(busy, second)[0][1].sent == 0


def test_without_calls_there_are_no_windows_of_calls(busy: Store) -> None:
    with pytest.raises(KeyError):
        CallWindows(busy, [], FIRST).of(1)
