"""Runs a load test: ramps up to a number of calls, holds it, replaces calls, hangs up.

It is an extension of an engine and a sink of its documents: a call is judged by the first document
in which it has ended.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping
from typing import Final

from ari_tui.ari.commands import CallState
from ari_tui.ari.events import Event
from ari_tui.ari.ids import build_id
from ari_tui.core import log
from ari_tui.core.errors import AriError, AriUnreachableError
from ari_tui.core.tasks import Tasks
from ari_tui.document.load_test import LoadPlan
from ari_tui.document.model import Call, Document, LoadProgress
from ari_tui.engine.assembly import EngineParts
from ari_tui.session.loadtest import failure_causes
from ari_tui.session.loadtest.call_results import CallResults
from ari_tui.session.loadtest.call_tracker import MEDIA_S, CallTracker
from ari_tui.session.loadtest.placed_call import PlacedCall
from ari_tui.session.loadtest.timeline import LoadStage, TimelineRecorder

_CATCH_UP_S: Final = 0.2
_FREE_FAILURES: Final = 5
_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 5.0


class CallPacing:
    """Limits the rate of new calls, with pauses after failures; times are in seconds."""

    def __init__(self, calls_per_s: float) -> None:
        self._interval_s = 1 / calls_per_s
        self._due_s: float | None = None
        self._failures = 0
        self._placed: list[float] = []

    def take(self, now_s: float) -> bool:
        """Return whether a call may be placed now, and count it."""
        if self._due_s is not None and now_s < self._due_s:
            return False
        # a short delay is caught up; after a longer one the schedule restarts
        start_s = now_s if self._due_s is None else self._due_s
        if now_s - start_s > _CATCH_UP_S:
            start_s = now_s
        self._due_s = start_s + max(self._interval_s, self._pause_s())
        self._placed.append(now_s)
        return True

    def rate(self, now_s: float) -> float:
        """Return the number of calls placed in the last second."""
        self._placed = [at for at in self._placed if now_s - at < 1.0]
        return float(len(self._placed))

    def ended(self, *, good: bool) -> None:
        """Record the outcome of a call."""
        self._failures = 0 if good else self._failures + 1

    def _pause_s(self) -> float:
        if self._failures < _FREE_FAILURES:
            return 0.0
        doubled = min(self._failures - _FREE_FAILURES, 10)
        return float(min(_FIRST_PAUSE_S * 2**doubled, _LONGEST_PAUSE_S))


TICK_S: Final = 0.05
_UPDATE_S: Final = 0.2
_HANG_UP_S: Final = 15.0
"""Time for calls to end after the hang-up."""
_RAMP_MARGIN_S: Final = 5.0
_HANG_UP_TRIES: Final = 3
_OVER: Final = frozenset({CallState.ENDED.value, CallState.FAILED.value})
_log = log.get("loadtest")


class LoadTest:
    """One load test; extension and sink of one engine."""

    def __init__(self, plan: LoadPlan, variables: Mapping[str, str]) -> None:
        self.plan, self._variables = plan, variables
        self.results, self.timeline = CallResults(), TimelineRecorder()
        self.stages: list[LoadStage] = []
        self.started_ns = self.ended_ns = time.time_ns()
        self.final: Document | None = None
        """The engine's last document; None while it runs."""
        self._parts: EngineParts | None = None
        self._tracker: CallTracker | None = None
        self._pacing = CallPacing(plan.ramp_cps)
        self._phase, self._target = "ramping", 0
        self._started_s = self._updated_s = time.monotonic()
        self._numbers = itertools.count(1)
        self._endpoints = itertools.cycle(plan.endpoints)
        self._tasks = Tasks("loadtest")

    # -- extension of the engine -------------------------------------------------------------

    async def run(self, parts: EngineParts) -> str:
        """Run all stages and hang up all calls; return the engine's reason to end."""
        self._parts = parts
        self._tracker = CallTracker(parts, self.results, self.plan.ring_s, self._hang_up)
        parts.publisher.load = self.progress
        self.started_ns, self._started_s = time.time_ns(), time.monotonic()
        for calls in self.plan.tiers or [self.plan.calls]:
            await self._run_stage(parts, calls)
        self._hang_up_all()
        deadline_s = time.monotonic() + _HANG_UP_S
        await self._until(lambda: not self.results.live, deadline_s)
        self._phase = "over"
        return "load test done"

    def on_event(self, event: Event) -> None:
        """Handle an event of the engine's stream."""
        if self._tracker is not None:
            self._tracker.on_event(event)

    async def stop(self, reason: str) -> None:
        """Hang up the remaining calls, and wait for the requests to finish."""
        _log.debug("stopping", reason=reason)
        self._hang_up_all()
        self._update(time.monotonic())
        await self._tasks.finished()
        self._phase = "over"

    # -- sink of the engine ------------------------------------------------------------------

    def take(self, document: Document) -> None:
        """Judge the calls that have ended by this document; with the final one all calls."""
        if self._parts is not None:
            self.timeline.take(document, self._parts.publisher.live())
        self._update(time.monotonic())
        self.final = document if document.kind == "final" else None
        found = {call.id: call for call in document.calls}
        for call in list(self.results.live.values()):
            measured = found.get(call.call_id or "")
            if self._is_over(call, measured) or self.final is not None:
                self._close(call, measured)
        if self.final is not None:
            self.ended_ns = time.time_ns()

    def progress(self) -> LoadProgress:
        """Return the progress of the test."""
        now_s = time.monotonic()
        elapsed_s = now_s - self._started_s
        rate = self._pacing.rate(now_s)
        return self.results.progress(self.plan, self._phase, self._target, rate, elapsed_s)

    # -- the stages ----------------------------------------------------------------------------

    async def _run_stage(self, parts: EngineParts, calls: int) -> None:
        missing, self._phase, self._target = calls - self._target, "ramping", calls
        began_s = time.monotonic()
        limit_s = missing / self.plan.ramp_cps + MEDIA_S + _RAMP_MARGIN_S
        until_s = began_s + limit_s
        if not self.plan.tiers:
            until_s = min(until_s, began_s + self.plan.duration_s)
        await self._until(lambda: self.results.up >= calls, until_s)
        self._phase, now_s = "holding", time.monotonic()
        window = parts.store.sla_evaluator.evidence_window(time.time_ns() // 1_000_000_000 + 1)
        stage = LoadStage(calls, window)
        self.stages.append(stage)
        hold_s = self.plan.duration_s - (0 if self.plan.tiers else now_s - began_s)
        await self._until(lambda: False, now_s + hold_s)
        stage.end()

    async def _until(self, condition: Callable[[], object], deadline_s: float) -> None:
        """Place and track calls until a condition holds or the deadline passes."""
        while (now_s := time.monotonic()) < deadline_s and not condition():
            if now_s - self._updated_s >= _UPDATE_S:
                self._update(now_s)
            if self._phase in ("ramping", "holding"):
                while self.results.active < self._target and self._pacing.take(now_s):
                    self._place(now_s)
            await asyncio.sleep(TICK_S)

    def _update(self, now_s: float) -> None:
        self._updated_s = now_s
        if self._tracker is not None:
            self._tracker.update(now_s, self.plan.call_duration_s)
        if self.stages:
            self.stages[-1].note(self.results.up)

    def _place(self, now_s: float) -> None:
        parts, number = self._own_parts(), next(self._numbers)
        endpoint = next(self._endpoints)
        channel_id = build_id(parts.settings.asterisk.app, parts.session, number, "caller")
        call = PlacedCall(number, endpoint, self._target, channel_id, now_s, time.time_ns())
        self.results.add(call)
        self._tasks.spawn(self._originate(parts, call))

    async def _originate(self, parts: EngineParts, call: PlacedCall) -> None:
        call.started_s, call.started_ns = time.monotonic(), time.time_ns()
        try:
            await parts.client.originate(
                call.endpoint,
                app=parts.settings.asterisk.app,
                app_args=self.plan.app_args,
                channel_id=call.channel_id,
                caller_id=self.plan.caller_id or None,
                timeout_s=round(self.plan.ring_s),
                variables=self._variables,
            )
        except AriError as error:
            call.fail("accepted", failure_causes.refused(error))
            if isinstance(error, AriUnreachableError):  # the request may have succeeded
                self._hang_up(call)
            call.gone = True
        else:
            call.reach("accepted", (time.monotonic() - call.started_s) * 1000)

    # -- hanging up -----------------------------------------------------------------------------

    def _hang_up_all(self) -> None:
        self._phase, self._target = "hanging up", 0
        for stage in self.stages:
            stage.end()
        for call in self.results.live.values():
            if not call.gone and call.hung_up_s is None:
                self._hang_up(call)

    def _hang_up(self, call: PlacedCall) -> None:
        if call.hung_up_s is None:
            call.hung_up_s = time.monotonic()
            self._tasks.spawn(self._delete(self._own_parts(), call))

    async def _delete(self, parts: EngineParts, call: PlacedCall) -> None:
        for attempt in range(1, _HANG_UP_TRIES + 1):
            error = await _hung_up(parts, call.channel_id)
            if error is None:
                call.gone = True
                return
            await asyncio.sleep(attempt * TICK_S)
        _log.warning(f"a call may still be up: {error}", channel=call.channel_id)

    def _is_over(self, call: PlacedCall, found: Call | None) -> bool:
        if found is not None:
            return found.state in _OVER
        # answered, but not in this document yet
        return call.gone and call.measured is None and "answered" not in call.steps

    def _close(self, call: PlacedCall, found: Call | None) -> None:
        up_s = call.steps.get("media_back", 0.0) / 1000
        end_s = call.hung_up_s or time.monotonic()
        if found is not None and found.ended_at is not None:
            end_s = min(end_s, call.started_s + found.duration_s + self._lag_s(call))
        held_s = max(0.0, end_s - call.started_s - up_s) if up_s else 0.0
        record = call.close(found, held_s)
        self.results.close(call, record)
        self._pacing.ended(good=record.outcome == "good")

    def _lag_s(self, call: PlacedCall) -> float:
        """Return the time from the call's start to the engine's start of measuring it."""
        measured_ns = call.measured.started_ns if call.measured else call.started_ns
        return max(0.0, (measured_ns - call.started_ns) / 1e9)

    def _own_parts(self) -> EngineParts:
        if self._parts is None:
            raise RuntimeError("the load test does not run yet")
        return self._parts


async def _hung_up(parts: EngineParts, channel_id: str) -> AriError | None:
    """Hang up a channel; return the error, None on success."""
    try:
        await parts.calls.hang_up(channel_id)
    except AriError as error:
        return error
    return None
