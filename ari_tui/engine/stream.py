"""`/stream`: hello with the history, then snapshots and events; actions in, answered.

Every message is one JSON object with a `type`: `hello`, `snapshot`, `event`, `answer`, `bye`. An
action is `{"id": any, "action": name, "args": {...}}`. A reader that is slow gets the newest
snapshot only: the ones between are not queued.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec
from aiohttp import WSMsgType, web

from ari_tui.snapshot import model

Action = Callable[[Mapping[str, Any]], Awaitable[Any]]
_EVENTS_QUEUED: Final = 1000


class ActionFailedError(Exception):
    """An action could not be done; the text is for the person who asked."""


class _Client:
    """What waits to be sent to one reader."""

    def __init__(self) -> None:
        self.snapshot: bytes | None = None
        self.events: deque[bytes] = deque(maxlen=_EVENTS_QUEUED)
        self.wake = asyncio.Event()

    def take(self) -> list[bytes]:
        """Return what waits, events first, and forget it."""
        self.wake.clear()
        waiting = list(self.events)
        self.events.clear()
        if self.snapshot is not None:
            waiting.append(self.snapshot)
            self.snapshot = None
        return waiting


class Stream:
    """All readers of the stream."""

    def __init__(
        self, hello: Callable[[], Mapping[str, Any]], actions: Mapping[str, Action]
    ) -> None:
        self._hello, self._actions = hello, actions
        self._clients: set[_Client] = set()
        self._sockets: set[web.WebSocketResponse] = set()

    def publish(self, document: model.Document) -> None:
        """Hand the newest snapshot to every reader."""
        if self._clients:
            data = _message("snapshot", document=document)
            for client in self._clients:
                client.snapshot = data
                client.wake.set()

    def publish_event(self, line: model.EventLine) -> None:
        """Hand an event to every reader."""
        data = _message("event", event=line)
        for client in self._clients:
            client.events.append(data)
            client.wake.set()

    async def close(self) -> None:
        """Say goodbye to every reader, the last snapshot first."""
        for client in self._clients:
            client.events.append(_message("bye"))
            client.wake.set()
        await asyncio.gather(*(socket.close(code=1001) for socket in tuple(self._sockets)))

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one reader until it leaves."""
        socket = web.WebSocketResponse(heartbeat=10.0, max_msg_size=1 << 20)
        await socket.prepare(request)
        client = _Client()
        await socket.send_bytes(_message("hello", **self._hello()))
        self._clients.add(client)
        self._sockets.add(socket)
        writer = asyncio.create_task(self._write(socket, client))
        try:
            async for message in socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    client.events.append(await self._act(message.data))
                    client.wake.set()
        finally:
            self._clients.discard(client)
            self._sockets.discard(socket)
            writer.cancel()
            await asyncio.wait([writer])
        return socket

    async def _write(self, socket: web.WebSocketResponse, client: _Client) -> None:
        while True:
            await client.wake.wait()
            for data in client.take():
                await socket.send_bytes(data)

    async def _act(self, data: str | bytes) -> bytes:
        try:
            request = msgspec.json.decode(data, type=dict[str, Any])
        except msgspec.DecodeError as error:
            return _message("answer", id=None, ok=False, error=f"no JSON object: {error}")
        number, name = request.get("id"), request.get("action")
        action = self._actions.get(str(name))
        if action is None:
            known = ", ".join(sorted(self._actions))
            text = f"unknown action {name!r}: known are {known}"
            return _message("answer", id=number, ok=False, error=text)
        args = request.get("args") or {}
        try:
            result = await action(args if isinstance(args, dict) else {})
        except ActionFailedError as error:
            return _message("answer", id=number, ok=False, error=str(error))
        return _message("answer", id=number, ok=True, result=result)


def _message(kind: str, **fields: Any) -> bytes:
    return msgspec.json.encode({"type": kind, **fields})
