"""All calls together over the last minutes, a second a cell: windows and the course of the p95.

Calls come and go, so this is kept beside their own series and not added up from them. A packet is
booked to the second in which it was sent, a round trip to the second of its return.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from ari_tui.analysis import histogram
from ari_tui.analysis.records import Ints

SECONDS: Final = 300
HISTOGRAM_SECONDS: Final = 60
"""How far back round trips can be merged into percentiles."""
_SECOND_NS: Final = 1_000_000_000
COUNTED: Final = ("sent", "returned", "lost", "late")
_NONE: Final = np.iinfo(np.int64).max


class WindowSums(NamedTuple):
    """The sums of a stretch of seconds."""

    seconds: int
    sent: int
    returned: int
    lost: int
    late: int
    rtt: histogram.Distribution


class Recent:
    """Rings of seconds; a cell is cleared when a newer second takes it."""

    def __init__(self) -> None:
        self._second: Ints = np.full(SECONDS, -1, dtype=np.int64)
        self._counts = {name: np.zeros(SECONDS, dtype=np.int64) for name in COUNTED}
        self._rtt_sum: Ints = np.zeros(SECONDS, dtype=np.int64)
        self._rtt_count: Ints = np.zeros(SECONDS, dtype=np.int64)
        self._rtt_min: Ints = np.full(SECONDS, _NONE, dtype=np.int64)
        self._rtt_max: Ints = np.zeros(SECONDS, dtype=np.int64)
        self._rtt = np.zeros((HISTOGRAM_SECONDS, histogram.BUCKETS), dtype=np.uint32)

    def book(self, name: str, times_ns: Ints) -> None:
        """Count events (n) into their seconds; `name` is one of COUNTED."""
        for second, chosen in self._by_second(times_ns):
            self._counts[name][second % SECONDS] += len(chosen)

    def book_rtt(self, times_ns: Ints, rtt_ns: Ints) -> None:
        """Take round trips (n) into the seconds of their return."""
        for second, chosen in self._by_second(times_ns):
            cell, values = second % SECONDS, rtt_ns[chosen]
            self._rtt_sum[cell] += values.sum()
            self._rtt_count[cell] += len(values)
            self._rtt_min[cell] = min(self._rtt_min[cell], values.min())
            self._rtt_max[cell] = max(self._rtt_max[cell], values.max())
            histogram.add(self._rtt[second % HISTOGRAM_SECONDS], values)

    def window(self, last_second: int, seconds: int) -> WindowSums:
        """Sum up `seconds` (at most HISTOGRAM_SECONDS) up to and with `last_second`."""
        wanted = np.arange(last_second - seconds + 1, last_second + 1)
        known = wanted[self._second[wanted % SECONDS] == wanted]
        cells = known % SECONDS
        sums = [int(self._counts[name][cells].sum()) for name in COUNTED]
        counts = self._rtt[known % HISTOGRAM_SECONDS].sum(axis=0, dtype=np.int64)
        rtt = histogram.Distribution(
            counts,
            int(self._rtt_min[cells].min(initial=_NONE)),
            int(self._rtt_max[cells].max(initial=0)),
            int(self._rtt_sum[cells].sum()),
            int(self._rtt_count[cells].sum()),
        )
        sent, returned, lost, late = sums
        return WindowSums(seconds, sent, returned, lost, late, rtt)

    def _by_second(self, times_ns: Ints) -> list[tuple[int, Ints]]:
        """Return each second named, its cell made ready, and which of the n events are in it."""
        found = []
        seconds = times_ns // _SECOND_NS
        for second in np.unique(seconds).tolist():
            held = int(self._second[second % SECONDS])
            if held > second:
                continue  # older than the ring
            if held < second:
                self._clear(second)
            found.append((second, np.flatnonzero(seconds == second)))
        return found

    def _clear(self, second: int) -> None:
        cell = second % SECONDS
        self._second[cell] = second
        for counts in (*self._counts.values(), self._rtt_sum, self._rtt_count, self._rtt_max):
            counts[cell] = 0
        self._rtt_min[cell] = _NONE
        self._rtt[second % HISTOGRAM_SECONDS] = 0
