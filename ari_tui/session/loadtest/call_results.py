"""The calls of a load test, live and ended, and their totals."""

from __future__ import annotations

from collections import Counter

from ari_tui.document.load_test import LoadCall, LoadPlan
from ari_tui.document.model import LoadProgress
from ari_tui.session.loadtest.placed_call import PlacedCall


class CallResults:
    """Live calls by channel id, and the records of ended ones."""

    def __init__(self) -> None:
        self.live: dict[str, PlacedCall] = {}
        self.records: list[LoadCall] = []
        self.started = 0
        self._first_s = self._last_s = 0.0
        self.outcomes: Counter[str] = Counter()
        self.failed_at: Counter[str] = Counter()

    def add(self, call: PlacedCall) -> None:
        """Add a call that is about to be placed."""
        self.live[call.channel_id] = call
        self.started += 1
        self._first_s = self._first_s or call.started_s
        self._last_s = call.started_s

    def close(self, call: PlacedCall, record: LoadCall) -> None:
        """Replace a call by its record."""
        del self.live[call.channel_id]
        self.records.append(record)
        self.outcomes[record.outcome] += 1
        if record.failed_at is not None:
            self.failed_at[record.failed_at] += 1

    @property
    def calls_per_s(self) -> float | None:
        """Return the rate of started calls, from the first to the last; None below 2 calls."""
        took_s = self._last_s - self._first_s
        return round((self.started - 1) / took_s, 2) if took_s > 0 else None

    @property
    def up(self) -> int:
        """Number of calls with media both ways now."""
        return sum(call.flows for call in self.live.values())

    @property
    def active(self) -> int:
        """Number of calls that are up or being set up."""
        return sum(call.active for call in self.live.values())

    def progress(
        self, plan: LoadPlan, phase: str, target: int, cps: float, elapsed_s: float
    ) -> LoadProgress:
        """Return the progress of the test."""
        up, planned_s = self.up, plan.duration_s
        if plan.tiers:
            planned_s = planned_s * len(plan.tiers) + plan.calls / plan.ramp_cps
        return LoadProgress(
            phase=phase,
            target=target,
            up=up,
            under_way=self.active - up,
            started=self.started,
            good=self.outcomes["good"],
            failed=self.outcomes["failed"],
            cut=self.outcomes["cut"],
            failed_at=dict(self.failed_at),
            cps=round(cps, 1),
            elapsed_s=round(elapsed_s, 1),
            duration_s=round(planned_s, 1),
        )
