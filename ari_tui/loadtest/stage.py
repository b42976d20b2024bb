"""One step of the climb: the seconds in which so many calls were held, and their evidence."""

from __future__ import annotations

import time

from ari_tui.analysis.jury import Stretch


class Stage:
    """From the second after its calls were up to the one in which the holding ended."""

    def __init__(self, calls: int, stretch: Stretch) -> None:
        self.calls, self.stretch = calls, stretch
        self.reached = 0
        """Most calls up at once."""
        self.started_ns = time.time_ns()
        self.ended_ns: int | None = None

    def note(self, up: int) -> None:
        """Take note of how many calls are up."""
        if self.ended_ns is None:
            self.reached = max(self.reached, up)

    def end(self) -> None:
        """End the holding; harmless when it has ended."""
        if self.ended_ns is None:
            self.ended_ns = time.time_ns()
            self.stretch.until_second = self.ended_ns // 1_000_000_000
