"""All calls of an engine: ARI events go to the call machines, whose commands are run.

The machines decide (`ari/call_machine.py`); `engine/command_executor.py` runs their commands.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Collection
from typing import Final

from ari_tui.analysis.store import Store
from ari_tui.ari import commands as do
from ari_tui.ari.call_machine import CallMachine
from ari_tui.ari.client import AriClient
from ari_tui.ari.commands import OnRelease
from ari_tui.ari.events import Event, StasisStart
from ari_tui.ari.hangup import SHUT_DOWN
from ari_tui.ari.ids import call_ids, is_own_caller, parse_id
from ari_tui.ari.models import Channel
from ari_tui.config.settings import AsteriskSettings
from ari_tui.core.errors import AriError, AriTuiError
from ari_tui.core.sockets import endpoint_text
from ari_tui.core.tasks import Tasks
from ari_tui.core.text import clean_text
from ari_tui.engine.call_events import CallEventMessages, gap_event_text
from ari_tui.engine.call_media import CallMedia
from ari_tui.engine.command_executor import CommandExecutor, CommandHandlers
from ari_tui.engine.event_log import EventLog, attempt
from ari_tui.engine.measured_call import MeasuredCall


async def hang_up(client: AriClient, machines: Collection[CallMachine], channel_id: str) -> bool:
    """Hang up a channel; False when Asterisk no longer had it. Raises AriError.

    `machines` are those of the calls whose caller it is; they end by Asterisk's events, which may
    come before the answer.
    """
    for machine in machines:
        machine.call_end.hangup_requested(channel_id)
    refused = False
    try:
        refused = not await client.hang_up(channel_id)
    except AriError as error:
        # after 5xx or no answer, Asterisk may still have hung up the channel
        refused = error.status is not None and error.status < 500
        raise
    finally:
        for machine in machines if refused else ():
            machine.call_end.hangup_refused(channel_id)
    return not refused


class UnownedChannels:
    """Hangs up or continues channels in our application that belong to no call."""

    def __init__(self, client: AriClient, events: EventLog, on_release: OnRelease) -> None:
        self._client, self._events, self._on_release = client, events, on_release

    async def hang_up(self, channel_id: str) -> None:
        """Hang up a media channel whose call ended before it was created."""
        await attempt(
            self._client.hang_up(channel_id),
            self._events,
            "leftover",
            "a leftover channel could not be removed",
        )

    def report_continued(self, channel: Channel) -> None:
        """Report a caller who enters while the engine drains."""
        text = f"draining: {channel.name} is released and not measured"
        self._events.add("info", "sent_on", text, channel=channel.name, rate_limited=True)

    async def release(self, channel_id: str) -> None:
        """Release a caller who enters while the engine stops, as `asterisk.on_release` says."""
        if self._on_release is OnRelease.HANGUP:
            request: Awaitable[object] = self._client.hang_up(channel_id)
        else:
            request = self._client.continue_in_dialplan(channel_id)
        await attempt(request, self._events, "leftover", "a late caller could not be released")


ENDED_KEPT_S: Final = 30.0
SILENT_S: Final = 2.0
"""A call that is up and has had no RTP for this long gets a warning event."""


class CallManager:
    """All calls of the session, by number."""

    def __init__(
        self,
        session: str,
        asterisk: AsteriskSettings,
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
        self._messages = CallEventMessages(events)
        self._unowned = UnownedChannels(client, events, do.OnRelease(asterisk.on_release))
        self._tasks = Tasks("calls")
        handlers = CommandHandlers(client, media, asterisk.app)
        self._executor = CommandExecutor(
            handlers, self._tasks, on_step=self._on_step, on_finished=self._on_finished
        )
        self._all_over = asyncio.Event()
        self._draining = asyncio.Event()

    # -- inputs ----------------------------------------------------------------------------

    def on_event(self, event: Event) -> None:
        """Pass an event to the call that it concerns; a new caller starts a call."""
        concerned = False
        for call in list(self.calls.values()):
            if call.machine.concerns(event):
                concerned = True
                self._executor.run(call, call.machine.event(event))
                self._note_gaps(call, event)
        if not concerned and isinstance(event, StasisStart):
            self._on_unowned_channel(event.channel)

    def _note_gaps(self, call: MeasuredCall, event: Event) -> None:
        gaps = self.store.gaps_of(self.store.row_of[call.number])
        if gap_event := gap_event_text(gaps, event, time.time_ns()):
            self._messages.add(call, "info", *gap_event)

    def _on_unowned_channel(self, channel: Channel) -> None:
        ours = parse_id(channel.id) is not None
        if ours and not is_own_caller(channel.id, self.asterisk.app, self.session):
            self._tasks.spawn(self._unowned.hang_up(channel.id))
        else:
            self.on_new_caller(channel)

    def on_new_caller(self, channel: Channel) -> None:
        """Start a call for a caller without one; while the engine stops, release the caller."""
        if self.accepting:
            self.start_call(channel)
            return
        if self._draining.is_set():
            self._unowned.report_continued(channel)
        self._tasks.spawn(self._unowned.release(channel.id))

    def start_call(self, channel: Channel) -> None:
        """Start to measure a caller."""
        number = self._next_number
        self._next_number += 1
        ids = call_ids(self.asterisk.app, self.session, number)
        on_release = do.OnRelease(self.asterisk.on_release)
        machine = CallMachine(number, ids, channel, on_release=on_release)
        call = MeasuredCall(f"{self.session}.{number}", machine, time.time_ns())
        self.calls[number] = call
        self.store.add_call(number)
        self.started += 1
        self.peak = max(self.peak, self._concurrent())
        self._messages.started(call)
        self._executor.run(call, machine.start())

    def release(self, call: MeasuredCall, reason: str) -> None:
        """End a call from our side."""
        self._executor.run(call, call.machine.release(reason))

    async def hang_up(self, channel_id: str) -> bool:
        """Hang up a channel; the call whose caller it is ends as hung up by us.

        False when Asterisk no longer had it. Raises AriError.
        """
        machines = [call.machine for call in self.calls.values()]
        concerned = [machine for machine in machines if machine.caller.id == channel_id]
        return await hang_up(self.client, concerned, channel_id)

    def caller_gone(self, call: MeasuredCall, reason: str) -> None:
        """End a call whose caller has left without an event."""
        self._executor.run(call, call.machine.caller_gone(reason))

    def drain(self) -> int:
        """Accept no new callers from now on; return the number of active calls.

        New callers are released at once, as `asterisk.on_release` says.
        """
        if not self._draining.is_set():
            self.accepting = False
            self._draining.set()
            text = f"draining: new callers are released, {self.active} calls are still up"
            self.events.add("warning", "drain", text)
        return self.active

    @property
    def draining(self) -> bool:
        """Return whether new callers are released until the last call has ended."""
        return self._draining.is_set()

    async def drained(self) -> None:
        """Wait until `drain` was called and the last call has ended."""
        await self._draining.wait()
        await self._until_over()

    async def release_all(self, reason: str) -> None:
        """End every call and wait until all are torn down."""
        self.accepting = False
        for call in list(self.calls.values()):
            self.release(call, reason)
        await self._until_over()

    async def _until_over(self) -> None:
        while self.active:
            self._all_over.clear()
            await self._all_over.wait()

    async def abandon(self, reason: str) -> None:
        """Close our own sockets; leave channels and bridges to the client that took over."""
        self.accepting = False
        self._draining.clear()  # new callers belong to the other client
        await self.close()
        live = [call for call in self.calls.values() if not call.over]
        await asyncio.gather(*(self._abandon_call(call, reason) for call in live))

    async def _abandon_call(self, call: MeasuredCall, reason: str) -> None:
        with contextlib.suppress(AriTuiError):
            await self.media.drain(call)
            await self.media.remove(call)
        call.abandon_reason, call.ended_ns = reason, time.time_ns()
        self.ended += 1
        self._messages.ended(call, reason)

    async def close(self) -> None:
        """Cancel what is still running."""
        await self._tasks.close()
        await self.media.echo_status.close()

    # -- the tick --------------------------------------------------------------------------

    def tick(self, now_ns: int) -> None:
        """Finish drains, warn of silent calls, forget ended ones. Four times a second."""
        now = time.monotonic()
        for call in list(self.calls.values()):
            self.media.check_drain(call, now_ns)
            if call.up_at is not None and not call.silence_checked and now - call.up_at > SILENT_S:
                call.silence_checked = True
                if not self.store.media.started[self.store.row_of[call.number]]:
                    self._messages.no_rtp(call)
            if call.ended_ns is not None and now_ns - call.ended_ns > ENDED_KEPT_S * 1e9:
                self.store.retire_call(call.number)
                del self.calls[call.number]

    @property
    def active(self) -> int:
        """How many calls have not ended."""
        return sum(not call.over for call in self.calls.values())

    def gone_with_asterisk(self, since_ns: int) -> int:
        """Return how many calls a restart has ended that began at `since_ns`."""
        # a shutdown ends the calls just before it begins to be seen
        since_ns -= 1_000_000_000
        return sum(
            not call.over or (call.reason == SHUT_DOWN and (call.ended_ns or 0) >= since_ns)
            for call in self.calls.values()
        )

    def _concurrent(self) -> int:
        """Return how many calls send packets now: one that drains does not."""
        calls = self.calls.values()
        return sum(not c.over and c.state is not do.CallState.DRAINING for c in calls)

    # -- callbacks of the executor ---------------------------------------------------------------

    def _on_finished(self, call: MeasuredCall, command: do.Finished) -> None:
        call.ended_ns = time.time_ns()
        self.ended += 1
        self.failed += command.state is do.CallState.FAILED
        self._messages.finished(call, command)
        self._all_over.set()

    def _on_step(self, call: MeasuredCall) -> None:
        if call.up_at is None and call.machine.state is do.CallState.UP:
            call.up_at = time.monotonic()
            self._messages.up(call)
            self._tasks.spawn(self._read_linkedid(call))

    async def _read_linkedid(self, call: MeasuredCall) -> None:
        """Read the linkedid, by which other tools know the call; without it the call goes on."""
        try:
            caller_id = call.machine.caller.id
            linkedid = await self.client.channel_variable(caller_id, "CHANNEL(linkedid)")
        except AriError:
            return
        call.linkedid = clean_text(linkedid) or None

    # -- callbacks of the worker pool -------------------------------------------------------

    def media_learned(self, number: int, host: str, port: int) -> None:
        """Note the source of a call's media, which may differ from what Asterisk reported."""
        call, source = self.calls.get(number), endpoint_text(host, port)
        if call is not None and call.media_remote != source:
            reported, call.media_remote = call.media_remote, source
            self._messages.source_learned(call, source, reported)

    def media_lost(self, number: int, reason: str) -> None:
        """End a call that has lost its sockets."""
        if call := self.calls.get(number):
            self.release(call, reason)
