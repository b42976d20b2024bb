"""Leftovers of crashes are cleaned up, callers are taken up, and nobody else's is touched."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator

import aiohttp
import pytest

from ari_tui.ari.client import AriClient
from ari_tui.config.dump import to_environment
from ari_tui.core.process import Child
from tests.engine.kit import EchoRun, Pbx, engine, settings, texts, udp_ports, until


@contextlib.asynccontextmanager
async def other_client(pbx: Pbx, app: str) -> AsyncIterator[AriClient]:
    """Be the client of another application."""
    async with (
        AriClient(pbx.sim.url, "ari", "ari") as ari,
        aiohttp.ClientSession(headers=dict(ari.endpoint.headers)) as session,
        session.ws_connect(f"{pbx.sim.url}/ari/events?app={app}"),
    ):
        yield ari


async def test_what_a_killed_engine_left_is_reaped_and_its_callers_are_taken_up(
    pbx: Pbx, echo: EchoRun
) -> None:
    given = settings(pbx, echo.port)
    child = await Child.spawn(
        "engine",
        ["run", "--headless"],
        environment={**os.environ, **to_environment(given)},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        callers = {pbx.call(), pbx.call()}
        await until(lambda: len(pbx.bridges) == 2 and len(pbx.channels) == 4)
    finally:
        os.kill(child.process.pid, signal.SIGKILL)
        await child.kill()
    left = set(pbx.channels) - callers | set(pbx.bridges)
    assert len(left) == 4
    first, last = given.media.port_range
    await until(lambda: not udp_ports() & set(range(first, last + 1)), "its worker lives on")

    async with other_client(pbx, "other") as other:
        await other.external_media(
            "ari-tui.other.deadbeef.1.media", app="other", external_host="127.0.0.1:9"
        )
        await other.create_bridge("ari-tui.other.deadbeef.1.bridge")
        await other.create_bridge("somebody-elses")
        async with engine(pbx, echo.port) as run:
            calls = await run.up(2)
            assert {call.machine.caller.id for call in calls} == callers
            assert not left & {*pbx.channels, *pbx.bridges}
            (told,) = texts(run.events("sweep"))
            assert told == (
                "clean-up at start: 2 leftover channels removed, 2 leftover bridges removed, "
                "2 waiting callers measured"
            )
            await run.end()
        assert run.final.totals.calls.failed == 0
        assert pbx.bridges == ["ari-tui.other.deadbeef.1.bridge", "somebody-elses"]
        assert pbx.channels == ["ari-tui.other.deadbeef.1.media"]
    run.assert_nothing_of_ours_left()


async def test_a_caller_is_taken_up_once_however_sweeps_and_events_meet(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        sweeper = run.parts.sweeper
        async with AriClient(pbx.sim.url, "ari", "ari") as ari:
            for n in range(6):
                await ari.create_bridge(f"ari-tui.tests.deadbeef.{n}.bridge")
                pbx.call()
                await asyncio.gather(sweeper.sweep("now"), sweeper.sweep("and now"))
        await run.up(6)
        assert run.parts.calls.started == 6
        assert len(pbx.bridges) == 6
        await run.end()
    run.assert_nothing_left()


@pytest.mark.parametrize("step", ["/ari/bridges?", "/addChannel"])
async def test_a_young_call_is_no_leftover(step: str, pbx: Pbx, echo: EchoRun) -> None:
    """Asterisk has done a step of its set-up, and has not answered yet."""
    async with engine(pbx, echo.port) as run:
        held = pbx.faults.add("POST", step, "held", times=1)
        pbx.call()
        await until(lambda: held.hits == 1, "the step was never asked for")
        for _ in range(3):
            assert await run.parts.sweeper.sweep("now")
        pbx.faults.released.set()
        await until(
            lambda: [c.machine.state.value for c in run.calls] == ["up"], "it never came up"
        )
        assert await run.parts.sweeper.sweep("now")
        assert [one for one in pbx.faults.requests if one[0] == "DELETE"] == []
        assert run.parts.calls.started == 1
        await run.end()
    totals = run.final.totals.calls
    assert (totals.started, totals.ended, totals.failed) == (1, 1, 0)


async def test_a_leftover_that_stays_is_told_and_not_counted_as_removed(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        async with AriClient(pbx.sim.url, "ari", "ari") as ari:
            await ari.create_bridge("ari-tui.tests.deadbeef.1.bridge")
            await ari.create_bridge("ari-tui.tests.deadbeef.2.bridge")
        fault = pbx.faults.add("DELETE", "deadbeef.1.bridge", 500)
        assert await run.parts.sweeper.sweep("now")
        told = texts(run.events("sweep"))
        assert told[0].startswith("a leftover could not be removed: ")
        assert "1 leftover bridge removed" in told[1]
        fault.times = 0
        await run.parts.sweeper.sweep("again")
        assert pbx.bridges == []
        await run.end()


async def test_a_sweep_that_cannot_look_changes_nothing_and_says_so(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        await run.up(1)
        for path in ("/ari/applications/tests", "/ari/channels", "/ari/bridges"):
            fault = pbx.faults.add("GET", path, 500)
            assert await run.parts.sweeper.sweep("now") is False
            fault.times = 0
        assert all("clean-up now failed: " in text for text in texts(run.events("sweep")))
        assert len(run.calls) == 1
        await run.end()


async def test_a_media_channel_or_bridge_taken_away_while_events_were_lost_ends_the_call(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        pbx.call()
        one, other = await run.up(2)
        await pbx.control.go_away()
        await until(lambda: not run.parts.event_stream.connected)
        inner = pbx.sim.pbx
        inner.hang_up(inner.channels[one.machine.ids.media])
        inner.bridging.destroy(inner.bridging.bridges[other.machine.ids.bridge])
        await pbx.control.come_back()
        await until(lambda: not run.calls)
        assert one.machine.reason == "our media channel is no longer there"
        assert other.machine.reason == "our bridge is no longer there"
        assert pbx.control.callers == []
        await run.end()
    run.assert_nothing_left()
