"""What goes on as long as an engine runs: events, folds, documents, sweeps."""

import time
from collections.abc import Sequence
from typing import Any
from unittest import mock

from aiohttp import ClientSession

from ari_tui.ari.event_stream import Disconnected
from ari_tui.ari.events import StasisStart
from ari_tui.ari.models import Channel
from ari_tui.core.errors import MalformedEventError
from ari_tui.engine.event_log import EventLog
from ari_tui.engine.loop import BLIND_S, EngineLoop
from tests.engine.kit import (
    EchoRun,
    Pbx,
    document,
    engine,
    until,
)


async def test_documents_come_once_a_second_and_the_final_one_last(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port, output={"interval_s": 0.25}) as run:
        await until(lambda: len(run.documents) >= 4)
        await run.end()
    kinds = [document.kind for document in run.documents]
    assert kinds == ["interval"] * (len(kinds) - 1) + ["final"]
    assert run.final.session.end_reason == "SIGINT"


async def test_calls_survive_an_asterisk_that_goes_and_comes_back(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run, run.http_server() as http_server:
        leaver, stayer = pbx.call(), pbx.call()
        await run.up(2)
        assert await health(http_server) == (200, True)
        await pbx.control.go_away()
        await until(lambda: not run.parts.event_stream.connected)
        assert await health(http_server) == (503, False)
        pbx.sim.pbx.hang_up(pbx.sim.pbx.channels[leaver])  # nobody tells us
        away = len(run.documents)
        await run.flows(2)  # audio does not wait for events
        await until(lambda: len(run.documents) > away)
        assert not run.documents[-1].asterisks[0].connected
        await pbx.control.come_back()
        await until(lambda: len(run.calls) == 1)
        assert await health(http_server) == (200, True)
        assert run.calls[0].machine.caller.id == stayer
        assert run.parts.calls.calls[1].machine.reason == "caller is no longer in Asterisk"
        await run.flows(2)
        newcomer = pbx.call()
        await run.up(2)
        assert newcomer in {call.machine.caller.id for call in run.calls}
        await run.end()
    (back,) = run.events("reconnected")
    assert "are lost" in back.text
    assert run.final.asterisks[0].events_lost_s > 0
    assert run.final.totals.packets.lost == 0
    run.assert_nothing_left()


async def health(http_server: ClientSession) -> tuple[int, bool]:
    async with http_server.get("/health") as response:
        body = await response.json()
        assert response.status == (200 if body["ok"] else 503)
        assert body["workers_alive"] is True
        return response.status, body["asterisk_connected"]


async def test_calls_end_with_an_asterisk_that_was_restarted(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        await run.up(1)
        await pbx.control.go_away()
        await until(lambda: not run.parts.event_stream.connected)
        await pbx.control.come_back(fresh=True)
        await until(lambda: not run.calls)
        await until(lambda: pbx.control.place_call() is not None)
        await run.up(1)
        await run.end()
    assert run.final.totals.calls.failed == 0
    run.assert_nothing_left()


async def test_calls_are_compared_until_asterisk_answers(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        caller = pbx.call()
        await run.up(1)
        await pbx.control.go_away()
        await until(lambda: not run.parts.event_stream.connected)
        pbx.sim.pbx.hang_up(pbx.sim.pbx.channels[caller])
        still_starting = pbx.faults.add("GET", "/ari/applications", 500, times=1)
        await pbx.control.come_back()
        await until(lambda: not run.calls, "one failed comparison was the last")
        assert still_starting.hits == 1
        await run.end()
    run.assert_nothing_left()


async def test_an_asterisk_that_does_not_answer_holds_up_no_document(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port, output={"interval_s": 0.25}) as run:
        pbx.faults.add("GET", "/ari/asterisk/variable", "mute")
        run.parts.injected._ask_media = True
        await until(lambda: pbx.faults.was_asked("GET", "ARI_TUI_INJECTED"))
        seen = len(run.documents)
        await until(lambda: len(run.documents) >= seen + 4)
        pbx.faults.released.set()
        await run.end()


def engine_loop(
    *, extension: Any = None, sinks: Sequence[Any] = ()
) -> tuple[EngineLoop, mock.MagicMock]:
    parts = mock.MagicMock()
    parts.events = EventLog()
    return EngineLoop(parts, sinks, extension, mock.MagicMock()), parts


def test_an_event_is_for_the_calls_first_and_then_for_the_extension() -> None:
    seen: list[str] = []
    extension = mock.MagicMock()
    extension.on_event.side_effect = lambda _event: seen.append("extension")
    loop, parts = engine_loop(extension=extension)
    parts.calls.on_event.side_effect = lambda _event: seen.append("calls")
    loop.on_stream_item(StasisStart(channel=Channel("c")))
    assert seen == ["calls", "extension"]
    assert list(parts.events.lines) == []


def test_what_becomes_of_the_connection_is_told_and_goes_to_no_call() -> None:
    loop, parts = engine_loop()
    loop.on_stream_item(Disconnected("closed", 0, 1.25))
    loop.on_stream_item(MalformedEventError("event StasisStart cannot be read"))
    assert [(line.level, line.kind, line.text) for line in parts.events.lines] == [
        ("error", "disconnected", "event stream lost: closed: trying again in 1.2 s"),
        ("warning", "broken_event", "event StasisStart cannot be read"),
    ]
    parts.calls.on_event.assert_not_called()


def test_attempts_that_follow_one_another_do_not_fill_the_event_log() -> None:
    loop, parts = engine_loop()
    for attempt in range(5):
        loop.on_stream_item(Disconnected("refused", attempt, 2.0))
    assert [line.kind for line in parts.events.lines] == ["disconnected"] * 2
    loop.on_stream_item(Disconnected("closed", 0, 0.2))
    assert parts.events.lines[-1].text == "event stream lost: closed: trying again in 0.2 s"


def test_a_document_is_handed_to_readers_alerts_and_every_sink() -> None:
    sinks = [mock.MagicMock(), mock.MagicMock()]
    loop, parts = engine_loop(sinks=sinks)
    made = document()
    loop.publish(made)
    for taker in (parts.alerts, *sinks):
        taker.take.assert_called_once_with(made)
    parts.document_stream.publish.assert_called_once_with(made, parts.publisher.live)


async def test_a_time_in_which_the_engine_stood_still_is_told_as_blind(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        await run.up(1)
        before_ns = time.time_ns()
        time.sleep(2 * BLIND_S)  # noqa: ASYNC251  this is the stall
        after_ns = time.time_ns()
        await until(lambda: run.events("blind"))
        blind_s = run.parts.publisher.build().instrument.blind_s
        assert blind_s > BLIND_S
        outside = run.parts.store.outside
        assert all(
            outside.is_blind(s) for s in range(before_ns // 10**9 + 1, after_ns // 10**9 + 1)
        )
        assert not outside.is_blind(before_ns // 10**9 - 5)
        await run.end()
    assert run.final.instrument.blind_s >= blind_s
    assert "saw no event and no ping" in run.events("blind")[0].text
