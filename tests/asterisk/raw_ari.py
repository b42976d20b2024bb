"""ARI without our client: plain requests and the plain event stream, for facts about Asterisk."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp

from tests.asterisk.lab import Asterisk

Event = dict[str, Any]
_TIMEOUT_S = 10.0


class Events:
    """The events of one application, kept from the first on."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.seen: list[Event] = []
        self.closed = False
        self._socket = socket
        self._messages = asyncio.Condition()

    async def read(self) -> None:
        """Take events in until the socket closes."""
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                await self._tell(json.loads(message.data))
        self.closed = True
        await self._tell(None)

    async def _tell(self, event: Event | None) -> None:
        async with self._messages:
            if event is not None:
                self.seen.append(event)
            self._messages.notify_all()

    def find(self, kind: str, channel: str = "") -> Event | None:
        """Return the first event of a type, of one channel where an id or name part is given."""
        return next((event for event in self.seen if _is(event, kind, channel)), None)

    async def wait(self, kind: str, channel: str = "", *, timeout_s: float = _TIMEOUT_S) -> Event:
        """Return the first such event, seen already or still to come."""
        await self.wait_for(lambda: self.find(kind, channel) is not None, timeout_s=timeout_s)
        found = self.find(kind, channel)
        assert found is not None
        return found

    async def wait_for(
        self, condition: Callable[[], bool], *, timeout_s: float = _TIMEOUT_S
    ) -> None:
        """Wait until what the events have brought fulfils a condition."""
        async with self._messages:
            await asyncio.wait_for(self._messages.wait_for(condition), timeout_s)


def _is(event: Event, kind: str, channel: str) -> bool:
    about = event.get("channel", {})
    return event["type"] == kind and (
        not channel or channel == about.get("id") or channel in about.get("name", "")
    )


class RawAri:
    """Requests as one user."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def request(
        self, method: str, path: str, body: object = None, **parameters: str
    ) -> tuple[int, Any]:
        """Return the status, and the body's JSON (None when there is no body)."""
        async with self._session.request(
            method, f"/ari{path}", params=parameters, json=body
        ) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else None

    @contextlib.asynccontextmanager
    async def events(self, app: str) -> AsyncIterator[Events]:
        """Register an application and collect its events."""
        async with self._session.ws_connect("/ari/events", params={"app": app}) as socket:
            events = Events(socket)
            reading = asyncio.create_task(events.read())
            try:
                yield events
            finally:
                await socket.close()
                await asyncio.wait_for(reading, _TIMEOUT_S)


@contextlib.asynccontextmanager
async def raw_ari(
    asterisk: Asterisk, username: str | None = None, password: str | None = None
) -> AsyncIterator[RawAri]:
    """Give requests as the full user, or as another."""
    credentials = f"{username or asterisk.username}:{password or asterisk.password}"
    headers = {"Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}"}
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    async with aiohttp.ClientSession(asterisk.ari_url, headers=headers, timeout=timeout) as session:
        yield RawAri(session)


def new_id(what: str) -> str:
    """Return an id or application name that nothing else has."""
    return f"fact-{what}-{uuid.uuid4().hex[:8]}"
