"""Collects the evidence for the verdict, one closed second of all calls at a time.

A second is closed when no packet sent in it is in flight any more. A call's second is limited when
our own delay in it exceeded the late threshold, or when it was marked so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from ari_tui.analysis.records import Ints, Mask
from ari_tui.analysis.series import ABOVE_SECONDS, SECONDS, Series
from ari_tui.analysis.sla.evidence import RULES, Evidence, Limited, Second, breaks
from ari_tui.analysis.sla.profiles import Profile, TierChoice, tier_for

WINDOW_S: Final = 60


class _ClosedSecond(NamedTuple):
    """One closed second: its evidence, and the counts of each of n calls."""

    second: int
    calls_up: int
    evidence: Evidence
    rows: Ints
    over: Ints
    """(n, RULES) packets over their limit."""
    of: Ints
    """(n, RULES) packets judged."""


class LastMinute:
    """The last WINDOW_S closed seconds."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._closed: deque[_ClosedSecond] = deque()

    def take(self, second: int, calls_up: int, rows: Ints, counts: Second) -> Evidence:
        """Add a second of n calls (`rows`: their rows); return the evidence of this second."""
        evidence = Evidence(self.profile)
        evidence.add(calls_up, counts)
        over, of = evidence.by_call(calls_up, counts)
        self._closed.append(_ClosedSecond(second, calls_up, evidence, rows, over, of))
        return evidence

    def forget(self, closed_second: int) -> None:
        """Remove what is more than WINDOW_S before the newest closed second."""
        while self._closed and self._closed[0].second <= closed_second - WINDOW_S:
            self._closed.popleft()

    @property
    def evidence(self) -> Evidence:
        """Return the evidence of the whole minute."""
        found = Evidence(self.profile)
        for closed in self._closed:
            found.merge(closed.evidence)
        return found

    @property
    def calls_up(self) -> int:
        """Return how many calls were up in the newest second; 0 without one."""
        return self._closed[-1].calls_up if self._closed else 0

    @property
    def tier(self) -> TierChoice:
        """Return the tier for the newest second."""
        return tier_for(self.profile, self.calls_up)

    def affected(self) -> dict[str, int]:
        """Return by rule how many calls broke it over the minute, each by its own packets.

        Calls that used the same row within the minute count as one.
        """
        if not self._closed:
            return dict.fromkeys(RULES, 0)
        rows = np.concatenate([closed.rows for closed in self._closed])
        over, of = np.zeros((2, int(rows.max()) + 1, len(RULES)), dtype=np.int64)
        np.add.at(over, rows, np.concatenate([closed.over for closed in self._closed]))
        np.add.at(of, rows, np.concatenate([closed.of for closed in self._closed]))
        broken = breaks(self.profile, over, of).sum(axis=0)
        return {rule: int(count) for rule, count in zip(RULES, broken, strict=True)}


_KEPT_S: Final = SECONDS
_FURTHEST: Final = ABOVE_SECONDS - 8
"""How many seconds back can be closed: older ones may have left the ring of `Series`."""


class EvidenceWindow:
    """The evidence of the seconds from `from_second` until before `until_second`."""

    def __init__(self, profile: Profile, from_second: int) -> None:
        self.evidence = Evidence(profile)
        self.from_second = from_second
        self.until_second: int | None = None
        """The first second after the window; None while it is open."""

    def holds(self, second: int) -> bool:
        """Return whether a second is in the window."""
        ended = self.until_second is not None and second >= self.until_second
        return second >= self.from_second and not ended


class SlaEvaluator:
    """The evidence of all seconds closed so far."""

    def __init__(self, profile: Profile, late_ns: int) -> None:
        self.evidence, self.last_minute = Evidence(profile), LastMinute(profile)
        self._late_ns = late_ns
        self._limits = len(profile.thresholds_ns())
        self._closed = 0
        self._limited_for_all: dict[int, int] = {}
        self._evidence_windows: list[EvidenceWindow] = []

    def limit_all(self, second: int, reason: Limited) -> None:
        """Mark a second as limited for every call: by a clock step or an overflow of the log."""
        self._limited_for_all[second] = self._limited_for_all.get(second, 0) | int(reason)

    def evidence_window(self, from_second: int) -> EvidenceWindow:
        """Open a window: the evidence of the seconds from one on is collected in it, too.

        A second is closed some seconds later; open and end the window before that.
        """
        found = EvidenceWindow(self.evidence.profile, from_second)
        self._evidence_windows.append(found)
        return found

    def close(self, rows: Ints, series: Series, until_second: int) -> None:
        """Close the seconds up to `until_second`, each once; `rows` are those of all calls."""
        for second in range(max(self._closed + 1, until_second - _FURTHEST), until_second + 1):
            self._take(rows, series, second)
        self._closed = max(until_second, self._closed)
        self.last_minute.forget(self._closed)
        for old in [s for s in self._limited_for_all if s < until_second - _KEPT_S]:
            del self._limited_for_all[old]

    def limited(self, second: int) -> int:
        """Return the bits of `Limited` by which a second is limited for every call."""
        return self._limited_for_all.get(second, 0)

    def limited_bits(self, second: int, known: Mask, found: Mapping[str, Ints]) -> Ints:
        """Return all bits of `Limited` (n) of a second as `Series.of_second` returns it."""
        limited = found["limited"] | np.where(found["dwell_max"] > self._late_ns, Limited.DWELL, 0)
        return np.where(known, limited | self.limited(second), 0)

    def _take(self, rows: Ints, series: Series, second: int) -> None:
        if not len(rows):
            return
        known, found = series.of_second(rows, second)
        if not known.any():
            return
        limited = self.limited_bits(second, known, found)
        _, before = series.of_second(rows, second - 1)
        calls_up = _at_once(found["sent"], before["sent"])
        sent, late, lost, trips = (found[key] for key in ("sent", "late", "lost", "rtt_count"))
        counts = Second(sent, late, lost, trips, found["above"][:, : self._limits], limited)
        self.evidence.merge(self.last_minute.take(second, calls_up, rows, counts))
        for window in self._evidence_windows:
            if window.holds(second):
                window.evidence.add(calls_up, counts)


def _at_once(sent: Ints, sent_before: Ints) -> int:
    """Return how many calls were up at once in a second, by what each sent in it and before.

    A call that replaces another within the second must not count twice: these are the calls that
    sent in the second before, too, or, if there are none, all that sent in it.
    """
    continued = int(np.count_nonzero((sent > 0) & (sent_before > 0)))
    return continued or int(np.count_nonzero(sent))
