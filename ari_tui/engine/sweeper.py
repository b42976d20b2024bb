"""Compares Asterisk's channels and bridges with our calls, and cleans up (`ari/sweep.py`)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from ari_tui.ari.calls import LiveCall
from ari_tui.ari.client import AriClient
from ari_tui.ari.sweep import SweepPlan, plan_sweep
from ari_tui.engine.events import EventLog
from ari_tui.engine.switchboard import Switchboard
from ari_tui.errors import AriError


class Sweeper:
    """At start, after each reconnect and every two minutes."""

    def __init__(
        self, app: str, session: str, client: AriClient, calls: Switchboard, events: EventLog
    ) -> None:
        self._app, self._session = app, session
        self._client, self._calls, self._events = client, calls, events
        self._running = asyncio.Lock()

    async def sweep(self, why: str) -> None:
        """Sweep once; a failure is told and left to the next time."""
        async with self._running:
            try:
                plan = await self._plan()
            except AriError as error:
                self._events.tell("warning", "sweep", f"sweep {why} failed: {error}")
                return
            await self._carry_out(plan, why)

    async def _plan(self) -> SweepPlan:
        before = self._live()
        application = await self._client.application(self._app)
        channels, bridges = await self._client.channels(), await self._client.bridges()
        return plan_sweep(
            self._app, self._session, channels=channels, bridges=bridges,
            app_channel_ids=application.channel_ids, calls_before=before, calls_now=self._live(),
        )  # fmt: skip

    def _live(self) -> list[LiveCall]:
        return [call.machine.live for call in self._calls.calls.values() if not call.over]

    async def _carry_out(self, plan: SweepPlan, why: str) -> None:
        for lost in plan.lost:
            call = self._calls.calls[lost.number]
            end = self._calls.caller_gone if lost.caller_gone else self._calls.release
            end(call, lost.reason)
        for channel_id in plan.hang_up:
            await self._undo(self._client.hang_up(channel_id))
        for bridge_id in plan.delete_bridges:
            await self._undo(self._client.delete_bridge(bridge_id))
        taken = plan.take_up if self._calls.accepting else ()
        for channel in taken:
            self._calls.take_up(channel)
        if plan.lost or plan.hang_up or plan.delete_bridges or taken:
            self._events.tell(
                "warning", "sweep",
                f"sweep {why}: {len(plan.lost)} lost calls ended, {len(plan.hang_up)} leftover "
                f"channels and {len(plan.delete_bridges)} leftover bridges removed, "
                f"{len(taken)} callers taken up",
            )  # fmt: skip

    async def _undo(self, request: Awaitable[object]) -> None:
        try:
            await request
        except AriError as error:
            self._events.tell("warning", "sweep", f"a leftover stays: {error}")
