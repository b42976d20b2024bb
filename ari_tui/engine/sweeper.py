"""Compares Asterisk's channels and bridges with our calls, and cleans up (`ari/sweep.py`)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from ari_tui.ari.client import AriClient
from ari_tui.ari.sweep import LiveCall, SweepPlan, plan_sweep
from ari_tui.core.errors import AriError
from ari_tui.core.number_format import plural
from ari_tui.engine.asterisk_watch import AsteriskWatch
from ari_tui.engine.call_manager import CallManager
from ari_tui.engine.event_log import EventLog, attempt

_COMPARE_AFTER_S: Final = (0.0, 1.0, 2.0, 5.0, 10.0)
"""Waits before each attempt after a reconnect: Asterisk may still be starting."""


class Sweeper:
    """Sweeps at start, after each reconnect and every `asterisk.sweep_s`."""

    def __init__(
        self,
        app: str,
        session: str,
        client: AriClient,
        calls: CallManager,
        events: EventLog,
        watch: AsteriskWatch,
    ) -> None:
        self._app, self._session, self._watch = app, session, watch
        self._client, self._calls, self._events = client, calls, events
        self._running = asyncio.Lock()

    async def sweep(self, occasion: str) -> bool:
        """Sweep once; False when Asterisk could not be read, which is reported."""
        async with self._running:
            try:
                plan = await self._plan()
            except AriError as error:
                self._events.add("warning", "sweep", f"clean-up {occasion} failed: {error}")
                return False
            await self._apply(plan, occasion)
        return True

    async def reconcile(self, connected: Callable[[], bool]) -> None:
        """Sweep after a reconnect; retry while Asterisk does not answer yet."""
        for delay_s in _COMPARE_AFTER_S:
            await asyncio.sleep(delay_s)
            if not connected():
                return
            # first: calls that a restart has ended are to say so
            await self._watch.check()
            with contextlib.suppress(AriError):
                await self._client.filter_events(self._app)
            if await self.sweep("after reconnecting"):
                return

    async def _plan(self) -> SweepPlan:
        before = self._live()
        application = await self._client.application(self._app)
        channels, bridges = await self._client.channels(), await self._client.bridges()
        return plan_sweep(
            self._app,
            self._session,
            channels=channels,
            bridges=bridges,
            app_channel_ids=application.channel_ids,
            calls_before=before,
            calls_now=self._live(),
        )

    def _live(self) -> list[LiveCall]:
        return [call.machine.live for call in self._calls.calls.values() if not call.over]

    async def _apply(self, plan: SweepPlan, occasion: str) -> None:
        for lost in plan.lost:
            call = self._calls.calls[lost.number]
            end = self._calls.caller_gone if lost.caller_gone else self._calls.release
            end(call, self._watch.end_reason(call.started_ns) or lost.reason)
        # before anything is awaited: events may bring the same callers meanwhile
        callers = plan.new_callers if self._calls.accepting or self._calls.draining else ()
        for channel in callers:
            self._calls.on_new_caller(channel)
        channels = [await self._undo(self._client.hang_up(one)) for one in plan.hang_up]
        bridges = [await self._undo(self._client.delete_bridge(one)) for one in plan.delete_bridges]
        self._report(
            occasion,
            {
                "lost call": (len(plan.lost), "ended"),
                "leftover channel": (sum(channels), "removed"),
                "leftover bridge": (sum(bridges), "removed"),
                "waiting caller": (
                    len(callers),
                    "measured" if self._calls.accepting else "released",
                ),
            },
        )

    def _report(self, occasion: str, done: Mapping[str, tuple[int, str]]) -> None:
        """Tell what was done; callers who waited are nothing to warn of."""
        told = [f"{plural(n, what)} {how}" for what, (n, how) in done.items() if n]
        if told:
            amiss = len(told) > 1 or not done["waiting caller"][0]
            level = "warning" if amiss else "info"
            self._events.add(level, "sweep", f"clean-up {occasion}: {', '.join(told)}")

    async def _undo(self, request: Awaitable[object]) -> bool:
        return await attempt(request, self._events, "sweep", "a leftover could not be removed")
