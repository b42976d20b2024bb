"""Judges closed seconds: gathers the evidence for the verdict, a second of all calls at a time.

A second is closed when nothing sent in it is under way any more. A call's second is limited when
our own delay in it exceeded the allowance for lateness, or when something marked it so.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

import numpy as np

from ari_tui.analysis.records import Ints
from ari_tui.analysis.series import SECONDS, Series
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
    """(n, RULES) packets over their limit,"""
    of: Ints
    """of how many."""


class LastMinute:
    """The last WINDOW_S closed seconds."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._heard: deque[_ClosedSecond] = deque()

    def take(self, second: int, calls_up: int, rows: Ints, heard: Second) -> Evidence:
        """Take a second of n calls (`rows`: who they are); return its evidence by itself."""
        piece = Evidence(self.profile)
        piece.add(calls_up, heard)
        over, of = piece.by_call(calls_up, heard)
        self._heard.append(_ClosedSecond(second, calls_up, piece, rows, over, of))
        return piece

    def forget(self, closed_second: int) -> None:
        """Let go of what is older than a minute at the second that was closed last."""
        while self._heard and self._heard[0].second <= closed_second - WINDOW_S:
            self._heard.popleft()

    @property
    def evidence(self) -> Evidence:
        """Return the evidence of the whole minute."""
        found = Evidence(self.profile)
        for heard in self._heard:
            found.merge(heard.evidence)
        return found

    @property
    def calls_up(self) -> int:
        """Return how many calls were up in the newest second; 0 without one."""
        return self._heard[-1].calls_up if self._heard else 0

    @property
    def tier(self) -> TierChoice:
        """Return the tier that judges now."""
        return tier_for(self.profile, self.calls_up)

    def affected(self) -> dict[str, int]:
        """Return by rule how many calls broke it over the minute, each by its own packets.

        One whose place another call took within the minute counts as one with it.
        """
        if not self._heard:
            return dict.fromkeys(RULES, 0)
        rows = np.concatenate([heard.rows for heard in self._heard])
        over, of = np.zeros((2, int(rows.max()) + 1, len(RULES)), dtype=np.int64)
        np.add.at(over, rows, np.concatenate([heard.over for heard in self._heard]))
        np.add.at(of, rows, np.concatenate([heard.of for heard in self._heard]))
        broken = breaks(self.profile, over, of).sum(axis=0)
        return {rule: int(count) for rule, count in zip(RULES, broken, strict=True)}


_FURTHEST: Final = SECONDS - 20
"""Seconds that can still be looked back on; older ones have left the ring."""


class EvidenceWindow:
    """The evidence of some seconds alone: from one on, up to the one before another."""

    def __init__(self, profile: Profile, from_second: int) -> None:
        self.evidence = Evidence(profile)
        self.from_second = from_second
        self.until_second: int | None = None
        """The first second that is none of it any more; None while it goes on."""

    def holds(self, second: int) -> bool:
        """Tell whether a second belongs to it."""
        return second >= self.from_second and (
            self.until_second is None or second < self.until_second
        )


class SlaEvaluator:
    """The evidence so far, and which seconds it holds."""

    def __init__(self, profile: Profile, late_ns: int) -> None:
        self.evidence, self.last_minute = Evidence(profile), LastMinute(profile)
        self._late_ns = late_ns
        self._limits = len(profile.thresholds_ns())
        self._closed = 0
        self._limited_for_all: dict[int, int] = {}
        self._evidence_windows: list[EvidenceWindow] = []

    def limit_all(self, second: int, reason: Limited) -> None:
        """Mark a second as limited for every call: a clock step, an overflow of the log."""
        self._limited_for_all[second] = self._limited_for_all.get(second, 0) | int(reason)

    def evidence_window(self, from_second: int) -> EvidenceWindow:
        """Gather the evidence of the seconds from one on a second time, on their own.

        A second is closed some seconds after it: say in time where the stretch begins and ends.
        """
        found = EvidenceWindow(self.evidence.profile, from_second)
        self._evidence_windows.append(found)
        return found

    def close(self, rows: Ints, series: Series, until_second: int) -> None:
        """Take the seconds up to `until_second`, each once; `rows` are the calls that there are."""
        for second in range(max(self._closed + 1, until_second - _FURTHEST), until_second + 1):
            self._take(rows, series, second)
        self._closed = max(until_second, self._closed)
        self.last_minute.forget(self._closed)
        for old in [s for s in self._limited_for_all if s < until_second]:
            del self._limited_for_all[old]

    def _take(self, rows: Ints, series: Series, second: int) -> None:
        if not len(rows):
            return
        there, found = series.of_second(rows, second)
        if not there.any():
            return
        limited = found["limited"] | np.where(found["dwell_max"] > self._late_ns, Limited.DWELL, 0)
        limited = np.where(there, limited | self._limited_for_all.get(second, 0), 0)
        calls_up = _at_once(found["sent"], series.sent_in(rows, second - 1))
        judged = Second(
            found["sent"],
            found["late"],
            found["lost"],
            found["rtt_count"],
            found["above"][:, : self._limits],
            limited,
        )
        self.evidence.merge(self.last_minute.take(second, calls_up, rows, judged))
        for window in self._evidence_windows:
            if window.holds(second):
                window.evidence.add(calls_up, judged)


def _at_once(sent: Ints, sent_before: Ints) -> int:
    """Return how many calls were up at once in a second, by what each sent in it and before.

    One that takes another's place within the second is no further one: what counts is who went on
    from the second before, or, where nobody did, everybody.
    """
    went_on = int(np.count_nonzero((sent > 0) & (sent_before > 0)))
    return went_on or int(np.count_nonzero(sent))
