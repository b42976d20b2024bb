"""The simulated Asterisk's channels: creation, Stasis, state, hang-up.

The order of events is that of Asterisk 22.10: a hang-up sends ChannelHangupRequest,
ChannelLeftBridge, StasisEnd, ChannelDestroyed; the subscription to a channel from the dialplan
ends at StasisEnd, so its ChannelDestroyed is not sent. Hanging up a caller does not end its media
channel and bridge.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ari_tui.core.errors import SimRefusalError
from ari_tui.reflector.fault_spec import parse_faults
from ari_tui.reflector.impairment import Impairment, parse_impairment
from ari_tui.sim.bridging import Bridging
from ari_tui.sim.config import SimConfig, SimCounters
from ari_tui.sim.events import EventHub
from ari_tui.sim.media import MediaPort, SimPhone
from ari_tui.sim.media_path import MediaPath, Spoken
from ari_tui.sim.model import Dialplan, SimCallerId, SimChannel, timestamp
from ari_tui.sim.source import SourceClock


class Timers:
    """Delayed calls on the running event loop, all of which `close` cancels."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._handles: set[asyncio.TimerHandle] = set()
        self._closed = False

    def later(self, delay_s: float, function: Callable[[], object]) -> None:
        """Call `function` in `delay_s` seconds, unless it is cancelled before."""
        if self._closed:
            return

        def run() -> None:
            self._handles.discard(handle)
            function()

        handle = self._loop.call_later(delay_s, run)
        self._handles.add(handle)

    def close(self) -> None:
        """Cancel all pending calls, and ignore later ones."""
        self._closed = True
        for handle in self._handles:
            handle.cancel()
        self._handles.clear()


_NOT_IN_STASIS = "Channel not in Stasis application"
_NORMAL_CLEARING = {"cause": 16, "cause_txt": "Normal Clearing"}
_ENDED_KEPT = 1000


class Pbx:
    """All channels, with their bridges, events and media; bound to one event loop."""

    def __init__(self, config: SimConfig, started_ns: int | None = None) -> None:
        """`started_ns` is when the faults' times begin to count; None is now."""
        self.config = config
        impairment: Impairment[int, Spoken] | None = None
        if config.impair_media:
            impairment = Impairment(parse_impairment(config.impair_media), config.seed)
        self.hub = EventHub()
        faults = parse_faults(config.faults)
        given = [fault.rtcp_share for fault in faults if fault.rtcp_share is not None]
        self.rtcp_share = given[-1] if given else config.rtcp_share
        """Share of callers whose phones send RTCP reports."""
        self.path = MediaPath(impairment, faults, config.seed, started_ns or time.monotonic_ns())
        self.clock = SourceClock(self.path)
        self.bridging = Bridging(config, self.hub, self.clock)
        self.timers = Timers()
        self.channels: dict[str, SimChannel] = {}
        self.started_at = timestamp()
        self.on_ended: list[Callable[[SimChannel], None]] = []
        """Called with every channel that has ended."""
        self.calls_started = self.calls_ended = self.calls_failed = 0
        self._epoch = int(time.time())
        self._serial = self._local_serial = 0
        self._ended_media: deque[tuple[str, MediaPort]] = deque(maxlen=_ENDED_KEPT)

    def find(self, channel_id: str, *, status: int = 404) -> SimChannel:
        """Return one channel. Raises SimRefusalError with `status` when there is none."""
        if channel_id not in self.channels:
            raise SimRefusalError(status, "Channel not found")
        return self.channels[channel_id]

    def find_in_stasis(self, channel_id: str, *, status: int = 409) -> SimChannel:
        """Return one channel in Stasis. Raises SimRefusalError: 404 for no channel, or `status`."""
        channel = self.find(channel_id, status=404 if status == 409 else 400)
        if channel.stasis is None:
            raise SimRefusalError(status, _NOT_IN_STASIS)
        return channel

    def unique_id(self) -> str:
        """Return the next unique id, as Asterisk forms it."""
        self._serial += 1
        return f"{self._epoch}.{self._serial}"

    def add(self, channel: SimChannel) -> SimChannel:
        """Add a channel and send ChannelCreated."""
        channel.linked_id = channel.linked_id or channel.id
        self.channels[channel.id] = channel
        self.hub.channel_event("ChannelCreated", channel)
        return channel

    def enter_stasis(
        self, channel: SimChannel, app: str, args: tuple[str, ...] = (), **fields: Any
    ) -> bool:
        """Put a channel into an application; False when no client is connected: Stasis() fails."""
        if not channel.alive or not self.hub.connected(app):
            return False
        self.hub.subscribe(app, channel)
        channel.stasis = app
        arguments = ",".join((app, *args))
        channel.dialplan = replace(channel.dialplan, app_name="Stasis", app_data=arguments)
        self.hub.stasis_event("StasisStart", app, channel, args=list(args), **fields)
        return True

    def leave_stasis(self, channel: SimChannel) -> None:
        """Take a channel out of its bridge and its application."""
        self.bridging.leave(channel)
        app, channel.stasis = channel.stasis, None
        if app is not None:
            self.hub.stasis_event("StasisEnd", app, channel)
            channel.dialplan = replace(channel.dialplan, app_name="", app_data="")
            if channel.owner is None:
                self.hub.unsubscribe(app, channel)

    def set_state(self, channel: SimChannel, state: str) -> None:
        """Change a channel's state and send the event; answered callers start to send."""
        if channel.state == state:
            return
        channel.state = state
        self.hub.channel_event("ChannelStateChange", channel)
        if channel.bridge is not None:
            self.bridging.update(channel.bridge)

    def hang_up(self, channel: SimChannel, **request: Any) -> None:
        """Hang up a channel, both halves of a Local one; `request` are fields of the event."""
        if not channel.alive:
            return
        self.hub.channel_event("ChannelHangupRequest", channel, **request)
        self.end(channel)

    def end(self, channel: SimChannel, **cause: Any) -> None:
        """End a channel without a hang-up request, as when the dialplan ends or fails."""
        if not channel.alive:
            return
        channel.alive = False
        self.leave_stasis(channel)
        half = channel.other_half
        if half is not None and half.alive and not cause:
            self.hub.channel_event("ChannelHangupRequest", half, cause=16)
        self.hub.channel_event("ChannelDestroyed", channel, **(cause or _NORMAL_CLEARING))
        self._remove(channel)
        if half is not None and half.alive:
            if cause:
                self.end(half, **cause)
            else:
                self.hang_up(half, cause=16, soft=True)

    def proceed(self, channel: SimChannel) -> None:
        """Continue in the dialplan after Stasis().

        For incoming callers only Hangup() follows. A Local channel continues at priority 2 of its
        extension, and stays up until it is hung up.
        """
        self.leave_stasis(channel)
        if channel.other_half is None:
            self.end(channel)
        else:
            app_name = "Milliwatt" if channel.dialplan.exten == "tone" else "Wait"
            channel.dialplan = replace(channel.dialplan, priority=2, app_name=app_name, app_data="")

    def add_local(
        self,
        exten: str,
        context: str,
        app: str,
        channel_id: str | None,
        caller: SimCallerId,
        frequency_hz: int = 0,
    ) -> SimChannel:
        """Create both halves of a Local channel, ringing; return the one for the application.

        The far end sends a tone of `frequency_hz`; 0 is silence.
        """
        if channel_id in self.channels:
            raise SimRefusalError(409, "Channel with given unique ID already exists")
        name = f"Local/{exten}@{context}-{self._local_serial:08x}"
        self._local_serial += 1
        first = SimChannel(channel_id or self.unique_id(), f"{name};1")
        first.dialplan, first.phone = Dialplan(context, exten), SimPhone(frequency_hz)
        second_id = f"{channel_id};2" if channel_id else self.unique_id()
        second = SimChannel(second_id, f"{name};2", "Ring", linked_id=first.id)
        second.dialplan = Dialplan(context, exten, 1, "", "")
        for half, other in ((first, second), (second, first)):
            half.caller = half.connected = caller
            half.owner, half.other_half = app, other
            self.hub.subscribe(app, half)
            self.add(half)
        return first

    def counters(self) -> SimCounters:
        """Return the counters so far."""
        live = [(one.id, one.media) for one in self.channels.values() if one.media is not None]
        return SimCounters(
            calls_started=self.calls_started,
            calls_ended=self.calls_ended,
            calls_failed=self.calls_failed,
            events_sent=self.hub.sent,
            events_lost=self.hub.lost,
            media=tuple(port.counters(name) for name, port in (*self._ended_media, *live)),
            injected=self.injected(),
        )

    def injected(self) -> Mapping[str, int] | None:
        """Return the counters of the media impairment; None without one."""
        if self.path.impairment is None:
            return None
        return {**self.path.impairment.counts._asdict(), "undelivered": self.path.undelivered}

    def close(self) -> None:
        """Stop all media and close all sockets, without events."""
        self.timers.close()
        self.clock.close()
        for channel in list(self.channels.values()):
            channel.alive = False
            self._remove(channel)

    def _remove(self, channel: SimChannel) -> None:
        del self.channels[channel.id]
        self.hub.forget(channel)
        if channel.media is not None:
            channel.media.close()
            self._ended_media.append((channel.id, channel.media))
        for call in self.on_ended:
            call(channel)
