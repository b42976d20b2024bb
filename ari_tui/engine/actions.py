"""The actions of the stream: what clients can ask the engine, by name.

`EngineActions` change the engine or its calls; `DetailActions` only read.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from typing import Any

from ari_tui.analysis.store import Store
from ari_tui.ari.call_machine import HUNG_UP_HERE, RELEASED_HERE
from ari_tui.ari.client import AriClient
from ari_tui.ari.commands import OnRelease
from ari_tui.ari.models import Bridge, Channel, RtpStatistics
from ari_tui.building.detail import detail_of
from ari_tui.core.errors import ActionFailedError, AriError, AriNotFoundError
from ari_tui.core.number_format import iso
from ari_tui.core.text import clean_text
from ari_tui.document.detail import CallDetail, CallerStatistics
from ari_tui.document.ended import PAGE, EndedPage
from ari_tui.document.live import Live
from ari_tui.engine.call_manager import ENDED_KEPT_S, CallManager
from ari_tui.engine.caller_legs import NO_STATISTICS, rtp_figures
from ari_tui.engine.document_publisher import DocumentPublisher
from ari_tui.engine.event_log import EventLog
from ari_tui.engine.http.stream import Action
from ari_tui.engine.measured_call import MeasuredCall


class EngineActions:
    """Actions on the engine and its calls. `quit` sets `ending`."""

    def __init__(
        self, calls: CallManager, *, publisher: DocumentPublisher, ending: asyncio.Event
    ) -> None:
        self._calls, self._publisher, self._ending = calls, publisher, ending

    def actions(self) -> dict[str, Action]:
        """Return the actions by name."""
        return {
            "quit": self._on_quit,
            "drain": self._on_drain,
            "release": self._on_release,
            "hang_up": self._on_hang_up,
            "history": self._on_history,
            "ended": self._on_ended,
        }

    async def _on_quit(self, _: Mapping[str, Any]) -> str:
        self._ending.set()
        return "draining"

    async def _on_drain(self, _: Mapping[str, Any]) -> str:
        left = self._calls.drain()
        return f"draining: {left} calls are still up"

    async def _on_release(self, args: Mapping[str, Any]) -> str:
        call = find_call(self._calls, args)
        hangs_up = call.machine.on_release is OnRelease.HANGUP
        self._calls.release(call, HUNG_UP_HERE if hangs_up else RELEASED_HERE)
        return call.id

    async def _on_hang_up(self, args: Mapping[str, Any]) -> str:
        call = find_call(self._calls, args)
        try:
            await self._calls.hang_up(call.machine.caller.id)
        except AriError as error:
            raise ActionFailedError(str(error)) from None
        return call.id

    async def _on_history(self, _: Mapping[str, Any]) -> Live:
        return self._publisher.history()

    async def _on_ended(self, args: Mapping[str, Any]) -> EndedPage:
        numbers = {"after": args.get("after", 0), "most": args.get("most", PAGE)}
        if not all(type(number) is int for number in numbers.values()):
            raise ActionFailedError("ended: after and most are whole numbers")
        return self._publisher.ended.page(**numbers)


def find_call(calls: CallManager, args: Mapping[str, Any]) -> MeasuredCall:
    """Return the call that an action's `call` names. Raises ActionFailedError."""
    for call in calls.calls.values():
        if args.get("call") == call.id:
            return call
    raise ActionFailedError(f"no call {clean_text(repr(args.get('call')), 80)}")


class DetailActions:
    """Actions that read single calls."""

    def __init__(
        self, calls: CallManager, *, store: Store, client: AriClient, events: EventLog
    ) -> None:
        self._calls, self._store, self._client, self._events = calls, store, client, events

    def actions(self) -> dict[str, Action]:
        """Return the actions by name."""
        return {"detail": self.detail, "statistics": self.statistics}

    async def detail(self, args: Mapping[str, Any]) -> CallDetail:
        """Return what is known of `call`. Raises ActionFailedError when it is no longer kept."""
        call = self._call(args)
        until_ns = time.time_ns()
        if call.ended_ns is not None:
            # the second in which it ended is its last
            until_ns = min(until_ns, call.ended_ns + 1_000_000_000)
        return detail_of(
            self._store, call.number, call.id, until_ns=until_ns, events=self._events.lines
        )

    async def statistics(self, args: Mapping[str, Any]) -> CallerStatistics:
        """Ask Asterisk for the caller's channel, its bridge and its RTP statistics.

        What it does not have is explained in `note`; raises ActionFailedError when it cannot be
        asked.
        """
        machine = self._call(args).machine
        channel = Channel(machine.caller.id, machine.caller.name)
        bridge: Bridge | None = None
        found: RtpStatistics | None = None
        note: str | None = "the caller's channel is gone"
        try:
            with contextlib.suppress(AriNotFoundError):
                channel = await self._client.channel(channel.id)
                with contextlib.suppress(AriNotFoundError):
                    bridge = await self._client.bridge(machine.ids.bridge)
                found = await self._client.rtp_statistics(channel.id)
                note = NO_STATISTICS if found is None else None
        except AriError as error:
            raise ActionFailedError(str(error)) from None
        return CallerStatistics(
            time=iso(time.time_ns()),
            channel=channel.name,
            state=channel.state or None,
            bridge=bridge.technology if bridge is not None else None,
            members=len(bridge.channels) if bridge is not None else None,
            rtp=rtp_figures(found) if found is not None else None,
            note=note,
        )

    def _call(self, args: Mapping[str, Any]) -> MeasuredCall:
        try:
            return find_call(self._calls, args)
        except ActionFailedError as error:
            kept = f"one that has ended is kept for {ENDED_KEPT_S:g} s"
            raise ActionFailedError(f"{error}: {kept}") from None
