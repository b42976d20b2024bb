"""Ports and sockets of calls: taken, passed over, given back, whatever goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.analysis import counters as c
from ari_tui.analysis.fold import fold
from ari_tui.analysis.records import from_bytes
from ari_tui.analysis.store import Store
from ari_tui.ari.call_machine import CallMachine
from ari_tui.ari.ids import CallIds
from ari_tui.ari.models import Channel
from ari_tui.config.settings import AsteriskSettings, EchoSettings, MediaSettings
from ari_tui.core.errors import BindError, PortsExhaustedError, WorkerError
from ari_tui.engine import echo_status
from ari_tui.engine.call_media import CallMedia, PortPool
from ari_tui.engine.echo_status import EchoStatus
from ari_tui.engine.echo_watch import EchoWatch
from ari_tui.engine.measured_call import MeasuredCall
from ari_tui.engine.worker_pool import WorkerCallbacks, WorkerPool
from ari_tui.relay.control import ConnectCall, StreamReport
from ari_tui.wire.record import KIND_MEDIA_IN, pack
from ari_tui.wire.status import StatusCounters
from tests import rtp_packets
from tests.engine.kit import WAIT_S, EchoRun, free_block, udp_ports, until


@pytest.fixture
async def worker_pool() -> AsyncIterator[WorkerPool]:
    callbacks = WorkerCallbacks(*[lambda *_: None] * 5)
    worker_pool = WorkerPool(1, callbacks, capacity=1024)
    await worker_pool.start()
    yield worker_pool
    await worker_pool.stop()


class Bench:
    """A CallMedia with its calls."""

    def __init__(
        self,
        worker_pool: WorkerPool,
        echo: EchoRun,
        asterisk: AsteriskSettings | None = None,
        **media: Any,
    ) -> None:
        self.store = Store(loss_timeout_ns=10**9, late_ns=3_000_000)
        watch = EchoWatch(self.store, lambda *_: None, "echo")
        self.status = EchoStatus(worker_pool, self.store, watch)
        self.media = CallMedia(
            asterisk or AsteriskSettings(),
            MediaSettings(**media),
            EchoSettings(port=echo.port),
            worker_pool=worker_pool,
            store=self.store,
            bind="127.0.0.1",
            echo_host=echo.host,
            echo_status=self.status,
        )
        self.calls = 0

    def call(self) -> MeasuredCall:
        self.calls += 1
        ids = CallIds("m", "b")
        machine = CallMachine(self.calls, ids, Channel("170.1"))
        self.store.add_call(self.calls)
        return MeasuredCall("5e55.1", machine, time.time_ns())


@contextlib.contextmanager
def held(*ports: int) -> Iterator[None]:
    """Let another program hold ports."""
    with contextlib.ExitStack() as stack:
        for port in ports:
            sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            sock.bind(("127.0.0.1", port))
        yield


def ports(first: int, last: int) -> str:
    return f"{first}-{last}"


async def test_a_call_gets_ports_and_gives_them_back(
    worker_pool: WorkerPool, echo: EchoRun
) -> None:
    first, last = free_block(2)
    bench = Bench(worker_pool, echo, ports=ports(first, last))
    call = bench.call()
    added = await bench.media.add(call)
    assert added.external_host == call.media_local == f"127.0.0.1:{first}"
    assert bench.media.ports.in_use == 1
    assert bench.media.receive_buffer_bytes
    await bench.media.remove(call)
    assert (call.port, bench.media.ports.in_use) == (None, 0)
    assert first not in udp_ports()
    await bench.media.remove(call)  # again: harmless


async def test_asterisk_is_told_the_advertised_address(
    worker_pool: WorkerPool, echo: EchoRun
) -> None:
    first, last = free_block(1)
    bench = Bench(worker_pool, echo, ports=ports(first, last), advertise="192.0.2.7")
    assert (await bench.media.add(bench.call())).external_host == f"192.0.2.7:{first}"


async def test_a_port_of_another_program_is_passed_over(
    worker_pool: WorkerPool, echo: EchoRun
) -> None:
    first, last = free_block(3)
    bench = Bench(worker_pool, echo, ports=ports(first, last))
    call = bench.call()
    with held(first, first + 1):
        await bench.media.add(call)
    assert call.port == last
    assert bench.media.ports.in_use == 1


async def test_a_long_row_of_held_ports_is_passed_over_too(
    worker_pool: WorkerPool, echo: EchoRun
) -> None:
    first, last = free_block(80)
    bench = Bench(worker_pool, echo, ports=ports(first, last))
    call = bench.call()
    with held(*range(first, last)):  # as a second engine with the same range does
        await bench.media.add(call)
    assert call.port == last


async def test_when_others_hold_every_port_the_error_names_the_range_and_nothing_is_kept(
    worker_pool: WorkerPool, echo: EchoRun
) -> None:
    first, last = free_block(2)
    bench = Bench(worker_pool, echo, ports=ports(first, last))
    call = bench.call()
    told = rf"media\.ports {first}-{last}: .*in use"
    with held(first, last), pytest.raises(PortsExhaustedError, match=told):
        await bench.media.add(call)
    assert (call.port, bench.media.ports.in_use) == (None, 0)
    await bench.media.add(call)  # they are free again


async def test_a_range_of_one_serves_one_call_after_the_other(
    worker_pool: WorkerPool, echo: EchoRun
) -> None:
    first, _ = free_block(1)
    bench = Bench(worker_pool, echo, ports=str(first))
    one, two = bench.call(), bench.call()
    await bench.media.add(one)
    with pytest.raises(PortsExhaustedError, match=r"media\.ports .*all 1 in use"):
        await bench.media.add(two)
    await bench.media.remove(one)
    await bench.media.add(two)
    assert two.port == first


async def test_echo_ports_come_from_their_range_and_run_out_without_keeping_a_media_port(
    worker_pool: WorkerPool, echo: EchoRun
) -> None:
    first, last = free_block(5)
    bench = Bench(worker_pool, echo, ports=ports(first, last - 1), echo_ports=str(last))
    call = bench.call()
    await bench.media.add(call)
    assert str(call.echo_local).endswith(f":{last}")
    for _ in range(5):
        with pytest.raises(PortsExhaustedError, match=r"media\.echo_ports"):
            await bench.media.add(bench.call())
    assert bench.media.ports.in_use == 1
    await bench.media.remove(call)
    await bench.media.add(bench.call())


async def test_a_wrong_address_is_no_port_in_use_and_keeps_nothing(
    worker_pool: WorkerPool, echo: EchoRun
) -> None:
    first, last = free_block(3)
    bench = Bench(worker_pool, echo, ports=ports(first, last))
    bench.media.bind = "203.0.113.5"
    call = bench.call()
    with pytest.raises(BindError, match="no address of this machine"):
        await bench.media.add(call)
    assert bench.media.ports.in_use == 0


async def test_a_mistake_of_ours_keeps_no_port_either(
    worker_pool: WorkerPool, echo: EchoRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, last = free_block(3)
    bench = Bench(worker_pool, echo, ports=ports(first, last))

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(worker_pool, "add", broken)
    with pytest.raises(ZeroDivisionError):
        await bench.media.add(bench.call())
    assert bench.media.ports.in_use == 0


async def test_the_configured_media_address_goes_before_the_reported_one(
    worker_pool: WorkerPool, echo: EchoRun
) -> None:
    first, last = free_block(1)
    bench = Bench(
        worker_pool, echo, AsteriskSettings(media_address="127.0.0.5"), ports=ports(first, last)
    )
    call = bench.call()
    await bench.media.add(call)
    await bench.media.connect(call, "10.9.9.9", 5004)
    assert call.media_remote == "127.0.0.5:5004"
    placed = worker_pool.assignments[call.number].connect
    assert placed == ConnectCall(call.number, "127.0.0.5", 5004, "auto")


async def test_connecting_what_has_no_sockets_is_an_error(
    worker_pool: WorkerPool, echo: EchoRun
) -> None:
    bench = Bench(worker_pool, echo)
    with pytest.raises(WorkerError, match="has no sockets"):
        await bench.media.connect(bench.call(), "127.0.0.1", 5)


def draining(bench: Bench, now_ns: int) -> MeasuredCall:
    call = bench.call()
    call.drain_since_ns = now_ns
    return call


async def test_books_close_once_nothing_is_under_way_and_a_moment_has_passed(
    worker_pool: WorkerPool, echo: EchoRun
) -> None:
    bench, now = Bench(worker_pool, echo), 10**18
    call = draining(bench, now)
    bench.media.check_drain(call, now + 100_000_000)
    assert not call.drained.is_set()
    row = bench.store.row_of[call.number]
    bench.store.echo.last_rx[row] = now + 300_000_000  # something came back meanwhile
    bench.media.check_drain(call, now + 600_000_000)
    assert not call.drained.is_set()
    bench.media.check_drain(call, now + 800_000_000)
    assert call.drained.is_set()


async def test_what_never_comes_back_is_given_up_in_the_end(
    worker_pool: WorkerPool, echo: EchoRun
) -> None:
    bench, now = Bench(worker_pool, echo), 10**18
    call = draining(bench, now)
    row = bench.store.row_of[call.number]
    sent = pack(
        rx_ns=now,
        tx_ns=now,
        ssrc=1,
        call=call.number,
        sequence=5,
        length=172,
        kind=KIND_MEDIA_IN,
    )
    fold(bench.store, from_bytes(sent), 0)
    assert bench.store.flight.count(row) == 1
    bench.media.check_drain(call, now + bench.store.loss_timeout_ns + 10**9)
    assert not call.drained.is_set()
    bench.media.check_drain(call, now + bench.store.loss_timeout_ns + 3 * 10**9)
    assert call.drained.is_set()
    assert bench.store.flight.count(row) == 0
    bench.media.check_drain(bench.call(), now)  # one that does not drain is left alone


async def packets_through(bench: Bench, call: MeasuredCall, count: int) -> None:
    """Open a call's sockets and send packets through; fold what the worker logged of them."""
    await bench.media.add(call)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        far.bind(("127.0.0.1", 0))
        await bench.media.connect(call, "127.0.0.1", far.getsockname()[1])
        for n in range(count):
            packet = rtp_packets.build(b"\xff" * 160, sequence=n, timestamp=160 * n, ssrc=0xABC)
            far.sendto(packet, ("127.0.0.1", call.port or 0))

        def logged() -> bool:
            for data in bench.media.worker_pool.read_logs():
                fold(bench.store, from_bytes(data), 0)
            row = bench.store.row_of[call.number]
            return bool(bench.store.counters[row, c.RETURNED] == count)

        await until(logged)


async def test_the_echo_server_is_asked_and_its_answer_splits_the_losses(
    worker_pool: WorkerPool, echo: EchoRun
) -> None:
    bench = Bench(worker_pool, echo, ports=ports(*free_block(2)))
    worker_pool.callbacks.on_echo_report = bench.status.take_report
    call = bench.call()
    await packets_through(bench, call, 5)
    bench.status.ask()
    await until(lambda: bench.store.directions)
    bench.store.close_call(call.number)
    assert bench.store.call_totals(call.number, 0).directions == (0, 0, 0)
    await bench.status.close()


async def test_the_last_question_waits_for_its_own_answer_not_for_an_earlier_one(
    worker_pool: WorkerPool, echo: EchoRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(worker_pool, echo, ports=ports(*free_block(2)))
    worker_pool.callbacks.on_echo_report = bench.status.take_report
    call = bench.call()
    await packets_through(bench, call, 5)
    bench.status.ask()
    await until(lambda: bench.store.directions)
    counters = StatusCounters(4, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    early = StreamReport(call.number, 0xABC, 1, counters)
    asked = asyncio.Event()

    async def no_answer_yet(_call: int, _ssrc: int, _holds_from: int | None) -> None:
        asked.set()

    monkeypatch.setattr(worker_pool.assignments, "query", no_answer_yet)
    call.drained.set()
    drain = asyncio.create_task(bench.media.drain(call))
    await asyncio.wait_for(asked.wait(), WAIT_S)
    bench.status.take_report(early)
    await asyncio.sleep(0)
    assert not drain.done()
    received = counters._replace(received=5)
    bench.status.take_report(early._replace(asked_ns=time.time_ns(), counters=received))
    await asyncio.wait_for(drain, WAIT_S)
    bench.store.close_call(call.number)
    assert bench.store.call_totals(call.number, 0).directions == (0, 0, 0)


async def test_a_foreign_echo_server_is_not_waited_for_and_nothing_is_split(
    worker_pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(echo_status, "ANSWER_S", 3600.0)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Foreign, local_addr=("127.0.0.1", 0))
    host, port = transport.get_extra_info("sockname")
    bench = Bench(worker_pool, EchoRun(host, port), ports=ports(*free_block(2)))
    worker_pool.callbacks.on_echo_report = bench.status.take_report
    call = bench.call()
    await packets_through(bench, call, 5)
    bench.status.ask()
    call.drained.set()
    await asyncio.wait_for(bench.media.drain(call), WAIT_S)
    bench.store.close_call(call.number)
    assert bench.store.call_totals(call.number, 0).directions is None
    await bench.status.close()
    transport.close()


async def test_questions_to_a_worker_that_was_killed_fail_without_a_word(
    worker_pool: WorkerPool, echo: EchoRun, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(worker_pool, echo, ports=ports(*free_block(2)))
    call = bench.call()
    await packets_through(bench, call, 5)
    worker = worker_pool.workers[0]
    os.kill(worker.process.pid, signal.SIGSTOP)
    bench.status.ask()  # on its way when the worker dies
    await asyncio.sleep(0)
    await worker.kill()
    bench.status.ask()
    await until(lambda: worker_pool.restarts and worker_pool.healthy)
    await until(lambda: not bench.status._tasks._running)
    assert "internal error" not in caplog.text


class Foreign(asyncio.DatagramProtocol):
    """An echo server that is not ours: it returns RTP and knows no questions."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data[0] >> 6 == 2:
            self.transport.sendto(data, addr)


def test_ports_are_given_out_in_order_and_the_released_one_last() -> None:
    pool = PortPool(10_000, 10_002)
    first = [pool.allocate(), pool.allocate()]
    pool.release(first[0])
    assert [*first, pool.allocate(), pool.allocate()] == [10_000, 10_001, 10_002, 10_000]


def test_an_empty_pool_says_which_and_what_to_do() -> None:
    pool = PortPool(5000, 5000, name="media.echo_ports")
    pool.allocate()
    with pytest.raises(PortsExhaustedError) as refusal:
        pool.allocate()
    assert str(refusal.value) == (
        "no RTP port left in media.echo_ports 5000-5000: all 1 in use "
        "(widen the range, or take fewer calls)"
    )
    pool.release(5000)
    assert pool.allocate() == 5000


@pytest.mark.parametrize("port", [4999, 5000, 5001, 0])
def test_a_port_that_is_not_in_use_cannot_be_released(port: int) -> None:
    pool = PortPool(5000, 5001)
    with pytest.raises(ValueError, match=str(port)):
        pool.release(port)


def test_a_port_cannot_be_released_twice() -> None:
    pool = PortPool(5000, 5001)
    port = pool.allocate()
    pool.release(port)
    with pytest.raises(ValueError, match="not in use"):
        pool.release(port)
    assert pool.in_use == 0


@pytest.mark.parametrize(("first", "last"), [(0, 5), (6, 5), (5, 65_536), (-1, 5)])
def test_a_range_that_cannot_be_is_refused(first: int, last: int) -> None:
    with pytest.raises(ValueError, match=f"{first}-{last}"):
        PortPool(first, last)


@given(st.integers(1, 6), st.lists(st.booleans() | st.integers(0, 5), max_size=60))
def test_no_port_is_ever_given_out_twice_and_none_is_lost(size: int, steps: list[int]) -> None:
    pool, used = PortPool(7000, 7000 + size - 1), list[int]()
    for step in steps:
        if isinstance(step, bool):
            if len(used) == size:
                with pytest.raises(PortsExhaustedError):
                    pool.allocate()
            else:
                port = pool.allocate()
                assert port not in used
                assert 7000 <= port < 7000 + size
                used.append(port)
        elif used:
            pool.release(used.pop(step % len(used)))
        assert (pool.in_use, pool.size) == (len(used), size)
