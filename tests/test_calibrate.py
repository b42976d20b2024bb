"""Watching real engines: one that runs, one that is started for it, one that ends meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from ari_tui.analysis.calibration import Watched
from ari_tui.calibrate import watch, watch_engine
from ari_tui.config import Asterisk, Echo, Media, Output, Settings
from ari_tui.errors import AriTuiError
from ari_tui.process import end_tasks
from ari_tui.snapshot.source import Link, LiveSource, parse_target
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
        await end_tasks([task])


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
        found: Watched = await asyncio.wait_for(task, WAIT_S)
        assert (found.calls, found.settled, sum(found.histogram.values())) == (0, 0, 0)


async def test_an_engine_that_ends_ends_the_watch(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run, following(str(run.socket)) as source:
        task = asyncio.create_task(watch(source, 3600.0, asyncio.Event()))
        await until(lambda: source.document)
        await run.end()
        found = await asyncio.wait_for(task, WAIT_S)
    assert found.calls == 0


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
        asterisk=Asterisk(url=pbx.sim.url, app=APP), echo=Echo(port=echo.port),
        media=Media(ports="{}-{}".format(*free_block()), loss_timeout_ms=500),
        output=Output(json="-", status_s=1.0),
    )  # fmt: skip

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
