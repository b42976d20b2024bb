"""Commands done one by one, whatever becomes of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from ari_tui.ari import commands as do
from ari_tui.ari.calls import CallMachine
from ari_tui.ari.ids import call_ids
from ari_tui.ari.models import Channel
from ari_tui.engine.calls import MeasuredCall
from ari_tui.engine.runner import Runner
from ari_tui.engine.tasks import Tasks
from ari_tui.errors import AriError
from tests.engine.kit import until


class Bench:
    """A runner whose orders are carried out by a function of the test."""

    def __init__(self) -> None:
        machine = CallMachine(1, call_ids("app", "5e55", 1), Channel("caller", state="Up"))
        self.call = MeasuredCall(machine, 0)
        self.moves = 0
        self.done: list[do.Finished] = []
        self.asked: list[do.Command] = []
        self.outcome: Callable[[do.Command], object] = lambda _command: None
        self.tasks = Tasks("test")
        self.runner = Runner(self, self.tasks, moved=self._moved, finished=self._finished)  # type: ignore[arg-type]  # stands in for Orders

    def execute(self, _call: MeasuredCall, command: do.Command) -> Awaitable[object]:
        self.asked.append(command)

        async def work() -> object:
            return self.outcome(command)

        return work()

    def _moved(self, call: MeasuredCall) -> None:
        assert call is self.call
        self.moves += 1

    def _finished(self, call: MeasuredCall, command: do.Finished) -> None:
        assert call is self.call
        self.done.append(command)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    await made.tasks.close()


async def test_every_command_is_done_and_its_end_is_fed_back(bench: Bench) -> None:
    machine = bench.call.machine
    bench.runner.run(bench.call, machine.release("a person asked"))
    await until(lambda: bench.done)
    assert bench.asked == [do.ContinueChannel("caller")]
    assert bench.done == [do.Finished(do.CallState.ENDED, "a person asked", None, ())]
    assert bench.moves == 2  # the release, and the end of its one command


async def test_what_fails_is_fed_back_as_a_failure(bench: Bench) -> None:
    def refuse(_command: do.Command) -> object:
        raise AriError("bad request", status=400)

    bench.outcome = refuse
    machine = bench.call.machine
    bench.runner.run(bench.call, machine.start())
    await until(lambda: machine.reason)
    assert machine.reason == "bad request"


async def test_a_mistake_of_ours_fails_the_call_and_leaves_nobody_waiting(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(command: do.Command) -> object:
        if isinstance(command, do.AddMedia):
            raise ZeroDivisionError("by mistake")
        return None

    bench.outcome = stumble
    bench.runner.run(bench.call, bench.call.machine.start())
    await until(lambda: bench.done)
    assert bench.call.machine.state is do.CallState.FAILED
    assert bench.call.machine.reason == "internal error: ZeroDivisionError: by mistake"
    assert "by mistake" in caplog.text


async def test_a_timer_rings_when_its_time_is_over(bench: Bench) -> None:
    rung = asyncio.Event()
    heard: list[str] = []

    def timed_out(what: str) -> list[do.Command]:
        heard.append(what)
        rung.set()
        return []

    bench.call.machine.timed_out = timed_out  # type: ignore[method-assign]  # listens in
    bench.runner.run(bench.call, [do.StartTimer("join", 0.01)])
    assert heard == []
    await asyncio.wait_for(rung.wait(), 10)
    assert heard == ["join"]
