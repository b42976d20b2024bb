"""A worker that is stopped or dies under a real engine: it is our fault, and nobody else's."""

import os
import signal

from ari_tui.analysis.own_outages import DIED, STOPPED
from ari_tui.analysis.sla.evidence import Limited
from ari_tui.document.model import Document
from tests.engine.kit import EchoRun, Pbx, Run, engine, texts, until, worker_pids

ROOM = {"buffer_bytes": 16384}
"""Room for about 40 packets: a stop of a second overflows the media socket."""


def charged(document: Document) -> tuple[int, bool]:
    """Return the packets missing and the interruptions that are charged to Asterisk."""
    totals = document.totals
    missing = totals.packets.upstream_missing - totals.missing_explained
    own_delays = sum(totals.gaps[kind] for kind in ("hidden", "stalled", "delayed"))
    return missing, totals.packets.interruptions > own_delays


async def gap_is_judged(run: Run) -> None:
    await until(lambda: run.parts.publisher.build().totals.gaps["engine"] > 0, "no gap of ours")


async def test_what_a_stopped_worker_drops_is_not_charged_to_asterisk(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port, media=ROOM) as run:
        pbx.call()
        await run.up(1)
        store, (pid,) = run.parts.store, worker_pids()
        os.kill(pid, signal.SIGSTOP)
        await until(lambda: store.own_outages.down, "the stop was not seen")
        (since_ns,) = store.own_outages.down.values()
        os.kill(pid, signal.SIGCONT)
        await until(lambda: not store.own_outages.down, "the end was not seen")
        await gap_is_judged(run)
        await run.end()
    outage = max(store.own_outages, key=lambda one: one.until_ns - one.from_ns)
    assert (outage.call, outage.what) == (1, STOPPED)
    assert outage.until_ns - since_ns > 1_000_000_000
    assert store.own_outages.total_ns >= outage.until_ns - outage.from_ns
    totals = run.final.totals
    assert totals.packets.upstream_missing > 0
    assert totals.packets.socket_drops > 0
    assert charged(run.final) == (0, False)
    assert store.sla_evaluator.evidence.limited_call_s[Limited.WORKER] >= 2
    (line,) = (text for text in texts(run.events("worker")) if "stood still" in text)
    assert line.endswith("those seconds are left out")


async def test_what_a_dead_worker_does_not_receive_is_not_charged_to_asterisk(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        await run.up(1)
        store, (pid,) = run.parts.store, worker_pids()
        os.kill(pid, signal.SIGKILL)
        await until(lambda: DIED in {one.what for one in store.own_outages}, "no outage")
        await run.flows(1)
        await gap_is_judged(run)
        await run.end()
    assert not store.own_outages.down
    assert run.final.totals.packets.upstream_missing > 0
    assert charged(run.final) == (0, False)
    assert store.sla_evaluator.evidence.limited_call_s[Limited.WORKER] >= 1
