"""The shell of the call machines: runs their commands, feeds back what became of them.

One `MeasuredCall` a call, found by the ids in events. The machines decide (`ari/calls.py`); here is
only I/O: REST to Asterisk, requests to the media workers, ports, timers.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from typing import Any, Final

from ari_tui.analysis.store import Store
from ari_tui.ari import commands as do
from ari_tui.ari.calls import CallMachine
from ari_tui.ari.client import AriClient
from ari_tui.ari.ids import call_ids, parse_id
from ari_tui.ari.models import Channel, ChannelDtmfReceived, Event, StasisStart
from ari_tui.config import Asterisk
from ari_tui.engine.call_media import CallMedia
from ari_tui.engine.calls import MeasuredCall
from ari_tui.engine.events import EventLog
from ari_tui.engine.supervisor import endpoint
from ari_tui.errors import AriError, AriTuiError

ENDED_KEPT_S: Final = 30.0
SILENT_S: Final = 2.0
"""A call that is up and has had no RTP for so long is told of."""


class Switchboard:
    """All calls of the session."""

    def __init__(
        self,
        session: str,
        asterisk: Asterisk,
        *,
        client: AriClient,
        media: CallMedia,
        store: Store,
        events: EventLog,
    ) -> None:
        self.session, self.asterisk = session, asterisk
        self.client, self.media, self.store, self.events = client, media, store, events
        self.calls: dict[int, MeasuredCall] = {}
        self.started = self.ended = self.failed = self.peak = 0
        self.accepting = True
        self._next_number = 1
        self._tasks: set[asyncio.Task[None]] = set()
        self._all_over = asyncio.Event()

    # -- inputs ----------------------------------------------------------------------------

    def on_event(self, event: Event) -> None:
        """Hand an event to the call that it concerns; a new caller starts a call."""
        concerned = False
        for call in list(self.calls.values()):
            if call.machine.concerns(event):
                concerned = True
                self._run(call, call.machine.event(event))
                if isinstance(event, ChannelDtmfReceived):
                    self._tell(call, "info", "dtmf", f"digit {event.digit!r} pressed")
        if not concerned and isinstance(event, StasisStart):
            self._on_stray(event.channel)

    def _on_stray(self, channel: Channel) -> None:
        if parse_id(channel.id) is not None:
            # a channel of ours without a call: its creation was given up while it was on its way
            self._spawn(self._hang_up_stray(channel.id))
        elif self.accepting:
            self.take_up(channel)

    async def _hang_up_stray(self, channel_id: str) -> None:
        try:
            await self.client.hang_up(channel_id)
        except AriError as error:
            self.events.tell("warning", "leftover", f"a leftover channel stays: {error}")

    def take_up(self, channel: Channel) -> None:
        """Start to measure a caller."""
        number = self._next_number
        self._next_number += 1
        machine = CallMachine(
            number,
            call_ids(self.asterisk.app, self.session, number),
            channel,
            on_release=do.OnRelease(self.asterisk.on_release),
        )
        call = MeasuredCall(machine, time.time_ns())
        self.calls[number] = call
        self.store.add_call(number)
        self.started += 1
        self.peak = max(self.peak, self.active)
        self._tell(call, "info", "call", f"call from {channel.caller.number or 'unknown'}")
        self._run(call, machine.start())

    def release(self, call: MeasuredCall, reason: str) -> None:
        """End a call from our side."""
        self._run(call, call.machine.release(reason))

    def caller_gone(self, call: MeasuredCall, reason: str) -> None:
        """End a call whose caller has left unheard."""
        self._run(call, call.machine.caller_gone(reason))

    async def release_all(self, reason: str) -> None:
        """End every call and wait until nothing is left to do."""
        self.accepting = False
        for call in list(self.calls.values()):
            self.release(call, reason)
        while any(not call.over for call in self.calls.values()):
            self._all_over.clear()
            await self._all_over.wait()

    async def abandon(self) -> None:
        """Put away our own sockets and leave Asterisk's side to the client that took it over."""
        self.accepting = False
        await self.close()
        live = [call for call in self.calls.values() if not call.over]
        await asyncio.gather(*(self._put_away(call) for call in live))

    async def _put_away(self, call: MeasuredCall) -> None:
        with contextlib.suppress(AriTuiError):
            await self.media.drain(call)
            await self.media.remove(call)
        call.ended_ns = time.time_ns()

    async def close(self) -> None:
        """Give up whatever is still being done."""
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    # -- the tick --------------------------------------------------------------------------

    def tick(self, now_ns: int) -> None:
        """Close books, tell of silent calls, let ended ones go. Four times a second."""
        now = time.monotonic()
        for call in list(self.calls.values()):
            self.media.look_at_drain(call, now_ns)
            if call.up_at is not None and not call.told_silent and now - call.up_at > SILENT_S:
                call.told_silent = True
                self._tell_if_silent(call)
            if call.ended_ns is not None and now_ns - call.ended_ns > ENDED_KEPT_S * 1e9:
                self.store.retire_call(call.number)
                del self.calls[call.number]

    def _tell_if_silent(self, call: MeasuredCall) -> None:
        if not self.store.media.started[self.store.row_of[call.number]]:
            self._tell(
                call, "warning", "no_rtp",
                "answered and bridged, but no RTP for 2 s: is there a source? Local into Echo() "
                "sends nothing (try Milliwatt, Playback, music on hold), and a firewall between "
                f"Asterisk and {call.media_local} looks the same",
            )  # fmt: skip

    @property
    def active(self) -> int:
        """How many calls are on their way up, up, or draining."""
        return sum(not call.over for call in self.calls.values())

    # -- commands --------------------------------------------------------------------------

    def _run(self, call: MeasuredCall, commands: list[do.Command]) -> None:
        for command in commands:
            if isinstance(command, do.StartTimer):
                asyncio.get_running_loop().call_later(command.seconds, self._ring, call, command)
            elif isinstance(command, do.Finished):
                self._finish(call, command)
            else:
                self._spawn(self._perform(call, command))
        self._note_state(call)

    def _ring(self, call: MeasuredCall, timer: do.StartTimer) -> None:
        self._run(call, call.machine.timed_out(timer.what))

    async def _perform(self, call: MeasuredCall, command: do.Command) -> None:
        try:
            result = await self._execute(call, command)
        except AriTuiError as error:
            self._run(call, call.machine.failed(command, error))
        else:
            self._run(call, call.machine.succeeded(command, result))

    def _execute(self, call: MeasuredCall, command: do.Command) -> Coroutine[Any, Any, object]:
        client = self.client
        if isinstance(command, do.Answer):
            return client.answer(command.channel_id)
        if isinstance(command, do.CreateExternalMedia):
            return client.external_media(
                command.channel_id,
                app=self.asterisk.app,
                external_host=command.external_host,
                media_format=self.media.media.format,
            )
        if isinstance(command, do.GetVariable):
            return client.channel_variable(command.channel_id, command.name)
        if isinstance(command, do.CreateBridge):
            return client.create_bridge(command.bridge_id)
        if isinstance(command, do.AddToBridge):
            return client.add_to_bridge(command.bridge_id, command.channel_ids)
        if isinstance(command, do.GetBridge):
            return client.bridge(command.bridge_id)
        if isinstance(command, do.DeleteBridge):
            return client.delete_bridge(command.bridge_id)
        if isinstance(command, do.HangupChannel):
            return client.hang_up(command.channel_id)
        if isinstance(command, do.ContinueChannel):
            return client.continue_in_dialplan(command.channel_id)
        return self._execute_media(call, command)

    def _execute_media(
        self, call: MeasuredCall, command: do.Command
    ) -> Coroutine[Any, Any, object]:
        if isinstance(command, do.AddMedia):
            return self.media.add(call)
        if isinstance(command, do.ConnectMedia):
            return self.media.connect(call, command.host, command.port)
        if isinstance(command, do.DrainMedia):
            return self.media.drain(call)
        if isinstance(command, do.RemoveMedia):
            return self.media.remove(call)
        raise TypeError(f"no way to run {command}")

    def _finish(self, call: MeasuredCall, command: do.Finished) -> None:
        call.ended_ns = time.time_ns()
        self.ended += 1
        if command.state is do.CallState.FAILED:
            self.failed += 1
            step = command.failed_step.value if command.failed_step else "?"
            self._tell(call, "error", "call_failed", f"call failed at {step}: {command.reason}")
        else:
            self._tell(call, "info", "call_ended", f"call ended: {command.reason}")
        for leftover in command.leftovers:
            self._tell(call, "warning", "leftover", f"left behind for the next sweep: {leftover}")
        self._all_over.set()

    def _note_state(self, call: MeasuredCall) -> None:
        if call.up_at is None and call.machine.state is do.CallState.UP:
            call.up_at = time.monotonic()
            self._tell(
                call, "info", "call_up", f"up, {call.machine.bridge_technology or 'bridged'}"
            )
            self._spawn(self._identify(call))

    async def _identify(self, call: MeasuredCall) -> None:
        """Read what other tools know the call by; a call may do without."""
        try:
            linkedid = await self.client.channel_variable(
                call.machine.caller.id, "CHANNEL(linkedid)"
            )
        except AriError:
            return
        call.linkedid = linkedid or None

    # -- hooks of the supervisor -----------------------------------------------------------

    def media_learned(self, number: int, host: str, port: int) -> None:
        """Take note that a call's media comes from another address than was reported."""
        call = self.calls.get(number)
        if call is not None:
            reported, call.media_remote = call.media_remote, endpoint(host, port)
            text = f"media comes from {call.media_remote}, not from {reported} as reported (NAT?)"
            self._tell(call, "warning", "learned", text)

    def media_lost(self, number: int, reason: str) -> None:
        """End a call whose sockets are gone."""
        call = self.calls.get(number)
        if call is not None:
            self.release(call, reason)

    # -- helpers ---------------------------------------------------------------------------

    def call_id(self, call: MeasuredCall) -> str:
        """Return the call's name in documents and events."""
        return f"{self.session}.{call.number}"

    def _tell(self, call: MeasuredCall, level: str, kind: str, text: str) -> None:
        channel = call.machine.caller.name
        self.events.tell(level, kind, text, call=self.call_id(call), channel=channel)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
