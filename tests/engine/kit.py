"""What the engine's tests share: a whole engine on loopback, and the ways to make it suffer."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import random
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import aiohttp
import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ari_tui.analysis.store import Store
from ari_tui.building.build import CallFacts, EngineFacts, build
from ari_tui.building.sla import Listener
from ari_tui.config.run_options import RunOptions
from ari_tui.config.settings import (
    AlertSettings,
    AsteriskSettings,
    EchoSettings,
    HttpSettings,
    MediaSettings,
    OutputSettings,
    Settings,
    SlaSettings,
)
from ari_tui.core.exit_codes import VERDICT_CODES
from ari_tui.core.process import ParentLink
from ari_tui.document.model import (
    AsteriskState,
    Call,
    CallCounts,
    Document,
    EventLine,
    Figures,
    InjectedBy,
    Ports,
)
from ari_tui.engine import call_media, service
from ari_tui.engine.assembly import EngineParts
from ari_tui.engine.measured_call import MeasuredCall
from ari_tui.reflector.server import EchoConfig, EchoCounters, EchoServer
from ari_tui.sim import rest, server
from ari_tui.sim.config import SimConfig
from ari_tui.sim.server import SimulatedAsterisk
from tests.sim.control import SimControl

WAIT_S = 20.0
VERDICTS = frozenset(VERDICT_CODES.values())
"""Exit codes of a run that ended in order. Which one, a busy machine decides too."""
APP = "tests"
_PORT_BLOCKS = range(25_000, 32_700, 100)
"""Between what engines take by default and what the kernel gives out."""


async def until(condition: Callable[[], object], what: str = "") -> None:
    """Wait until a condition holds."""
    deadline = asyncio.get_running_loop().time() + WAIT_S
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, what or "it never came true"
        await asyncio.sleep(0.01)


# -- machine ---------------------------------------------------------------------------------


def udp_ports() -> set[int]:
    """Return the ports of all UDP sockets of this machine."""
    rows = Path("/proc/net/udp").read_text().splitlines()[1:]
    return {int(row.split()[1].rpartition(":")[2], 16) for row in rows}


def _own_blocks() -> Iterator[int]:
    """Yield this process's share of the blocks, each in its turn.

    Nobody else tests on them meanwhile, and what a far end of an earlier test still sends to its
    ports meets nobody.
    """
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    own = list(_PORT_BLOCKS[number :: int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))])
    start = random.randrange(len(own))
    return itertools.cycle(own[start:] + own[:start])


_blocks = _own_blocks()


def free_block(size: int = 100) -> tuple[int, int]:
    """Return the first and last of some ports that nobody holds and no other test uses."""
    taken = udp_ports()
    for first in itertools.islice(_blocks, len(_PORT_BLOCKS)):
        if not taken & set(range(first, first + size)):
            return first, first + size - 1
    raise AssertionError("every block of ports is held")


def unused_udp_port() -> int:
    """Return a port that nobody holds at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def worker_pids() -> list[int]:
    """Return the media workers that this process has started and that have not ended."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"relay.worker" in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return sorted(found)


# -- echo ------------------------------------------------------------------------------------


@dataclass
class EchoRun:
    """An echo server in a thread."""

    host: str
    port: int
    counters: EchoCounters | None = None


@contextlib.contextmanager
def echo_server(port: int = 0, **config: Any) -> Iterator[EchoRun]:
    """Run an echo server until the block ends; its counters are there then."""
    echo = EchoServer(EchoConfig(port=port, **config))
    host, bound = echo.bind()
    run = EchoRun(host, bound)
    ours, theirs = os.pipe()
    link = ParentLink(None, ours)

    def serve() -> None:
        run.counters = echo.run(link)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield run
    finally:
        os.close(theirs)
        thread.join(WAIT_S)
        os.close(ours)
        assert not thread.is_alive()


# -- Asterisk --------------------------------------------------------------------------------


@dataclass
class Fault:
    """What happens to requests whose method and path with query match."""

    method: str
    part: str
    how: int | str
    """A status: refused with it. "obeyed": done, but answered by 500. "cut": done, but the
    connection breaks. "mute": neither done nor answered. "held": done, but answered when
    `Faults.released` is set."""
    times: int = 1_000_000
    says: str = "spoilt"
    """The words of a refusal."""
    hits: int = 0


@dataclass
class Faults:
    """Stands before the simulated Asterisk's REST interface and spoils what it is told to."""

    rules: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def add(
        self, method: str, part: str, how: int | str, times: int = 1_000_000, says: str = "spoilt"
    ) -> Fault:
        """Spoil the next `times` requests that match."""
        rule = Fault(method, part, how, times, says)
        self.rules.append(rule)
        return rule

    def was_asked(self, method: str, part: str) -> bool:
        """Tell whether a request came whose method and path with query match."""
        return any(one == method and part in path for one, path in self.requests)

    def before(self, guard: Middleware) -> Middleware:
        """Return the middleware that asks here first."""

        @web.middleware
        async def meddle(request: web.Request, handler: Handler) -> web.StreamResponse:
            self.requests.append((request.method, request.path_qs))
            rule = self._match(request)
            if rule is None:
                return await guard(request, handler)
            rule.hits += 1
            if isinstance(rule.how, int):
                return web.json_response({"message": rule.says}, status=rule.how)
            if rule.how == "mute":
                await self.released.wait()
                raise web.HTTPServiceUnavailable
            answer = await guard(request, handler)
            if rule.how == "held":
                await self.released.wait()
                return answer
            if rule.how == "cut" and request.transport is not None:
                request.transport.abort()
            return web.json_response({"message": "spoilt after all"}, status=500)

        return meddle

    def _match(self, request: web.Request) -> Fault | None:
        for rule in self.rules:
            fits = rule.method == request.method and rule.part in request.path_qs
            if fits and rule.hits < rule.times:
                return rule
        return None


@dataclass
class Pbx:
    """A simulated Asterisk, the hand that moves it, and what spoils its answers."""

    sim: SimulatedAsterisk
    control: SimControl
    faults: Faults

    @property
    def channels(self) -> list[str]:
        """Return the ids of all channels."""
        return list(self.sim.pbx.channels)

    @property
    def bridges(self) -> list[str]:
        """Return the ids of all bridges."""
        return list(self.sim.pbx.bridging.bridges)

    def call(self) -> str:
        """Let one more caller ring in; return its id."""
        channel = self.control.place_call()
        assert channel is not None
        return channel


@contextlib.asynccontextmanager
async def asterisk(**config: Any) -> AsyncIterator[Pbx]:
    """Run a simulated Asterisk without callers."""
    faults = Faults()
    real = rest.make_guard
    settled = SimConfig(**{"app": APP, "dtmf_share": 0, "slow_packet_share": 0, **config})
    with mock.patch.object(server, "make_guard", lambda config: faults.before(real(config))):
        async with SimulatedAsterisk(settled) as sim:
            try:
                yield Pbx(sim, SimControl(sim), faults)
            finally:
                faults.released.set()


# -- engine ----------------------------------------------------------------------------------


def settings(pbx: Pbx, echo_port: int, **changes: Any) -> Settings:
    """Return settings for an engine; `changes` are by slice: `media={"workers": 2}`."""
    slices: dict[str, msgspec.Struct] = {
        "asterisk": AsteriskSettings(
            url=pbx.sim.url, app=APP, reconnect_max_s=0.3, request_timeout_s=2.0
        ),
        "media": MediaSettings(ports="{}-{}".format(*free_block()), loss_timeout_ms=1000),
        "echo": EchoSettings(port=echo_port),
        "sla": SlaSettings(),
        "alerts": AlertSettings(),
        "http": HttpSettings(),
        "output": OutputSettings(),
    }
    for name, values in changes.items():
        slices[name] = msgspec.structs.replace(slices[name], **values)
    return Settings(**slices)  # type: ignore[arg-type]  # each is the slice of its name


def assert_books_are_closed(figures: Figures) -> None:
    """Every packet sent is back, lost, or on its way."""
    packets = figures.packets
    assert packets.sent == packets.returned + packets.lost + packets.in_flight


@dataclass
class Run:
    """A running engine."""

    settings: Settings
    pbx: Pbx
    lifeline: int
    task: asyncio.Task[int] = field(init=False)
    parts: EngineParts = field(init=False)
    documents: list[Document] = field(default_factory=list)

    def take(self, document: Document) -> None:
        """Take a document as the engine's sink; none may have open books."""
        self.documents.append(document)
        for figures in (document.totals, *document.calls):
            assert_books_are_closed(figures)

    @property
    def socket(self) -> Path:
        """Return the path of the HTTP server's Unix socket."""
        return self.parts.socket

    @property
    def calls(self) -> list[MeasuredCall]:
        """Return the calls that are not over."""
        return [call for call in self.parts.calls.calls.values() if not call.over]

    @property
    def final(self) -> Document:
        """Return the last document."""
        assert self.documents[-1].kind == "final"
        return self.documents[-1]

    def events(self, kind: str) -> list[EventLine]:
        """Return what was told of one kind."""
        return [line for line in self.parts.events.lines if line.kind == kind]

    def count(self, name: str, number: int | None = None) -> int:
        """Return a counter of one call, or of all, as it stands now."""
        document = self.parts.publisher.build()
        for figures in (document.totals, *document.calls):
            assert_books_are_closed(figures)
        if number is None:
            return int(getattr(document.totals.packets, name))
        found = [call for call in document.calls if call.id.endswith(f".{number}")]
        return int(getattr(found[0].packets, name)) if found else 0

    async def up(self, count: int) -> list[MeasuredCall]:
        """Wait until so many calls are up and each has had packets back; return them."""

        def flowing() -> bool:
            ready = [call for call in self.calls if call.machine.state.value == "up"]
            return len(ready) == count and all(self.count("delivered", c.number) for c in ready)

        await until(flowing, f"{count} calls never flowed")
        return self.calls

    async def flows(self, *numbers: int) -> None:
        """Wait until packets of each of these calls come back from now on."""
        before = {number: self.count("returned", number) for number in numbers}
        await until(lambda: all(self.count("returned", n) > before[n] + 5 for n in numbers))

    def close_lifeline(self, reason: str = "") -> None:
        """Close the lifeline, as a parent does that wants the engine to drain and end."""
        if self.lifeline >= 0:
            fd, self.lifeline = self.lifeline, -1
            if reason:
                os.write(fd, reason.encode() + b"\n")
            os.close(fd)

    async def end(self) -> int:
        """Let the engine go and wait for its end; return its exit code."""
        self.close_lifeline("SIGINT")
        return await self.ended()

    async def ended(self) -> int:
        """Wait for the engine's end; return its exit code, or raise what it raised."""
        return await asyncio.wait_for(asyncio.shield(self.task), 2 * WAIT_S)

    def assert_nothing_left(self) -> None:
        """No process, no socket, no file; and in Asterisk nothing that is ours."""
        self.assert_nothing_of_ours_left()
        assert [one for one in self.pbx.channels if one.startswith("ari-tui.")] == []
        assert self.pbx.bridges == []

    def assert_nothing_of_ours_left(self) -> None:
        """No process, no socket, no file."""
        first, last = self.settings.media.port_range
        assert worker_pids() == []
        assert udp_ports() & set(range(first, last + 1)) == set()
        assert not self.socket.exists()

    @contextlib.asynccontextmanager
    async def http_server(self) -> AsyncIterator[aiohttp.ClientSession]:
        """Open a client of the Unix socket; URLs start with http://engine."""
        connector = aiohttp.UnixConnector(str(self.socket))
        async with aiohttp.ClientSession("http://engine", connector=connector) as session:
            yield session


@contextlib.asynccontextmanager
async def engine(
    pbx: Pbx, echo_port: int, *, options: RunOptions | None = None, **changes: Any
) -> AsyncIterator[Run]:
    """Run an engine, ready, until the block ends; it has ended by itself then, or is let go."""
    ready, says = os.pipe()
    ours, lifeline = os.pipe()
    run = Run(settings(pbx, echo_port, **changes), pbx, lifeline)

    class Watched(EngineParts):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            run.parts = self

    with (
        mock.patch.object(service, "EngineParts", Watched),
        # on loopback nothing comes back after a tenth of a second
        mock.patch.object(call_media, "_LINGER_NS", 100_000_000),
    ):
        work = service.run_engine(
            run.settings, options or RunOptions(headless=True), ParentLink(says, ours), [run]
        )
        run.task = asyncio.create_task(work)
        try:
            await _until_ready(run.task, ready)
            yield run
        finally:
            run.close_lifeline()
            await asyncio.wait({run.task}, timeout=2 * WAIT_S)
            for fd in (ready, ours):
                os.close(fd)
            assert run.task.done()


async def _until_ready(task: asyncio.Task[int], fd: int) -> None:
    stands = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(fd, stands.set)
    waiting = asyncio.create_task(stands.wait())
    try:
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED, timeout=WAIT_S)
    finally:
        loop.remove_reader(fd)
        waiting.cancel()
    if task.done():
        task.result()
    assert stands.is_set(), "the engine was never ready"


def document(*calls: CallFacts, store: Store | None = None, final: bool = False) -> Document:
    """Build the document of an engine that stands still."""
    if store is None:
        store = Store(loss_timeout_ns=10**9, late_ns=3_000_000)
    counts = CallCounts(active=len(calls), peak=len(calls), started=len(calls), ended=0, failed=0)
    one = AsteriskState(
        id="pbx",
        version="22.10.1",
        connected=True,
        url="http://pbx:8088",
        latency_ms=1.5,
        events_lost_s=0.0,
    )
    facts = EngineFacts(
        kind="final" if final else "interval",
        now_ns=10**18,
        session_id="0123abcd",
        host="here",
        version="0",
        started_ns=10**18 - 10**9,
        ended_ns=None,
        end_reason=None,
        asterisks=[one],
        calls=calls,
        counts=counts,
        log_overflow=0,
        log_fill=0.0,
        tick_lag_ms=0.1,
        ari_ms=None,
        workers=1,
        worker_restarts=0,
        receive_buffer_bytes=None,
        ports_in_use=0,
        ports_total=10,
        injected=InjectedBy(echo=None, media=None),
        histograms=False,
    )
    return build(store, facts, Listener())


def call_facts(number: int, **changes: Any) -> CallFacts:
    """Return what an engine knows of a call that it has just taken up."""
    nowhere = Ports(media_local=None, media_remote=None, echo_local=None, echo_remote=None)
    known = partial(
        Call,
        id=f"0123abcd.{number}",
        mode="takeover",
        asterisk="pbx",
        channel=f"PJSIP/{number}",
        channel_id=f"170.{number}",
        caller="Ann 100",
        call_id=None,
        linkedid=None,
        state="up",
        reason=None,
        bridge_technology=None,
        ports=nowhere,
    )
    return CallFacts(number, 10**18 - 10**9, None, partial(known, **changes))


def texts(lines: Sequence[EventLine]) -> list[str]:
    """Return what events say."""
    return [line.text for line in lines]
