"""Stasis applications and their events: connections and subscriptions.

As in Asterisk 22.10: an application receives events of the channels that are in it and of the
bridges that they were put into, not of their creation (unless it subscribed to all events). While
its client is disconnected its subscriptions remain and its events are lost. One without client and
subscriptions is removed when a client disconnects, of whatever application: one that outlived its
client may stay until then (seen on 16.28 and 22.10).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from ari_tui.core.errors import SimRefusalError
from ari_tui.sim.model import Json, SimBridge, SimChannel, timestamp

ASTERISK_ID = "02:00:00:00:51:4d"


class EventSocket:
    """One client's WebSocket, with a queue of events to write."""

    def __init__(
        self, ws: web.WebSocketResponse, transport: asyncio.Transport | None, timeout_s: float
    ) -> None:
        self._ws, self._transport, self._timeout_s = ws, transport, timeout_s
        self._queue: asyncio.Queue[str] = asyncio.Queue()

    def put(self, text: str) -> None:
        """Queue one event."""
        self._queue.put_nowait(text)

    async def written(self) -> None:
        """Wait until all queued events are written, or the socket has failed."""
        await self._queue.join()

    async def write(self) -> None:
        """Write events until the socket fails or a write times out; then abort it."""
        try:
            while True:
                text = await self._queue.get()
                try:
                    await asyncio.wait_for(self._ws.send_str(text), self._timeout_s)
                finally:
                    self._queue.task_done()
        except (asyncio.TimeoutError, ConnectionError):
            self.abort()

    def abort(self) -> None:
        """Abort the connection without a closing handshake; callers of `written` return."""
        if self._transport is not None:
            self._transport.abort()
        self.discard()

    def discard(self) -> None:
        """Drop the events that are not written yet."""
        while not self._queue.empty():
            self._queue.get_nowait()
            self._queue.task_done()


class StasisApplication:
    """One Stasis application: client, subscriptions, event filter."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.socket: EventSocket | None = None
        self.subscribe_all = False
        self.channels: dict[str, None] = {}
        self.bridges: dict[str, None] = {}
        self.allowed: list[Json] = []
        self.disallowed: list[Json] = []

    @property
    def finished(self) -> bool:
        """Whether no client is connected and there are no subscriptions."""
        return self.socket is None and not self.channels and not self.bridges

    def wants(self, kind: str) -> bool:
        """Whether the event filter allows this type."""
        if any(rule.get("type") == kind for rule in self.disallowed):
            return False
        return not self.allowed or any(rule.get("type") == kind for rule in self.allowed)

    def json(self) -> Json:
        """Return ARI's Application."""
        return {
            "name": self.name,
            "channel_ids": list(self.channels),
            "bridge_ids": list(self.bridges),
            "endpoint_ids": [],
            "device_names": [],
            "events_allowed": self.allowed,
            "events_disallowed": self.disallowed,
        }


class EventHub:
    """All applications; sends each event to those that subscribe to it, in order."""

    def __init__(self) -> None:
        self.applications: dict[str, StasisApplication] = {}
        self.sent = self.lost = 0
        self.on_connect: list[Callable[[str], None]] = []
        """Called with an application's name when a client connects."""

    def connected(self, name: str) -> bool:
        """Whether the application has a client."""
        application = self.applications.get(name)
        return application is not None and application.socket is not None

    def find(self, name: str) -> StasisApplication:
        """Return one application. Raises SimRefusalError (404) when it is not registered."""
        if name not in self.applications:
            raise SimRefusalError(404, "Application not found")
        return self.applications[name]

    def connect(self, name: str, socket: EventSocket, *, subscribe_all: bool) -> None:
        """Make `socket` the application's client; an earlier one gets ApplicationReplaced."""
        application = self.applications.setdefault(name, StasisApplication(name))
        if application.socket is not None:
            self._write(application, "ApplicationReplaced", {})
        application.socket = socket
        application.subscribe_all = subscribe_all
        for call in self.on_connect:
            call(name)

    def disconnect(self, name: str, socket: EventSocket) -> None:
        """Disconnect a client; does nothing when it has been replaced."""
        application = self.applications.get(name)
        if application is not None and application.socket is socket:
            application.socket = None
            application.subscribe_all = False
            self._remove_finished()

    def set_filter(self, name: str, body: Json) -> StasisApplication:
        """Replace the event filter. Raises SimRefusalError (400) for an invalid one."""
        application = self.find(name)
        for key in ("allowed", "disallowed"):
            rules = body.get(key, [])
            if not isinstance(rules, list) or any("type" not in rule for rule in rules):
                raise SimRefusalError(400, "Invalid format definition")
        application.allowed = body.get("allowed", [])
        application.disallowed = body.get("disallowed", [])
        return application

    def subscribe(self, name: str, channel: SimChannel) -> None:
        """Subscribe an application to a channel; does nothing for an unknown application."""
        if name in self.applications:
            self.applications[name].channels[channel.id] = None

    def subscribe_bridge(self, name: str, bridge: SimBridge) -> None:
        """Subscribe an application to a bridge; does nothing for an unknown application."""
        if name in self.applications:
            self.applications[name].bridges[bridge.id] = None

    def unsubscribe(self, name: str, channel: SimChannel) -> None:
        """Unsubscribe one application from a channel."""
        application = self.applications.get(name)
        if application is not None:
            application.channels.pop(channel.id, None)

    def forget(self, thing: SimChannel | SimBridge) -> None:
        """Unsubscribe all applications from a channel or bridge that has ended."""
        for application in self.applications.values():
            application.channels.pop(thing.id, None)
            application.bridges.pop(thing.id, None)

    def channel_event(self, kind: str, channel: SimChannel, **fields: Any) -> None:
        """Publish an event of a channel."""
        self._publish(kind, {**fields, "channel": channel.json()}, channel=channel)

    def bridge_event(self, kind: str, bridge: SimBridge, channel: SimChannel | None = None) -> None:
        """Publish an event of a bridge, or of a channel and a bridge."""
        body: Json = {"bridge": bridge.json()}
        if channel is not None:
            body["channel"] = channel.json()
        self._publish(kind, body, channel=channel, bridge=bridge)

    def stasis_event(self, kind: str, name: str, channel: SimChannel, **fields: Any) -> None:
        """Send StasisStart or StasisEnd to one application."""
        if name in self.applications:
            self._send(self.applications[name], kind, {**fields, "channel": channel.json()})

    async def written(self, name: str) -> None:
        """Wait until all events are written to an application's client, if it has one."""
        application = self.applications.get(name)
        if application is not None and application.socket is not None:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(application.socket.written(), 5)

    def _publish(
        self, kind: str, body: Json, *, channel: SimChannel | None, bridge: SimBridge | None = None
    ) -> None:
        for application in self.applications.values():
            if (
                application.subscribe_all
                or (channel is not None and channel.id in application.channels)
                or (bridge is not None and bridge.id in application.bridges)
            ):
                self._send(application, kind, body)

    def _send(self, application: StasisApplication, kind: str, body: Json) -> None:
        if application.wants(kind):
            self._write(application, kind, body)

    def _write(self, application: StasisApplication, kind: str, body: Json) -> None:
        if application.socket is None:
            self.lost += 1
            return
        self.sent += 1
        event = {
            "type": kind,
            "timestamp": timestamp(),
            **body,
            "asterisk_id": ASTERISK_ID,
            "application": application.name,
        }
        application.socket.put(json.dumps(event, ensure_ascii=False))

    def _remove_finished(self) -> None:
        self.applications = {
            name: one for name, one in self.applications.items() if not one.finished
        }
