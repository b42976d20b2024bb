"""Records the timeline of a load test second by second."""

from __future__ import annotations

import time
from typing import Final

from ari_tui.analysis.sla.evaluator import EvidenceWindow
from ari_tui.document.live import Live
from ari_tui.document.load_test import LoadSecond
from ari_tui.document.model import Document

_CELLS: Final = ("sent", "lost", "late", "rtt_p50_us", "rtt_p95_us", "rtt_p99_us", "rtt_max_us")


class TimelineRecorder:
    """Records the figures of all calls for the whole run, as an engine's history is shorter.

    Needs the live figures once a second; they repeat the newest seconds, since losses are known
    only seconds after sending.
    """

    def __init__(self) -> None:
        self._cells: dict[int, dict[str, int | None]] = {}
        self._calls: dict[int, int] = {}

    def take(self, document: Document, live: Live) -> None:
        """Record the newest seconds, and the number of calls in the last of them."""
        self._calls[live.last_second] = document.totals.calls.active
        first = live.last_second - live.seconds + 1
        for place in range(live.seconds):
            found = {name: getattr(live.all, name)[place] for name in _CELLS}
            if found["sent"] is not None or found["rtt_max_us"] is not None:
                self._cells[first + place] = found

    def seconds(self, started_s: float, ended_s: float) -> list[LoadSecond]:
        """Return the seconds between two times (since 1970), without gaps."""
        first, calls, found = int(started_s), 0, []
        for second in range(first, int(ended_s) + 1):
            calls = self._calls.get(second, calls)
            found.append(_second(second - first, calls, self._cells.get(second, {})))
        return found


def _second(at_s: float, calls: int, cells: dict[str, int | None]) -> LoadSecond:
    sent, lost, late = (cells.get(name) or 0 for name in ("sent", "lost", "late"))
    rtts: dict[str, float | None] = {
        f"{name}_ms": None if (rtt_us := cells.get(f"rtt_{name}_us")) is None else rtt_us / 1000
        for name in ("p50", "p95", "p99", "max")
    }
    return LoadSecond(at_s=float(at_s), calls=calls, sent=sent, lost=lost, late=late, **rtts)


class LoadStage:
    """The holding phase of a tier, which begins with the first full second after the ramp."""

    def __init__(self, calls: int, evidence_window: EvidenceWindow) -> None:
        self.calls, self.evidence_window = calls, evidence_window
        self.reached = 0
        """Highest number of calls up at the same time."""
        self.started_ns = time.time_ns()
        self.ended_ns: int | None = None

    def note(self, up: int) -> None:
        """Record the number of calls that are up."""
        if self.ended_ns is None:
            self.reached = max(self.reached, up)

    def end(self) -> None:
        """End the phase; does nothing when it has ended."""
        if self.ended_ns is None:
            self.ended_ns = time.time_ns()
            self.evidence_window.until_second = self.ended_ns // 1_000_000_000
