"""Workers that die, hang or cannot be started, with real sockets and real packets."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from ari_tui.analysis.records import from_bytes
from ari_tui.core.errors import WorkerError
from ari_tui.engine.worker_pool import WorkerCallbacks, WorkerPool
from ari_tui.relay import control
from tests import rtp_packets
from tests.engine.kit import EchoRun, free_block, udp_ports, until, worker_pids


class Told:
    """What the worker pool told its owner."""

    def __init__(self) -> None:
        self.learned: list[tuple[int, str, int]] = []
        self.reported: list[control.StreamReport] = []
        self.lost: list[tuple[int, str]] = []
        self.texts: list[tuple[str, str]] = []
        self.outages: list[tuple[int | None, int, int]] = []
        self.callbacks = WorkerCallbacks(
            on_source_learned=lambda *of: self.learned.append(of),
            on_echo_report=self.reported.append,
            on_media_lost=lambda *of: self.lost.append(of),
            on_event=lambda *of: self.texts.append(of),
            on_outage=lambda *of: self.outages.append(of),
        )


class Far:
    """Asterisk's end of one call: sends RTP, counts what comes back."""

    def __init__(self) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.sock.setblocking(False)
        self.port: int = self.sock.getsockname()[1]
        self.sent = self.back = 0

    def speak(self, port: int) -> None:
        packet = rtp_packets.build(
            b"\xff" * 160, sequence=self.sent, timestamp=160 * self.sent, ssrc=1
        )
        self.sock.sendto(packet, ("127.0.0.1", port))
        self.sent += 1
        with contextlib.suppress(BlockingIOError):
            while self.sock.recv(2048):
                self.back += 1


@pytest.fixture
def far() -> Iterator[Far]:
    far = Far()
    with far.sock:
        yield far


@pytest.fixture
def told() -> Told:
    return Told()


@contextlib.asynccontextmanager
async def running(told: Told, count: int = 1, **changes: Any) -> AsyncIterator[WorkerPool]:
    worker_pool = WorkerPool(count, told.callbacks, **{"capacity": 4096, **changes})
    await worker_pool.start()
    try:
        yield worker_pool
    finally:
        await worker_pool.stop()
        assert worker_pids() == []


def add_call(call: int, port: int, echo: EchoRun) -> control.AddCall:
    to_echo = (echo.host, echo.port)
    return control.AddCall(call, "127.0.0.1", port, to_echo, 46, 65536, networks=("127.0.0.0/8",))


def speaking(far: Far, port: int) -> Callable[[], bool]:
    """Return a condition that speaks each time it is asked, and holds once packets come back."""
    before = far.back

    def comes_back() -> bool:
        far.speak(port)
        return far.back > before + 3

    return comes_back


async def test_calls_are_spread_over_the_workers(told: Told, echo: EchoRun) -> None:
    first, last = free_block(6)
    async with running(told, 2) as worker_pool:
        assert worker_pool.healthy
        for call, port in enumerate(range(first, last + 1)):
            await worker_pool.add(add_call(call, port, echo))
        assert [len(worker.calls) for worker in worker_pool.workers] == [3, 3]
    assert not udp_ports() & set(range(first, last + 1))


async def test_a_killed_worker_is_replaced_and_its_calls_go_on_on_their_ports(
    told: Told, echo: EchoRun, far: Far
) -> None:
    port, _ = free_block(1)
    async with running(told) as worker_pool:
        assignment = await worker_pool.add(add_call(1, port, echo))
        await worker_pool.assignments.connect(1, "127.0.0.1", far.port, "never")
        await until(speaking(far, port))
        local = (assignment.media_local, assignment.echo_local)
        (old,) = worker_pids()
        alive_ns = worker_pool.workers[0].ring.alive_ns
        os.kill(old, signal.SIGKILL)
        await until(lambda: worker_pool.restarts == 1 and worker_pool.healthy)
        await until(speaking(far, port))
        assert worker_pids() != [old]
        assert (
            (assignment.media_local, assignment.echo_local)
            == local
            == (
                f"127.0.0.1:{port}",
                assignment.echo_local,
            )
        )
        records = [from_bytes(data) for data in worker_pool.read_logs()]
        media_in = sum(int((part["kind"] == 1).sum()) for part in records)
        assert media_in > 6  # the dead one's last words are among them
        await until(lambda: len(told.texts) == 2)
    assert told.lost == []
    assert told.texts[0] == ("error", "media worker 1 ended (exit -9): restarting it")
    level, text = told.texts[1]
    assert level == "info"
    assert re.fullmatch(
        r"media worker 1 runs again after \d+\.\d s, with 1 calls: those seconds are left out", text
    )
    ((call, from_ns, until_ns),) = told.outages
    assert call == 1
    assert alive_ns <= from_ns < until_ns


async def test_a_draining_call_goes_on_draining_in_the_new_worker(
    told: Told, echo: EchoRun, far: Far
) -> None:
    port, _ = free_block(1)
    async with running(told) as worker_pool:
        await worker_pool.add(add_call(1, port, echo))
        await worker_pool.assignments.connect(1, "127.0.0.1", far.port, "never")
        await worker_pool.assignments.drain(1)
        os.kill(worker_pids()[0], signal.SIGKILL)
        await until(lambda: len(told.texts) == 2)
        far.speak(port)
        await worker_pool.workers[0].request(control.RemoveCall(99))  # it has polled since
        assert worker_pool.read_logs() == []
        await worker_pool.assignments.remove(1)
    assert port not in udp_ports()


async def test_a_hung_worker_is_replaced(
    told: Told, echo: EchoRun, far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ari_tui.engine.media_worker.SILENT_S", 1.5)
    port, _ = free_block(1)
    async with running(told) as worker_pool:
        await worker_pool.add(add_call(1, port, echo))
        await worker_pool.assignments.connect(1, "127.0.0.1", far.port, "never")
        (old,) = worker_pids()
        os.kill(old, signal.SIGSTOP)
        await until(lambda: not worker_pool.healthy)
        worker_pool.replace_hung()
        worker_pool.replace_hung()  # once more before it is dead: harmless
        await until(lambda: worker_pool.restarts == 1 and worker_pool.healthy)
        await until(speaking(far, port))
    assert told.lost == []


async def test_a_call_that_comes_while_the_only_worker_is_replaced_waits_for_it(
    told: Told, echo: EchoRun
) -> None:
    port, _ = free_block(1)
    async with running(told) as worker_pool:
        await worker_pool.workers[0].kill()
        await until(lambda: not worker_pool.workers)
        assignment = await worker_pool.add(add_call(1, port, echo))
        assert assignment.worker is worker_pool.workers[0]


async def test_a_worker_that_cannot_be_restarted_costs_its_calls_and_is_tried_again(
    told: Told, echo: EchoRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, other = free_block(2)
    async with running(told) as worker_pool:
        await worker_pool.add(add_call(1, port, echo))
        monkeypatch.setattr("ari_tui.engine.worker_pool._RETRY_S", 0.1)
        monkeypatch.setattr("ari_tui.engine.worker_pool._REPLACED_S", 0.1)
        monkeypatch.setattr("ari_tui.engine.media_worker.sys.executable", "/nowhere/python")
        await worker_pool.workers[0].kill()
        await until(lambda: told.lost)
        ((call, why),) = told.lost
        assert call == 1
        assert "cannot be restarted" in why
        assert not worker_pool.healthy
        with pytest.raises(WorkerError, match="no media worker is running"):
            await worker_pool.add(add_call(2, other, echo))
        await worker_pool.assignments.remove(1)  # its sockets died with the worker
        monkeypatch.undo()
        await until(lambda: worker_pool.healthy)
        await worker_pool.add(add_call(3, port, echo))
    assert len(told.lost) == 1


async def test_a_port_taken_while_the_worker_was_away_costs_that_call_alone(
    told: Told, echo: EchoRun, far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = free_block(2)
    async with running(told) as worker_pool:
        for call, port in ((1, mine), (2, theirs)):
            await worker_pool.add(add_call(call, port, echo))
            await worker_pool.assignments.connect(call, "127.0.0.1", far.port, "never")
        os.kill(worker_pids()[0], signal.SIGKILL)
        await until(lambda: theirs not in udp_ports())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thief:
            thief.bind(("127.0.0.1", theirs))
            await until(lambda: len(told.texts) == 2)
        assert [call for call, _ in told.lost] == [2]
        assert "in use" in told.lost[0][1]
        await until(speaking(far, mine))


async def test_sockets_that_nobody_heard_of_are_closed_again(
    told: Told, echo: EchoRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, _ = free_block(1)
    async with running(told) as worker_pool:
        monkeypatch.setattr("ari_tui.engine.media_worker._REQUEST_S", 0.1)
        (pid,) = worker_pids()
        os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(WorkerError, match="did not answer add"):
                await worker_pool.add(add_call(1, port, echo))
        finally:
            os.kill(pid, signal.SIGCONT)
        monkeypatch.undo()
        await worker_pool.add(add_call(2, 0, echo))  # in order after the others
        await until(lambda: port not in udp_ports())
        assert worker_pool.assignments.keys() == {2}


async def test_when_one_worker_cannot_start_none_is_left(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker_pool = WorkerPool(3, told.callbacks, capacity=64)
    real = worker_pool._start_worker

    async def second_fails(name: str) -> Any:
        if name == "worker 2":
            raise WorkerError("no")
        return await real(name)

    monkeypatch.setattr(worker_pool, "_start_worker", second_fails)
    with pytest.raises(WorkerError):
        await worker_pool.start()
    assert worker_pids() == []


async def test_a_stop_in_the_middle_of_a_restart_leaves_no_process(told: Told) -> None:
    worker_pool = WorkerPool(1, told.callbacks, capacity=64)
    await worker_pool.start()
    await worker_pool.workers[0].kill()
    await until(lambda: not worker_pool.workers and worker_pids())
    await worker_pool.stop()
    assert worker_pids() == []


async def test_overflow_is_counted_over_the_session_and_memory_is_given_back(
    told: Told, echo: EchoRun, far: Far
) -> None:
    port, _ = free_block(1)
    async with running(told, capacity=4) as worker_pool:
        await worker_pool.add(add_call(1, port, echo))
        await worker_pool.assignments.connect(1, "127.0.0.1", far.port, "never")
        for _ in range(10):
            far.speak(port)
        await until(lambda: worker_pool.log_overflow >= 6)
        assert worker_pool.log_fill == 1
        before, ring = worker_pool.log_overflow, worker_pool.workers[0].ring
        await worker_pool.workers[0].kill()
        await until(lambda: worker_pool.healthy and worker_pool.restarts)
        assert worker_pool.log_overflow >= before
        with pytest.raises(ValueError, match=r"released|closed"):
            ring.read()


async def test_books_wait_for_the_slowest_log_but_not_for_ever(told: Told) -> None:
    async with running(told, 2) as worker_pool:
        await until(lambda: all(worker.ring.watermark_ns for worker in worker_pool.workers))
        marks = [worker.ring.watermark_ns for worker in worker_pool.workers]
        far_ahead = max(marks) + 10**12
        assert worker_pool.complete_until_ns(far_ahead, 10**9) == far_ahead - 10**9
        assert worker_pool.complete_until_ns(min(marks) - 5, 10**9) == min(marks) - 5
        await asyncio.gather(*(worker.kill() for worker in worker_pool.workers))


async def test_a_call_that_ends_while_its_worker_is_dead_does_not_stay_without_one(
    told: Told, echo: EchoRun
) -> None:
    first, last = free_block(2)
    async with running(told) as worker_pool:
        for call, port in ((1, first), (2, last)):
            await worker_pool.add(add_call(call, port, echo))
        await worker_pool.workers[0].kill()
        await until(lambda: not worker_pool.workers)
        assert set(worker_pool.away(time.time_ns())) == {1, 2}
        await worker_pool.assignments.remove(1)
        await until(lambda: len(told.texts) == 2)
        assert worker_pool.away(time.time_ns()) == {}
    assert [call for call, *_ in told.outages] == [2]


async def test_a_worker_that_stands_still_is_away_until_it_runs_again(
    told: Told, echo: EchoRun
) -> None:
    port, _ = free_block(1)
    async with running(told) as worker_pool:
        await worker_pool.add(add_call(1, port, echo))
        (worker,) = worker_pool.workers
        os.kill(worker.process.pid, signal.SIGSTOP)
        await until(lambda: worker_pool.away(time.time_ns()))
        assert worker_pool.away(time.time_ns()) == {1: worker.ring.alive_ns}
        os.kill(worker.process.pid, signal.SIGCONT)
        await until(lambda: not worker_pool.away(time.time_ns()))
    assert told.outages == []  # it tells its stall itself, in its log
