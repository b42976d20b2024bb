"""The stream of snapshots, events and actions, as readers see it that are quick, slow or rude."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed

from ari_tui.core.errors import ActionFailedError
from ari_tui.core.runtime_folder import bind_unix
from ari_tui.document.live import AllCourse, Live
from ari_tui.document.model import Document
from ari_tui.engine.event_log import EventLog
from ari_tui.engine.http.stream import DocumentStream
from tests.engine.kit import document, until

NOTHING = Live(
    last_second=1,
    seconds=0,
    calls={},
    rtt_histogram=[],
    all=AllCourse(**{name: [] for name in AllCourse.__struct_fields__}),
)


class Stage:
    """A stream behind a Unix socket, with actions that work, fail and break."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.events = EventLog()
        self.filler = ""
        self.held: asyncio.Event = asyncio.Event()
        self.begun = 0
        actions = {
            "add": self.add,
            "refuse": self.refuse,
            "break": self.broken,
            "hold": self.hold,
            "much": self.much,
        }
        self.stream = DocumentStream(self.hello, actions)
        self.events.listeners.add(self.stream.publish_event)

    def hello(self) -> Mapping[str, Any]:
        return {"document": document(), "events": list(self.events.lines), "filler": self.filler}

    async def add(self, args: Mapping[str, Any]) -> Any:
        return args.get("a", 0) + args.get("b", 0)

    async def refuse(self, _: Mapping[str, Any]) -> Any:
        raise ActionFailedError("not today")

    async def hold(self, _: Mapping[str, Any]) -> Any:
        self.begun += 1
        await self.held.wait()
        return "held"

    async def much(self, _: Mapping[str, Any]) -> Any:
        self.begun += 1
        return "x" * (1 << 20)

    def publish(self, found: Document | None = None) -> None:
        self.stream.publish(found or document(), lambda: NOTHING)

    async def broken(self, _: Mapping[str, Any]) -> Any:
        raise RuntimeError("bug")

    @contextlib.asynccontextmanager
    async def reader(self) -> AsyncIterator[ClientConnection]:
        uri = "ws://engine/stream"
        async with unix_connect(str(self.path), uri, max_size=1 << 26, compression=None) as reader:
            yield reader


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path / "s.sock")
    app = web.Application()
    app.router.add_get("/stream", stage.stream.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    await web.SockSite(runner, bind_unix(stage.path)).start()
    yield stage
    await stage.stream.close()
    await runner.cleanup()


async def message(reader: ClientConnection) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await asyncio.wait_for(reader.recv(), 5))
    return found


async def ask(reader: ClientConnection, text: str) -> dict[str, Any]:
    await reader.send(text)
    return await message(reader)


async def test_hello_comes_first_then_events_and_snapshots(stage: Stage) -> None:
    stage.events.add("info", "old", "before")
    async with stage.reader() as reader:
        hello = await message(reader)
        assert hello["type"] == "hello"
        assert [line["text"] for line in hello["events"]] == ["before"]
        assert hello["document"]["schema"] == "ari-tui.stats/1"
        stage.events.add("warning", "new", "after")
        event = await message(reader)
        assert (event["type"], event["event"]["text"]) == ("event", "after")
        stage.publish()
        snapshot = await message(reader)
        assert (snapshot["type"], snapshot["live"]["last_second"]) == ("snapshot", 1)


async def test_nothing_is_missed_while_the_hello_is_on_its_way(stage: Stage) -> None:
    stage.filler = "x" * (1 << 23)  # more than any buffer on the way takes at once
    async with stage.reader() as reader:
        await until(lambda: stage.stream._clients)
        stage.events.add("info", "meanwhile", "told during the hello")
        hello = await message(reader)
        assert hello["events"] == []
        assert (await message(reader))["event"]["text"] == "told during the hello"


async def test_actions_are_answered_by_their_id(stage: Stage) -> None:
    async with stage.reader() as reader:
        await message(reader)
        asked = {"id": [1, "any"], "action": "add", "args": {"a": 2, "b": 3}}
        answer = await ask(reader, json.dumps(asked))
        assert answer == {"type": "answer", "id": [1, "any"], "ok": True, "result": 5}
        answer = await ask(reader, '{"id": 2, "action": "refuse"}')
        assert answer == {"type": "answer", "id": 2, "ok": False, "error": "not today"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not json", "no JSON object"),
        ("[1, 2]", "no JSON object"),
        ("", "no JSON object"),
        ('{"id": 1}', "unknown action"),
        ('{"action": "fly"}', "unknown action 'fly': known are add, break, hold, much, refuse"),
        ('{"action": ["add"]}', "unknown action"),
        ('{"action": "\\u001b[31m' + "x" * 9999 + '"}', "unknown action"),
    ],
)
async def test_what_is_no_action_is_answered_in_words_and_the_stream_goes_on(
    text: str, words: str, stage: Stage
) -> None:
    async with stage.reader() as reader:
        await message(reader)
        answer = await ask(reader, text)
        assert answer["ok"] is False
        assert words in answer["error"]
        assert len(answer["error"]) < 300
        assert (await ask(reader, '{"action": "add", "args": 5}'))["result"] == 0


async def test_an_action_that_breaks_is_logged_and_answered(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    async with stage.reader() as reader:
        await message(reader)
        answer = await ask(reader, '{"id": 7, "action": "break"}')
        assert (answer["id"], answer["ok"]) == (7, False)
        assert "bug" not in answer["error"]
        assert (await ask(reader, '{"action": "add"}'))["ok"] is True
    assert "RuntimeError" in caplog.text


async def test_the_course_of_calls_is_looked_up_only_for_somebody(stage: Stage) -> None:
    asked = []

    def live() -> Live:
        asked.append(1)
        return NOTHING

    stage.stream.publish(document(), live)
    assert asked == []
    async with stage.reader() as one, stage.reader() as other:
        for reader in (one, other):
            await message(reader)
        stage.stream.publish(document(), live)
        for reader in (one, other):
            assert (await message(reader))["type"] == "snapshot"
    assert len(asked) == 1


async def test_an_action_that_takes_long_holds_nothing_else_up(stage: Stage) -> None:
    async with stage.reader() as reader:
        await message(reader)
        await reader.send('{"id": "slow", "action": "hold"}')
        answer = await ask(reader, '{"id": "quick", "action": "add"}')
        assert answer["id"] == "quick"
        stage.held.set()
        assert (await message(reader))["id"] == "slow"


async def test_a_reader_gets_no_more_room_than_a_few_actions_at_once(stage: Stage) -> None:
    async with stage.reader() as reader:
        await message(reader)
        for number in range(50):
            await reader.send(json.dumps({"id": number, "action": "hold"}))
        await until(lambda: stage.begun == 8)
        async with stage.reader() as other:  # which is not its neighbours' concern
            await message(other)
            assert (await ask(other, '{"action": "add"}'))["ok"] is True
        assert stage.begun == 8
        stage.held.set()
        numbers = [(await message(reader))["id"] for _ in range(50)]
    assert sorted(numbers) == list(range(50))


async def test_answers_that_nobody_reads_do_not_pile_up(stage: Stage) -> None:
    client = await stuck_reader(stage)
    loop = asyncio.get_running_loop()
    text = b'{"action": "much"}'
    frame = bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text  # masked by nought
    for _ in range(100):
        await loop.sock_sendall(client, frame)
    await until(lambda: stage.begun >= 8)
    (waiting,) = stage.stream._clients
    async with stage.reader() as other:
        await message(other)
        for _ in range(20):  # as long as it takes somebody else
            await ask(other, '{"action": "add"}')
    assert stage.begun <= 10  # those that wait, one under way, one in the socket's buffer
    assert len(waiting.answers) <= 8
    client.close()
    await until(lambda: not stage.stream._clients, "the reader that left is still served")


async def test_an_action_under_way_does_not_hold_up_the_end(stage: Stage) -> None:
    async with stage.reader() as reader:
        await message(reader)
        await reader.send('{"id": 1, "action": "hold"}')
        await until(lambda: stage.begun)
        await asyncio.wait_for(stage.stream.close(), 5)
        assert (await message(reader))["type"] == "bye"
    assert not stage.stream._actions_running._running


async def stuck_reader(stage: Stage) -> socket.socket:
    """Shake hands, then never read again."""
    loop = asyncio.get_running_loop()
    client = socket.socket(socket.AF_UNIX)
    client.setblocking(False)
    await loop.sock_connect(client, str(stage.path))
    request = (
        "GET /stream HTTP/1.1\r\nHost: engine\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    await loop.sock_sendall(client, request.encode())
    await until(lambda: stage.stream._clients)
    return client


async def test_a_slow_reader_gets_the_newest_snapshot_only_and_costs_no_memory(
    stage: Stage,
) -> None:
    client = await stuck_reader(stage)
    (waiting,) = stage.stream._clients
    await until(lambda: waiting.writer)
    written = []
    for number in range(3000):
        stage.events.add("info", "flood", f"{number} " + "x" * 500)
        stage.publish()
        written.append(waiting.snapshot)
        if number % 100 == 0:
            await asyncio.sleep(0)
    assert len(waiting.events) <= 1000
    assert waiting.snapshot == written[-1]
    transport = waiting.socket._req and waiting.socket._req.transport
    assert isinstance(transport, asyncio.WriteTransport)
    assert transport.get_write_buffer_size() < 1 << 19
    client.close()
    await until(lambda: not stage.stream._clients, "the reader that left is still served")


async def test_goodbye_comes_after_the_last_snapshot(stage: Stage) -> None:
    async with stage.reader() as reader:
        await message(reader)
        stage.publish(document(final=True))
        stage.events.add("info", "last", "words")
        closing = asyncio.create_task(stage.stream.close())
        kinds = []
        with contextlib.suppress(ConnectionClosed):
            while True:
                found = await message(reader)
                kinds.append(found["type"])
        assert kinds == ["event", "snapshot", "bye"]
        await closing
    assert reader.close_code == 1001


async def test_a_stuck_reader_does_not_hold_up_the_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ari_tui.engine.http.stream._GOODBYE_S", 0.2)
    client = await stuck_reader(stage)
    stage.filler = "x" * (1 << 23)
    other = await stuck_reader(stage)  # this one is stuck in its hello already
    for _ in range(500):
        stage.events.add("info", "flood", "x" * 600)
    await asyncio.wait_for(stage.stream.close(), 5)
    client.close()
    other.close()


async def test_readers_that_break_off_leave_no_task_and_no_noise(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        async with stage.reader() as reader:
            await message(reader)
            reader.transport.abort()
        stage.publish()
        stage.events.add("info", "x", "y")
    await until(lambda: not stage.stream._clients)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
