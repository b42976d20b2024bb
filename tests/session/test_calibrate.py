"""Watching real engines: one that runs, one that is started for it, one that ends meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ari_tui.analysis.histogram import no_durations, sparse
from ari_tui.analysis.records import Ints
from ari_tui.analysis.roundtrip.intervals import coarsened
from ari_tui.analysis.sla.calibration import PathSample
from ari_tui.building.figures import spread
from ari_tui.client.source import Link, LiveSource, parse_target
from ari_tui.config.settings import (
    AsteriskSettings,
    EchoSettings,
    MediaSettings,
    OutputSettings,
    Settings,
)
from ari_tui.core.cancellation import cancel_tasks
from ari_tui.core.errors import AriTuiError
from ari_tui.document.live import SECONDS, AllCourse, Cells, Live
from ari_tui.document.model import Document
from ari_tui.session.calibrate import watch, watch_engine
from tests.engine.kit import (
    APP,
    EchoRun,
    Pbx,
    asterisk,
    call_facts,
    document,
    echo_server,
    engine,
    free_block,
    until,
    worker_pids,
)
from tests.report.kit import a_run

pytestmark = pytest.mark.system
WAIT_S = 30.0


@pytest.fixture(autouse=True)
def a_runtime_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the engines of this test apart from others."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


@pytest.fixture
async def pbx() -> AsyncIterator[Pbx]:
    async with asterisk() as running:
        yield running


@pytest.fixture
def echo() -> Iterator[EchoRun]:
    with echo_server() as running:
        yield running


@contextlib.asynccontextmanager
async def following(socket: str) -> AsyncIterator[LiveSource]:
    source = LiveSource(parse_target(socket))
    task = asyncio.create_task(source.run())
    try:
        yield source
    finally:
        await cancel_tasks([task])


async def test_what_an_engine_measures_meanwhile_is_watched(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        for _ in range(3):
            pbx.call()
        await run.up(3)
        async with following(str(run.socket)) as source:
            found = await asyncio.wait_for(watch(source, 3.0, asyncio.Event()), WAIT_S)
        await run.end()
    assert found.calls == 3
    assert 0 < found.settled < run.final.totals.packets.sent
    assert sum(found.histogram.values()) > 0
    assert 0 < found.shortest_ms <= found.longest_ms
    assert found.lost <= run.final.totals.packets.lost
    assert found.seconds >= 3.0


async def test_a_wish_to_stop_ends_the_watch_with_what_there_is(pbx: Pbx, echo: EchoRun) -> None:
    stop = asyncio.Event()
    async with engine(pbx, echo.port) as run, following(str(run.socket)) as source:
        task = asyncio.create_task(watch(source, 3600.0, stop))
        await until(lambda: source.document)
        stop.set()
        found: PathSample = await asyncio.wait_for(task, WAIT_S)
        assert (found.calls, found.settled, sum(found.histogram.values())) == (0, 0, 0)


async def test_an_engine_that_ends_ends_the_watch(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run, following(str(run.socket)) as source:
        task = asyncio.create_task(watch(source, 3600.0, asyncio.Event()))
        await until(lambda: source.document)
        await run.end()
        found = await asyncio.wait_for(task, WAIT_S)
    assert found.calls == 0


class Told(LiveSource):
    """A source that tells documents and histories, one after the other, and ends."""

    def __init__(self, *told: tuple[Document, Live]) -> None:
        super().__init__(parse_target("/run/x.sock"))
        self._told = list(told)
        self.link = Link("live")
        self._tell()

    def _tell(self) -> None:
        self.document, live = self._told.pop(0)
        self.history.merge(live)

    async def changed(self) -> None:
        if not self._told:
            self.link = Link("ended")
            return
        self._tell()


def told(at: int, rtt_ns: Ints, newest: Ints, *, fine: bool) -> tuple[Document, Live]:
    """Return a second of an engine: all its round trips so far, and those of this second."""
    seen = no_durations().plus(rtt_ns)
    made = a_run(
        session__id="one",
        totals__rtt_histogram=sparse(seen.counts) if fine else None,
        window__rtt_ms=spread(no_durations().plus(newest), 1_000_000),
    )
    longest: Cells = [round(int(newest.max()) / 1000)]
    course = AllCourse(
        sent=[len(newest)],
        lost=[0],
        late=[0],
        rtt_p50_us=[None],
        rtt_p95_us=[None],
        rtt_p99_us=[None],
        rtt_max_us=longest,
    )
    live = Live(
        last_second=at, seconds=1, all=course, calls={}, rtt_histogram=coarsened(seen.counts)
    )
    return made, live


BEFORE = np.full(5000, 90_000_000)
SEEN = (np.random.default_rng(5).gamma(2.0, 4e6, 4000) + 20e6).astype(np.int64)


async def watched(*, fine: bool) -> PathSample:
    """Watch an engine that has seen other round trips before."""
    parts = np.array_split(SEEN, 4)
    seconds = [told(100, BEFORE, BEFORE, fine=fine)]
    for i, part in enumerate(parts, 1):
        seconds.append(told(100 + i, np.concatenate([BEFORE, *parts[:i]]), part, fine=fine))
    source = Told(*seconds)
    return await asyncio.wait_for(watch(source, 3600.0, asyncio.Event()), WAIT_S)


@pytest.mark.parametrize(("fine", "off"), [(True, 0.01), (False, 0.03)])
async def test_percentiles_are_those_of_the_watch_alone(fine: bool, off: float) -> None:
    found = await watched(fine=fine)
    assert sum(found.histogram.values()) == len(SEEN)
    exact = np.sort(SEEN) / 1000
    values = [upper for upper in sorted(found.histogram) for _ in range(found.histogram[upper])]
    for percent in (50, 95, 99):
        rank = -(-len(SEEN) * percent // 100) - 1
        assert values[rank] == pytest.approx(exact[rank], rel=off)


@pytest.mark.parametrize("fine", [True, False])
async def test_coarse_percentiles_are_told_to_be_that(
    fine: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        await watched(fine=fine)
    assert ("--histograms" in caplog.text) is not fine


async def test_the_longest_round_trip_of_a_watch_longer_than_a_history_is_kept() -> None:
    quick, slow = np.full(100, 5_000_000), np.full(1, 400_123_000)
    both = np.concatenate([quick, slow])
    seconds = [told(0, quick, quick, fine=True), told(1, both, slow, fine=True)]
    seconds += [told(1 + SECONDS + i, both, quick, fine=True) for i in range(3)]
    found = await asyncio.wait_for(watch(Told(*seconds), 3600.0, asyncio.Event()), WAIT_S)
    assert found.longest_ms == 400.123


async def test_extremes_of_before_the_watch_are_not_its_own() -> None:
    wild = np.array([100_000, 900_000_000])
    calm = np.full(500, 20_000_000)
    seconds = [told(100, wild, wild, fine=True)]
    seconds.append(told(101, np.concatenate([wild, calm]), wild, fine=True))
    found = await asyncio.wait_for(watch(Told(*seconds), 3600.0, asyncio.Event()), WAIT_S)
    assert found.shortest_ms == pytest.approx(20.0, rel=0.016)
    assert found.longest_ms == pytest.approx(20.0, rel=0.016)


class Replaced(LiveSource):
    """A source behind which another engine has taken the place of the first."""

    async def changed(self) -> None:
        assert self.document is not None
        other = msgspec.structs.replace(self.document.session, id="another")
        self.document = msgspec.structs.replace(self.document, session=other)


async def test_another_engine_in_its_place_is_told() -> None:
    source = Replaced(parse_target("/run/x.sock"))
    source.document, source.link = document(call_facts(1)), Link("live")
    with pytest.raises(AriTuiError, match="another engine has taken the place of /run/x"):
        await asyncio.wait_for(watch(source, 3600.0, asyncio.Event()), WAIT_S)


async def test_no_engine_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(AriTuiError, match="no engine at"):
        await watch_engine(str(tmp_path / "none.sock"), Settings(), 5.0)


async def test_without_a_target_an_engine_of_its_own_takes_up_calls_and_ends(
    pbx: Pbx, echo: EchoRun
) -> None:
    settings = Settings(
        asterisk=AsteriskSettings(url=pbx.sim.url, app=APP),
        echo=EchoSettings(port=echo.port),
        media=MediaSettings(ports="{}-{}".format(*free_block()), loss_timeout_ms=500),
        output=OutputSettings(json="-", status_s=1.0),
    )

    async def call() -> None:
        await until(lambda: pbx.control.place_call() is not None)  # somebody listens by now
        pbx.call()

    calling = asyncio.create_task(call())
    found, code = await asyncio.wait_for(watch_engine("", settings, 4.0), WAIT_S)
    await calling
    assert code == 0
    assert found.calls == 2
    assert found.settled > 0
    await until(lambda: worker_pids() == [])
    assert [one for one in pbx.channels if one.startswith("ari-tui.")] == []
