"""Runs an engine: assemble, connect, run until something ends it, drain, close.

`run_engine` is `ari-tui run --headless`. What was started is stopped in reverse order on every
path.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final

from ari_tui.ari.event_stream import Connected, StreamItem
from ari_tui.config.run_options import RunOptions
from ari_tui.config.settings import Settings
from ari_tui.core import log
from ari_tui.core.cancellation import cancel_tasks
from ari_tui.core.errors import AriError, AriReplacedError
from ari_tui.core.exit_codes import INCONCLUSIVE, VERDICT_CODES
from ari_tui.core.process import ParentLink
from ari_tui.core.signals import StopSignals
from ari_tui.core.systemd import NotifySocket
from ari_tui.engine.application_claim import SessionNote, claim_application
from ari_tui.engine.assembly import EngineParts
from ari_tui.engine.loop import DocumentSink, EngineExtension, EngineLoop
from ari_tui.engine.service_status import SystemdNotifier

_DRAIN_MARGIN_S: Final = 10.0
_INJECTED_S: Final = 2.0
_log = log.get("engine")


async def run_engine(
    settings: Settings,
    options: RunOptions,
    link: ParentLink,
    sinks: Sequence[DocumentSink] = (),
    extension: EngineExtension | None = None,
) -> int:
    """Run one engine until a signal, its parent, its duration, a reader or its extension ends it.

    Returns the exit code. Raises AriTuiError when it cannot start, or when another client takes
    over the application; the engine is then closed, and the final document has been written.
    """
    with StopSignals() as signals:
        async with contextlib.AsyncExitStack() as stack:
            notifier = SystemdNotifier(NotifySocket.from_environment())
            stack.callback(notifier.close)
            notifier.starting(settings.asterisk.url)
            parts = EngineParts(settings, stack)
            engine = Engine(parts, sinks, extension, notifier, take_over=options.take_over)
            if not await _start(engine, stack, signals, link):
                return signals.exit_code or INCONCLUSIVE
            notifier.ready()
            link.ready(
                socket=str(parts.socket), http=parts.http_server.tcp_address, session=parts.session
            )
            gc.freeze()
            reason, error = await engine.run(options, link, signals)
            await engine.finish(reason, signals, replaced=isinstance(error, AriReplacedError))
            if error is not None:
                raise error
    return signals.exit_code or VERDICT_CODES[parts.publisher.newest.sla.verdict]


async def _start(
    engine: Engine, stack: contextlib.AsyncExitStack, signals: StopSignals, link: ParentLink
) -> bool:
    """Start up; False when a signal came first, or the parent ended.

    The start may wait for Asterisk forever.
    """
    starting = asyncio.create_task(engine.start(stack))
    stop = asyncio.create_task(signals.stop.wait())
    parent_gone = asyncio.create_task(link.lifeline_ended())
    try:
        await asyncio.wait({starting, stop, parent_gone}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            return True
        return False
    finally:
        await cancel_tasks((starting, stop, parent_gone))


class Engine:
    """An assembled engine: start, run, finish."""

    def __init__(
        self,
        parts: EngineParts,
        sinks: Sequence[DocumentSink],
        extension: EngineExtension | None,
        notifier: SystemdNotifier,
        *,
        take_over: bool = False,
    ) -> None:
        self._parts, self._extension, self._notifier = parts, extension, notifier
        self._take_over = take_over
        self._loop = EngineLoop(parts, sinks, extension, notifier)
        self._stream_items: AsyncIterator[StreamItem]
        self._loop_tasks: set[asyncio.Task[None]] = set()

    async def start(self, stack: contextlib.AsyncExitStack) -> None:
        """Assemble, open the event stream, sweep: clean up leftovers, start calls for callers."""
        parts = self._parts
        await parts.assemble()
        await self._claim(stack)
        self._stream_items = aiter(parts.event_stream)
        stack.push_async_callback(parts.event_stream.close)
        stack.push_async_callback(self._loop.close)
        while not isinstance(item := await anext(self._stream_items), Connected):
            self._loop.on_stream_item(item)
        await parts.client.filter_events(parts.settings.asterisk.app)
        await parts.sweeper.sweep("at start")

    async def _claim(self, stack: contextlib.AsyncExitStack) -> None:
        parts, asterisk, claimed = self._parts, self._parts.settings.asterisk, False
        note = SessionNote(parts.client.endpoint.url, asterisk.app)
        note.open()
        stack.callback(lambda: note.close(finished=claimed and not parts.calls.active))
        await claim_application(
            parts.client,
            asterisk.app,
            note,
            version=parts.publisher.newest.asterisks[0].version,
            take_over=self._take_over,
        )
        note.write(parts.session)
        claimed = True

    async def run(
        self, options: RunOptions, link: ParentLink, signals: StopSignals
    ) -> tuple[str, BaseException | None]:
        """Run until something ends it; return why, and the error if it was one."""
        self._loop_tasks = {
            asyncio.create_task(one) for one in self._loop.coroutines(self._stream_items)
        }
        ends: dict[asyncio.Task[Any], Callable[[], str]] = {
            asyncio.create_task(signals.stop.wait()): lambda: signals.name,
            asyncio.create_task(self._parts.quit.wait()): lambda: "quit",
            asyncio.create_task(self._parts.calls.drained()): lambda: "drained",
        }
        if self._extension is not None:
            extension_run = asyncio.create_task(self._extension.run(self._parts))
            ends[extension_run] = extension_run.result
        if options.duration_s is not None:
            ends[asyncio.create_task(asyncio.sleep(options.duration_s))] = lambda: "duration"
        if not options.stay:
            parent_gone = asyncio.create_task(link.lifeline_ended())
            ends[parent_gone] = lambda: parent_gone.result() or "parent gone"
        try:
            done, _ = await asyncio.wait(
                {*self._loop_tasks, *ends}, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for task in ends:
                task.cancel()
        for task in done:
            if task in ends and task.exception() is None:
                return ends[task](), None
        return self._reason_of(done.pop())

    def _reason_of(self, ended: asyncio.Task[Any]) -> tuple[str, BaseException]:
        """Return reason and error of a loop that ended, which none does by itself."""
        error = ended.exception() or RuntimeError("a part of the engine ended without saying why")
        if isinstance(error, AriError):
            _log.error(str(error))
            return "replaced" if isinstance(error, AriReplacedError) else "asterisk lost", error
        if isinstance(error, BrokenPipeError):
            return "reader gone", error  # the reader of our output has closed it
        # callers are released and the final document is written after any error
        _log.error(f"internal error: {type(error).__name__}: {error}", exc_info=error)
        return "internal error", error

    async def finish(self, reason: str, signals: StopSignals, *, replaced: bool) -> None:
        """Drain, fold the last records, publish the final document.

        A second signal skips the rest of the draining. When another client took over the
        application, only our own sockets are closed.
        """
        parts = self._parts
        _log.info("stopping", reason=reason, calls=parts.calls.active)
        self._notifier.stopping(reason, parts.calls.active)
        why = "another client took over the application" if replaced else f"engine: {reason}"
        drain = self._drain(why, replaced=replaced)
        limit_s = parts.store.loss_timeout_ns / 1e9 + _DRAIN_MARGIN_S
        tasks = [asyncio.create_task(drain), asyncio.create_task(signals.again.wait())]
        done, _ = await asyncio.wait(tasks, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0] not in done:
            why = "skipped by a second signal" if done else f"not done after {limit_s:g} s"
            parts.events.add(
                "warning", "drain", f"draining {why}: the next start removes what is left"
            )
        await cancel_tasks((*tasks, *self._loop_tasks))
        self._fold_last_records()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(parts.injected.refresh(), _INJECTED_S)
        self._loop.publish(parts.publisher.build(end_reason=reason))

    async def _drain(self, why: str, *, replaced: bool) -> None:
        calls = self._parts.calls
        drains = [calls.abandon(why) if replaced else calls.release_all(why)]
        if self._extension is not None:
            drains.append(self._extension.stop(why))
        await asyncio.gather(*drains)

    def _fold_last_records(self) -> None:
        """Fold the last records. Packets in flight of a call that has ended are lost.

        Those of a call that could not drain are neither back nor lost: they stay in flight.
        """
        parts = self._parts
        parts.analyzer.fold(time.time_ns())
        for number, call in parts.calls.calls.items():
            if call.ended_ns is not None:
                parts.store.give_up(number)
        parts.analyzer.close_all(time.time_ns())
