"""What is asked of the worker that has a call, and of the one that takes it over."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ari_tui.core.errors import BindError, WorkerError
from ari_tui.engine.media_worker import MediaWorker
from ari_tui.engine.worker_assignments import WorkerAssignments
from ari_tui.relay import control

ADD = control.AddCall(1, "127.0.0.1", 4000, ("127.0.0.1", 9), 46, 65536)
REPLY = {"media": ["127.0.0.1", 4000], "echo": ["127.0.0.1", 5001], "buffers": [65536, 65536]}


class FakeWorker:
    """Notes what it is asked; `refuses` says what for."""

    def __init__(self, *, running: bool = True) -> None:
        self.running = running
        self.calls: set[int] = set()
        self.asked: list[control.Request] = []
        self.refuses: dict[str, Exception] = {}

    async def request(self, request: control.Request) -> dict[str, Any]:
        op = control.OPERATIONS[type(request)]
        self.asked.append(request)
        if op in self.refuses:
            raise self.refuses[op]
        return REPLY

    @property
    def ops(self) -> list[str]:
        return [control.OPERATIONS[type(request)] for request in self.asked]


def worker(fake: FakeWorker) -> MediaWorker:
    return cast("MediaWorker", fake)


async def opened(fake: FakeWorker) -> WorkerAssignments:
    assignments = WorkerAssignments()
    await assignments.open(worker(fake), ADD)
    fake.calls.add(1)
    return assignments


async def test_a_call_that_was_opened_knows_its_ends_and_its_buffer() -> None:
    fake = FakeWorker()
    assignment = (await opened(fake))[1]
    assert (assignment.media_local, assignment.echo_local) == ("127.0.0.1:4000", "127.0.0.1:5001")
    assert assignment.receive_buffer_bytes == 65536
    assert assignment.worker is worker(fake)


async def test_a_refused_call_is_nowhere() -> None:
    fake, assignments = FakeWorker(), WorkerAssignments()
    fake.refuses["add"] = BindError("port 4000 is in use")
    with pytest.raises(BindError):
        await assignments.open(worker(fake), ADD)
    assert assignments == {}


async def test_a_call_goes_on_in_another_worker_on_the_ports_that_it_had() -> None:
    assignments = await opened(FakeWorker())
    await assignments.connect(1, "10.0.0.1", 6000, "auto")
    second = FakeWorker()
    await assignments.reopen(worker(second), 1)
    assert second.asked == [
        ADD._replace(echo_local_port=5001),
        control.ConnectCall(1, "10.0.0.1", 6000, "auto"),
    ]
    assert second.calls == {1}
    assert assignments[1].worker is worker(second)


async def test_a_learned_address_is_the_one_that_is_connected_to_again() -> None:
    assignments = await opened(FakeWorker())
    await assignments.connect(1, "10.0.0.1", 6000, "auto")
    assert assignments.learned(1, "10.0.0.2", 7000)
    assert not assignments.learned(2, "10.0.0.2", 7000)
    second = FakeWorker()
    await assignments.reopen(worker(second), 1)
    assert second.asked[-1] == control.ConnectCall(1, "10.0.0.2", 7000, "never")


async def test_a_draining_call_is_not_connected_again() -> None:
    assignments = await opened(FakeWorker())
    await assignments.connect(1, "10.0.0.1", 6000, "auto")
    await assignments.drain(1)
    second = FakeWorker()
    await assignments.reopen(worker(second), 1)
    assert second.ops == ["add", "drain"]


async def test_a_call_that_cannot_be_opened_again_leaves_nothing_open() -> None:
    assignments = await opened(FakeWorker())
    await assignments.connect(1, "10.0.0.1", 6000, "auto")
    second = FakeWorker()
    second.refuses["connect"] = WorkerError("no")
    second.refuses["remove"] = WorkerError("nor that")
    with pytest.raises(WorkerError, match=r"^no$"):
        await assignments.reopen(worker(second), 1)
    assert second.ops == ["add", "connect", "remove"]
    assert second.calls == set()


async def test_a_call_that_has_left_meanwhile_is_not_opened_again() -> None:
    assignments = await opened(FakeWorker())
    await assignments.remove(1)
    second = FakeWorker()
    await assignments.reopen(worker(second), 1)
    assert second.asked == []


async def test_a_worker_that_is_gone_is_asked_nothing() -> None:
    fake = FakeWorker()
    assignments = await opened(fake)
    fake.running = False
    await assignments.query(1, 7)
    await assignments.remove(1)
    assert fake.ops == ["add"]
    assert (fake.calls, assignments) == (set(), {})


async def test_a_question_goes_to_the_worker_that_has_the_call() -> None:
    fake = FakeWorker()
    assignments = await opened(fake)
    await assignments.query(1, 7)
    assert fake.asked[-1] == control.QueryStream(1, 7)


async def test_what_is_not_there_is_removed_and_drained_without_harm_and_not_connected() -> None:
    assignments = WorkerAssignments()
    await assignments.remove(5)
    await assignments.drain(5)
    await assignments.query(5, 7)
    with pytest.raises(WorkerError, match="call 5 has no sockets"):
        await assignments.connect(5, "127.0.0.1", 1, "never")
