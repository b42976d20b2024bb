"""The last five minutes of all calls together, one cell a second: window sums and course.

Kept apart from the calls' own series, since those end with their call. A packet counts in the
second in which it was sent, a round trip in the second of its return. A second's histogram is
kept for a minute; then only its percentiles remain.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from ari_tui.analysis import histogram
from ari_tui.analysis.records import Ints, Mask

SECONDS: Final = 300
HISTOGRAM_SECONDS: Final = 60
"""The longest window whose round trips can be merged into percentiles."""
_SECOND_NS: Final = 1_000_000_000
COUNTED: Final = ("sent", "returned", "lost", "late")
SHARES: Final = (0.5, 0.95, 0.99)
"""The percentiles that are kept of each second."""
_NONE: Final = np.iinfo(np.int64).max


class WindowSums(NamedTuple):
    """The sums over a window of seconds."""

    seconds: int
    sent: int
    returned: int
    lost: int
    late: int
    rtt: histogram.Distribution


class SecondsOfAll(NamedTuple):
    """Consecutive seconds, each field (seconds); 0 where there was nothing."""

    known: Mask
    """Whether anything was booked."""
    sent: Ints
    lost: Ints
    late: Ints
    answered: Mask
    """Whether there were round trips."""
    percentiles: Ints
    """RTTs in ns (len(SHARES), seconds)."""
    rtt_max: Ints


class Recent:
    """Rings of seconds; a cell is cleared when it is reused for a newer second."""

    def __init__(self) -> None:
        self._second: Ints = np.full(SECONDS, -1, dtype=np.int64)
        self._counts = {name: np.zeros(SECONDS, dtype=np.int64) for name in COUNTED}
        self._rtt_sum: Ints = np.zeros(SECONDS, dtype=np.int64)
        self._rtt_count: Ints = np.zeros(SECONDS, dtype=np.int64)
        self._rtt_min: Ints = np.full(SECONDS, _NONE, dtype=np.int64)
        self._rtt_max: Ints = np.zeros(SECONDS, dtype=np.int64)
        self._rtt = np.zeros((HISTOGRAM_SECONDS, histogram.BUCKETS), dtype=np.uint32)
        self._rtt_second: Ints = np.full(HISTOGRAM_SECONDS, -1, dtype=np.int64)
        self._percentiles: Ints = np.zeros((len(SHARES), SECONDS), dtype=np.int64)

    def book(self, name: str, times_ns: Ints) -> None:
        """Count events (n) in their seconds; `name` is one of COUNTED."""
        for second, chosen in self._by_second(times_ns):
            self._counts[name][second % SECONDS] += len(chosen)

    def book_rtt(self, times_ns: Ints, rtt_ns: Ints) -> None:
        """Add round trips (n) to the seconds of their return."""
        for second, chosen in self._by_second(times_ns):
            cell, values = second % SECONDS, rtt_ns[chosen]
            self._rtt_sum[cell] += values.sum()
            self._rtt_count[cell] += len(values)
            self._rtt_min[cell] = min(self._rtt_min[cell], values.min())
            self._rtt_max[cell] = max(self._rtt_max[cell], values.max())
            if self._rtt_second[second % HISTOGRAM_SECONDS] == second:
                histogram.add(self._rtt[second % HISTOGRAM_SECONDS], values)

    def window(self, last_second: int, seconds: int) -> WindowSums:
        """Sum up `seconds` (at most HISTOGRAM_SECONDS) up to and including `last_second`."""
        window = np.arange(last_second - seconds + 1, last_second + 1)
        known = window[self._second[window % SECONDS] == window]
        cells = known % SECONDS
        sums = [int(self._counts[name][cells].sum()) for name in COUNTED]
        held = known[self._rtt_second[known % HISTOGRAM_SECONDS] == known]
        counts = self._rtt[held % HISTOGRAM_SECONDS].sum(axis=0, dtype=np.int64)
        rtt = histogram.Distribution(
            counts,
            int(self._rtt_min[cells].min(initial=_NONE)),
            int(self._rtt_max[cells].max(initial=0)),
            int(self._rtt_sum[cells].sum()),
            int(self._rtt_count[cells].sum()),
        )
        sent, returned, lost, late = sums
        return WindowSums(seconds, sent, returned, lost, late, rtt)

    def course(self, last_second: int, seconds: int) -> SecondsOfAll:
        """Return `seconds` (at most SECONDS) up to and including `last_second`, one by one."""
        window = np.arange(last_second - seconds + 1, last_second + 1)
        cells = window % SECONDS
        known = self._second[cells] == window
        answered = known & (self._rtt_count[cells] > 0)
        percentiles = np.where(answered, self._percentiles[:, cells], 0)
        for index in np.flatnonzero(answered).tolist():
            second = int(window[index])
            if self._rtt_second[second % HISTOGRAM_SECONDS] == second:
                percentiles[:, index] = self._percentiles_of(second)
        sent, lost, late = (
            np.where(known, self._counts[name][cells], 0) for name in ("sent", "lost", "late")
        )
        longest = np.where(answered, self._rtt_max[cells], 0)
        return SecondsOfAll(known, sent, lost, late, answered, percentiles, longest)

    def _percentiles_of(self, second: int) -> list[int]:
        """Return the percentiles (ns) of a second whose histogram is kept; 0 without samples."""
        counts, cell = self._rtt[second % HISTOGRAM_SECONDS], second % SECONDS
        shortest, longest = int(self._rtt_min[cell]), int(self._rtt_max[cell])
        found = histogram.percentiles(counts, SHARES, shortest, longest)
        return [value or 0 for value in found]

    def _by_second(self, times_ns: Ints) -> list[tuple[int, Ints]]:
        """Return each second of the n events, and the indices of its events; prepare its cell."""
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
        self._percentiles[:, cell] = 0
        self._reuse_histogram(second)

    def _reuse_histogram(self, second: int) -> None:
        """Clear the histogram of a minute before for `second`; keep its percentiles."""
        cell = second % HISTOGRAM_SECONDS
        held = int(self._rtt_second[cell])
        if held > second:
            return  # the clock was set back: no histogram for this second
        if self._second[held % SECONDS] == held:
            self._percentiles[:, held % SECONDS] = self._percentiles_of(held)
        self._rtt[cell] = 0
        self._rtt_second[cell] = second
