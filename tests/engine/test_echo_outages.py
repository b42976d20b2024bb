"""An echo server in a process of its own that is stopped, goes on, ends and is started again."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import AsyncIterator

from ari_tui.analysis import counters as c
from ari_tui.analysis.diagnosis.outside import Outage
from ari_tui.core.process import Child
from tests.engine.kit import Pbx, Run, engine, until, unused_udp_port


@contextlib.asynccontextmanager
async def echo_process(port: int = 0) -> AsyncIterator[Child]:
    child = await Child.spawn("echo", ["echo", "--port", str(port), "--quiet"])
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.process.pid, signal.SIGCONT)
        await child.kill()


def count(run: Run, counter: int) -> int:
    return int(run.parts.store.counters[:, counter].sum())


def in_flight(run: Run) -> int:
    store = run.parts.store
    return sum(store.flight.count(row) for row in store.row_of.values())


def events(run: Run) -> list[str]:
    return [line.kind for line in run.parts.events.lines if line.kind.startswith("echo_")]


def outages(run: Run) -> list[Outage]:
    return list(run.parts.store.outside.echo_outages)


async def talking(run: Run, pbx: Pbx) -> None:
    """Let two calls talk until their echo server has told its holds."""
    for _ in range(2):
        pbx.call()
    await until(lambda: count(run, c.RETURNED) > 100, "no packets")
    await until(lambda: run.parts.store.holds.told, "the echo server tells no holds")


async def test_packets_that_a_stopped_echo_server_held_are_not_late(pbx: Pbx) -> None:
    async with echo_process() as child, engine(pbx, int(child.info["port"])) as run:
        await talking(run, pbx)
        store, late_before = run.parts.store, count(run, c.LATE_ECHO)
        os.kill(child.process.pid, signal.SIGSTOP)
        await until(lambda: in_flight(run) >= 30)
        os.kill(child.process.pid, signal.SIGCONT)
        await until(lambda: store.holds.totals.explained_late >= 25, "no holds were told")
        await until(lambda: not any(held.waiting for held in store.holds.calls.values()))
        assert store.holds.totals.explained_late > count(run, c.LATE_ECHO) - late_before
        assert store.holds.totals.spread.maximum > 100_000_000
        explained = store.evidence.hold_explained.sum()
        assert explained == store.holds.totals.explained_late
        document = run.parts.publisher.build()
        told = document.instrument.echo_holds
        assert told is not None
        assert told.told
        assert told.explained_late == explained
        run.close_lifeline()


async def test_an_echo_server_that_answers_nothing_is_told_and_so_is_its_return(pbx: Pbx) -> None:
    async with echo_process() as child, engine(pbx, int(child.info["port"])) as run:
        await talking(run, pbx)
        os.kill(child.process.pid, signal.SIGSTOP)
        await until(lambda: "echo_silent" in events(run))
        assert [(one.what, one.until_ns) for one in outages(run)] == [("silent", None)]
        os.kill(child.process.pid, signal.SIGCONT)
        await until(lambda: "echo_back" in events(run))
        assert events(run) == ["echo_silent", "echo_back"]
        assert outages(run)[0].until_ns is not None
        run.close_lifeline()


async def test_an_echo_server_that_was_started_again_is_known_as_that(pbx: Pbx) -> None:
    port = unused_udp_port()
    async with echo_process(port) as first, engine(pbx, port) as run:
        await talking(run, pbx)
        await first.kill()
        await until(lambda: "echo_silent" in events(run))
        assert outages(run)[0].what == "refused"
        async with echo_process(port):
            await until(lambda: "echo_restarted" in events(run))
            assert "echo_back" in events(run)
            assert [one.what for one in outages(run)] == ["restarted"]
            run.close_lifeline()


async def test_losses_of_an_echo_server_that_stood_still_are_not_the_paths(pbx: Pbx) -> None:
    async with (
        echo_process() as child,
        engine(pbx, int(child.info["port"]), media={"loss_timeout_ms": 1000}) as run,
    ):
        await talking(run, pbx)
        os.kill(child.process.pid, signal.SIGSTOP)
        await until(lambda: count(run, c.LOST) >= 60)
        os.kill(child.process.pid, signal.SIGCONT)
        await until(lambda: any(one.what == "stopped" for one in outages(run)))

        def places() -> list[str]:
            where = run.parts.publisher.build().where
            return [] if where is None else [found.place for found in where.findings]

        await until(lambda: "echo-server" in places(), "the echo server is not named")
        assert not {"echo-path", "echo-out", "echo-back"} & set(places())
        run.close_lifeline()
