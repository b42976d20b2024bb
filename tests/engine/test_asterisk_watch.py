"""An Asterisk that stops, goes, comes back, or is another one than before: what is told of it."""

from __future__ import annotations

import time

import pytest

from ari_tui.engine.asterisk_watch import RESTARTED, utc_of
from tests.engine.kit import EchoRun, Pbx, Run, engine, until


async def restarted(run: Run) -> None:
    await run.pbx.control.go_away()
    await until(lambda: not run.parts.event_stream.connected)
    await run.pbx.control.come_back(fresh=True)
    await until(lambda: run.events("asterisk_restarted"))


@pytest.mark.parametrize(
    ("told", "utc"),
    [
        ("2026-12-01T04:20:31.586+0000", "2026-12-01T04:20:31.586+00:00"),
        ("2026-12-01T04:20:31.586+0200", "2026-12-01T02:20:31.586+00:00"),
        ("\x1b[31myesterday", "yesterday"),
    ],
)
def test_aris_time_is_told_in_utc_and_what_is_none_is_cleaned(told: str, utc: str) -> None:
    assert utc_of(told).endswith(utc)
    assert "\x1b" not in utc_of(told)


async def test_a_restart_is_told_with_its_time_and_the_calls_that_it_ended(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call(), pbx.call()
        await run.up(2)
        first = run.parts.publisher.build().asterisks[0]
        await restarted(run)
        await until(lambda: not run.calls)
        document = run.parts.publisher.build()
        assert {call.reason for call in document.calls} == {RESTARTED}
        (told,) = run.events("asterisk_restarted")
        assert told.level == "error"
        assert told.text.startswith("Asterisk was restarted at ")
        assert told.text.endswith(" UTC: 2 calls are gone")
        (state,) = document.asterisks
        assert (first.restarts, state.restarts) == (0, 1)
        assert first.started_at is not None
        assert state.started_at is not None
        assert first.started_at < state.started_at
        outage = run.parts.store.outside.outages[-1]
        assert outage.what == "restarted"
        assert outage.until_ns is not None
        assert outage.from_ns < outage.until_ns <= time.time_ns()
        await run.end()


async def test_a_call_of_after_the_restart_ends_for_its_own_reason(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        await restarted(run)
        await until(lambda: run.parts.event_stream.connected)
        await until(lambda: pbx.control.place_call() is not None)
        (call,) = await run.up(1)
        await pbx.control.go_away()
        pbx.sim.pbx.hang_up(pbx.sim.pbx.channels[call.machine.caller.id])
        await pbx.control.come_back()
        await until(lambda: not run.calls)
        assert call.reason == "caller is no longer in Asterisk"
        assert len(run.events("asterisk_restarted")) == 1
        await run.end()


async def test_an_asterisk_that_was_only_away_is_no_restart(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        facts = run.parts.store.outside
        await until(lambda: run.parts.pings.figures is not None)
        await pbx.control.go_away()
        await until(lambda: facts.outages and facts.outages[-1].what == "gone")
        assert facts.outages[-1].until_ns is None
        await pbx.control.come_back()
        await until(lambda: facts.outages[-1].until_ns is not None)
        await until(lambda: run.events("asterisk_back"))
        await run.parts.watch.check()
        assert run.events("asterisk_restarted") == []
        assert [one.what for one in facts.outages] == ["gone"]
        assert run.parts.publisher.build().asterisks[0].restarts == 0
        await run.end()


async def test_an_asterisk_that_answers_nothing_but_is_there_has_stopped(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        facts = run.parts.store.outside
        await until(lambda: run.parts.pings.figures is not None)
        before_ns = time.time_ns()
        pbx.faults.add("GET", "asterisk/ping", "mute")
        await until(lambda: facts.outages)
        (outage,) = facts.outages
        assert (outage.what, outage.until_ns) == ("stopped", None)
        assert outage.from_ns <= before_ns + 10**9
        pbx.faults.rules.clear()
        await until(lambda: facts.outages[-1].until_ns is not None)
        assert [one.what for one in facts.outages] == ["stopped"]
        pbx.faults.released.set()
        await run.end()
