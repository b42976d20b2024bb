"""When the event stream was away: events of those times are lost, and never sent again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

_KEPT: Final = 1000


class Away(NamedTuple):
    """One interval without events, in seconds of the stream's clock."""

    start_s: float
    end_s: float
    reason: str


class Absences:
    """The times away of one stream, by its clock; before it first stood it was not away."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since: float | None = None
        self._reason = ""
        self._before_s = 0.0
        self.over: deque[Away] = deque(maxlen=_KEPT)
        """The last 1000 that are over."""

    @property
    def total_s(self) -> float:
        """Return how long, in all, the stream was away until now."""
        now_away = 0.0 if self._since is None else self._clock() - self._since
        return self._before_s + now_away

    def begin(self, at_s: float, reason: str) -> None:
        """Take note that the stream broke, which may have been found out later."""
        self._since, self._reason = at_s, reason

    def end(self) -> float | None:
        """Take note that it stands; return how long it was away, None the first time."""
        if self._since is None:
            return None
        now = self._clock()
        away_s = now - self._since
        self.over.append(Away(self._since, now, self._reason))
        self._before_s += away_s
        self._since = None
        return away_s
