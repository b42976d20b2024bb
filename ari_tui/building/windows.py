"""The document's windows: the last seconds of a call, and of all calls."""

from __future__ import annotations

from typing import Final

import numpy as np

from ari_tui.analysis.quality import Pool
from ari_tui.analysis.series import NO_RTT, SecondSums
from ari_tui.analysis.store import Store
from ari_tui.building.figures import NS_PER_MS, ratio, spread
from ari_tui.document.model import Spread, Window

LENGTHS: Final = (10, 60)


def windows_of_all(store: Store, last_second: int) -> tuple[list[Window], Pool]:
    """Return the windows of all calls together, and the shortest as a pool for the E-model."""
    sums = [store.recent.window(last_second, length) for length in LENGTHS]
    shown = [
        _window(w.seconds, w.sent, w.returned, w.lost, w.late, spread(w.rtt, NS_PER_MS))
        for w in sums
    ]
    return shown, _pool(shown[0], sums[0].rtt.total)


def _window(seconds: int, sent: int, returned: int, lost: int, late: int, rtt: Spread) -> Window:
    settled = returned + lost
    return Window(
        seconds=seconds,
        sent=sent,
        returned=returned,
        lost=lost,
        late=late,
        loss_ratio=ratio(lost, settled),
        late_ratio=ratio(late, settled),
        rtt_ms=rtt,
    )


def _pool(window: Window, rtt_sum_ns: int) -> Pool:
    settled = window.returned + window.lost
    return Pool(settled, window.lost, 0, rtt_sum_ns, window.rtt_ms.count)


class CallWindows:
    """The windows of every call, read from the series at once."""

    def __init__(self, store: Store, numbers: list[int], last_second: int) -> None:
        self._place = {number: i for i, number in enumerate(numbers)}
        rows = np.array([store.row_of[number] for number in numbers], dtype=np.int64)
        wanted = np.arange(last_second - LENGTHS[-1] + 1, last_second + 1)
        self._sums = store.series.of_seconds(rows, wanted)

    def of(self, number: int) -> tuple[list[Window], Pool]:
        """Return a call's windows, without percentiles, and the shortest as a pool."""
        place = self._place[number]
        shown = [_call_window(self._sums, place, length) for length in LENGTHS]
        return shown, _pool(shown[0], int(self._sums.rtt_sum[place, -LENGTHS[0] :].sum()))


def _call_window(sums: SecondSums, place: int, length: int) -> Window:
    last = slice(-length, None)
    sent, returned, lost, late, rtt_sum, count = (
        int(table[place, last].sum())
        for table in (sums.sent, sums.returned, sums.lost, sums.late, sums.rtt_sum, sums.rtt_count)
    )
    low, high = int(sums.rtt_min[place, last].min()), int(sums.rtt_max[place, last].max())
    rtt = Spread(
        count=count,
        min=round(low / NS_PER_MS, 3) if low < NO_RTT else None,
        mean=round(rtt_sum / count / NS_PER_MS, 3) if count else None,
        p50=None,
        p95=None,
        p99=None,
        max=round(high / NS_PER_MS, 3) if count else None,
    )
    return _window(length, sent, returned, lost, late, rtt)
