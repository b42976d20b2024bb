"""A real HTTP server and stream over a stub engine whose documents a test sets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from ari_tui.analysis.histogram import CumulativeBuckets
from ari_tui.analysis.sla.profiles import SEED_PROFILE
from ari_tui.client.address import Target, parse_target
from ari_tui.client.source import LiveSource, Source
from ari_tui.config.settings import HttpSettings
from ari_tui.core.cancellation import cancel_tasks
from ari_tui.core.errors import ActionFailedError
from ari_tui.document.ended import EndedCalls
from ari_tui.document.live import SECONDS, CallCourse, Live
from ari_tui.document.model import SCHEMA, Document
from ari_tui.engine.http.server import Health, HttpServer
from ari_tui.engine.http.stream import DocumentStream
from tests.ui.kit import LAST_SECOND, a_call, a_document, a_live, an_event

WAIT_S = 20.0
TOLD = ("quit", "drain", "release", "hang_up", "detail", "statistics")
"""Actions that are noted and answered with `answers`."""


async def until(source: Source, condition: Callable[[], object]) -> None:
    """Wait for changes of a source until a condition holds."""

    async def wait() -> None:
        while not condition():
            await source.changed()

    await asyncio.wait_for(wait(), WAIT_S)


class StubEngine:
    """Two calls of 50 packets a second; `lost` packets are lost of the first, by second."""

    def __init__(self, path: Path, **http: Any) -> None:
        self.path, self.settings = path, HttpSettings(**http)
        self.second = LAST_SECOND
        self.lost: dict[int, int] = {}
        self.calls = [a_call(1), a_call(2)]
        self.session = "s1"
        self.hello_changes: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Any] = dict.fromkeys(TOLD, "done")
        self.ended = EndedCalls(1000)
        self.holding, self.held = asyncio.Event(), asyncio.Event()
        self.http_server: HttpServer | None = None

    @property
    def document(self) -> Document:
        """Return the document of now; its time is the second as a number."""
        made = a_document(self.calls)
        session = msgspec.structs.replace(made.session, id=self.session)
        return msgspec.structs.replace(made, session=session, time=str(self.second))

    def live(self, seconds: int = 6) -> Live:
        """Return the newest seconds."""
        whole = a_live({}, self.second)
        found = {}
        for call in self.calls:
            lost = self.lost if call is self.calls[0] else {}
            wanted = range(self.second - seconds + 1, self.second + 1)
            flat: list[int | None] = [5000] * seconds
            found[call.id] = CallCourse(
                sent=[50] * seconds,
                lost=[lost.get(one, 0) for one in wanted],
                late=[0] * seconds,
                rtt_p95_us=flat,
                rtt_max_us=flat,
            )
        everything = msgspec.structs.replace(
            whole.all,
            **{name: getattr(whole.all, name)[:seconds] for name in whole.all.__struct_fields__},
        )
        return msgspec.structs.replace(whole, seconds=seconds, calls=found, all=everything)

    def hello(self) -> Mapping[str, Any]:
        return {
            "schema": SCHEMA,
            "session": self.session,
            "document": self.document,
            "live": self.live(SECONDS),
            "events": [an_event(f"hello of {self.session}")],
            "ended": len(self.ended),
            **self.hello_changes,
        }

    async def start(self) -> None:
        """Open the HTTP server."""
        actions = {
            "history": self.on_history,
            "hold": self.on_hold,
            "refuse": self.on_refuse,
            "ended": self.on_ended,
        }
        told = {name: partial(self.on_told, name) for name in TOLD}
        self.stream = DocumentStream(self.hello, {**actions, **told})
        self.http_server = HttpServer(
            self.settings,
            newest=lambda: self.document,
            round_trips=CumulativeBuckets(SEED_PROFILE).read,
            health=self.health,
            stream=self.stream,
            sla=lambda: self.document.sla,
        )
        await self.http_server.open(self.path)

    def health(self) -> Health:
        return Health(ok=True, asterisk_connected=True, workers_alive=True, calls=2, version="1")

    async def on_history(self, _: Mapping[str, Any]) -> Any:
        self.asked.append(("history", {}))
        return self.live(SECONDS)

    async def on_ended(self, args: Mapping[str, Any]) -> Any:
        self.asked.append(("ended", dict(args)))
        return self.ended.page(args["after"])

    async def on_hold(self, args: Mapping[str, Any]) -> Any:
        self.holding.set()
        await self.held.wait()
        return dict(args)

    async def on_refuse(self, _: Mapping[str, Any]) -> Any:
        raise ActionFailedError("not today")

    async def on_told(self, name: str, args: Mapping[str, Any]) -> Any:
        self.asked.append((name, dict(args)))
        answer = self.answers[name]
        if isinstance(answer, ActionFailedError):
            raise answer
        return answer

    def tick(self, seconds: int = 1, **changed: Any) -> None:
        """Go on by so many seconds and publish."""
        self.second += seconds
        self.stream.publish(msgspec.structs.replace(self.document, **changed), self.live)

    async def close(self) -> None:
        """Send goodbye and close the HTTP server."""
        if self.http_server is not None:
            http_server, self.http_server = self.http_server, None
            await http_server.close()

    async def kill(self) -> None:
        """End without a word, as SIGKILL does."""
        for client in self.stream._clients:
            request = client.socket._req
            assert request is not None
            assert request.transport is not None
            request.transport.abort()
        self.stream._clients.clear()  # who is told nothing
        await self.close()

    @property
    def target(self) -> Target:
        """Return the way over the Unix socket."""
        return parse_target(str(self.path))

    @property
    def tcp_address(self) -> str:
        assert self.http_server is not None
        assert self.http_server.tcp_address is not None
        return "{}:{}".format(*self.http_server.tcp_address)


@contextlib.asynccontextmanager
async def stub_engine(path: Path, **http: Any) -> AsyncIterator[StubEngine]:
    """Run a stub engine."""
    engine = StubEngine(path, **http)
    await engine.start()
    try:
        yield engine
    finally:
        engine.held.set()
        await engine.close()


@contextlib.asynccontextmanager
async def following(source: LiveSource, *, live: bool = True) -> AsyncIterator[LiveSource]:
    """Run a source, live, until the block ends."""
    running = asyncio.create_task(source.run())
    try:
        if live:
            await until(source, lambda: source.link.state == "live")
        yield source
    finally:
        await cancel_tasks([running])
        assert running.cancelled()
