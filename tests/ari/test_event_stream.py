"""."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.frames import Close
from websockets.http11 import Response

from ari_tui.ari.endpoint import AriEndpoint
from ari_tui.ari.event_stream import (
    FAILURES,
    FATAL_AT_FIRST,
    SOON_FOR_S,
    Connected,
    ConnectionTimeouts,
    Disconnected,
    EventStream,
    Outages,
    StreamItem,
    explain,
    fatal,
    open_events,
    was_silent,
)
from ari_tui.ari.events import StasisEnd, StasisStart
from ari_tui.core.backoff import Backoff
from ari_tui.core.errors import (
    AriError,
    AriReplacedError,
    AriUnauthorizedError,
    MalformedEventError,
)

QUICK = Backoff(0.01, 0.02, 2.0, 0.0)


def _event(kind: str, channel_id: str = "c", **fields: object) -> str:
    return json.dumps({"type": kind, "channel": {"id": channel_id}, **fields})


def _stream(url: str, **options: Any) -> EventStream:
    endpoint = AriEndpoint(url, "ari", "s3cret")
    return EventStream(endpoint, "ari-tui", **{"backoff": QUICK, **options})


async def _next(stream: EventStream) -> StreamItem:
    return await asyncio.wait_for(stream.__anext__(), 20)


async def test_events_come_in_order_after_the_connection(ari: Any) -> None:
    async with _stream(ari.url) as stream:
        assert await _next(stream) == Connected(None)
        server = await ari.socket()
        for number in range(50):
            await server.send_str(_event("StasisStart", str(number)))
        got = [await _next(stream) for _ in range(50)]
        ids = [item.channel.id for item in got if isinstance(item, StasisStart)]
        assert ids == [str(number) for number in range(50)]
        assert stream.received == 50
        assert stream.connected
    assert not stream.connected


async def test_unknown_events_are_skipped_and_a_broken_one_does_not_end_the_stream(
    ari: Any,
) -> None:
    async with _stream(ari.url) as stream:
        await _next(stream)
        server = await ari.socket()
        await server.send_str(_event("ChannelVarset"))
        await server.send_str('{"type": "StasisStart", "channel": {"id": 17}}')
        await server.send_str(_event("StasisEnd"))
        broken = await _next(stream)
        assert isinstance(broken, MalformedEventError)
        assert "StasisStart" in str(broken)
        assert isinstance(await _next(stream), StasisEnd)


async def test_messages_wait_in_a_counted_queue_while_nobody_consumes(ari: Any) -> None:
    async with _stream(ari.url) as stream:
        server = await ari.socket()
        for _ in range(3000):
            await server.send_str(_event("StasisEnd"))
        await _until(lambda: stream.received == 3000)
        assert stream.backlog == 3001  # and Connected
        for _ in range(3001):
            await _next(stream)
        assert stream.backlog == 0


async def test_a_lost_connection_comes_back_and_the_gap_is_recorded(ari: Any) -> None:
    clock = _Clock()
    async with _stream(ari.url, clock=clock) as stream:
        await _next(stream)
        clock.now = 100.0
        await (await ari.socket()).close(code=1001)
        gone = await _next(stream)
        assert isinstance(gone, Disconnected)
        assert "1001" in gone.reason
        assert await _next(stream) == Connected(0.0)
        clock.now = 300.0
        ari.refuse_events.append(500)
        await (await ari.socket()).close(code=1001)
        assert isinstance(await _next(stream), Disconnected)
        clock.now = 307.0
        while not isinstance(item := await _next(stream), Connected):
            assert isinstance(item, Disconnected)
        assert item.away_s is not None
        assert 0.0 <= item.away_s <= 7.0
        assert stream.events_lost_s == pytest.approx(item.away_s)
        await (await ari.socket()).send_str(_event("StasisEnd"))
        assert isinstance(await _next(stream), StasisEnd)


async def test_waiting_may_be_cancelled_without_losing_an_event(ari: Any) -> None:
    async with _stream(ari.url) as stream:
        await _next(stream)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(stream.__anext__(), 0.01)
        await (await ari.socket()).send_str(_event("StasisEnd"))
        assert isinstance(await _next(stream), StasisEnd)


async def test_the_time_away_grows_while_it_lasts(ari: Any) -> None:
    clock = _Clock()
    async with _stream(ari.url, clock=clock) as stream:
        await _next(stream)
        await ari.socket()
        assert stream.events_lost_s == 0.0
        await ari.stop()
        assert isinstance(await _next(stream), Disconnected)
        clock.now += 5.0
        assert stream.events_lost_s == pytest.approx(5.0)
        assert not stream.connected


async def test_a_restarted_asterisk_is_found_again(ari: Any) -> None:
    port = ari.port
    async with _stream(ari.url) as stream:
        await _next(stream)
        await ari.stop()
        refused = None
        while refused is None:
            item = await _next(stream)
            assert isinstance(item, Disconnected)
            if "nothing listens" in item.reason:
                refused = item
        assert refused.attempt >= 1
        await ari.start(port)
        while not isinstance(await _next(stream), Connected):
            pass


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, AriUnauthorizedError, "refused user 'ari'"),
        (403, AriUnauthorizedError, "refused user 'ari'"),
        (404, AriError, "is it enabled"),
    ],
)
async def test_a_refusal_at_the_first_connect_ends_the_stream(
    ari: Any, status: int, kind: type[AriError], words: str
) -> None:
    ari.refuse_events.append(status)
    async with _stream(ari.url) as stream:
        with pytest.raises(kind, match=words) as caught:
            await _next(stream)
        assert caught.value.status == status
        assert "s3cret" not in str(caught.value)
        with pytest.raises(kind):
            await _next(stream)


async def test_a_refusal_later_is_waited_out(ari: Any) -> None:
    async with _stream(ari.url) as stream:
        await _next(stream)
        ari.refuse_events.extend([401, 404])
        await (await ari.socket()).close()
        reasons = [await _next(stream) for _ in range(3)]
        assert all(isinstance(item, Disconnected) for item in reasons)
        assert isinstance(await _next(stream), Connected)


async def test_an_asterisk_absent_at_first_is_waited_for(ari: Any) -> None:
    port = ari.port
    await ari.stop()
    async with _stream(f"127.0.0.1:{port}") as stream:
        item = await _next(stream)
        assert isinstance(item, Disconnected)
        assert "nothing listens" in item.reason
        assert stream.events_lost_s == 0.0
        await ari.start(port)
        while not isinstance(item, Connected):
            item = await _next(stream)
        assert item == Connected(None)


async def test_being_replaced_ends_the_stream_without_a_fight(ari: Any) -> None:
    async with _stream(ari.url) as stream:
        await _next(stream)
        server = await ari.socket()
        await server.send_str('{"type": "ApplicationReplaced", "application": "ari-tui"}')
        with pytest.raises(AriReplacedError, match="another client took over"):
            await _next(stream)
        with pytest.raises(AriReplacedError):
            await _next(stream)
    assert len(ari.handshakes) == 1


async def test_another_application_being_replaced_is_not_our_matter(ari: Any) -> None:
    async with _stream(ari.url) as stream:
        await _next(stream)
        server = await ari.socket()
        await server.send_str('{"type": "ApplicationReplaced", "application": "other"}')
        await server.send_str(_event("StasisEnd"))
        await _next(stream)
        assert isinstance(await _next(stream), StasisEnd)


async def test_a_peer_that_answers_no_ping_counts_as_gone(ari: Any) -> None:
    async with _mute_websocket() as url:
        options = {"ping_interval_s": 0.05, "ping_timeout_s": 0.2}
        async with _stream(url, **options) as stream:
            assert await _next(stream) == Connected(None)
            gone = await _next(stream)
            assert isinstance(gone, Disconnected)
            assert "no sign of life" in gone.reason


async def test_waits_between_attempts_grow(ari: Any) -> None:
    ari.refuse_events.extend([500] * 4)
    backoff = Backoff(0.001, 0.004, 2.0, 0.0)
    # no attempt lasts by this clock: one that lasted would begin anew
    async with _stream(ari.url, backoff=backoff, rng=random.Random(1), clock=float) as stream:
        waits = []
        while isinstance(item := await _next(stream), Disconnected):
            waits.append(item.retry_s)
    assert waits == [0.001, 0.002, 0.004, 0.004]


async def test_for_half_a_minute_after_a_break_the_next_attempt_is_soon(
    ari: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ari_tui.ari.event_stream.SOON_S", 0.05)
    clock = _Clock()
    backoff = Backoff(50.0, 50.0, 2.0, 0.0)
    async with _stream(ari.url, backoff=backoff, clock=clock) as stream:
        assert await _next(stream) == Connected(None)
        at_first = stream.disconnected_since_ns
        assert at_first is None
        before_ns = time.time_ns()
        await (await ari.socket()).close()
        gone = await _next(stream)
        assert isinstance(gone, Disconnected)
        assert gone.retry_s == 0.05
        assert stream.disconnected_since_ns is not None
        assert stream.next_attempt_ns is not None
        assert before_ns <= stream.disconnected_since_ns < stream.next_attempt_ns
        ari.refuse_events.append(500)
        clock.now += SOON_FOR_S  # half a minute is over when the next attempt fails
        gone = await _next(stream)
        assert isinstance(gone, Disconnected)
        assert gone.retry_s == 50.0


async def test_a_closed_stream_says_so_and_leaves_no_task(ari: Any) -> None:
    before = len(asyncio.all_tasks())
    stream = _stream(ari.url)
    assert await _next(stream) == Connected(None)
    await stream.close()
    await stream.close()
    with pytest.raises(AriError, match="closed"):
        await _next(stream)
    await _until(lambda: len(asyncio.all_tasks()) <= before + 1)  # the server's own handler


async def test_a_name_in_latin_1_does_not_close_the_connection() -> None:
    data = _event("StasisEnd", "CAFE").encode().replace(b"CAFE", b"caf\xe9")
    async with _mute_websocket(data) as url, _stream(url) as stream:
        await _next(stream)
        event = await _next(stream)
        assert isinstance(event, StasisEnd)
        assert event.channel.id == "caf\N{REPLACEMENT CHARACTER}"


class _Clock:
    def __init__(self) -> None:
        self.now = 10.0

    def __call__(self) -> float:
        return self.now


async def _until(condition: Any) -> None:
    async def poll() -> None:
        while not condition():  # noqa: ASYNC110 - a counter has no event to wait for
            await asyncio.sleep(0.005)

    await asyncio.wait_for(poll(), 20)


@contextlib.asynccontextmanager
async def _mute_websocket(data: bytes = b"") -> AsyncIterator[str]:
    """Serve a WebSocket that says `data` as one text frame and then neither reads nor answers."""
    from websockets.http11 import Request
    from websockets.server import ServerProtocol

    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        protocol = ServerProtocol()
        while not (events := protocol.events_received()):
            protocol.receive_data(await reader.read(65536))
        (request,) = events
        assert isinstance(request, Request)
        protocol.send_response(protocol.accept(request))
        if data:
            protocol.send_text(data)
        writer.writelines(protocol.data_to_send())
        await writer.drain()
        await over.wait()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, family=socket.AF_INET)
    yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    over.set()
    server.close()
    await server.wait_closed()


PATIENCE = ConnectionTimeouts(open_s=2.5)


def endpoint(url: str = "127.0.0.1:1") -> AriEndpoint:
    return AriEndpoint(url, "ari", "s3cret")


def refused(status: int) -> InvalidStatus:
    return InvalidStatus(Response(status, "", Headers()))


async def test_the_handshake_has_the_basic_header_and_no_key_in_its_url(ari: Any) -> None:
    async with open_events(endpoint(ari.url), "ari-tui", ConnectionTimeouts()):
        pass
    (seen,) = ari.seen
    assert seen.target == "/ari/events?app=ari-tui&subscribeAll=false"
    assert seen.authorization.startswith("Basic ")


async def test_a_debug_log_does_not_hold_the_authorization_header(
    ari: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with open_events(endpoint(ari.url), "ari-tui", ConnectionTimeouts()):
            pass
    assert ari.seen[0].authorization
    assert ari.seen[0].authorization.split()[1] not in caplog.text


async def test_a_redirect_is_not_followed(ari: Any) -> None:
    ari.refuse_events.append(302)
    with pytest.raises(InvalidStatus) as caught:
        async with open_events(endpoint(ari.url), "ari-tui", ConnectionTimeouts()):
            pass
    assert isinstance(caught.value, FAILURES)
    words, status = explain(caught.value, endpoint(ari.url), PATIENCE)
    assert status == 302
    assert "302" in words
    assert len(ari.handshakes) == 1


@pytest.mark.parametrize(
    ("error", "words", "status"),
    [
        (refused(401), "refused user 'ari' its events (401)", 401),
        (refused(403), "refused user 'ari' its events (403)", 403),
        (refused(404), "is it enabled?", 404),
        (refused(503), "answered the event request with 503", 503),
        (ConnectionRefusedError(111, "refused"), "nothing listens at", None),
        (asyncio.TimeoutError(), "within 2.5 s", None),
        (OSError("no route\x1b[2J to host"), "no route to host", None),
        (EOFError(), "EOFError", None),
    ],
)
def test_why_it_cannot_be_opened_is_said_with_where_and_what_to_do(
    error: Exception, words: str, status: int | None
) -> None:
    told, found = explain(error, endpoint(), PATIENCE)
    assert words in told
    assert "127.0.0.1:1" in told
    assert "s3cret" not in told
    assert told.isprintable()
    assert found == status


@pytest.mark.parametrize("status", sorted(FATAL_AT_FIRST))
def test_a_refusal_for_good_is_an_error_with_its_status(status: int) -> None:
    error = fatal("refused", status)
    assert error.status == status
    assert isinstance(error, AriUnauthorizedError) is (status != 404)
    assert isinstance(error, AriError)


@pytest.mark.parametrize(
    ("sent", "silent"),
    [(Close(1011, "keepalive ping timeout"), True), (Close(1000, ""), False), (None, False)],
)
def test_a_peer_that_answered_no_ping_was_silent(sent: Close | None, silent: bool) -> None:
    assert was_silent(ConnectionClosedError(None, sent)) is silent


class Clock:
    now = 10.0

    def __call__(self) -> float:
        return self.now


def test_there_is_no_outage_before_the_first_connection() -> None:
    outages = Outages(Clock())
    assert (outages.total_s, outages.end()) == (0.0, None)


def test_the_total_grows_during_an_outage_and_stays_after_it() -> None:
    clock = Clock()
    outages = Outages(clock)
    outages.begin(10.0)
    clock.now = 15.0
    assert outages.total_s == 5.0
    assert outages.end() == 5.0
    clock.now = 99.0
    assert outages.total_s == 5.0


def test_an_outage_that_is_noticed_later_counts_from_its_beginning() -> None:
    clock = Clock()
    outages = Outages(clock)
    outages.begin(3.0)
    assert outages.end() == 7.0


def test_outages_add_up() -> None:
    clock = Clock()
    outages = Outages(clock)
    for _ in range(1500):
        outages.begin(clock.now)
        clock.now += 1.0
        assert outages.end() == 1.0
    assert outages.total_s == 1500.0
    assert outages.end() is None
