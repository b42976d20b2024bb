"""The whole system on loopback: simulated Asterisk, echo server and engine, each a child.

Nothing is special about a demo's engine: it is `ari-tui run --headless` with the ports that the
others say on their ready lines.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
from collections.abc import Sequence

import msgspec

from ari_tui import log
from ari_tui.config import Settings
from ari_tui.config_text import to_environment
from ari_tui.errors import ChildFailedError
from ari_tui.options import DemoOptions, RunOptions
from ari_tui.process import Child
from ari_tui.stop import StopSignals

_INCONCLUSIVE = 4
_HURRY_S = 5.0
"""How long an engine that drains no more may take to write its report."""
_log = log.get("demo")


async def run_demo(options: DemoOptions) -> int:
    """Run the demo until its engine ends or a signal comes; return the exit code.

    A signal lets the engine drain and print its report; after a second one it prints its report
    without draining to the end. An engine that was killed leaves no verdict: the code is that of
    "inconclusive". Raises ChildFailedError when a child does not start.
    """
    settings = _own_settings(options.settings)
    with StopSignals() as signals:
        async with contextlib.AsyncExitStack() as stack:
            echo = await _start(stack, settings, "echo server", _echo_arguments(options))
            sim = await _start(stack, settings, "simulated Asterisk", _sim_arguments(options))
            settings = _pointed_at(settings, sim, echo)
            engine = await _start(stack, settings, "engine", _engine_arguments(options.run))
            watching = asyncio.create_task(_watch(echo, sim))
            code = await _follow(engine, signals)
            watching.cancel()
    return signals.exit_code or code


async def _watch(*children: Child) -> None:
    """Tell of children that end before the engine does; what it measures then is their absence."""
    names = {asyncio.create_task(child.process.wait()): child.name for child in children}
    waiting = set(names)
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            _log.error(f"the {names[task]} ended by itself", exit_code=task.result())


def _own_settings(settings: Settings) -> Settings:
    """Return settings of an application of its own: several demos may run side by side."""
    replace = msgspec.structs.replace
    app = f"demo-{secrets.token_hex(4)}"
    asterisk = replace(
        settings.asterisk, app=app, username="demo", password=secrets.token_hex(16),
        password_file="", media_address="",
    )  # fmt: skip
    media = replace(settings.media, bind="", advertise="")
    return replace(settings, asterisk=asterisk, media=media)


def _pointed_at(settings: Settings, sim: Child, echo: Child) -> Settings:
    replace = msgspec.structs.replace
    return replace(
        settings,
        asterisk=replace(settings.asterisk, url=f"{sim.info['host']}:{sim.info['port']}"),
        echo=replace(settings.echo, host=echo.info["host"], port=echo.info["port"]),
    )


async def _start(
    stack: contextlib.AsyncExitStack, settings: Settings, name: str, arguments: Sequence[str]
) -> Child:
    environment = {**os.environ, **to_environment(settings)}
    try:
        child = await Child.spawn(name, arguments, environment=environment)
    except ChildFailedError as error:
        raise ChildFailedError(f"{name}: {error}", error.exit_code) from None
    stack.push_async_callback(child.stop)
    return child


def _echo_arguments(options: DemoOptions) -> list[str]:
    seed = [] if options.seed is None else ["--seed", str(options.seed)]
    impair = ["--impair", options.impair] if options.impair else []
    return ["echo", "--port", "0", "--quiet", *impair, *seed]


def _sim_arguments(options: DemoOptions) -> list[str]:
    seed = [] if options.seed is None else ["--seed", str(options.seed)]
    impair = ["--impair-media", options.impair_media] if options.impair_media else []
    lasting = options.call_duration_s
    duration = [] if lasting is None else ["--call-duration", str(lasting)]
    return ["sim", "--port", "0", "--calls", str(options.calls), "--quiet",
            *impair, *duration, *seed]  # fmt: skip


def _engine_arguments(run: RunOptions) -> list[str]:
    duration = [] if run.duration_s is None else ["--duration", str(run.duration_s)]
    return ["run", "--headless", *duration]


async def _follow(engine: Child, signals: StopSignals) -> int:
    """Wait for the engine's end; hand signals on as a wish to drain, then to drain no more."""
    ended = asyncio.create_task(engine.process.wait())
    stop = asyncio.create_task(signals.stop.wait())
    again = asyncio.create_task(signals.again.wait())
    try:
        await asyncio.wait({ended, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            engine.let_go(signals.name)
            await asyncio.wait({ended, again}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            _hurry(engine)
            await asyncio.wait({ended}, timeout=_HURRY_S)
        if not ended.done():
            return await engine.kill()
        code = ended.result()
    finally:
        for task in (ended, stop, again):
            task.cancel()
    if code < 0:
        _log.error("the engine was killed: there is no final report", signal=-code)
        return _INCONCLUSIVE
    return code


def _hurry(engine: Child) -> None:
    """Have the engine skip the rest of its draining, as two signals do.

    Two different ones: the kernel makes one of two that are the same.
    """
    with contextlib.suppress(ProcessLookupError):
        for number in (signal.SIGINT, signal.SIGTERM):
            engine.process.send_signal(number)
