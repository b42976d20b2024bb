"""Commands done one by one, whatever becomes of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast, get_args
from unittest import mock

import pytest

from ari_tui.ari import commands as do
from ari_tui.ari.call_machine import CallMachine
from ari_tui.ari.ids import call_ids
from ari_tui.ari.models import Channel
from ari_tui.core.errors import AriError
from ari_tui.core.tasks import Tasks
from ari_tui.engine.command_executor import CommandExecutor, CommandHandlers
from ari_tui.engine.measured_call import MeasuredCall
from tests.engine.kit import until


class Bench:
    """An executor whose commands are carried out by a function of the test."""

    def __init__(self) -> None:
        machine = CallMachine(1, call_ids("app", "5e55", 1), Channel("caller", state="Up"))
        self.call = MeasuredCall("5e55.1", machine, 0)
        self.moves = 0
        self.done: list[do.Finished] = []
        self.asked: list[do.Command] = []
        self.outcome: Callable[[do.Command], object] = lambda _command: None
        self.tasks = Tasks("test")
        self.executor = CommandExecutor(
            cast("CommandHandlers", self),
            self.tasks,
            on_step=self._on_step,
            on_finished=self._on_finished,
        )

    def execute(self, _call: MeasuredCall, command: do.Command) -> Awaitable[object]:
        self.asked.append(command)

        async def work() -> object:
            return self.outcome(command)

        return work()

    def _on_step(self, call: MeasuredCall) -> None:
        assert call is self.call
        self.moves += 1

    def _on_finished(self, call: MeasuredCall, command: do.Finished) -> None:
        assert call is self.call
        self.done.append(command)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    await made.tasks.close()


async def test_every_command_is_done_and_its_end_is_fed_back(bench: Bench) -> None:
    machine = bench.call.machine
    bench.executor.run(bench.call, machine.release("a person asked"))
    await until(lambda: bench.done)
    assert bench.asked == [do.ContinueChannel("caller")]
    assert bench.done == [do.Finished(do.CallState.ENDED, "a person asked", None, ())]
    assert bench.moves == 2  # the release, and the end of its one command


async def test_what_fails_is_fed_back_as_a_failure(bench: Bench) -> None:
    def refuse(_command: do.Command) -> object:
        raise AriError("bad request", status=400)

    bench.outcome = refuse
    machine = bench.call.machine
    bench.executor.run(bench.call, machine.start())
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
    bench.executor.run(bench.call, bench.call.machine.start())
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
    bench.executor.run(bench.call, [do.StartTimer("join", 0.01)])
    assert heard == []
    await asyncio.wait_for(rung.wait(), 10)
    assert heard == ["join"]


REQUESTS: dict[do.Command, tuple[str, tuple[Any, ...]]] = {
    do.AnswerChannel("c"): ("answer", ("c",)),
    do.GetVariable("c", "v"): ("channel_variable", ("c", "v")),
    do.CreateBridge("b"): ("create_bridge", ("b",)),
    do.AddToBridge("b", ("c", "m")): ("add_to_bridge", ("b", ("c", "m"))),
    do.GetBridge("b"): ("bridge", ("b",)),
    do.DeleteBridge("b"): ("delete_bridge", ("b",)),
    do.HangupChannel("m"): ("hang_up", ("m",)),
    do.ContinueChannel("c"): ("continue_in_dialplan", ("c",)),
    do.CreateExternalMedia("m", "127.0.0.1:5"): ("external_media", ("m",)),
    do.AddMedia(): ("add", ("call",)),
    do.ConnectMedia("h", 5): ("connect", ("call", "h", 5)),
    do.DrainMedia(): ("drain", ("call",)),
    do.RemoveMedia(): ("remove", ("call",)),
}


OF_MEDIA = {"add", "connect", "drain", "remove"}


@pytest.mark.parametrize("command", REQUESTS, ids=lambda command: type(command).__name__)
def test_a_command_becomes_its_request(command: do.Command) -> None:
    client, media = mock.Mock(), mock.Mock()
    media.media.format = "alaw"
    call: Any = "call"
    name, arguments = REQUESTS[command]
    result: object = CommandHandlers(client, media, "app").execute(call, command)
    (asked,) = (*client.mock_calls, *media.mock_calls)
    assert (asked[0], asked[1]) == (name, arguments)
    assert result is getattr(media if name in OF_MEDIA else client, name).return_value
    if name == "external_media":
        assert asked[2] == {"app": "app", "external_host": "127.0.0.1:5", "media_format": "alaw"}


def test_no_command_is_forgotten() -> None:
    known = {type(command) for command in REQUESTS}
    assert known == set(get_args(do.Command)) - {do.StartTimer, do.Finished}


def test_what_is_the_shells_own_is_refused() -> None:
    with pytest.raises(TypeError, match="no way to run"):
        _ = CommandHandlers(mock.Mock(), mock.Mock(), "app").execute(
            mock.Mock(), do.StartTimer("x", 1.0)
        )
