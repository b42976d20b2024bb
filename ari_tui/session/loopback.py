"""Simulated Asterisk, echo server and engine as child processes on loopback.

Used by demo and load test; the engine is configured with the ports of the other two.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from ari_tui.config.dump import to_environment
from ari_tui.config.run_options import DemoOptions
from ari_tui.config.settings import Settings
from ari_tui.core import log
from ari_tui.core.cancellation import cancel_tasks
from ari_tui.core.errors import ChildFailedError
from ari_tui.core.exit_codes import INCONCLUSIVE
from ari_tui.core.process import Child, ParentLink, flag_arguments
from ari_tui.core.realtime import RealtimeScheduling
from ari_tui.core.signals import StopSignals
from ari_tui.core.sockets import open_udp
from ari_tui.reflector.fault_spec import SIM_PLACES, FaultSpec, parse_faults
from ari_tui.reflector.server import EXPEDITED_FORWARDING
from ari_tui.session.echo_path import EchoPath, path_faults
from ari_tui.session.worker_stalls import WorkerStalls

_LOOPBACK: Final = "127.0.0.1"
_NO_CERTIFICATES: Final = {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull}
"""aiohttp loads the system's certificates on import; TLS is not used on loopback."""
_KILL_AFTER_S = 5.0
"""Time for an engine that skips draining to write its report."""


async def run_on_loopback(
    settings: Settings,
    link: ParentLink,
    *,
    echo: Sequence[str],
    sim: Sequence[str],
    engine: Sequence[str],
    stay: bool,
    app: str,
    faults: Sequence[FaultSpec] = (),
    seed: int = 0,
) -> int:
    """Run the three commands until the engine ends, a signal comes or the parent closes the link.

    `faults` are those of the engine and of the path to the echo server, with their `seed`.
    Returns the exit code. `app` is the prefix of a unique Stasis application name. On a signal the
    engine drains and prints its report; a second one skips the rest of draining. A killed engine
    has no verdict: the code is that of "inconclusive".
    Raises ChildFailedError when a child does not start.
    """
    settings = _isolated_settings(settings, app)
    with StopSignals() as signals:
        async with contextlib.AsyncExitStack() as stack:
            commands = echo, sim, engine
            started = await _start_all(stack, settings, commands, faults, seed)
            reflector, asterisk, running = started
            await stack.enter_async_context(WorkerStalls(running.process.pid, faults))
            link.ready(**running.info)
            watching = asyncio.create_task(_log_early_ends(reflector, asterisk))
            code = await _follow(running, signals, None if stay else link)
            watching.cancel()
    return signals.exit_code or code


async def _log_early_ends(*children: Child) -> None:
    """Log children that end before the engine, which then measures their absence."""

    async def watch(child: Child) -> None:
        code = await child.process.wait()
        log.get("loopback").error(f"the {child.name} ended by itself", exit_code=code)

    await asyncio.gather(*map(watch, children))


def _isolated_settings(settings: Settings, app: str) -> Settings:
    """Return settings with a unique application name and password: several may run at a time."""
    app = f"{app}-{secrets.token_hex(4)}"
    asterisk = replace(
        settings.asterisk,
        app=app,
        username="loopback",
        password=secrets.token_hex(16),
        password_file="",
        media_address="",
    )
    media = replace(settings.media, bind="", advertise="")
    return replace(settings, asterisk=asterisk, media=media)


def _with_addresses(settings: Settings, ari: socket.socket, echo: tuple[str, int]) -> Settings:
    (host, port), (echo_host, echo_port) = ari.getsockname(), echo
    return replace(
        settings,
        asterisk=replace(settings.asterisk, url=f"{host}:{port}"),
        echo=replace(settings.echo, host=echo_host, port=echo_port),
    )


async def _start_all(
    stack: contextlib.AsyncExitStack,
    settings: Settings,
    commands: tuple[Sequence[str], Sequence[str], Sequence[str]],
    faults: Sequence[FaultSpec],
    seed: int,
) -> list[Child]:
    """Start the three concurrently; `stack` stops them, the engine first.

    Their ports are bound here, so that the engine can start at once: its requests wait in the
    socket's backlog. When one fails, the others are stopped and its error is raised.
    """
    ari = socket.create_server((_LOOPBACK, 0))
    rtp = open_udp(_LOOPBACK, 0, dscp=EXPEDITED_FORWARDING)
    echo_address = rtp.getsockname()
    if path_faults(faults):
        path = await stack.enter_async_context(EchoPath(echo_address, faults, seed))
        echo_address = path.address
        # it stands for a network, which a busy machine does not slow down
        RealtimeScheduling(settings.media.realtime)
    with_addresses = _with_addresses(settings, ari, echo_address)
    echo, sim, engine = commands
    starting = [
        asyncio.create_task(_start(settings, "echo server", echo, rtp)),
        asyncio.create_task(_start(settings, "simulated Asterisk", sim, ari)),
        asyncio.create_task(_start(with_addresses, "engine", engine)),
    ]
    try:
        await asyncio.wait(starting, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        await cancel_tasks(starting)
        ended = [one for one in starting if not one.cancelled()]
        for one in ended:
            if one.exception() is None:
                stack.push_async_callback(one.result().stop)
    return [one.result() for one in ended]


async def _start(
    settings: Settings, name: str, arguments: Sequence[str], sock: socket.socket | None = None
) -> Child:
    environment = {**os.environ, **to_environment(settings), **_NO_CERTIFICATES}
    try:
        return await Child.spawn(name, arguments, environment=environment, sock=sock)
    except ChildFailedError as error:
        raise ChildFailedError(f"{name}: {error}", error.exit_code) from None


async def _follow(engine: Child, signals: StopSignals, parent: ParentLink | None) -> int:
    """Wait for the engine to end; forward the first and the second request to stop."""
    ended = asyncio.create_task(engine.process.wait())
    stop = asyncio.create_task(signals.stop.wait())
    parent_gone = asyncio.create_task((parent or ParentLink(None, None)).lifeline_ended())
    try:
        await asyncio.wait({ended, stop, parent_gone}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            engine.close_lifeline(parent_gone.result() if parent_gone.done() else signals.name)
        # after the parent's request to stop, the first signal is the second request
        second = stop if parent_gone.done() else signals.again.wait()
        code = await engine.finish(second, drain_s=None, kill_after_s=_KILL_AFTER_S)
    finally:
        await cancel_tasks((ended, stop, parent_gone))
    if code < 0:
        log.get("loopback").error("the engine was killed: there is no final report", signal=-code)
        return INCONCLUSIVE
    return code


async def run_demo(options: DemoOptions, link: ParentLink) -> int:
    """Run the demo until its engine ends, a signal comes or the parent closes the link.

    Returns and raises what `run_on_loopback` does.
    """
    run, seed = options.run, options.seed
    sim = flag_arguments(
        impair_media=options.impair_media, call_duration=options.call_duration_s, seed=seed
    )
    faults = parse_faults(options.faults)
    at_sim, at_echo = (
        [f"--fault={fault.text}" for fault in faults if fault.place in places]
        for places in (SIM_PLACES, ("echo-server",))
    )
    echo = [*flag_arguments(impair=options.impair, seed=seed), *at_echo]
    return await run_on_loopback(
        options.settings,
        link,
        echo=["echo", "--port", "0", "--quiet", *echo],
        sim=["sim", "--port", "0", "--calls", str(options.calls), "--quiet", *sim, *at_sim],
        engine=["run", "--headless", *flag_arguments(duration=run.duration_s)],
        stay=run.stay,
        app="demo",
        faults=faults,
        seed=seed or 0,
    )
