"""The periodic work of a running engine: read events, fold, publish documents, sweep."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Any, Final, Protocol

from ari_tui.ari.event_stream import Connected, Disconnected, StreamItem
from ari_tui.ari.events import Event
from ari_tui.core.errors import MalformedEventError
from ari_tui.core.tasks import Tasks, until_next
from ari_tui.document.model import Document
from ari_tui.engine.assembly import EngineParts
from ari_tui.engine.live_analyzer import read_clocks
from ari_tui.engine.service_status import SystemdNotifier

FOLD_S: Final = 0.25
BLIND_S: Final = 1.0
"""A tick that comes later has seen neither events nor pings meanwhile."""
_SNAPSHOT_S: Final = 1.0
_STARTUP_S: Final = 5.0
"""For this long after the start, documents are built at every fold, to show first calls soon."""


class DocumentSink(Protocol):
    """A receiver of every document of a run."""

    def take(self, document: Document) -> None:
        """Take a document; the last one is of kind "final"."""


class EngineExtension(Protocol):
    """Further work beside an engine, such as a load test."""

    async def run(self, parts: EngineParts) -> str:
        """Do the work; return why the engine is to end. May be cancelled."""

    def on_event(self, event: Event) -> None:
        """Take an event of the stream, after the calls."""

    async def stop(self, reason: str) -> None:
        """Undo what the calls do not know of, while the engine drains."""


class EngineLoop:
    """The loops of an engine; each ends only by an error."""

    def __init__(
        self,
        parts: EngineParts,
        sinks: Sequence[DocumentSink],
        extension: EngineExtension | None,
        notifier: SystemdNotifier,
    ) -> None:
        self._parts, self._sinks, self._extension = parts, sinks, extension
        self._notifier = notifier
        self._tasks = Tasks("engine")

    def coroutines(self, items: AsyncIterator[StreamItem]) -> list[Coroutine[Any, Any, None]]:
        """Return the loops, each to be run as a task; `items` is the event stream."""
        return [
            self._read_events(items),
            self._tick(),
            self._publish_documents(),
            self._ask_injected(),
            self._sweep_regularly(),
            self._check_workers(),
            self._ask_echo(),
            self._parts.pings.run(),
            self._parts.watch.run(),
            self._parts.caller_legs.run(),
        ]

    async def close(self) -> None:
        """Cancel what events have started."""
        await self._tasks.close()

    def publish(self, document: Document) -> None:
        """Give a document to readers, alerts and sinks."""
        self._parts.document_stream.publish(document, self._parts.publisher.live)
        self._parts.alerts.take(document)
        for sink in self._sinks:
            sink.take(document)

    def on_stream_item(self, item: StreamItem) -> None:
        """Handle an event, or a change of the connection."""
        parts = self._parts
        if isinstance(item, Connected):
            away = f"its events of {item.away_s or 0.0:.1f} s are lost, calls are compared"
            parts.events.add("warning", "reconnected", f"Asterisk is back: {away}")
            self._tasks.spawn(parts.sweeper.reconcile(lambda: parts.event_stream.connected))
        elif isinstance(item, Disconnected):
            parts.watch.disconnected(parts.event_stream.disconnected_since_ns or time.time_ns())
            retry = f"{item.reason}: trying again in {item.retry_s:.1f} s"
            # the banner tells of every further attempt
            text, again = f"event stream lost: {retry}", item.attempt > 0
            parts.events.add("error", "disconnected", text, rate_limited=again)
        elif isinstance(item, MalformedEventError):
            parts.events.add("warning", "broken_event", str(item), rate_limited=True)
        else:
            parts.calls.on_event(item)
            if self._extension is not None:
                self._extension.on_event(item)

    async def _read_events(self, items: AsyncIterator[StreamItem]) -> None:
        """Read the event stream; it ends by an AriError."""
        async for item in items:
            self.on_stream_item(item)

    async def _tick(self) -> None:
        """Fold four times a second at absolute times; missed ticks are not repeated."""
        loop, parts = asyncio.get_running_loop(), self._parts
        due = ticked = loop.time()
        while True:
            due = await until_next(due, FOLD_S)
            ticked, before = loop.time(), ticked
            self._check_blind(ticked - before - FOLD_S)
            lag_ms = (loop.time() - due) * 1000
            parts.publisher.tick_lag_ms = max(parts.publisher.tick_lag_ms, lag_ms)
            parts.analyzer.check_clock(*read_clocks())
            now_ns = time.time_ns()
            parts.analyzer.check_machine(now_ns)
            parts.analyzer.fold(now_ns)
            parts.calls.tick(now_ns)
            parts.calls.media.echo_status.watch.tick()
            self._notifier.watchdog(healthy=parts.worker_pool.healthy)

    def _check_blind(self, late_s: float) -> None:
        """Note a tick that came more than BLIND_S late: nothing was seen meanwhile."""
        if late_s <= BLIND_S:
            return
        now_ns, parts = time.time_ns(), self._parts
        parts.store.outside.blind(now_ns - round(late_s * 1e9), now_ns)
        parts.publisher.blind_s += late_s
        text = (
            f"the engine stood still for {late_s:.1f} s: it saw no event and no ping; audio went on"
        )
        parts.events.add("warning", "blind", text)

    async def _publish_documents(self) -> None:
        """Publish a document every second, or `output.interval_s`; more often at first."""
        loop, parts = asyncio.get_running_loop(), self._parts
        period = min(_SNAPSHOT_S, parts.settings.output.interval_s)
        due = loop.time()
        startup_ends = due + _STARTUP_S
        while True:
            due = await until_next(due, period if due >= startup_ends else min(period, FOLD_S))
            document = parts.publisher.build()
            self._notifier.status(document)
            self.publish(document)

    async def _ask_injected(self) -> None:
        # in a loop of its own: an Asterisk that does not answer must not delay documents
        while True:
            await self._parts.injected.refresh()
            await asyncio.sleep(_SNAPSHOT_S)

    async def _sweep_regularly(self) -> None:
        while True:
            await asyncio.sleep(self._parts.settings.asterisk.sweep_s)
            await self._parts.sweeper.sweep("on schedule")

    async def _check_workers(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self._parts.worker_pool.replace_hung()

    async def _ask_echo(self) -> None:
        """Ask the echo server every second, and in between for what round trips wait for."""
        status = self._parts.calls.media.echo_status
        while True:
            await asyncio.sleep(_SNAPSHOT_S / 2)
            status.ask_waiting()
            await asyncio.sleep(_SNAPSHOT_S / 2)
            status.ask()
