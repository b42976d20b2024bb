"""The last seconds of a call and of all calls, as windows of a document."""

from __future__ import annotations

from typing import Final

import numpy as np

from ari_tui.analysis.quality import Pool
from ari_tui.analysis.recent import WindowSums
from ari_tui.analysis.series import NO_RTT, SecondSums
from ari_tui.analysis.store import Store
from ari_tui.building.figures import NS_PER_MS, ratio, spread
from ari_tui.document.model import Spread, Window

LENGTHS: Final = (10, 60)


def windows_of_all(store: Store, last_second: int) -> tuple[list[Window], Pool]:
    """Return the windows of all calls together, and the shortest as a pool for the E-model."""
    sums = [store.recent.window(last_second, length) for length in LENGTHS]
    shown = [_window(found, spread(found.rtt, NS_PER_MS)) for found in sums]
    first = sums[0]
    pool = Pool(first.returned + first.lost, first.lost, 0, first.rtt.total, first.rtt.number)
    return shown, pool


def _window(found: WindowSums, rtt: Spread) -> Window:
    settled = found.returned + found.lost
    return Window(
        seconds=found.seconds,
        sent=found.sent,
        returned=found.returned,
        lost=found.lost,
        late=found.late,
        loss_ratio=ratio(found.lost, settled),
        late_ratio=ratio(found.late, settled),
        rtt_ms=rtt,
    )


class CallWindows:
    """The windows of every call, taken from the series at once."""

    def __init__(self, store: Store, numbers: list[int], last_second: int) -> None:
        self._place = {number: i for i, number in enumerate(numbers)}
        rows = np.array([store.row_of[number] for number in numbers], dtype=np.int64)
        wanted = np.arange(last_second - LENGTHS[-1] + 1, last_second + 1)
        self._sums = store.series.of_seconds(rows, wanted)

    def of(self, number: int) -> tuple[list[Window], Pool]:
        """Return one call's windows (no percentiles: seconds keep none), and the last as a pool."""
        place = self._place[number]
        shown = [_call_window(self._sums, place, length) for length in LENGTHS]
        last = slice(-LENGTHS[0], None)
        sums = self._sums
        lost, returned = int(sums.lost[place, last].sum()), int(sums.returned[place, last].sum())
        pool = Pool(
            returned + lost,
            lost,
            0,
            int(sums.rtt_sum[place, last].sum()),
            int(sums.rtt_count[place, last].sum()),
        )
        return shown, pool


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
    settled = returned + lost
    return Window(
        seconds=length,
        sent=sent,
        returned=returned,
        lost=lost,
        late=late,
        loss_ratio=ratio(lost, settled),
        late_ratio=ratio(late, settled),
        rtt_ms=rtt,
    )
