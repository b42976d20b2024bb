"""One connection to a real stream: answers find who asked, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, unix_serve
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ari_tui.client.address import Target, parse_target
from ari_tui.client.connection import Connection, connected, within
from ari_tui.core.cancellation import cancel_tasks
from ari_tui.core.errors import ActionError, UnknownMessageError
from tests.client.kit import StubEngine, stub_engine

Serve = Callable[[ServerConnection], Awaitable[None]]


@contextlib.asynccontextmanager
async def reading(connection: Connection) -> AsyncIterator[None]:
    """Read what comes until the block ends."""

    async def read() -> None:
        while True:
            await connection.receive()

    task = asyncio.create_task(read())
    try:
        yield
    finally:
        await cancel_tasks([task])
        if not task.cancelled():
            task.exception()


@contextlib.asynccontextmanager
async def connected_to_stub(path: Path) -> AsyncIterator[tuple[StubEngine, Connection]]:
    """Connect to a stub engine and read what it says."""
    async with (
        stub_engine(path / "e.sock") as engine,
        connected(engine.target, "") as found,
        reading(found),
    ):
        yield engine, found


@contextlib.asynccontextmanager
async def server(path: Path, serve: Serve) -> AsyncIterator[Target]:
    """Run a WebSocket server that is no engine."""
    async with unix_serve(serve, str(path / "x.sock")):
        yield parse_target(str(path / "x.sock"))


async def test_answers_come_to_whoever_asked_in_whatever_order(tmp_path: Path) -> None:
    async with stub_engine(tmp_path / "e.sock") as engine, connected(engine.target, "") as found:
        assert (await found.hello()).session == "s1"
        async with reading(found):
            held = [asyncio.create_task(found.act("hold", {"n": n}, 5)) for n in range(3)]
            engine.answers["quit"] = "draining"
            assert await found.act("quit", {}, 5) == "draining"
            assert not any(task.done() for task in held)
            engine.held.set()
            assert await asyncio.gather(*held) == [{"n": 0}, {"n": 1}, {"n": 2}]


async def test_a_refusal_and_an_unknown_action_are_told_in_the_engines_words(
    tmp_path: Path,
) -> None:
    async with connected_to_stub(tmp_path) as (_, found):
        with pytest.raises(ActionError, match=r"^not today$"):
            await found.act("refuse", {}, 5)
        with pytest.raises(ActionError, match="unknown action 'fly'"):
            await found.act("fly", {}, 5)


async def test_an_answer_that_does_not_come_is_given_up_and_harmless_when_it_does(
    tmp_path: Path,
) -> None:
    async with connected_to_stub(tmp_path) as (engine, found):
        with pytest.raises(ActionError, match=r"hold: no answer within 0\.05 s"):
            await found.act("hold", {}, 0.05)
        assert found._waiting == {}
        engine.held.set()  # now the answer comes, and nobody waits for it
        assert await found.act("quit", {}, 5) == "done"


async def test_who_waits_for_an_answer_is_told_when_the_engine_dies(tmp_path: Path) -> None:
    async with stub_engine(tmp_path / "e.sock") as engine:
        async with connected(engine.target, "") as found:
            await found.hello()
            asking = asyncio.create_task(found.act("hold", {}, 10))
            await asyncio.wait_for(engine.holding.wait(), 5)
            await engine.kill()
            with pytest.raises(ConnectionClosed):
                await found.receive()
        with pytest.raises(ActionError, match="broke off before the engine answered"):
            await asyncio.wait_for(asking, 5)
        with pytest.raises(ActionError, match="quit: the connection broke off"):
            await found.act("quit", {}, 5)


async def test_a_question_that_is_cancelled_leaves_nothing(tmp_path: Path) -> None:
    async with connected_to_stub(tmp_path) as (engine, found):
        asking = asyncio.create_task(found.act("hold", {}, 10))
        await asyncio.wait_for(engine.holding.wait(), 5)
        asking.cancel()
        await asyncio.wait({asking}, timeout=5)
        assert asking.cancelled()
        assert found._waiting == {}


async def test_a_server_that_says_no_hello_is_no_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def snapshot_first(socket: ServerConnection) -> None:
        await socket.send(json.dumps({"type": "bye"}))
        await socket.wait_closed()

    async def mute(socket: ServerConnection) -> None:
        await socket.wait_closed()

    async with server(tmp_path, snapshot_first) as target, connected(target, "") as found:
        with pytest.raises(UnknownMessageError, match="does not say hello"):
            await found.hello()
    monkeypatch.setattr("ari_tui.client.connection.OPEN_S", 0.1)
    async with server(tmp_path, mute) as target, connected(target, "") as found:
        with pytest.raises(asyncio.TimeoutError):
            await found.hello()


async def test_messages_of_a_newer_engine_and_of_odd_bytes(tmp_path: Path) -> None:
    async def serve(socket: ServerConnection) -> None:
        await socket.send(json.dumps({"type": "weather"}))
        await socket.send(json.dumps({"type": "bye"}))
        await socket.send(b"\xff\xff")
        await socket.wait_closed()

    async with server(tmp_path, serve) as target, connected(target, "") as found:
        assert type(await found.receive()).__name__ == "Bye"
        with pytest.raises(UnknownMessageError, match="is no ari-tui engine"):
            await found.receive()


async def test_a_redirect_does_not_carry_the_token_away(tmp_path: Path) -> None:
    asked: list[bytes] = []

    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        port = writer.get_extra_info("sockname")[1]
        where = f"Location: ws://127.0.0.1:{port}/elsewhere\r\n"
        writer.write(f"HTTP/1.1 302 Found\r\n{where}Content-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(redirect, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        with pytest.raises(InvalidStatus):
            async with connected(parse_target(f"127.0.0.1:{port}"), "s3cret"):
                pass
    assert len(asked) == 1
    assert b"Bearer s3cret" in asked[0]


async def test_the_token_stays_out_of_the_log_and_off_the_unix_socket(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    http = {"bind": "127.0.0.1:0", "token": "s3cret"}
    async with stub_engine(tmp_path / "e.sock", **http) as engine:
        async with connected(parse_target(engine.tcp_address), "s3cret") as found:
            assert (await found.hello()).session == "s1"
        async with connected(engine.target, "s3cret") as found:
            await found.hello()
            request = found._socket.request
            assert request is not None
            assert "Authorization" not in request.headers
    assert "s3cret" not in caplog.text


async def test_work_that_takes_too_long_is_ended() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("ended")

    with pytest.raises(asyncio.TimeoutError):
        await within(work(), 0.01)
    waiting = asyncio.create_task(within(work(), 60))
    await asyncio.sleep(0)
    await cancel_tasks([waiting])
    assert waiting.cancelled()
    assert ended == ["ended", "ended"]


async def test_what_work_returns_or_raises_is_handed_on() -> None:
    async def answer(value: Any) -> Any:
        if isinstance(value, Exception):
            raise value
        return value

    assert await within(answer(5), 5) == 5
    with pytest.raises(ZeroDivisionError):
        await within(answer(ZeroDivisionError()), 5)
