"""The HTTP server: HTTP and WebSocket on a 0600 Unix socket, and on TCP if configured.

`http.socket_group` makes the socket 0660 for the members of a group. On TCP a bearer token is
needed for everything but `/health` and `/metrics`, which name no callers; beyond loopback the
engine does not start without one.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import msgspec
from aiohttp import web

from ari_tui.analysis.histogram import BucketCounts
from ari_tui.analysis.sla.profiles import Profile
from ari_tui.config.settings import HttpSettings
from ari_tui.core.errors import BindError, ConfigError
from ari_tui.core.runtime_folder import bind_unix, group_id
from ari_tui.document import model
from ari_tui.document.where import Where
from ari_tui.engine.alerts.watcher import AlertState
from ari_tui.engine.http.prometheus import renderer
from ari_tui.engine.http.stream import DocumentStream

_WITHOUT_TOKEN: Final = frozenset({"/health", "/metrics"})
_ON_TCP: Final = web.AppKey("on_tcp", bool)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Health(model.Base, frozen=True, kw_only=True):
    """Body of `/health`."""

    ok: bool
    asterisk_connected: bool
    workers_alive: bool
    calls: int
    version: str


class HttpServer:
    """Serves the newest document; `/metrics` adds a histogram of its round trips.

    `health`, `newest`, `round_trips` and `sla` are called at each request, `ended` for a call that
    the newest document does not have.
    """

    def __init__(
        self,
        settings: HttpSettings,
        *,
        newest: Callable[[], model.Document],
        round_trips: Callable[[], BucketCounts],
        health: Callable[[], Health],
        stream: DocumentStream,
        sla: Callable[[], model.Base],
        ended: Callable[[str], model.Call | None] = lambda _: None,
    ) -> None:
        self._settings, self._newest, self._health = settings, newest, health
        self._stream, self._sla, self._ended = stream, sla, ended
        self._metrics = renderer(newest, round_trips, per_call=settings.per_call_metrics)
        self._runners: list[web.AppRunner] = []
        self.tcp_address: tuple[str, int] | None = None
        check_exposure(settings)

    async def open(self, path: Path) -> None:
        """Listen on the Unix socket at `path`, and on TCP when configured.

        Raises BindError in one line; nothing is left open then.
        """
        try:
            runner = await self._runner(on_tcp=False)
            sock = bind_unix(path, group_id(self._settings.socket_group))
            await web.SockSite(runner, sock).start()
            self._path = path
            if self._settings.address is not None:
                await self._open_tcp(*self._settings.address)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Stop listening; streams are closed."""
        await self._stream.close()
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()
        path = getattr(self, "_path", None)
        if path is not None:
            path.unlink(missing_ok=True)

    async def _open_tcp(self, host: str, port: int) -> None:
        runner = await self._runner(on_tcp=True)
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            text = f"cannot bind http.bind {host}:{port}: {reason} (choose another --http)"
            raise BindError(text) from error
        self.tcp_address = runner.addresses[0][:2]

    async def _runner(self, *, on_tcp: bool) -> web.AppRunner:
        app = web.Application(middlewares=[self._guard])
        app[_ON_TCP] = on_tcp
        app.router.add_get("/health", self._on_health)
        app.router.add_get("/metrics", self._on_metrics)
        app.router.add_get("/sla", self._on_sla)
        app.router.add_get("/snapshot", self._on_snapshot)
        app.router.add_get("/calls", self._on_calls)
        app.router.add_get("/calls/{id}", self._on_call)
        app.router.add_get("/stream", self._stream.handle)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await runner.setup()
        self._runners.append(runner)
        return runner

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        guarded = request.app[_ON_TCP] and request.path not in _WITHOUT_TOKEN
        if guarded and not self._authorized(request):
            refusal = _json({"error": "a bearer token is needed (http.token)"}, status=401)
            refusal.headers["WWW-Authenticate"] = "Bearer"
            return refusal
        try:
            return await handler(request)
        except web.HTTPException as error:
            return _json({"error": error.reason}, status=error.status)

    def _authorized(self, request: web.Request) -> bool:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        token = self._settings.token
        if not token or scheme.lower() != "bearer":
            return False
        return hmac.compare_digest(given.encode(), token.encode())

    async def _on_health(self, _: web.Request) -> web.Response:
        health = self._health()
        return _json(health, status=200 if health.ok else 503)

    async def _on_metrics(self, _: web.Request) -> web.Response:
        kind = "text/plain; version=0.0.4; charset=utf-8"
        return web.Response(body=self._metrics(), headers={"Content-Type": kind})

    async def _on_sla(self, _: web.Request) -> web.Response:
        return _json(self._sla())

    async def _on_snapshot(self, _: web.Request) -> web.Response:
        return _json(self._newest())

    async def _on_calls(self, _: web.Request) -> web.Response:
        return _json(self._newest().calls)

    async def _on_call(self, request: web.Request) -> web.Response:
        wanted = request.match_info["id"]
        for call in self._newest().calls:
            if wanted in (call.id, call.channel_id):
                return _json(call)
        if (gone := self._ended(wanted)) is not None:
            return _json(gone)
        return _json({"error": "no such call"}, status=404)


def check_exposure(settings: HttpSettings) -> None:
    """Refuse to listen beyond loopback without a token. Raises ConfigError."""
    if settings.address is None or settings.token:
        return
    host, _ = settings.address
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback:
        text = f"http.bind {host} is beyond loopback and needs a token: set http.token_file"
        raise ConfigError(text)


def _json(body: Any, *, status: int = 200) -> web.Response:
    data = msgspec.json.encode(body)
    return web.Response(body=data, status=status, content_type="application/json")


class SlaPage(model.Sla, frozen=True, kw_only=True):
    """Body of `/sla`: the document's `sla` with limits, alert and diagnosis."""

    time: str
    session: str
    calls: int
    """Calls up."""
    limits: Profile
    alert: AlertState
    where: Where | None
    """Where the fault is, over all calls."""


def sla_page(document: model.Document, profile: Profile, alert: AlertState) -> SlaPage:
    """Return the page of a document."""
    return SlaPage(
        **msgspec.structs.asdict(document.sla),
        time=document.time,
        session=document.session.id,
        calls=document.totals.calls.active,
        limits=profile,
        alert=alert,
        where=document.where,
    )
