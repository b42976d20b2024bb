"""Round trips counted by a few fixed bounds, exactly: what a monitoring system keeps.

The fine histograms have edges of their own, of which none is a limit of a service level. Here each
limit of the profile is a bound, so the share above it is known to the packet.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from ari_tui.analysis.records import Ints
from ari_tui.analysis.sla_profiles import Profile

_MS: Final = 1_000_000
STEPS_MS: Final = (0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 12, 20, 30, 50, 100, 200, 500, 1000, 3000)
"""Bounds that are there whatever the limits are."""


class Rungs(NamedTuple):
    """A ladder at one moment."""

    upper_ns: tuple[int, ...]
    """The bounds, rising."""
    counts: tuple[int, ...]
    """How many round trips lay at or below each bound and above the one before; last: the rest."""
    sum_ns: int


class Ladder:
    """Counts of round trips between bounds, over the session and all calls."""

    def __init__(self, profile: Profile) -> None:
        steps = {round(step * _MS) for step in STEPS_MS}
        self._upper: Ints = np.array(sorted(steps | set(profile.thresholds_ns())), dtype=np.int64)
        self._counts: Ints = np.zeros(len(self._upper) + 1, dtype=np.int64)
        self._sum_ns = 0

    def book(self, rtt_ns: Ints) -> None:
        """Count round trips (n, ns)."""
        # side "left": what equals a bound meets it
        places = np.searchsorted(self._upper, rtt_ns, side="left")
        self._counts += np.bincount(places, minlength=len(self._counts))
        self._sum_ns += int(rtt_ns.sum())

    def read(self) -> Rungs:
        """Return the counts as they stand."""
        return Rungs(tuple(self._upper.tolist()), tuple(self._counts.tolist()), self._sum_ns)
