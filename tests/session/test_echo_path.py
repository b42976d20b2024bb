"""."""

from __future__ import annotations

import asyncio
import os
import select
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, cast

import pytest

from ari_tui.core.sockets import open_udp
from ari_tui.reflector.fault_spec import parse_faults
from ari_tui.session.echo_path import EchoPath, path_faults
from ari_tui.session.worker_stalls import WorkerStalls, worker_pids
from tests import rtp_packets
from tests.processes import stopped
from tests.sim.kit import until


def packet(number: int) -> bytes:
    return rtp_packets.build(b"x" * 160, sequence=number, timestamp=160 * number, ssrc=1)


class Server(asyncio.DatagramProtocol):
    """An echo server that keeps what came, by source."""

    def __init__(self) -> None:
        self.received: dict[object, list[bytes]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # before 3.12 the selector's transport is no subclass of DatagramTransport
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.received.setdefault(addr, []).append(data)
        self.transport.sendto(data, addr)


@asynccontextmanager
async def path(*faults: str) -> AsyncIterator[tuple[Server, EchoPath]]:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(Server, ("127.0.0.1", 0))
    address = transport.get_extra_info("sockname")
    async with EchoPath(address, parse_faults(faults), 5) as made:
        yield server, made
    transport.close()


async def received(sock: socket.socket, count: int) -> list[bytes]:
    loop = asyncio.get_running_loop()
    return [await asyncio.wait_for(loop.sock_recv(sock, 2048), 20) for _ in range(count)]


@contextmanager
def client(made: EchoPath) -> Iterator[socket.socket]:
    with open_udp("127.0.0.1", 0) as sock:
        sock.connect(made.address)
        yield sock


async def test_each_client_has_its_own_socket_and_gets_its_own_answers() -> None:
    async with path("echo-path:delay=1ms") as (server, made):
        with client(made) as one, client(made) as other:
            for number in range(5):
                one.send(packet(number))
                other.send(packet(100 + number))
            assert sorted(await received(one, 5)) == [packet(n) for n in range(5)]
            assert sorted(await received(other, 5)) == [packet(100 + n) for n in range(5)]
        assert len(server.received) == 2


@pytest.mark.parametrize(
    ("place", "out", "back"), [("echo-out", 1, 0), ("echo-back", 0, 1), ("echo-path", 1, 1)]
)
async def test_each_way_loses_by_its_own_faults(place: str, out: int, back: int) -> None:
    async with path(f"{place}:loss=30%") as (server, made):
        with client(made) as one:
            for number in range(200):
                one.send(packet(number))
                if number % 50 == 49:
                    await asyncio.sleep(0.01)  # the kernel's buffer holds a few hundred

            def arrived() -> int:
                return sum(map(len, server.received.values()))

            # what is on its way comes before the last packet of all, which nothing loses any more
            await until(lambda: arrived() + made.lost[0] == 200)
            answers = await received(one, 1)
            await until(lambda: gathered(one, answers) + sum(made.lost) == 200)
    assert (made.lost[0] > 30, made.lost[1] > 20) == (bool(out), bool(back))


def gathered(sock: socket.socket, answers: list[bytes]) -> int:
    """Add what has come, and return how much that is."""
    while select.select([sock], [], [], 0)[0]:
        answers.append(sock.recv(2048))
    return len(answers)


async def test_a_query_of_a_socket_without_media_is_left_alone() -> None:
    async with path("echo-path:loss=100%") as (_, made):
        with client(made) as one:
            one.send(b"a query")
            assert await received(one, 1) == [b"a query"]
            assert made.lost == (0, 0)


async def test_only_faults_of_the_path_need_one() -> None:
    faults = parse_faults(("caller-in:loss=1%", "echo-back:loss=1%", "echo-server:stall=1s"))
    assert [fault.place for fault in path_faults(faults)] == ["echo-back"]


@pytest.fixture
def stand_in() -> Iterator[int]:
    """A child of ours with the command line of a media worker."""
    sleeping = "import time; time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", sleeping, "ari_tui.relay.worker"]) as child:
        yield child.pid
        child.kill()


async def test_a_stalled_worker_is_stopped_and_continues(stand_in: int) -> None:
    await until(lambda: worker_pids(os.getpid()) == [stand_in])  # forked, and then executed
    assert worker_pids(stand_in) == []
    async with WorkerStalls(os.getpid(), parse_faults(("engine:stall=10s",))):
        await until(lambda: stopped(stand_in))
    await until(lambda: not stopped(stand_in))


async def test_no_stall_is_left_out_at_the_start_and_they_come_again(stand_in: int) -> None:
    await until(lambda: worker_pids(os.getpid()) == [stand_in])
    async with WorkerStalls(os.getpid(), parse_faults(("engine:stall=200ms,every=400ms",))):
        for _ in range(2):
            await until(lambda: stopped(stand_in))
            await until(lambda: not stopped(stand_in))
