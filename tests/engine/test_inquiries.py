"""What readers may ask of single calls, answered by a whole engine."""

from __future__ import annotations

import json
import time
from typing import Any

import msgspec
import pytest
from aiohttp import ClientWebSocketResponse

from ari_tui.ari.models import RtpStatistics
from ari_tui.engine.inquiries import Inquiries, figures
from ari_tui.engine.stream import ActionFailedError
from ari_tui.snapshot.detail import CallDetail, CallerStatistics
from tests.engine.kit import WAIT_S, EchoRun, Pbx, Run, engine, until


def inquiries(run: Run) -> Inquiries:
    parts = run.parts
    return Inquiries(parts.calls, store=parts.store, client=parts.client, events=parts.events)


async def detail(run: Run, call: str) -> CallDetail:
    return await inquiries(run).detail({"call": call})


async def statistics(run: Run, call: str) -> CallerStatistics:
    return await inquiries(run).statistics({"call": call})


async def test_a_calls_detail_grows_with_it(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        (call,) = await run.up(1)
        name = run.parts.calls.call_id(call)
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
        name = run.parts.calls.call_id(call)
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
        view = await statistics(run, run.parts.calls.call_id(call))
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
        assert 0 < (view.rtp.received or 0) <= phone.spoken
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
    return run.parts.calls.call_id(run.calls[0])


async def test_a_channel_that_is_gone_and_an_asterisk_that_fails_are_told(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        (call,) = await run.up(1)
        name = run.parts.calls.call_id(call)
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
    silent = figures(msgspec.convert(told, RtpStatistics))
    assert (silent.received, silent.received_lost, silent.received_jitter_ms) == (71, 0, 0.125)
    assert (silent.sent, silent.sent_lost, silent.sent_jitter_ms, silent.rtt_ms) == (
        70,
        None,
        None,
        None,
    )
    heard = figures(msgspec.convert(told | {"rtt": 0.021, "rxjitter": 0.002}, RtpStatistics))
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
        name = run.parts.calls.call_id(call)
        async with run.door() as session, session.ws_connect("/stream") as reader:
            for action in ("detail", "statistics"):
                await reader.send_json({"id": action, "action": action, "args": {"call": name}})
                answer = await answered(reader)
                assert (answer["id"], answer["ok"]) == (action, True)
            await reader.send_json({"id": 3, "action": "detail", "args": {}})
            answer = await answered(reader)
            assert not answer["ok"]
            assert answer["error"].startswith("no call None")
        await run.end()
