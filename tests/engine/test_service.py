"""One engine's life, against a simulated Asterisk, real workers, real packets."""

import asyncio
import os
import signal
import time
from unittest import mock

import pytest
from aiohttp import ClientSession

from ari_tui.config.run_options import RunOptions
from ari_tui.core.errors import AriError, AriReplacedError
from ari_tui.core.process import ParentLink
from ari_tui.engine import service
from tests.engine.kit import (
    APP,
    VERDICTS,
    EchoRun,
    Pbx,
    echo_server,
    engine,
    settings,
    texts,
    until,
    unused_udp_port,
    worker_pids,
)


async def test_a_run_measures_its_calls_and_leaves_nothing(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port, options=RunOptions(duration_s=1.5)) as run:
        for _ in range(3):
            pbx.call()
        await run.up(3)
        assert await run.ended() in VERDICTS
    final = run.final
    assert final.session.end_reason == "duration"
    assert [document.kind for document in run.documents].count("final") == 1
    assert final.totals.calls.ended == final.totals.calls.started == 3
    assert (final.totals.calls.failed, final.totals.calls.active) == (0, 0)
    for call in final.calls:
        assert call.state == "ended"
        assert call.packets.sent == call.packets.returned > 20
        # what comes back while a call drains is measured and not sent on
        assert call.packets.returned - 5 < call.packets.delivered <= call.packets.returned
        assert call.packets.lost == call.packets.in_flight == 0
        assert call.rtt_ms.count > 0
    run.assert_nothing_left()
    assert pbx.control.callers == []  # the dialplan went on, which ends a simulated caller


async def test_an_engine_whose_parent_dies_drains_and_ends(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        await run.up(1)
        run.close_lifeline()
        assert await run.ended() in VERDICTS
    assert run.final.session.end_reason == "parent gone"
    run.assert_nothing_left()


async def test_an_engine_that_shall_stay_outlives_its_parent(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port, options=RunOptions(stay=True)) as run:
        pbx.call()
        (call,) = await run.up(1)
        run.close_lifeline("SIGHUP")
        await run.flows(call.number)
        run.parts.quit.set()
        assert await run.ended() in VERDICTS
    assert run.final.session.end_reason == "quit"


async def test_a_signal_drains_and_gives_its_exit_code(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        await run.up(1)
        os.kill(os.getpid(), signal.SIGTERM)
        assert await run.ended() == 143
    assert run.final.session.end_reason == "SIGTERM"
    assert run.final.totals.packets.lost == run.final.totals.packets.in_flight == 0
    run.assert_nothing_left()


async def test_a_second_signal_skips_draining_and_calls_nothing_lost(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        await run.up(1)
        pbx.faults.add("DELETE", "/ari/bridges", "mute")  # the drain waits for this
        os.kill(os.getpid(), signal.SIGINT)
        await until(lambda: not run.parts.calls.accepting)
        os.kill(os.getpid(), signal.SIGINT)
        begun = time.monotonic()
        assert await run.ended() == 130
        assert time.monotonic() - begun < run.settings.asterisk.request_timeout_s
    (told,) = run.events("drain")
    assert "second signal" in told.text
    assert run.final.totals.packets.lost == 0
    run.assert_nothing_of_ours_left()


async def test_a_signal_ends_an_engine_that_still_waits_for_asterisk(
    pbx: Pbx, echo: EchoRun
) -> None:
    pbx.faults.add("GET", "/ari/events", 503)
    link = ParentLink(None, None)
    task = asyncio.create_task(service.run_engine(settings(pbx, echo.port), RunOptions(), link))
    await until(lambda: pbx.faults.was_asked("GET", "/ari/events"))
    os.kill(os.getpid(), signal.SIGTERM)
    assert await asyncio.wait_for(task, 10) == 143
    assert worker_pids() == []


async def test_a_parent_that_dies_ends_an_engine_that_still_waits_for_asterisk(
    pbx: Pbx, echo: EchoRun
) -> None:
    pbx.faults.add("GET", "/ari/events", 503)
    lifeline, parents_end = os.pipe()
    link = ParentLink(None, lifeline)
    task = asyncio.create_task(
        service.run_engine(settings(pbx, echo.port), RunOptions(stay=True), link)
    )
    try:
        await until(lambda: pbx.faults.was_asked("GET", "/ari/events"))
    finally:
        os.close(parents_end)
    assert await asyncio.wait_for(task, 10) == 4
    os.close(lifeline)
    assert worker_pids() == []


async def test_an_application_taken_over_is_left_to_the_other(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        await run.up(1)
        channels, bridges = pbx.channels, pbx.bridges
        url = f"{pbx.sim.url}/ari/events?app={APP}&api_key=x"
        auth = run.parts.client.endpoint.headers
        async with ClientSession(headers=dict(auth)) as rival, rival.ws_connect(url):
            with pytest.raises(AriReplacedError, match="another client took over") as refused:
                await run.ended()
            writes = [one for one in pbx.faults.requests if one[0] in ("POST", "DELETE")]
    assert refused.value.exit_code == 2  # a service manager must not have us fight
    assert run.final.session.end_reason == "replaced"
    assert run.final.totals.packets.in_flight == 0
    assert (run.final.totals.calls.ended, run.final.totals.calls.active) == (1, 0)
    (call,) = run.final.calls
    assert (call.state, call.reason) == ("ended", "another client took over the application")
    assert call.ended_at is not None
    assert (pbx.channels, pbx.bridges) == (channels, bridges)
    assert [one for one in writes if one[0] == "DELETE" or "continue" in one[1]] == []
    run.assert_nothing_of_ours_left()


async def test_a_caller_who_comes_while_we_stop_is_sent_on(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        await run.up(1)
        run.close_lifeline()
        await until(lambda: not run.parts.calls.accepting)
        late = pbx.call()
        await until(lambda: late not in pbx.channels, "the late caller hears silence for ever")
        assert pbx.faults.was_asked("POST", f"/ari/channels/{late}/continue")
        await run.ended()
    assert run.final.totals.calls.started == 1


async def test_an_internal_error_still_lets_callers_go_and_closes_the_books(
    pbx: Pbx, echo: EchoRun, caplog: pytest.LogCaptureFixture
) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        await run.up(1)
        bug = mock.patch.object(run.parts.worker_pool, "replace_hung", side_effect=KeyError("bug"))
        with bug, pytest.raises(KeyError):
            await run.ended()
    assert "internal error: KeyError: 'bug'" in caplog.text
    assert "Traceback" in caplog.text
    assert run.final.session.end_reason == "internal error"
    run.assert_nothing_left()


async def test_an_asterisk_that_refuses_us_ends_the_start_with_its_reason(
    pbx: Pbx, echo: EchoRun
) -> None:
    pbx.faults.add("GET", "/ari/events", 401)
    with pytest.raises(AriError, match="refused user 'ari'"):
        async with engine(pbx, echo.port):
            pass
    assert worker_pids() == []


async def test_without_an_echo_server_calls_stay_up_and_one_event_says_why(pbx: Pbx) -> None:
    port = unused_udp_port()
    async with engine(pbx, port) as run:
        for _ in range(2):
            pbx.call()
        await until(lambda: run.count("echo_refused", 1) > 5 and run.count("echo_refused", 2) > 5)
        assert [call.machine.state.value for call in run.calls] == ["up", "up"]
        (told,) = texts(run.events("echo_refused"))
        assert f"127.0.0.1:{port} refuses packets: nothing listens there" in told
        with echo_server(port):
            await run.flows(1, 2)
            await run.end()
    assert run.final.totals.packets.lost > 0
    assert run.final.totals.packets.in_flight == 0
    run.assert_nothing_left()


async def test_an_output_that_nobody_reads_any_more_ends_the_run_in_order(
    pbx: Pbx, echo: EchoRun, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine(pbx, echo.port, output={"interval_s": 0.25}) as run:
        pbx.call()
        await run.up(1)

        def closed(_: object) -> None:
            raise BrokenPipeError

        monkeypatch.setattr(run, "take", closed)
        with pytest.raises(BrokenPipeError):
            await run.ended()
    assert "internal error" not in caplog.text
    run.assert_nothing_left()
    assert pbx.channels == []
