"""The simulated Asterisk's HTTP server: Basic authentication, parameters, errors, WebSocket.

Status codes and messages are those of Asterisk 22.10.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import json
from typing import Any

from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler, Middleware

from ari_tui.core.cancellation import cancel_tasks
from ari_tui.core.errors import SimRefusalError
from ari_tui.sim.config import SimConfig
from ari_tui.sim.events import EventHub, EventSocket
from ari_tui.sim.model import Json

VERSION = "22.10.1"
_SERVER = {"Server": f"Asterisk/{VERSION} (simulated)", "Cache-Control": "no-cache, no-store"}
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="Asterisk REST Interface"'}


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Return a JSON response with Asterisk's headers."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    headers = {**_SERVER, **(headers or {})}
    return web.Response(text=text, status=status, content_type="application/json", headers=headers)


def no_content() -> web.Response:
    """Return 204 with an empty body."""
    return web.Response(status=204, headers=_SERVER)


async def parameters(request: web.Request) -> Json:
    """Return the parameters of query and JSON body; those of the body take precedence.

    Raises SimRefusalError (400) when the body is not a JSON object.
    """
    values: Json = dict(request.query)
    if request.can_read_body:
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise SimRefusalError(400, "Unable to parse request body")
        values.update(body)
    return values


def text_of(values: Json, key: str) -> str:
    """Return one parameter as text; "" when it is absent."""
    value = values.get(key)
    return "" if value is None else str(value)


def names_of(values: Json, key: str) -> list[str]:
    """Return a list parameter: comma-separated text, or a JSON list."""
    value = values.get(key)
    parts = value if isinstance(value, list) else str(value or "").split(",")
    return [str(part) for part in parts if part]


def make_guard(config: SimConfig) -> Middleware:
    """Return the middleware that authenticates requests and turns errors into Asterisk's JSON."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not _authentic(request, config):
            return answer({"message": "Authentication required"}, 401, _CHALLENGE)
        if config.read_only and request.method not in ("GET", "OPTIONS"):
            return answer({"message": "Write access denied"}, 403)
        try:
            return await handler(request)
        except SimRefusalError as refused:
            return answer({refused.key: str(refused)}, refused.status)
        except web.HTTPNotFound:
            return answer({"message": "Resource not found"}, 404)
        except web.HTTPMethodNotAllowed:
            return answer({"message": "Invalid method"}, 405)

    return guard


def _authentic(request: web.Request, config: SimConfig) -> bool:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        given = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return False
    return hmac.compare_digest(given, f"{config.user}:{config.password}".encode())


class EventServer:
    """The WebSocket at /ari/events."""

    def __init__(self, config: SimConfig, hub: EventHub) -> None:
        self._timeout_s, self._hub = config.event_write_timeout_s, hub
        self._sockets: set[EventSocket] = set()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one client until it disconnects, is disconnected, or stops reading."""
        names = [name for name in request.query.get("app", "").split(",") if name]
        if not names:
            return web.Response(status=400, text="HTTP request is missing param: [app]")
        subscribe_all = request.query.get("subscribeAll", "").lower() in ("true", "yes", "1")
        ws = web.WebSocketResponse(timeout=1)
        await ws.prepare(request)
        socket = EventSocket(ws, request.transport, self._timeout_s)
        self._sockets.add(socket)
        writer = asyncio.ensure_future(socket.write())
        for name in names:
            self._hub.connect(name, socket, subscribe_all=subscribe_all)
        try:
            # messages of clients are ignored; reading notices the close
            async for message in ws:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            self._sockets.discard(socket)
            for name in names:
                self._hub.disconnect(name, socket)
            await cancel_tasks([writer])
            socket.discard()
        return ws

    def abort_all(self) -> None:
        """Abort the connections of all clients."""
        for socket in list(self._sockets):
            socket.abort()
