"""One WebSocket to an engine's `/stream`: receives messages, sends actions, returns answers."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncIterator, Coroutine, Mapping
from typing import Any, Final, TypeVar

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from ari_tui.client.address import Target
from ari_tui.client.messages import Answer, AnyMessage, Bye, EventNotice, Hello, Snapshot, decode
from ari_tui.core.cancellation import cancel_tasks
from ari_tui.core.errors import ActionError, UnknownMessageError

OPEN_S: Final = 5.0
"""Time limit of the handshake, and then of the hello."""
_MAX_MESSAGE: Final = 128 << 20
"""A hundred times a hello with five minutes of 200 calls."""
_PING_S: Final = 5.0
_WIRE_LOG: Final = logging.getLogger("ari_tui.client.websocket")
_WIRE_LOG.setLevel(logging.WARNING)  # at DEBUG, websockets logs the Authorization header
T = TypeVar("T")


class Connection:
    """An open connection. For one event loop."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._waiting: dict[int, asyncio.Future[Answer | None]] = {}
        self._numbers = itertools.count(1)

    async def hello(self) -> Hello:
        """Wait for the first message.

        Raises UnknownMessageError, ConnectionClosed, asyncio.TimeoutError.
        """
        message = await within(self._next(), OPEN_S)
        if not isinstance(message, Hello):
            raise UnknownMessageError("is no ari-tui engine: it does not say hello")
        return message

    async def receive(self) -> Hello | Snapshot | EventNotice | Bye:
        """Wait for a message; answers go to `act`. Raises UnknownMessageError, ConnectionClosed."""
        while True:
            message = await self._next()
            if not isinstance(message, Answer):
                return message
            future = self._waiting.get(message.id) if isinstance(message.id, int) else None
            if future is not None and not future.done():
                future.set_result(message)

    async def act(self, action: str, args: Mapping[str, Any], timeout_s: float) -> Any:
        """Request an action and return its result; needs a concurrent `receive`.

        Raises ActionError when it was refused or not answered in time.
        """
        number = next(self._numbers)
        future: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        request = msgspec.json.encode({"id": number, "action": action, "args": args}).decode()

        async def exchange() -> Answer | None:
            await self._socket.send(request)
            return await future

        try:
            answer = await within(exchange(), timeout_s)
        except asyncio.TimeoutError:
            text = f"{action}: no answer within {timeout_s:g} s; it may still be done"
            raise ActionError(text) from None
        except ConnectionClosed:
            answer = None
        finally:
            del self._waiting[number]
        if answer is None:
            text = "the connection broke off before the engine answered; it may have been done"
            raise ActionError(f"{action}: {text}")
        if not answer.ok:
            raise ActionError(answer.error or f"{action} was refused")
        return answer.result

    def give_up(self) -> None:
        """End all pending actions: no answers will arrive."""
        for future in self._waiting.values():
            if not future.done():
                future.set_result(None)

    async def _next(self) -> AnyMessage:
        while True:
            # as bytes: invalid UTF-8 is reported by `decode`, not by the WebSocket
            message = decode(await self._socket.recv(decode=False))
            if message is not None:
                return message


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        # a redirect would send our token to another server
        return exc


@contextlib.asynccontextmanager
async def connected(target: Target, token: str) -> AsyncIterator[Connection]:
    """Open a connection for the duration of the block; the token is sent over TCP only.

    Raises OSError, TimeoutError or WebSocketException.
    """
    where: dict[str, Any] = {}
    if target.path is not None:
        where = {"unix": True, "path": target.path}
    elif token:
        where = {"additional_headers": {"Authorization": f"Bearer {token}"}}
    # deflate reduces documents to a thirteenth; not needed on a Unix socket
    compression = None if target.path is not None else "deflate"
    opening = _Connect(
        target.uri,
        **where,
        proxy=None,
        compression=compression,
        logger=_WIRE_LOG,
        max_size=_MAX_MESSAGE,
        open_timeout=OPEN_S,
        close_timeout=1.0,
        ping_interval=_PING_S,
        ping_timeout=_PING_S,
    )
    async with opening as socket:
        connection = Connection(socket)
        try:
            yield connection
        finally:
            connection.give_up()


async def within(work: Coroutine[Any, Any, T], timeout_s: float) -> T:
    """Wait for `work`; raises asyncio.TimeoutError, with `work` cancelled.

    Before Python 3.12 `asyncio.wait_for` may swallow a cancellation.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task}, timeout=timeout_s)
        if not task.done():
            raise asyncio.TimeoutError
        return task.result()
    finally:
        await cancel_tasks([task])
