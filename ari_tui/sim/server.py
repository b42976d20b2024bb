"""The simulated Asterisk as a server, embedded in a test or run as a process."""

from __future__ import annotations

import asyncio
import errno
import gc
import socket
import time
from typing import Any

from aiohttp import web

from ari_tui.core.cancellation import cancel_tasks
from ari_tui.core.errors import BindError
from ari_tui.core.process import ParentLink
from ari_tui.core.sockets import endpoint_text
from ari_tui.reflector.fault_spec import parse_faults
from ari_tui.sim.asterisk_faults import AsteriskFaults
from ari_tui.sim.callers import Callers
from ari_tui.sim.config import SimConfig, SimCounters
from ari_tui.sim.pbx import Pbx
from ari_tui.sim.rest import EventServer, make_guard
from ari_tui.sim.routes import Routes

_SHUTDOWN_S = 0.2


class SimulatedAsterisk:
    """`async with SimulatedAsterisk(config) as sim:` serves ARI at `sim.url` until the block ends.

    Raises BindError when the port is in use, ConfigError for an invalid impairment.
    """

    def __init__(self, config: SimConfig, sock: socket.socket | None = None) -> None:
        """`sock` is a listening socket to use, else one is bound."""
        self.config, self._sock = config, sock
        self.host, self.port = config.host, config.port
        """TCP port of ARI; known once the server listens."""
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Return the URL of ARI without /ari."""
        return f"http://{endpoint_text(self.host, self.port)}"

    @property
    def listening(self) -> bool:
        """Whether ARI is being served."""
        return self._runner is not None

    async def __aenter__(self) -> SimulatedAsterisk:
        self._started_ns = time.monotonic_ns()
        self._build()
        try:
            await self.listen()
        except BaseException:
            self.pbx.close()
            raise
        self._faults = AsteriskFaults(self, parse_faults(self.config.faults), self._started_ns)
        self._faults.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._faults.stop()
        self.pbx.close()
        await self.stop_listening()

    def counters(self) -> SimCounters:
        """Return the counters so far."""
        return self.pbx.counters()

    async def listen(self) -> None:
        """Serve ARI, on the same port as before if it was stopped."""
        application = web.Application(middlewares=[make_guard(self.config)])
        self._events = EventServer(self.config, self.pbx.hub)
        Routes(self.pbx, self._events).add_to(application)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=_SHUTDOWN_S)
        await runner.setup()
        try:
            sock, self._sock = self._sock, None
            site = web.SockSite(runner, sock) if sock else web.TCPSite(runner, self.host, self.port)
            await site.start()
        except OSError as error:
            await runner.cleanup()
            raise _bind_error(self.host, self.port, error) from error
        self._runner = runner
        self.port = runner.addresses[0][1]

    async def stop_listening(self) -> None:
        """Stop serving ARI and abort all connections; channels, bridges and media stay up."""
        runner, self._runner = self._runner, None
        if runner is not None:
            self._events.abort_all()
            await runner.cleanup()

    def drop_websockets(self) -> None:
        """Abort all event WebSockets; HTTP stays available."""
        self._events.abort_all()

    def restart_core(self) -> None:
        """Lose all channels, bridges and applications, as when Asterisk restarts."""
        self.pbx.close()
        self._build()

    def _build(self) -> None:
        self.pbx = Pbx(self.config, self._started_ns)
        self.callers = Callers(self.pbx)


async def run_sim(
    config: SimConfig, link: ParentLink, stop: asyncio.Event | None = None
) -> SimCounters:
    """Run the simulated Asterisk until the parent closes the link, or `stop` is set.

    The ready line has `host`, `port` and `url`. Raises BindError or ConfigError when it cannot
    start; the caller reports it to the parent.
    """
    async with SimulatedAsterisk(config, link.take_socket()) as sim:
        gc.freeze()  # collections then skip all objects that exist now
        link.ready(host=sim.host, port=sim.port, url=sim.url)
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(link.lifeline_ended())]
        if stop is not None:
            waits.append(asyncio.ensure_future(stop.wait()))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancel_tasks(waits)
        return sim.counters()


def _bind_error(host: str, port: int, error: OSError) -> BindError:
    if error.errno == errno.EADDRINUSE:
        return BindError(f"cannot bind {host}:{port}: in use (another Asterisk? choose --port)")
    return BindError(f"cannot bind {host}:{port}: {error.strerror or error}")
