"""One worker process from the engine's side: its start, its answers, its many ways to end."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ari_tui.core.errors import BindError, PortInUseError, WorkerError
from ari_tui.core.realtime import GRANTED, Wish
from ari_tui.engine.media_worker import MediaWorker
from ari_tui.relay import control
from tests.engine.kit import free_block, udp_ports, until, worker_pids

MODULE = "ari_tui.engine.media_worker"


class Ends(list[MediaWorker]):
    """The workers that ended without having been stopped."""


@pytest.fixture
def ends() -> Ends:
    return Ends()


@pytest.fixture
async def worker(ends: Ends) -> AsyncIterator[MediaWorker]:
    worker = MediaWorker("worker 1", lambda _: None, ends.append)
    await worker.start(capacity=1024)
    yield worker
    await worker.stop()
    worker.ring.close()


def add_call(port: int, call: int = 1, host: str = "127.0.0.1") -> control.AddCall:
    return control.AddCall(call, host, port, ("127.0.0.1", 9), 46, 65536)


async def test_a_worker_starts_healthy_and_stops_without_a_word(ends: Ends) -> None:
    worker = MediaWorker("worker 1", lambda _: None, ends.append)
    await worker.start(capacity=64)
    assert worker.running
    assert worker.healthy
    assert worker_pids() == [worker.process.pid]
    await worker.stop()
    assert worker.process.returncode == 0
    assert ends == []
    worker.ring.close()


async def test_a_request_is_answered_with_ports(worker: MediaWorker) -> None:
    port, _ = free_block(1)
    reply = await worker.request(add_call(port))
    assert reply["media"] == ["127.0.0.1", port]
    assert reply["echo"][1] > 0
    await worker.request(control.RemoveCall(1))
    assert port not in udp_ports()


async def test_a_port_of_another_program_is_told_from_every_other_trouble(
    worker: MediaWorker,
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        with pytest.raises(PortInUseError, match="in use"):
            await worker.request(add_call(other.getsockname()[1]))
    with pytest.raises(BindError) as refused:
        await worker.request(add_call(0, host="203.0.113.1"))
    assert not isinstance(refused.value, PortInUseError)
    await worker.request(add_call(0))
    with pytest.raises(WorkerError, match="already here"):
        await worker.request(add_call(0))
    with pytest.raises(WorkerError):
        await worker.request(control.ConnectCall(99, "127.0.0.1", 1))


async def test_requests_at_once_get_their_own_answers(worker: MediaWorker) -> None:
    first, last = free_block(20)
    calls = range(first, last + 1)
    replies = await asyncio.gather(*(worker.request(add_call(port, call=port)) for port in calls))
    assert [reply["media"][1] for reply in replies] == list(calls)


async def test_a_killed_worker_is_told_of_once_and_fails_what_was_asked(
    worker: MediaWorker, ends: Ends
) -> None:
    os.kill(worker.process.pid, signal.SIGSTOP)  # so that the request is under way
    asking = asyncio.create_task(worker.request(add_call(0)))
    await until(lambda: worker._waiting)
    await worker.kill()
    with pytest.raises(WorkerError, match="worker 1 ended"):
        await asking
    await until(lambda: ends == [worker])
    assert not worker.healthy
    with pytest.raises(WorkerError, match="is not running"):
        await worker.request(control.RemoveCall(1))
    assert ends == [worker]


async def test_no_answer_in_time_is_an_error_and_a_late_one_is_ignored(
    worker: MediaWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{MODULE}._REQUEST_S", 0.1)
    os.kill(worker.process.pid, signal.SIGSTOP)
    try:
        with pytest.raises(WorkerError, match=r"did not answer remove in 0\.1 s"):
            await worker.request(control.RemoveCall(1))
    finally:
        os.kill(worker.process.pid, signal.SIGCONT)
    monkeypatch.undo()
    assert (await worker.request(control.RemoveCall(2)))["ok"] is True


async def test_a_hung_worker_is_not_healthy(
    worker: MediaWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{MODULE}.SILENT_S", 0.2)
    os.kill(worker.process.pid, signal.SIGSTOP)
    await until(lambda: not worker.healthy)
    assert worker.running
    await worker.kill()


def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Let another program be started in the worker's place; it finds its channel in `fd`."""
    path = tmp_path / "program"
    path.write_text(
        f"#!{sys.executable}\nimport os, sys, time\nfd = int(sys.argv[3])\n"
        'beat = b\'{"event":"heartbeat"}\'\n'
        f"{body}\n"
    )
    path.chmod(0o700)
    monkeypatch.setattr(f"{MODULE}.sys.executable", str(path))


async def fail_to_start() -> str:
    worker = MediaWorker("worker 1", lambda _: None, lambda _: None)
    with pytest.raises(WorkerError) as failed:
        await worker.start(capacity=64)
    assert worker_pids() == []
    return str(failed.value)


async def test_a_worker_that_says_nothing_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, monkeypatch, "time.sleep(60)")
    monkeypatch.setattr(f"{MODULE}._READY_S", 0.3)
    assert "worker 1 was not ready after 0.3 s" in await fail_to_start()


async def test_a_worker_that_ends_at_once_is_told_with_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, monkeypatch, "sys.exit(7)")
    assert "ended at start (exit 7)" in await fail_to_start()


async def test_a_program_that_is_not_there_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(f"{MODULE}.sys.executable", "/nowhere/python")
    assert "could not be started" in await fail_to_start()


async def test_a_start_that_is_given_up_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, monkeypatch, "time.sleep(60)")
    worker = MediaWorker("worker 1", lambda _: None, lambda _: None)
    starting = asyncio.create_task(worker.start(capacity=64))
    await until(worker_pids)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert worker_pids() == []


@pytest.mark.parametrize("words", ["b'\\xff' * 8", "b'\\0\\0\\0\\2[]'", "b'\\0\\0\\0\\2{]'"])
async def test_a_worker_that_says_what_cannot_be_read_is_ended_and_told_of(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    body = f"os.write(fd, len(beat).to_bytes(4, 'big') + beat + {words})\ntime.sleep(60)"
    program(tmp_path, monkeypatch, body)
    monkeypatch.setattr(f"{MODULE}._REQUEST_S", 0.2)
    ends = Ends()
    worker = MediaWorker("worker 1", lambda _: None, ends.append)
    await worker.start(capacity=64)
    await until(lambda: ends == [worker])
    assert worker_pids() == []
    assert "said what cannot be read" in caplog.text


async def test_a_listener_that_breaks_does_not_leave_a_worker_without_a_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    event = 'b\'{"event":"learned"}\''
    body = f"os.write(fd, b''.join(len(m).to_bytes(4, 'big') + m for m in (beat, {event})))"
    program(tmp_path, monkeypatch, body + "\ntime.sleep(60)")
    monkeypatch.setattr(f"{MODULE}._REQUEST_S", 0.2)
    ends = Ends()

    def broken(_: object) -> None:
        raise KeyError("call")

    worker = MediaWorker("worker 1", broken, ends.append)
    await worker.start(capacity=64)
    await until(lambda: ends == [worker])
    assert "KeyError" in caplog.text


async def test_a_worker_has_the_scheduling_that_it_tells(ends: Ends) -> None:
    wishes: tuple[Wish, ...] = ("yes", "no")
    for wish in wishes:
        worker = MediaWorker("worker 1", lambda _: None, ends.append, wish)
        await worker.start(capacity=64)
        is_realtime = bool(os.sched_getscheduler(worker.process.pid) & os.SCHED_FIFO)
        assert is_realtime == (worker.scheduling == GRANTED)
        assert is_realtime or worker.scheduling.startswith("ordinary")
        assert wish == "yes" or not is_realtime
        await worker.stop()
        worker.ring.close()
    assert ends == []
