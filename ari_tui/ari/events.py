"""The event WebSocket of one Stasis application, kept open: one stream of events and states.

Asterisk closes a socket that stays unread for 100 ms, so a task of its own reads into a queue
without bound whose length is counted; decoding happens on the consumer's side. When the
connection closes, calls stay up in Asterisk but events are lost and never sent again: the
stream says `Disconnected` and, once it is back, `Connected` with the length of the gap; whoever
consumes must then read channels and bridges anew. New calls fail in the dialplan meanwhile.

A second client with the same application name takes it over. The stream then ends with
AriReplacedError: fighting would have two programs throw each other out for ever.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from ari_tui.ari.absences import Absences, Away
from ari_tui.ari.endpoint import AriEndpoint
from ari_tui.ari.event_connection import (
    FAILURES,
    FATAL_AT_FIRST,
    Patience,
    explain,
    fatal,
    open_events,
    was_silent,
)
from ari_tui.ari.event_models import ApplicationReplaced, BrokenEventError, Event, decode_event
from ari_tui.ari.text import clean_text
from ari_tui.backoff import Backoff
from ari_tui.cancellation import end_tasks
from ari_tui.errors import AriError, AriReplacedError


class Connected(NamedTuple):
    """The stream stands; events of the last `away_s` seconds are lost (None: first time)."""

    away_s: float | None


class Disconnected(NamedTuple):
    """The stream broke, or did not come back; `retry_s` seconds until the next attempt."""

    reason: str
    attempt: int
    retry_s: float


StreamItem = Connected | Disconnected | BrokenEventError | Event


class EventStream:
    """Yields Connected, Disconnected, events, and BrokenEventErrors as items, in order.

    An async context manager and an async iterator, for one consumer and one event loop.
    """

    def __init__(
        self,
        endpoint: AriEndpoint,
        app: str,
        *,
        backoff: Backoff | None = None,
        rng: random.Random | None = None,
        clock: Callable[[], float] = time.monotonic,
        open_timeout_s: float = 5.0,
        ping_interval_s: float = 5.0,
        ping_timeout_s: float = 5.0,
    ) -> None:
        """Prepare; `__aenter__` or the first iteration starts the reader.

        A peer that answers no ping for `ping_timeout_s` counts as gone.
        """
        self._endpoint = endpoint
        self._app = app
        self._backoff = backoff or Backoff()
        self._rng = rng or random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._clock = clock
        self._patience = Patience(open_timeout_s, ping_interval_s, ping_timeout_s)
        self._queue: asyncio.Queue[bytes | Connected | Disconnected | AriError] = asyncio.Queue()
        self._reader: asyncio.Task[None] | None = None
        self._absences = Absences(clock)
        self._ended: AriError | None = None
        self.connected = False
        """Whether the WebSocket stands at this moment."""
        self.received = 0
        """Messages read so far."""
        self.broken = 0
        """Messages of a known type that could not be read."""
        self.backlog_peak = 0
        """The most messages that ever waited for the consumer."""

    @property
    def backlog(self) -> int:
        """Return how many messages wait for the consumer."""
        return self._queue.qsize()

    @property
    def events_lost_s(self) -> float:
        """Return how long, in all, the stream was away after it had stood, until now."""
        return self._absences.total_s

    @property
    def away(self) -> Sequence[Away]:
        """Return the last 1000 intervals without events that are over."""
        return self._absences.over

    async def __aenter__(self) -> EventStream:
        self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    def start(self) -> None:
        """Start the reader; harmless when it runs."""
        if self._reader is None:
            self._reader = asyncio.create_task(self._read_safely(), name="ari-events")

    async def close(self) -> None:
        """Close the WebSocket and end the reader; what waits in the queue can still be read."""
        if self._reader is not None and not self._reader.done():
            await end_tasks([self._reader])
        self._end(AriError("the event stream was closed"))

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> StreamItem:
        """Wait for the next item; may be cancelled without losing one. Never ends but raises.

        Raises AriUnauthorizedError or AriError when the very first connection is refused for
        good (401, 403, 404), AriReplacedError when another client took our application over,
        AriError when the stream was closed.
        """
        self.start()
        while True:
            item = await self._next()
            if item is not None:
                return item

    async def _next(self) -> StreamItem | None:
        if self._ended is not None and self._queue.empty():
            raise self._ended
        item = await self._queue.get()
        if isinstance(item, AriError):
            raise item
        if not isinstance(item, bytes):
            return item
        try:
            event = decode_event(item)
        except BrokenEventError as error:
            self.broken += 1
            return error
        # one connection may carry several applications: only ours being taken ends the stream
        if isinstance(event, ApplicationReplaced) and event.application in ("", self._app):
            raise await self._replaced()
        return event

    async def _replaced(self) -> AriReplacedError:
        error = AriReplacedError(
            f"another client took over the Stasis application '{clean_text(self._app)}' at "
            f"{self._endpoint.url}: stop it, or choose another asterisk.app"
        )
        self._ended = error
        await self.close()
        return error

    def _end(self, error: AriError) -> None:
        if self._ended is None:
            self._ended = error
            self._queue.put_nowait(error)

    async def _read_safely(self) -> None:
        try:
            await self._read_for_ever()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            # a reader that dies silently would look like an Asterisk without calls
            failure = AriError(f"the event stream failed: {type(error).__name__}: {error}")
            failure.__cause__ = error
            self._end(failure)

    async def _read_for_ever(self) -> None:
        attempt = 0
        stood = False
        while True:
            opened_at = self._clock()
            try:
                async with open_events(self._endpoint, self._app, self._patience) as websocket:
                    opened_at = self._clock()
                    self._came_up()
                    stood = True
                    reason = await self._read(websocket, opened_at)
            except FAILURES as error:
                reason, status = explain(error, self._endpoint, self._patience)
                if not stood and status in FATAL_AT_FIRST:
                    self._end(fatal(reason, status))
                    return
            finally:
                self.connected = False
            # a connection that lived long enough shows that the trouble before it is over
            if self._clock() - opened_at > self._backoff.longest_s:
                attempt = 0
            delay = self._backoff.delay_s(attempt, self._rng)
            self._put(Disconnected(reason, attempt, delay))
            attempt += 1
            await asyncio.sleep(delay)

    async def _read(self, websocket: ClientConnection, opened_at: float) -> str:
        last_heard = opened_at
        try:
            while True:
                # as bytes: a name in Latin-1 must not close the connection (RFC 6455, 8.1)
                message = await websocket.recv(decode=False)
                last_heard = self._clock()
                self.received += 1
                self._put(message)
        except ConnectionClosed as error:
            now = self._clock()
            reason = f"the event connection was closed: {clean_text(error)}"
            if was_silent(error):
                reason = f"no sign of life from {self._endpoint.url}: {clean_text(error)}"
                # it may have been dead since the ping before
                patience_s = self._patience.ping_interval_s + self._patience.ping_timeout_s
                now = max(last_heard, now - patience_s)
            self._went_down(now, reason)
            return reason

    def _came_up(self) -> None:
        away_s = self._absences.end()
        self.connected = True
        self._put(Connected(away_s))

    def _went_down(self, now: float, reason: str) -> None:
        self.connected = False
        self._absences.begin(now, reason)

    def _put(self, item: bytes | Connected | Disconnected) -> None:
        self._queue.put_nowait(item)
        self.backlog_peak = max(self.backlog_peak, self._queue.qsize())
