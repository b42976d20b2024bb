"""The course of a run: points over time, of which neighbours can be joined."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from ari_tui.snapshot.load import LoadSecond

_STRETCH: Final = 1.5
"""A point may come so much later than the one before was meant to last, without a gap."""


class Course(NamedTuple):
    """How a run went, oldest first; each point tells of `step_s` seconds."""

    points: Sequence[LoadSecond]
    step_s: float = 1.0
    rtt_over_s: float = 1.0
    """RTTs are those of so many seconds up to each point: more than `step_s` is a window."""
    losses_moved_s: float = 0.0
    """Losses are told so long before they became known: 0 where the sending was kept."""
    joined: int = 1
    """So many points of what was kept are one here: counts added up, of RTTs the worst."""

    @property
    def duration_s(self) -> float:
        """Return the end of the last point, in seconds since the start."""
        return self.points[-1].at_s + self.step_s if self.points else 0.0

    def at(self, second: float) -> LoadSecond | None:
        """Return the point that tells of a time since the start; None where there is none."""
        place = bisect.bisect_right(self.points, second, key=lambda point: point.at_s) - 1
        if place < 0 or second >= self.points[place].at_s + self.step_s * _STRETCH:
            return None
        return self.points[place]

    def slots(self) -> list[tuple[float, float]]:
        """Return from when to when each point tells: up to the next one, where no gap is."""
        starts = [point.at_s for point in self.points]
        slots = []
        for place, start in enumerate(starts):
            end = starts[place + 1] if place + 1 < len(starts) else math.inf
            slots.append(
                (start, end if end <= start + self.step_s * _STRETCH else start + self.step_s)
            )
        return slots

    def coarsened(self, most: int) -> Course:
        """Return at most `most` points: neighbours are joined, so that no bad second is lost."""
        size = -(-len(self.points) // most) if self.points else 1
        if size == 1:
            return self
        groups = [self.points[i : i + size] for i in range(0, len(self.points), size)]
        return self._replace(
            points=[_joined(group) for group in groups],
            step_s=self.step_s * size,
            joined=self.joined * size,
        )


def _joined(group: Sequence[LoadSecond]) -> LoadSecond:
    def worst(name: str) -> float | None:
        found = [value for one in group if (value := getattr(one, name)) is not None]
        return max(found) if found else None

    return LoadSecond(
        at_s=group[0].at_s,
        calls=max(one.calls for one in group),
        sent=sum(one.sent for one in group),
        lost=sum(one.lost for one in group),
        late=sum(one.late for one in group),
        p50_ms=worst("p50_ms"),
        p95_ms=worst("p95_ms"),
        p99_ms=worst("p99_ms"),
        max_ms=worst("max_ms"),
    )
