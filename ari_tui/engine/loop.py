"""What an engine does as long as it runs, each at its own pace: it follows, folds, publishes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Any, Final, Protocol

from ari_tui.ari.event_stream import Connected, Disconnected, StreamItem
from ari_tui.ari.events import Event
from ari_tui.core.errors import BrokenEventError
from ari_tui.core.tasks import Tasks
from ari_tui.document.model import Document
from ari_tui.engine.assembly import Parts
from ari_tui.engine.live_analyzer import read_clocks
from ari_tui.engine.service_status import SystemdNotifier

FOLD_S: Final = 0.25
_SNAPSHOT_S: Final = 1.0
_YOUNG_S: Final = 5.0
"""For so long documents come as often as folds: somebody waits to see the first calls."""


class DocumentSink(Protocol):
    """Something that takes every document of a run."""

    def take(self, document: Document) -> None:
        """Take a document; the last is of kind "final" and its books are closed."""


class EngineExtension(Protocol):
    """One more piece of an engine's work, such as a load test."""

    async def run(self, parts: Parts) -> str:
        """Do the work; return why the engine is to end, once it is done. May be cancelled."""

    def on_event(self, event: Event) -> None:
        """Take an event of the stream; the calls have taken it already."""

    async def stop(self, reason: str) -> None:
        """Undo what the calls do not know of; the engine drains at the same time."""


class EngineLoop:
    """The standing work on assembled parts; no piece of it ends by itself but with an error."""

    def __init__(
        self,
        parts: Parts,
        sinks: Sequence[DocumentSink],
        companion: EngineExtension | None,
        notifier: SystemdNotifier,
    ) -> None:
        self._parts, self._sinks, self._companion = parts, sinks, companion
        self._notifier = notifier
        self._tasks = Tasks("engine")

    def all(self, items: AsyncIterator[StreamItem]) -> list[Coroutine[Any, Any, None]]:
        """Return the pieces of work, each to be a task; `items` are the event stream's."""
        return [
            self._follow(items),
            self._pulse(),
            self._publish(),
            self._ask_injected(),
            self._sweep(),
            self._watch(),
        ]

    async def close(self) -> None:
        """Give up what an event has set off."""
        await self._tasks.close()

    def hand_out(self, document: Document) -> None:
        """Give a document to all who read it."""
        self._parts.readers.publish(document, self._parts.publisher.live)
        self._parts.alerts.take(document)
        for sink in self._sinks:
            sink.take(document)

    def on_item(self, item: StreamItem) -> None:
        """Take an event, or what became of the connection."""
        parts = self._parts
        if isinstance(item, Connected):
            away = item.away_s or 0.0
            parts.events.tell(
                "warning",
                "reconnected",
                f"Asterisk is back: events of {away:.1f} s are lost, calls are compared",
            )
            self._tasks.spawn(parts.sweeper.reconcile(lambda: parts.stream.connected))
        elif isinstance(item, Disconnected):
            again = f"{item.reason}: trying again in {item.retry_s:.1f} s"
            parts.events.tell("error", "disconnected", f"event stream lost: {again}")
        elif isinstance(item, BrokenEventError):
            parts.events.tell("warning", "broken_event", str(item), rarely=True)
        else:
            parts.calls.on_event(item)
            if self._companion is not None:
                self._companion.on_event(item)

    async def _follow(self, items: AsyncIterator[StreamItem]) -> None:
        """Follow the event stream; it ends by an AriError."""
        async for item in items:
            self.on_item(item)

    async def _pulse(self) -> None:
        """Fold four times a second, by an absolute clock; late pulses are not made up for."""
        loop, parts = asyncio.get_running_loop(), self._parts
        due = loop.time()
        while True:
            due = max(due + FOLD_S, loop.time())
            await asyncio.sleep(due - loop.time())
            lag_ms = (loop.time() - due) * 1000
            parts.publisher.tick_lag_ms = max(parts.publisher.tick_lag_ms, lag_ms)
            parts.analyzer.watch_clock(*read_clocks())
            now_ns = time.time_ns()
            parts.analyzer.fold(now_ns)
            parts.calls.tick(now_ns)
            self._notifier.pulse(healthy=parts.worker_pool.healthy)

    async def _publish(self) -> None:
        """Build one document a second, or as often as asked, and hand it out; at first more."""
        loop, parts = asyncio.get_running_loop(), self._parts
        period = min(_SNAPSHOT_S, parts.settings.output.interval_s)
        due = loop.time()
        old = due + _YOUNG_S
        while True:
            due = max(due + (period if due >= old else min(period, FOLD_S)), loop.time())
            await asyncio.sleep(due - loop.time())
            document = parts.publisher.write()
            self._notifier.publish(document)
            self.hand_out(document)

    async def _ask_injected(self) -> None:
        # beside the documents: an Asterisk that does not answer must not hold them up
        while True:
            await self._parts.injected.refresh()
            await asyncio.sleep(_SNAPSHOT_S)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._parts.settings.asterisk.sweep_s)
            await self._parts.sweeper.sweep("as every so often")

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self._parts.worker_pool.replace_hung()
            self._parts.calls.media.ask_echo()
