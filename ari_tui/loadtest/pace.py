"""When the next call may be placed: so many a second, and fewer while nothing but failures come."""

from __future__ import annotations

from typing import Final

_MADE_UP_S: Final = 0.2
_FREE_FAILURES: Final = 5
_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 5.0


class Pace:
    """Times are the caller's, in seconds of one clock."""

    def __init__(self, calls_per_s: float) -> None:
        self._interval_s = 1 / calls_per_s
        self._due_s: float | None = None
        self._failures = 0
        self._placed: list[float] = []

    def take(self, now_s: float) -> bool:
        """Tell whether a call may be placed now; if so, it is counted."""
        if self._due_s is not None and now_s < self._due_s:
            return False
        # a tick that is late is made up for, after a longer pause the beat starts anew
        start_s = now_s if self._due_s is None else self._due_s
        if now_s - start_s > _MADE_UP_S:
            start_s = now_s
        self._due_s = start_s + max(self._interval_s, self._pause_s())
        self._placed.append(now_s)
        return True

    def rate(self, now_s: float) -> float:
        """Return how many calls were placed in the last second."""
        self._placed = [at for at in self._placed if now_s - at < 1.0]
        return float(len(self._placed))

    def ended(self, *, good: bool) -> None:
        """Take what became of a call."""
        self._failures = 0 if good else self._failures + 1

    def _pause_s(self) -> float:
        if self._failures < _FREE_FAILURES:
            return 0.0
        doubled = min(self._failures - _FREE_FAILURES, 10)
        return float(min(_FIRST_PAUSE_S * 2**doubled, _LONGEST_PAUSE_S))
