"""What a reader of the stream may ask for: done, refused in words, answered."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any
from unittest import mock

import msgspec
import pytest
from aiohttp import ClientWebSocketResponse

from ari_tui.ari.hangup import HUNG_UP_BY_OTHERS
from ari_tui.ari.models import RtpStatistics
from ari_tui.core.errors import ActionFailedError
from ari_tui.document.detail import CallDetail, CallerStatistics
from ari_tui.document.live import SECONDS, Live
from ari_tui.engine.actions import DetailActions, EngineActions, find_call
from ari_tui.engine.caller_legs import rtp_figures
from tests.engine.kit import VERDICTS, WAIT_S, EchoRun, Pbx, Run, engine, texts, until


def actions(run: Run) -> EngineActions:
    return EngineActions(run.parts.calls, publisher=run.parts.publisher, ending=run.parts.quit)


async def do(run: Run, name: str, **args: Any) -> Any:
    return await actions(run).actions()[name](args)


async def test_release_lets_the_caller_go_on_and_hang_up_ends_it(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        drop, end = pbx.call(), pbx.call()
        await run.up(2)
        names = {call.machine.caller.id: call.id for call in run.calls}
        assert await do(run, "release", call=names[drop]) == names[drop]
        assert await do(run, "hang_up", call=names[end]) == names[end]
        await until(lambda: not run.calls)
        reasons = {call.id: call.reason for call in run.parts.publisher.build().calls}
        assert reasons == {names[drop]: "released from here", names[end]: "hung up from here"}
        assert sorted(texts(run.events("call_ended"))) == [
            "call ended: hung up from here",
            "call ended: released from here",
        ]
        assert pbx.faults.was_asked("POST", f"{drop}/continue")
        assert pbx.faults.was_asked("DELETE", f"/ari/channels/{end}")
        await run.end()


async def test_a_release_that_hangs_up_says_so(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port, asterisk={"on_release": "hangup"}) as run:
        caller = pbx.call()
        (call,) = await run.up(1)
        await do(run, "release", call=call.id)
        await until(lambda: not run.calls)
        assert pbx.faults.was_asked("DELETE", f"/ari/channels/{caller}")
        assert [one.reason for one in run.parts.publisher.build().calls] == ["hung up from here"]
        await run.end()


@pytest.mark.parametrize(
    ("answer", "reason"), [(403, HUNG_UP_BY_OTHERS), ("obeyed", "hung up from here")]
)
async def test_a_hang_up_that_was_refused_is_none_and_one_without_a_good_answer_may_be_one(
    pbx: Pbx, echo: EchoRun, answer: int | str, reason: str
) -> None:
    async with engine(pbx, echo.port) as run:
        caller = pbx.call()
        (call,) = await run.up(1)
        pbx.faults.add("DELETE", f"/ari/channels/{caller}", answer, times=1)
        with pytest.raises(ActionFailedError):
            await do(run, "hang_up", call=call.id)
        if answer == 403:
            pbx.sim.pbx.hang_up(pbx.sim.pbx.channels[caller], cause=32, soft=True)
        await until(lambda: not run.calls)
        assert [one.reason for one in run.parts.publisher.build().calls] == [reason]
        await run.end()


async def test_a_caller_who_was_faster_than_our_hang_up_has_hung_up(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        caller = pbx.call()
        await run.up(1)
        pbx.sim.pbx.hang_up(pbx.sim.pbx.channels[caller])
        assert await run.parts.calls.hang_up(caller) is False
        await until(lambda: not run.calls)
        assert [one.reason for one in run.parts.publisher.build().calls] == ["caller hung up"]
        await run.end()


async def test_a_call_is_found_by_the_id_that_documents_have(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        (call,) = await run.up(1)
        (told,) = run.parts.publisher.build().calls
        assert find_call(run.parts.calls, {"call": told.id}) is call
        for wrong in (None, "", 1, [told.id], told.id + "x", "\x1b[31m" * 500):
            with pytest.raises(ActionFailedError, match=r"^no call ") as refused:
                find_call(run.parts.calls, {"call": wrong})
            assert len(str(refused.value)) < 100
            assert str(refused.value).isprintable()
        await run.end()


async def test_what_asterisk_refuses_is_told_in_its_words(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        caller = pbx.call()
        (call,) = await run.up(1)
        pbx.faults.add("DELETE", f"/ari/channels/{caller}", 500)
        with pytest.raises(ActionFailedError, match="500"):
            await do(run, "hang_up", call=call.id)
        await run.end()


async def test_history_is_five_minutes(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        await run.up(1)
        found = await do(run, "history")
        assert isinstance(found, Live)
        assert found.seconds == SECONDS
        await run.end()


async def test_quit_ends_the_engine(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        assert await do(run, "quit") == "draining"
        assert await run.ended() in VERDICTS
    assert run.final.session.end_reason == "quit"


async def test_draining_sends_new_callers_on_and_ends_with_the_last_call(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        first, second = pbx.call(), pbx.call()
        calls = await run.up(2)
        assert run.parts.publisher.build().session.draining is False
        assert await do(run, "drain") == "draining: 2 calls are still up"
        assert await do(run, "drain") == "draining: 2 calls are still up"
        assert run.parts.publisher.build().session.draining is True
        late = pbx.call()
        await until(lambda: pbx.faults.was_asked("POST", f"{late}/continue"))
        assert run.parts.calls.started == 2
        (sent_on,) = texts(run.events("sent_on"))
        assert sent_on.endswith("is released and not measured")
        assert texts(run.events("drain")) == [
            "draining: new callers are released, 2 calls are still up"
        ]
        await run.flows(*(call.number for call in calls))
        pbx.sim.pbx.hang_up(pbx.sim.pbx.channels[first])
        await until(lambda: len(run.calls) == 1)
        await run.flows(run.calls[0].number)
        assert not run.task.done()
        pbx.sim.pbx.hang_up(pbx.sim.pbx.channels[second])
        assert await run.ended() in VERDICTS
    assert run.final.session.end_reason == "drained"
    assert run.final.session.draining is False
    assert run.final.totals.calls.ended == 2
    assert run.final.totals.packets.in_flight == 0
    run.assert_nothing_left()


async def test_an_engine_without_calls_has_drained_at_once(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        assert await do(run, "drain") == "draining: 0 calls are still up"
        assert await run.ended() in VERDICTS
    assert run.final.session.end_reason == "drained"


async def test_draining_can_be_cut_short(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        await run.up(1)
        await do(run, "drain")
        run.close_lifeline("SIGHUP")
        assert await asyncio.wait_for(run.ended(), 15) in VERDICTS
    assert run.final.session.end_reason == "SIGHUP"
    run.assert_nothing_left()


async def test_a_caller_whose_coming_was_not_heard_is_sent_on_by_the_sweep(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        await run.up(1)
        await do(run, "drain")
        with mock.patch.object(run.parts.calls, "on_new_caller"):
            received = run.parts.event_stream.received
            late = pbx.call()
            await until(lambda: run.parts.event_stream.received > received)
            await until(lambda: run.parts.event_stream.backlog == 0)
        assert late in pbx.channels
        await run.parts.sweeper.sweep("now")
        assert texts(run.events("sweep"))[-1].endswith("1 waiting caller released")
        await until(lambda: late not in pbx.channels)
        assert run.parts.calls.started == 1
        await run.end()


def detail_actions(run: Run) -> DetailActions:
    parts = run.parts
    return DetailActions(parts.calls, store=parts.store, client=parts.client, events=parts.events)


async def detail(run: Run, call: str) -> CallDetail:
    return await detail_actions(run).detail({"call": call})


async def statistics(run: Run, call: str) -> CallerStatistics:
    return await detail_actions(run).statistics({"call": call})


async def test_a_calls_detail_grows_with_it(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        (call,) = await run.up(1)
        name = call.id
        first = call.started_ns // 10**9
        await until(lambda: time.time() > first + 2.2)
        await run.flows(call.number)
        found = await detail(run, name)
        assert found.call == name
        assert found.intervals.out_us.count > 0
        assert found.intervals.asterisk_ms.count > 0
        assert found.intervals.echo_ms.count == sum(count for _, count in found.rtt_histogram)
        assert found.course.sent[-1] is not None
        assert {line.call for line in found.events} == {name}
        assert any("up, simple_bridge" in line.text for line in found.events)
        await run.end()


async def test_an_ended_call_shows_its_last_state_until_it_is_forgotten(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        (call,) = await run.up(1)
        name = call.id
        pbx.control.hang_up(0)
        await until(lambda: call.ended_ns is not None)
        assert call.ended_ns is not None
        first = await detail(run, name)
        assert (await detail(run, name)).intervals == first.intervals
        assert first.last_second <= call.ended_ns // 10**9
        view = await statistics(run, name)
        assert (view.rtp, view.note) == (None, "the caller's channel is gone")
        run.parts.store.retire_call(call.number)
        del run.parts.calls.calls[call.number]
        with pytest.raises(ActionFailedError, match=f"no call '{name}'.* kept for 30 s"):
            await detail(run, name)
        await run.end()


async def test_asterisk_is_asked_for_channel_bridge_and_rtp(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        (call,) = await run.up(1)
        view = await statistics(run, call.id)
        assert view.channel.startswith("PJSIP/")
        assert (view.state, view.bridge, view.members, view.note) == (
            "Up",
            "simple_bridge",
            2,
            None,
        )
        assert view.rtp is not None
        phone = pbx.sim.pbx.channels[call.machine.caller.id].phone
        assert phone is not None
        assert 0 < (view.rtp.received or 0) <= phone.sent
        assert (view.rtp.received_lost, view.rtp.rtt_ms) == (0, None)
        # jitter of what Asterisk receives, which ARI calls txjitter
        assert view.rtp.received_jitter_ms is not None
        assert view.rtp.sent_jitter_ms is not None
        await run.end()


async def test_a_channel_without_rtp_statistics_is_told_in_words(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        name = await _local_call(run, pbx)
        view = await statistics(run, name)
        assert view.rtp is None
        assert view.note is not None
        assert "PJSIP" in view.note
        assert (view.state, view.members) == ("Up", 2)
        await run.end()


async def _local_call(run: Run, pbx: Pbx) -> str:
    await run.parts.client.originate("Local/tone@default", app=pbx.sim.config.app)
    await until(lambda: any(c.machine.state.value == "up" for c in run.calls))
    return run.calls[0].id


async def test_a_channel_that_is_gone_and_an_asterisk_that_fails_are_told(
    pbx: Pbx, echo: EchoRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    # nobody else asks for the channel that is said to be gone
    monkeypatch.setattr("ari_tui.engine.caller_legs.ROUND_S", 3600.0)
    async with engine(pbx, echo.port) as run:
        pbx.call()
        (call,) = await run.up(1)
        name = call.id
        pbx.faults.add("GET", f"/channels/{call.machine.caller.id}", 404, times=1)
        view = await statistics(run, name)
        assert (view.rtp, view.note) == (None, "the caller's channel is gone")
        pbx.faults.add("GET", f"/channels/{call.machine.caller.id}/rtp", 500)
        with pytest.raises(ActionFailedError, match="500"):
            await statistics(run, name)
        pbx.faults.rules.clear()
        pbx.faults.add("GET", "/bridges/", 404, times=1)
        assert (await statistics(run, name)).bridge is None
        await run.end()


def test_zeros_of_an_rtcp_that_never_came_are_no_measurements() -> None:
    told = {
        "rxcount": 71,
        "txcount": 70,
        "rxploss": 0,
        "txploss": 0,
        "txjitter": 0.000125,
        "rxjitter": 0.0,
        "rtt": 0.0,
    }
    silent = rtp_figures(msgspec.convert(told, RtpStatistics))
    assert (silent.received, silent.received_lost, silent.received_jitter_ms) == (71, 0, 0.125)
    assert (silent.sent, silent.sent_lost, silent.sent_jitter_ms, silent.rtt_ms) == (
        70,
        None,
        None,
        None,
    )
    heard = rtp_figures(msgspec.convert(told | {"rtt": 0.021, "rxjitter": 0.002}, RtpStatistics))
    assert (heard.sent_lost, heard.sent_jitter_ms, heard.rtt_ms) == (0, 2.0, 21.0)


async def answered(reader: ClientWebSocketResponse) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads((await reader.receive(WAIT_S)).data)
        if message["type"] == "answer":
            return message


async def test_both_are_actions_of_the_stream(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        (call,) = await run.up(1)
        name = call.id
        async with run.http_server() as session, session.ws_connect("/stream") as reader:
            for action in ("detail", "statistics"):
                await reader.send_json({"id": action, "action": action, "args": {"call": name}})
                answer = await answered(reader)
                assert (answer["id"], answer["ok"]) == (action, True)
            await reader.send_json({"id": 3, "action": "detail", "args": {}})
            answer = await answered(reader)
            assert not answer["ok"]
            assert answer["error"].startswith("no call None")
        await run.end()
