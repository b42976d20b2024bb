"""How the SLA stands now: the evidence of the last minute, and which calls break which rule.

The verdict is about the session, and the longer that is, the less a bad minute moves it. Whoever
is to be woken needs the last minute by itself.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

import numpy as np

from ari_tui.analysis.records import Ints
from ari_tui.analysis.sla_evidence import RULES, Evidence, Second, breaks
from ari_tui.analysis.sla_profiles import Profile, TierChoice, tier_for

WINDOW_S: Final = 60


class _Heard(NamedTuple):
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
        self._heard: deque[_Heard] = deque()

    def take(self, second: int, calls_up: int, rows: Ints, heard: Second) -> Evidence:
        """Take a second of n calls (`rows`: who they are); return its evidence by itself."""
        piece = Evidence(self.profile)
        piece.add(calls_up, heard)
        over, of = piece.by_call(calls_up, heard)
        self._heard.append(_Heard(second, calls_up, piece, rows, over, of))
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
