"""A small ARI on real HTTP and WebSocket, whose answers each test writes itself."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest
from aiohttp import WSCloseCode, web
from aiohttp.test_utils import TestServer


class Seen(NamedTuple):
    """One request as it reached the server; `target` is path and query as they were sent."""

    method: str
    target: str
    authorization: str
    body: Any


class ScriptedAri:
    """Answers each target by its script, the last line of which repeats."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.sockets: asyncio.Queue[web.WebSocketResponse] = asyncio.Queue()
        self.handshakes: list[str] = []
        self.refuse_events: deque[int] = deque()
        self._scripts: dict[tuple[str, str], deque[Any]] = defaultdict(deque)
        self._open: list[web.WebSocketResponse] = []
        self._server: TestServer | None = None

    def answers(self, method: str, path: str, *answers: Any) -> None:
        """Script a path: each answer is JSON, a (status, JSON) pair, a Response, or "drop"."""
        self._scripts[method, path].extend(answers)

    async def start(self, port: int | None = None) -> None:
        app = web.Application()
        app.router.add_get("/ari/events", self._events)
        app.router.add_route("*", "/{tail:.*}", self._rest)
        self._server = TestServer(app, port=port)
        await self._server.start_server()

    async def stop(self) -> None:
        for socket in tuple(self._open):
            await socket.close(code=WSCloseCode.GOING_AWAY)
        if self._server is not None:
            await self._server.close()
            self._server = None

    @property
    def port(self) -> int:
        assert self._server is not None
        assert self._server.port is not None
        return self._server.port

    @property
    def url(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def socket(self) -> web.WebSocketResponse:
        """Wait for the next event WebSocket."""
        return await asyncio.wait_for(self.sockets.get(), 10)

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.can_read_body else None
        authorization = request.headers.get("Authorization", "")
        self.seen.append(Seen(request.method, request.raw_path, authorization, body))
        script = self._scripts.get((request.method, request.raw_path.split("?")[0]))
        if not script:
            return web.Response(status=404, text="<h1>Not Found</h1>", content_type="text/html")
        answer = script.popleft() if len(script) > 1 else script[0]
        if answer == "drop":
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        if answer == "hang":
            await asyncio.sleep(30)
        if isinstance(answer, web.StreamResponse):
            return answer
        status, content = answer if isinstance(answer, tuple) else (200, answer)
        if content is None:
            return web.Response(status=status)
        return web.json_response(content, status=status)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        self.handshakes.append(request.raw_path)
        if self.refuse_events:
            return web.Response(status=self.refuse_events.popleft())
        authorization = request.headers.get("Authorization", "")
        self.seen.append(Seen(request.method, request.raw_path, authorization, None))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.put_nowait(socket)
        self._open.append(socket)
        async for _ in socket:
            pass
        self._open.remove(socket)
        return socket


@pytest.fixture
async def ari() -> AsyncIterator[ScriptedAri]:
    server = ScriptedAri()
    await server.start()
    yield server
    await server.stop()
