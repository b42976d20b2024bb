"""`/stream`: hello with the history, then snapshots and events; actions in, answered.

Every message is one JSON object with a `type`: `hello`, `snapshot`, `event`, `answer`, `bye`. An
action is `{"id": any, "action": name, "args": {...}}`. A slow client gets the newest snapshot
only; the seconds that it missed it can read by the action `history`. Actions run concurrently,
and are answered as they finish.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec
from aiohttp import WSMsgType, web

from ari_tui.core import log
from ari_tui.core.cancellation import cancel_tasks
from ari_tui.core.errors import ActionFailedError
from ari_tui.core.tasks import Tasks
from ari_tui.core.text import clean_text
from ari_tui.document import model
from ari_tui.document.live import Live

Action = Callable[[Mapping[str, Any]], Awaitable[Any]]
_EVENTS_QUEUED: Final = 1000
_ACTIONS_AT_ONCE: Final = 8
"""Of one client, until their answers are sent: further ones wait in its socket."""
_GOODBYE_S: Final = 2.0
_log = log.get("engine")


class _Client:
    """One client: its socket, and what waits to be sent to it."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self.snapshot: bytes | None = None
        self.events: deque[bytes] = deque(maxlen=_EVENTS_QUEUED)
        self.answers: deque[bytes] = deque()
        self.room = asyncio.Semaphore(_ACTIONS_AT_ONCE)
        self.leaving = self.gone = False
        self.wake = asyncio.Event()
        self.writer: asyncio.Task[None] | None = None

    async def write(self) -> None:
        """Send what waits, the snapshot last, until the client has left or got `bye`."""
        try:
            while not self.leaving or self.wake.is_set():
                await self.wake.wait()
                self.wake.clear()
                while (data := self._next()) is not None:
                    await self.socket.send_bytes(data)
            await self.socket.send_bytes(_message("bye"))
        except ConnectionError:
            pass  # `handle` gets the end of the connection too
        finally:
            self.gone = True
            self.room.release()  # wakes `handle`, which may wait for room

    def _next(self) -> bytes | None:
        if self.answers:
            self.room.release()
            return self.answers.popleft()
        if self.events:
            return self.events.popleft()
        data, self.snapshot = self.snapshot, None
        return data


class DocumentStream:
    """All clients of the stream."""

    def __init__(
        self, hello: Callable[[], Mapping[str, Any]], actions: Mapping[str, Action]
    ) -> None:
        self._hello, self._actions = hello, actions
        self._clients: set[_Client] = set()
        self._actions_running = Tasks("actions")

    def publish(self, document: model.Document, live: Callable[[], Live]) -> None:
        """Send the newest snapshot to every client; `live` is called only if there is one."""
        if self._clients:
            data = _message("snapshot", document=document, live=live())
            for client in self._clients:
                client.snapshot = data
                client.wake.set()

    def publish_event(self, line: model.EventLine) -> None:
        """Send an event to every client."""
        if self._clients:
            data = _message("event", event=line)
            for client in self._clients:
                client.events.append(data)
                client.wake.set()

    async def close(self) -> None:
        """Send `bye` to every client, after the last snapshot; cut off one that does not read."""
        clients = tuple(self._clients)
        for client in clients:
            client.leaving = True
            client.wake.set()
        if writers := [client.writer for client in clients if client.writer is not None]:
            await asyncio.wait(writers, timeout=_GOODBYE_S)
        goodbyes = (client.socket.close(code=1001) for client in clients)
        await asyncio.gather(
            *(asyncio.wait_for(goodbye, _GOODBYE_S) for goodbye in goodbyes), return_exceptions=True
        )
        await self._actions_running.close()

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one client until it leaves."""
        socket = web.WebSocketResponse(heartbeat=10.0, max_msg_size=1 << 20)
        await socket.prepare(request)
        client = _Client(socket)
        hello = _message("hello", **self._hello())
        # before the hello is sent: what happens meanwhile is queued
        self._clients.add(client)
        try:
            await socket.send_bytes(hello)
            client.writer = asyncio.create_task(client.write())
            async for message in socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    await client.room.acquire()
                    if client.gone:
                        break
                    self._actions_running.spawn(self._answer(client, message.data))
        finally:
            self._clients.discard(client)
            if client.writer is not None:
                await cancel_tasks([client.writer])
        return socket

    async def _answer(self, client: _Client, data: str | bytes) -> None:
        client.answers.append(await self._act(data))
        client.wake.set()

    async def _act(self, data: str | bytes) -> bytes:
        try:
            request = msgspec.json.decode(data, type=dict[str, Any])
        except msgspec.DecodeError as error:
            return _message("answer", id=None, ok=False, error=f"no JSON object: {error}")
        number, name = request.get("id"), request.get("action")
        action = self._actions.get(str(name))
        if action is None:
            known = ", ".join(sorted(self._actions))
            text = f"unknown action {clean_text(repr(name), 80)}: known are {known}"
            return _message("answer", id=number, ok=False, error=text)
        args = request.get("args") or {}
        try:
            result = await action(args if isinstance(args, dict) else {})
        except ActionFailedError as error:
            return _message("answer", id=number, ok=False, error=str(error))
        except Exception as error:
            _log.error(f"action {name} failed: {error!r}", exc_info=error)
            return _message("answer", id=number, ok=False, error="internal error: see the log")
        return _message("answer", id=number, ok=True, result=result)


def _message(kind: str, **fields: Any) -> bytes:
    return msgspec.json.encode({"type": kind, **fields})
