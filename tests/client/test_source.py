"""Following an engine over a real HTTP server: its history, silence, end and return."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from ari_tui.client import source as module
from ari_tui.client.source import ActionError, Link, LiveSource, parse_target
from ari_tui.config.dump import to_environment
from ari_tui.core.backoff import Backoff
from ari_tui.core.errors import AriTuiError
from ari_tui.core.process import Child
from ari_tui.core.runtime_folder import socket_path
from ari_tui.document.live import SECONDS
from ari_tui.document.model import Call
from tests.client.kit import StubEngine, following, stub_engine, until
from tests.engine import kit
from tests.ui.kit import LAST_SECOND, a_call, a_document, an_event

TOKEN = "a-token-of-the-tests"


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RETRY", Backoff(first_s=0.02, longest_s=0.05))


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[StubEngine]:
    async with stub_engine(tmp_path / "e.sock") as running:
        yield running


# -- following -------------------------------------------------------------------------------


async def test_a_hello_fills_document_history_and_events(engine: StubEngine) -> None:
    engine.lost = {LAST_SECOND - 200: 4}
    source = LiveSource(engine.target)
    assert (source.link, source.age_s, source.document) == (Link("connecting"), 0.0, None)
    assert source.address == str(engine.path)
    async with following(source):
        await until(source, lambda: source.document)
        assert source.document == engine.document
        lost = source.history.calls["call-1"].tail("lost", SECONDS)
        assert (sum(one or 0 for one in lost), lost[-201]) == (4, 4)
        assert source.history.all.tail("rtt_p95_us", SECONDS) == [5000] * SECONDS
        assert [line.text for line in source.events] == ["hello of s1"]


async def test_snapshots_bring_document_and_losses_that_were_booked_later(
    engine: StubEngine,
) -> None:
    async with following(LiveSource(engine.target)) as source:
        version = source.version
        engine.tick()
        await until(source, lambda: source.history.last_second == engine.second)
        assert source.version > version
        assert source.history.calls["call-1"].tail("lost", 6) == [0] * 6
        engine.lost = {engine.second - 2: 7}
        engine.tick()
        await until(source, lambda: source.history.last_second == engine.second)
        assert source.history.calls["call-1"].tail("lost", 6) == [0, 0, 7, 0, 0, 0]
        assert source.document is not None
        assert source.document.time == str(engine.second)
        assert engine.asked == []


async def test_a_call_that_left_the_document_leaves_the_history(engine: StubEngine) -> None:
    async with following(LiveSource(engine.target)) as source:
        engine.calls = [engine.calls[1], a_call(3)]
        engine.tick()
        await until(source, lambda: "call-3" in source.history.calls)
        assert set(source.history.calls) == {"call-2", "call-3"}
        assert source.history.calls["call-3"].tail("sent", 7) == [None, *[50] * 6]


async def test_events_come_as_they_are_told_and_the_newest_are_kept(
    engine: StubEngine,
) -> None:
    async with following(LiveSource(engine.target)) as source:
        for number in range(module.EVENTS_KEPT + 10):
            engine.stream.publish_event(an_event(str(number)))
            if number % 100 == 0:
                await asyncio.sleep(0)
        last = str(module.EVENTS_KEPT + 9)
        await until(source, lambda: source.events and source.events[-1].text == last)
        assert len(source.events) <= module.EVENTS_KEPT


async def test_missing_seconds_are_asked_for(engine: StubEngine) -> None:
    async with following(LiveSource(engine.target)) as source:
        engine.lost = {LAST_SECOND + 3: 9}
        engine.tick(20)
        await until(source, lambda: source.history.calls["call-1"].tail("lost", 18)[0] == 9)
        assert source.history.calls["call-1"].tail("sent", SECONDS) == [50] * SECONDS
        assert engine.asked == [("history", {})]
        engine.tick()
        await until(source, lambda: source.history.last_second == engine.second)
        assert len(engine.asked) == 1


async def test_a_slow_reader_that_missed_snapshots_gets_its_history_whole(
    engine: StubEngine,
) -> None:
    async with following(LiveSource(engine.target)) as source:
        for _ in range(30):  # none of them lets the reader run
            engine.tick()
        await until(source, lambda: source.history.last_second == engine.second)
        await until(source, lambda: None not in source.history.all.tail("sent", SECONDS))
        assert source.history.calls["call-1"].tail("sent", SECONDS) == [50] * SECONDS


async def test_an_engine_that_cannot_tell_leaves_a_hole_and_is_not_asked_for_ever(
    engine: StubEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with following(LiveSource(engine.target)) as source:
        del engine.stream._actions["history"]  # type: ignore[attr-defined]  # a dict it is
        engine.tick(20)
        for _ in range(6):
            await until(source, lambda: source.history.last_second == engine.second)
            assert source._filling is not None
            await asyncio.wait({source._filling}, timeout=5)
            engine.tick()
        assert caplog.text.count("seconds are missing") == 3
        assert source.link.state == "live"
        assert None in source.history.all.tail("sent", 30)


# -- the link --------------------------------------------------------------------------------


async def test_an_engine_that_is_killed_is_lost_and_its_data_age_until_it_is_back(
    engine: StubEngine,
) -> None:
    now = [100.0]
    async with following(LiveSource(engine.target, clock=lambda: now[0])) as source:
        await until(source, lambda: source.document)
        now[0] += 0.5
        assert source.age_s == 0.5
        await engine.kill()
        await until(source, lambda: source.link.state == "lost")
        assert source.document is not None
        await until(source, lambda: "no such socket" in source.link.detail)
        now[0] += 7
        assert source.age_s == 7.5
        with pytest.raises(ActionError, match="quit: no engine at"):
            await source.act("quit")
        engine.second += 60
        engine.lost = {LAST_SECOND + 30: 2}
        await engine.start()
        await until(source, lambda: source.link == Link("live"))
        assert source.age_s == 0.0
        assert source.history.last_second == LAST_SECOND + 60
        assert source.history.calls["call-1"].tail("lost", 31)[0] == 2
        assert await source.act("quit") == "done"


async def test_a_goodbye_is_no_loss_and_another_engine_is_taken_up(
    engine: StubEngine,
) -> None:
    async with following(LiveSource(engine.target)) as source:
        final = a_document([])
        engine.tick(kind="final", session=final.session)
        await engine.close()
        await until(source, lambda: source.link.state == "ended")
        await kit.until(lambda: source._connection is None)
        assert source.link == Link("ended", "the engine has ended (it closed the connection)")
        assert source.document is not None
        assert source.document.kind == "final"
        engine.session, engine.calls = "s2", [a_call(9)]
        await engine.start()
        await until(source, lambda: source.link == Link("live"))
        assert source.document.session.id == "s2"
        assert set(source.history.calls) == {"call-9"}
        assert [line.text for line in source.events] == ["hello of s2"]


async def test_the_end_says_why(engine: StubEngine) -> None:
    async with following(LiveSource(engine.target)) as source:
        ended = msgspec.structs.replace(a_document([]).session, end_reason="drained")
        engine.tick(kind="final", session=ended)
        await until(source, lambda: source.link.state == "ended")
        assert source.link.detail == "the engine has ended (drained)"


async def first_failure(source: LiveSource) -> str:
    async with following(source, live=False):
        with pytest.raises(AriTuiError) as told:
            await asyncio.wait_for(source.opened(), 10)
        assert source.link.state == "connecting"
        assert source.link.detail == str(told.value)
        assert told.value.exit_code == 3
        return source.link.detail


async def test_whoever_waits_for_the_first_hello_is_told_when_it_came(
    engine: StubEngine,
) -> None:
    async with following(LiveSource(engine.target), live=False) as source:
        await asyncio.wait_for(source.opened(), 10)
        assert source.link.state == "live"


async def test_nothing_at_a_path_is_told_in_words(tmp_path: Path) -> None:
    gone = LiveSource(parse_target(str(tmp_path / "gone.sock")))
    assert "there is no such socket" in await first_failure(gone)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "dead.sock"))
    dead = LiveSource(parse_target(str(tmp_path / "dead.sock")))
    assert "nothing listens at" in await first_failure(dead)
    (tmp_path / "file").write_text("x")
    file = LiveSource(parse_target(str(tmp_path / "file")))
    assert "nothing listens at" in await first_failure(file)


async def test_nothing_at_an_address_is_told_in_words() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        target = parse_target(f"127.0.0.1:{unused.getsockname()[1]}")
    assert "nothing listens at ws://127.0.0.1:" in await first_failure(LiveSource(target))
    unknown = LiveSource(parse_target("no-such-name.invalid:1"))
    assert "ws://no-such-name.invalid:1 cannot be reached" in await first_failure(unknown)


async def test_over_tcp_the_right_token_opens_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    http = {"bind": "127.0.0.1:0", "token": TOKEN}
    async with stub_engine(tmp_path / "e.sock", **http) as engine:
        target = parse_target(engine.tcp_address)
        async with following(LiveSource(target, TOKEN)) as source:
            assert source.address == f"ws://{engine.tcp_address}"
            assert await source.act("quit") == "done"
        assert "wants a token" in await first_failure(LiveSource(target))
        told = await first_failure(LiveSource(target, "wrong-" + TOKEN))
        assert "refused our token" in told
        assert TOKEN not in told


async def test_another_web_server_is_no_engine() -> None:
    app = web.Application()
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        target = parse_target("{}:{}".format(*runner.addresses[0]))
        told = await first_failure(LiveSource(target))
        assert "answers, but is no ari-tui engine (status 404)" in told
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("words", [b"", b"220 mail ready\r\n", b"\x00\xff\x1b[31m" * 9])
async def test_a_server_of_something_else_is_no_engine(words: bytes) -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        told = await first_failure(LiveSource(parse_target(f"127.0.0.1:{port}")))
    assert told.isprintable()
    assert "is no ari-tui engine" in told or "cannot be reached" in told


async def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ari_tui.client.connection.OPEN_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        target = parse_target(f"127.0.0.1:{mute.getsockname()[1]}")
        assert "no answer from ws://127.0.0.1" in await first_failure(LiveSource(target))


async def test_another_version_of_the_documents_is_told_by_name(engine: StubEngine) -> None:
    engine.hello_changes = {"schema": "ari-tui.stats/9", "document": {"all": "new"}}
    told = await first_failure(LiveSource(engine.target))
    assert told == (
        f"{engine.path} speaks ari-tui.stats/9, we ari-tui.stats/1: use the same version"
    )


async def test_a_message_that_breaks_in_the_middle_is_told_and_it_is_tried_again(
    engine: StubEngine,
) -> None:
    async with following(LiveSource(engine.target)) as source:
        (client,) = engine.stream._clients
        client.events.append(json.dumps({"type": "snapshot", "document": 5}).encode())
        client.wake.set()
        await until(source, lambda: source.link.state == "lost")
        assert "use the same version" in source.link.detail
        await until(source, lambda: source.link.state == "live")


@pytest.mark.parametrize("moment", ["connecting", "live", "lost"])
async def test_it_can_be_cancelled_at_any_moment(moment: str, engine: StubEngine) -> None:
    source = LiveSource(engine.target)
    if moment == "lost":
        await engine.close()
    before = asyncio.all_tasks()
    running = asyncio.create_task(source.run())
    if moment == "live":
        await until(source, lambda: source.link.state == "live")
        engine.tick(20)  # and it is asking for its history
        await until(source, lambda: source._filling)
    if moment == "lost":
        await until(source, lambda: source.link.detail)
    running.cancel()
    await asyncio.wait({running}, timeout=5)
    assert running.cancelled()
    if moment != "lost":
        await engine.close()
    assert asyncio.all_tasks() <= before
    with pytest.raises(ActionError):
        await source.act("quit")


# -- a real engine ---------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_real_engine_killed_and_started_again_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with kit.echo_server() as echo:
        async with kit.asterisk() as pbx:
            given = kit.settings(pbx, echo.port)
            target = parse_target(str(socket_path(given.asterisk.app)))
            engine = await spawn(given)
            pbx.call()
            async with following(LiveSource(target)) as source:
                await until(source, lambda: sent(source) > 20)
                os.kill(engine.process.pid, signal.SIGKILL)
                await engine.kill()
                await until(source, lambda: "nothing listens" in source.link.detail)
                assert source.link.state == "lost"
                assert source.document is not None
                old = source.document.session.id
                engine = await spawn(given)
                await until(source, lambda: source.link.state == "live")
                assert source.document.session.id != old
                await until(source, lambda: sent(source) > 20)
                await source.act("quit")
                await until(source, lambda: source.link.state == "ended")
                assert source.link.detail == "the engine has ended (quit)"
                assert source.document.kind == "final"
            await engine.stop()


async def spawn(given: object) -> Child:
    environment = {**os.environ, **to_environment(given)}  # type: ignore[arg-type]  # Settings
    return await Child.spawn(
        "engine",
        ["run", "--headless"],
        environment=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


def sent(source: LiveSource) -> int:
    return sum(
        cell or 0
        for course in source.history.calls.values()
        for cell in course.tail("sent", SECONDS)
    )


# -- ended calls -------------------------------------------------------------------------------


async def test_calls_that_ended_before_we_came_are_asked_for_page_by_page(
    engine: StubEngine,
) -> None:
    engine.ended.add(gone(n) for n in range(10, 460))
    async with following(LiveSource(engine.target, ended_calls=1000)) as source:
        await until(source, lambda: len(source.ended) == 450)
        assert [args["after"] for _, args in engine.asked] == [0, 200, 400]
        assert source.ended.all() == engine.ended.all()


async def test_a_call_that_leaves_the_documents_is_kept_without_asking(engine: StubEngine) -> None:
    async with following(LiveSource(engine.target, ended_calls=10)) as source:
        engine.calls = [gone(1), engine.calls[1]]
        engine.tick()
        await until(source, lambda: source.document and source.document.calls[0].ended_at)
        engine.calls = engine.calls[1:]
        engine.tick()
        await until(source, lambda: len(source.ended) == 1)
        assert source.ended.all() == [gone(1)]
        assert engine.asked == []


def gone(number: int) -> Call:
    ended_at = "2026-11-22T12:00:00.000+00:00"
    return msgspec.structs.replace(a_call(number), state="ended", ended_at=ended_at)
