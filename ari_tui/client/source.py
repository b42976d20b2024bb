"""The source of a screen's documents: a running engine."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple, Protocol

import msgspec
from websockets.exceptions import ConnectionClosed, WebSocketException

from ari_tui.client.address import Target, explain, explain_closed
from ari_tui.client.address import parse_target as parse_target  # re-exported
from ari_tui.client.connection import OPEN_S, Connection, connected
from ari_tui.client.messages import Bye, EventNotice, Hello, Snapshot
from ari_tui.core import log
from ari_tui.core.backoff import Backoff
from ari_tui.core.cancellation import cancel_tasks
from ari_tui.core.errors import ActionError as ActionError
from ari_tui.core.errors import AriTuiError, UnknownMessageError
from ari_tui.document.ended import EndedCalls, EndedPage
from ari_tui.document.live import History, Live
from ari_tui.document.model import Document, EventLine

EVENTS_KEPT: Final = 1000
_RETRY: Final = Backoff(first_s=0.2, longest_s=3.0)
_HISTORY_S: Final = 10.0
_HISTORY_TRIES: Final = 3
_FAILURES: Final = (
    OSError,
    EOFError,
    asyncio.TimeoutError,
    WebSocketException,
    UnknownMessageError,
)
_log = log.get("source")


class Link(NamedTuple):
    """The state of the connection to the engine."""

    state: Literal["connecting", "live", "lost", "ended"]
    """`lost`: reconnecting; `ended`: the engine sent its bye."""
    detail: str = ""
    """Why it is not live, as text."""


class Source(Protocol):
    """The newest document and its history; not thread-safe."""

    version: int
    """Grows with every document, event or change of the link."""
    document: Document | None
    """The newest; earlier ones are not kept."""
    history: History
    events: deque[EventLine]
    """The newest EVENTS_KEPT, oldest first."""
    ended: EndedCalls
    """The calls that the document no longer has."""
    link: Link
    address: str
    """The engine's address, as shown."""

    @property
    def age_s(self) -> float:
        """Seconds since the newest document; 0.0 before the first."""

    async def run(self) -> None:
        """Follow the engine until cancelled; reconnect when the connection is lost."""

    async def changed(self) -> None:
        """Wait until `version` grows."""

    async def act(
        self, action: str, args: Mapping[str, Any] | None = None, *, timeout_s: float = 5.0
    ) -> Any:
        """Request an action and return its result. Raises ActionError."""


class LiveSource:
    """A running engine, followed over its `/stream`."""

    def __init__(
        self,
        target: Target,
        token: str = "",
        *,
        ended_calls: int = 0,
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        self.version = 0
        self.document: Document | None = None
        self.history = History()
        self.events: deque[EventLine] = deque(maxlen=EVENTS_KEPT)
        self.ended = EndedCalls(ended_calls)
        self.link, self.address = Link("connecting"), target.shown
        self._session = ""
        self._unread_ended = False
        """Calls have ended that we did not see leave."""
        self._change = asyncio.Event()
        self._target, self._token, self._clock = target, token, clock
        self._rng = rng or random.Random()  # noqa: S311  spreads retries, not secret
        self._connection: Connection | None = None
        self._taken_at: float | None = None
        self._tries = 0
        """Remaining requests for missing seconds."""
        self._filling: asyncio.Task[None] | None = None

    @property
    def age_s(self) -> float:
        """Seconds since the newest document; 0.0 before the first."""
        return 0.0 if self._taken_at is None else self._clock() - self._taken_at

    async def changed(self) -> None:
        """Wait until `version` grows."""
        await self._change.wait()

    async def opened(self) -> None:
        """Wait for the first hello, with `run` in another task. Raises AriTuiError without one."""
        while self.link == Link("connecting"):
            await self.changed()
        if self.link.state == "connecting":
            raise AriTuiError(self.link.detail)

    async def run(self) -> None:
        """Follow the engine until cancelled; reconnect when the connection is lost."""
        failures = 0
        while True:
            try:
                async with connected(self._target, self._token) as connection:
                    hello = await connection.hello()
                    failures = 0
                    self._greet(connection, hello)
                    await self._follow(connection)
            except _FAILURES as error:
                self._lost(self._reason(error))
            finally:
                await self._disconnected()
            await asyncio.sleep(_RETRY.delay_s(failures, self._rng))
            failures += 1

    async def act(
        self, action: str, args: Mapping[str, Any] | None = None, *, timeout_s: float = 5.0
    ) -> Any:
        """Request an action and return its result. Raises ActionError."""
        if self._connection is None:
            raise ActionError(f"{action}: {self.link.detail or 'not connected yet'}")
        return await self._connection.act(action, args or {}, timeout_s)

    def _greet(self, connection: Connection, hello: Hello) -> None:
        """Replace all data by a hello's, which covers the last five minutes."""
        self._connection = connection
        if hello.session != self._session:
            self._session, self.ended = hello.session, EndedCalls(self.ended.most)
        self.history = History()
        self.events.clear()
        self.events.extend(hello.events)
        self._set_link(Link("live"))
        self._receive(hello.document, hello.live)
        self._unread_ended = bool(hello.ended and self.ended.most)
        self._fill(contiguous=True)

    async def _follow(self, connection: Connection) -> None:
        """Process messages until ConnectionClosed."""
        while True:
            message = await connection.receive()
            if isinstance(message, Snapshot):
                contiguous = self.history.reaches(message.live)
                self._receive(message.document, message.live)
                self._fill(contiguous)
            elif isinstance(message, EventNotice):
                self.events.append(message.event)
                self._changed()
            elif isinstance(message, Bye):
                self._end()

    def _receive(self, document: Document, live: Live) -> None:
        self._taken_at = self._clock()
        self.document = document
        self.history.merge(live)
        self.ended.take(document)
        self.history.keep_only({call.id for call in document.calls})
        self._changed()
        if document.kind == "final":
            self._end()

    def _fill(self, contiguous: bool) -> None:
        """Request missing seconds, a few times, one request at a time."""
        if not contiguous:
            self._tries = _HISTORY_TRIES
            self._unread_ended = bool(self.ended.most)
        if self._filling is not None and not self._filling.done():
            return
        if self._tries or self._unread_ended:
            self._filling = asyncio.create_task(self._ask_missing())

    async def _ask_missing(self) -> None:
        if self._tries:
            self._tries -= 1
            await self._ask_history()
        if self._unread_ended:
            self._unread_ended = False
            await self._ask_ended()

    async def _ask_ended(self) -> None:
        """Ask for all ended calls; those that are known stay where they are."""
        after, more = 0, True
        try:
            while more:
                answer = await self.act("ended", {"after": after}, timeout_s=_HISTORY_S)
                page = msgspec.convert(answer, EndedPage)
                self.ended.add(page.calls)
                more, after = page.more and page.next > after, page.next
        except (ActionError, msgspec.ValidationError) as error:
            _log.warning(f"ended calls are missing: {error}")
        self._changed()

    async def _ask_history(self) -> None:
        try:
            answer = await self.act("history", timeout_s=_HISTORY_S)
            self.history.merge(msgspec.convert(answer, Live))
        except (ActionError, msgspec.ValidationError) as error:
            _log.warning(f"seconds are missing: {error}")
            return
        self._tries = 0
        self._changed()

    def _end(self) -> None:
        reason = self.document.session.end_reason if self.document is not None else None
        self._set_link(
            Link("ended", f"the engine has ended ({reason or 'it closed the connection'})")
        )

    def _lost(self, reason: str) -> None:
        """Set the link to not connected; an engine that has ended stays so."""
        if self.link.state != "ended":
            self._set_link(Link("connecting" if self.document is None else "lost", reason))

    async def _disconnected(self) -> None:
        self._connection, self._tries, self._unread_ended = None, 0, False
        if self._filling is not None:
            await cancel_tasks([self._filling])

    def _reason(self, error: BaseException) -> str:
        if isinstance(error, ConnectionClosed):
            return explain_closed(error, self._target)
        if isinstance(error, UnknownMessageError):
            return f"{self.address} {error}"
        return explain(error, self._target, token=bool(self._token), open_s=OPEN_S)

    def _set_link(self, link: Link) -> None:
        if link != self.link:
            _log.info(f"engine {link.state}", why=link.detail)
            self.link = link
            self._changed()

    def _changed(self) -> None:
        self.version += 1
        # wakes all waiters; later ones wait for the next change
        self._change.set()
        self._change = asyncio.Event()
