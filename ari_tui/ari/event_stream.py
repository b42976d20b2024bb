"""The event WebSocket of one Stasis application, reconnected when it breaks.

Asterisk closes a socket that is not read for 100 ms, so a task reads into an unbounded queue;
events are decoded by the consumer. While the connection is broken, calls stay up in Asterisk but
events are lost and never sent again: the stream yields `Disconnected` and later `Connected` with
the length of the gap, and the consumer must read channels and bridges again. New calls fail in
the dialplan meanwhile.

Another client with the same application name takes over the application. The stream then ends
with AriReplacedError: reconnecting would have two programs replace each other forever.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from ari_tui.ari.endpoint import AriEndpoint
from ari_tui.ari.events import ApplicationReplaced, Event, decode_event
from ari_tui.core.backoff import Backoff
from ari_tui.core.cancellation import cancel_tasks
from ari_tui.core.errors import (
    AriError,
    AriReplacedError,
    AriUnauthorizedError,
    MalformedEventError,
)
from ari_tui.core.text import clean_text


class Outages:
    """How long a stream was disconnected, by its clock; not before the first connection."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since: float | None = None
        self.since_ns: int | None = None
        """When the present one began (CLOCK_REALTIME, ns); None while there is none."""
        self._before_s = 0.0

    @property
    def total_s(self) -> float:
        """Return the length of all outages until now."""
        return self._before_s + self.lasts_s

    @property
    def lasts_s(self) -> float:
        """Return how long the present outage has lasted; 0 while there is none."""
        return 0.0 if self._since is None else self._clock() - self._since

    def begin(self, at_s: float) -> None:
        """Note that the connection broke, which may have been noticed later."""
        self._since = at_s
        self.since_ns = time.time_ns() - round((self._clock() - at_s) * 1e9)

    def end(self) -> float | None:
        """Note that the stream is connected; return how long it was not, None the first time."""
        if self._since is None:
            return None
        away_s = self._clock() - self._since
        self._before_s, self._since, self.since_ns = self._before_s + away_s, None, None
        return away_s


SOON_S: Final = 2.0
SOON_FOR_S: Final = 30.0
"""For so long after a connection broke, the next attempt is at most `SOON_S` away."""
FAILURES: Final = (OSError, asyncio.TimeoutError, InvalidHandshake, EOFError)
"""What opening may raise."""
FATAL_AT_FIRST: Final = frozenset({401, 403, 404})
"""Refusals that end the stream, unless it was connected before."""
_MAX_MESSAGE: Final = 16 * 1024 * 1024
_WIRE_LOG: Final = logging.getLogger("ari_tui.ari.websocket")
_WIRE_LOG.setLevel(logging.WARNING)  # at DEBUG, websockets logs the Authorization header
_KEEPALIVE_FAILED: Final = 1011


class ConnectionTimeouts(NamedTuple):
    """Time-outs of opening and of pings, in seconds."""

    open_s: float = 5.0
    ping_interval_s: float = 5.0
    ping_timeout_s: float = 5.0


def open_events(endpoint: AriEndpoint, app: str, timeouts: ConnectionTimeouts) -> connect:
    """Return the connection to an application's events, to be entered; raises FAILURES then."""
    return _EventConnect(
        endpoint.events_url(app),
        additional_headers=endpoint.headers,
        ssl=endpoint.tls,
        proxy=None,
        compression=None,
        logger=_WIRE_LOG,
        max_size=_MAX_MESSAGE,
        max_queue=None,
        open_timeout=timeouts.open_s,
        close_timeout=1.0,
        ping_interval=timeouts.ping_interval_s,
        ping_timeout=timeouts.ping_timeout_s,
    )


class _EventConnect(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        # a redirect would send our credentials to another server
        return exc


def was_silent(error: ConnectionClosed) -> bool:
    """Return whether a connection was closed because the peer answered no ping."""
    return error.sent is not None and error.sent.code == _KEEPALIVE_FAILED


def explain(
    error: Exception, endpoint: AriEndpoint, timeouts: ConnectionTimeouts
) -> tuple[str, int | None]:
    """Return why opening failed, as a text, and the HTTP status if there was one."""
    url, user = endpoint.url, clean_text(endpoint.username)
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        if status in (401, 403):
            return (
                f"Asterisk at {url} refused user '{user}' its events ({status}): check "
                "asterisk.username and asterisk.password (ari.conf)"
            ), status
        if status == 404:
            return (
                f"there are no ARI events at {url}: is it enabled? (http.conf enabled=yes, "
                "ari.conf enabled=yes)"
            ), status
        return f"{url} answered the event request with {status}", status
    if isinstance(error, ConnectionRefusedError):
        return f"nothing listens at {url}: is Asterisk running?", None
    if isinstance(error, asyncio.TimeoutError):
        return f"no event connection to {url} within {timeouts.open_s:g} s", None
    detail = clean_text(error) or type(error).__name__
    return f"no event connection to {url}: {detail}", None


def fatal(reason: str, status: int | None) -> AriError:
    """Return the error for a refusal at the first attempt."""
    if status in (401, 403):
        return AriUnauthorizedError(reason, status=status)
    return AriError(reason, status=status)


class Connected(NamedTuple):
    """Connected; events of the last `away_s` seconds are lost (None: first time)."""

    away_s: float | None


class Disconnected(NamedTuple):
    """The connection broke or could not be opened; the next attempt is in `retry_s` seconds."""

    reason: str
    attempt: int
    retry_s: float


StreamItem = Connected | Disconnected | MalformedEventError | Event


class EventStream:
    """Yields Connected, Disconnected, events, and MalformedEventErrors as items, in order.

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

        A peer that answers no ping for `ping_timeout_s` counts as disconnected.
        """
        self._endpoint, self._app, self._clock = endpoint, app, clock
        self._backoff = backoff or Backoff()
        self._rng = rng or random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._timeouts = ConnectionTimeouts(open_timeout_s, ping_interval_s, ping_timeout_s)
        self._queue: asyncio.Queue[bytes | Connected | Disconnected | AriError] = asyncio.Queue()
        self._reader: asyncio.Task[None] | None = None
        self._outages = Outages(clock)
        self._ended: AriError | None = None
        self.connected = False
        """Whether the WebSocket is connected at this moment."""
        self.next_attempt_ns: int | None = None
        """When it is opened anew (CLOCK_REALTIME, ns); None while it stands or is being opened."""
        self.received = 0
        """Messages read so far."""

    @property
    def backlog(self) -> int:
        """Return how many messages wait for the consumer."""
        return self._queue.qsize()

    @property
    def events_lost_s(self) -> float:
        """Return how long, in all, the stream was disconnected after its first connection."""
        return self._outages.total_s

    @property
    def disconnected_since_ns(self) -> int | None:
        """Return when the connection broke (CLOCK_REALTIME, ns); None while it stands, and
        before the first one.
        """
        return self._outages.since_ns

    async def __aenter__(self) -> EventStream:
        self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    def start(self) -> None:
        """Start the reader. Idempotent."""
        if self._reader is None:
            self._reader = asyncio.create_task(self._read_safely(), name="ari-events")

    async def close(self) -> None:
        """Close the WebSocket and the reader; the queue can still be read."""
        if self._reader is not None and not self._reader.done():
            await cancel_tasks([self._reader])
        self._end(AriError("the event stream was closed"))

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> StreamItem:
        """Wait for the next item; may be cancelled without losing one. Ends only by an error.

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
        except MalformedEventError as error:
            return error
        # a connection may carry several applications: only our own counts
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
            await self._read_forever()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            # a reader that ended silently would look like an Asterisk without calls
            failure = AriError(f"the event stream failed: {type(error).__name__}: {error}")
            failure.__cause__ = error
            self._end(failure)

    async def _read_forever(self) -> None:
        attempt = 0
        was_connected = False
        while True:
            opened_at = self._clock()
            try:
                async with open_events(self._endpoint, self._app, self._timeouts) as websocket:
                    opened_at = self._clock()
                    away_s = self._outages.end()
                    self.connected = True
                    self._queue.put_nowait(Connected(away_s))
                    was_connected = True
                    reason = await self._read(websocket, opened_at)
            except FAILURES as error:
                reason, status = explain(error, self._endpoint, self._timeouts)
                if not was_connected and status in FATAL_AT_FIRST:
                    self._end(fatal(reason, status))
                    return
            finally:
                self.connected = False
            # a connection that lasted resets the backoff
            if self._clock() - opened_at > self._backoff.longest_s:
                attempt = 0
            delay = self._backoff.delay_s(attempt, self._rng)
            if self._outages.lasts_s < SOON_FOR_S:
                delay = min(delay, SOON_S)
            self._queue.put_nowait(Disconnected(reason, attempt, delay))
            attempt += 1
            self.next_attempt_ns = time.time_ns() + round(delay * 1e9)
            await asyncio.sleep(delay)
            self.next_attempt_ns = None

    async def _read(self, websocket: ClientConnection, opened_at: float) -> str:
        last_received = opened_at
        try:
            while True:
                # as bytes: a name in Latin-1 must not close the connection (RFC 6455, 8.1)
                message = await websocket.recv(decode=False)
                last_received = self._clock()
                self.received += 1
                self._queue.put_nowait(message)
        except ConnectionClosed as error:
            now = self._clock()
            reason = f"the event connection was closed: {clean_text(error)}"
            if was_silent(error):
                reason = f"no sign of life from {self._endpoint.url}: {clean_text(error)}"
                # it may have been lost since the ping before
                ping_s = self._timeouts.ping_interval_s + self._timeouts.ping_timeout_s
                now = max(last_received, now - ping_s)
            self.connected = False
            self._outages.begin(now)
            return reason
