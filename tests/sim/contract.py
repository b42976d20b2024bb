"""What must hold for the simulated Asterisk and for a real one: the same checks run on both.

Each check is a coroutine function that takes a `Target`; `CONTRACT` lists them all. They own
unique ids and an application each, and hang up what they made.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import re
import socket
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from tests import rtp_packets

Event = dict[str, Any]
WAIT_S = 20.0


@dataclass(frozen=True)
class Target:
    """One Asterisk: where its ARI is, and what answers there with a tone."""

    base_url: str
    """With scheme, without /ari."""
    user: str
    password: str
    tone: str = "Local/tone@lab"


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def new_id(what: str) -> str:
    return f"contract-{uuid.uuid4().hex[:10]}-{what}"


class Client:
    """REST and events of one application, as plain as can be."""

    def __init__(self, target: Target, session: aiohttp.ClientSession, app: str) -> None:
        self.target = target
        self.app = app
        self.session = session
        self.events: list[Event] = []
        self.closed = asyncio.Event()
        self.made: list[str] = []
        """Paths of the bridges made; an application is not told of those that stay empty."""
        self._messages = asyncio.Condition()
        self._ws: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None

    async def call(self, method: str, path: str, body: Any = None, **query: str) -> tuple[int, Any]:
        url = f"{self.target.base_url}/ari{path}"
        async with self.session.request(method, url, params=query, json=body) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else None

    async def connect(self) -> None:
        url = f"{self.target.base_url}/ari/events?app={self.app}"
        self._ws = await self.session.ws_connect(url)
        self._reader = asyncio.ensure_future(self._read(self._ws))

    async def disconnect(self) -> None:
        if self._ws is not None and self._reader is not None:
            await self._ws.close()
            await asyncio.wait_for(self._reader, WAIT_S)

    async def event(self, kind: str, subject: str = "") -> Event:
        """Wait for the first event of a type, about one channel or bridge if given."""

        def found() -> Event | None:
            return next((one for one in self.events if _is(one, kind, subject)), None)

        async with self._messages:
            await asyncio.wait_for(self._messages.wait_for(lambda: found() is not None), WAIT_S)
        event = found()
        assert event is not None
        return event

    def kinds(self, subject: str) -> list[str]:
        """Return the types of the events about one channel, in order."""
        return [one["type"] for one in self.events if one.get("channel", {}).get("id") == subject]

    async def originate_tone(self, **query: str) -> str:
        """Originate a caller that sends a tone, and wait until it is in Stasis."""
        channel = new_id("caller")
        status, _ = await self.call(
            "POST", "/channels", endpoint=self.target.tone, app=self.app, channelId=channel, **query
        )
        assert status == 200
        await self.event("StasisStart", channel)
        return channel

    async def external_media(self, port: int, **query: str) -> tuple[int, Any]:
        """Ask for a media channel towards a port of ours, without waiting for its events."""
        values = {"app": self.app, "external_host": f"127.0.0.1:{port}", "format": "ulaw"}
        return await self.call("POST", "/channels/externalMedia", **{**values, **query})

    async def media(self, port: int) -> tuple[str, Any]:
        """Create a media channel and wait until it is in Stasis; return its id and response."""
        channel = new_id("media")
        status, body = await self.external_media(port, channelId=channel)
        assert status == 200
        await self.event("StasisStart", channel)
        return channel, body

    async def bridge(self, *channels: str) -> str:
        """Create a bridge, put channels in, and wait until they are."""
        bridge = new_id("bridge")
        status, _ = await self.call("POST", "/bridges", type="mixing,proxy_media", bridgeId=bridge)
        assert status == 200
        self.made.append(f"/bridges/{bridge}")
        if channels:
            path = f"/bridges/{bridge}/addChannel"
            assert await self.call("POST", path, channel=",".join(channels)) == (204, None)
        for channel in channels:
            await self.event("ChannelEnteredBridge", channel)
        return bridge

    async def gone(self, path: str) -> None:
        """Wait until a resource is answered by 404."""

        async def poll() -> None:
            while (await self.call("GET", path))[0] != 404:  # noqa: ASYNC110  only polling tells
                await asyncio.sleep(0.01)

        await asyncio.wait_for(poll(), WAIT_S)

    async def _read(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        async for message in ws:
            async with self._messages:
                self.events.append(json.loads(message.data))
                self._messages.notify_all()
        self.closed.set()


def _is(event: Event, kind: str, subject: str) -> bool:
    about = {event.get("channel", {}).get("id"), event.get("bridge", {}).get("id")}
    return event["type"] == kind and (not subject or subject in about)


@contextlib.asynccontextmanager
async def client(target: Target, *, app: str = "") -> AsyncIterator[Client]:
    """Connect an application of its own, and end all that it left when done."""
    headers = basic(target.user, target.password)
    async with aiohttp.ClientSession(headers=headers) as session:
        one = Client(target, session, app or new_id("app"))
        await one.connect()
        try:
            yield one
        finally:
            status, body = await one.call("GET", f"/applications/{one.app}")
            channels = body["channel_ids"] if status == 200 else []
            for path in (*(f"/channels/{channel}" for channel in channels), *one.made):
                await one.call("DELETE", path)
            await one.disconnect()


@contextlib.contextmanager
def _udp() -> Any:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        yield sock


async def _packets(sock: socket.socket, count: int) -> list[bytes]:
    loop = asyncio.get_running_loop()
    return [await asyncio.wait_for(loop.sock_recv(sock, 2048), WAIT_S) for _ in range(count)]


async def credentials_are_required(target: Target) -> None:
    url = f"{target.base_url}/ari/asterisk/info"
    async with aiohttp.ClientSession() as session:
        for headers in ({}, basic(target.user, target.password + "x"), basic("nobody", "")):
            async with session.get(url, headers=headers) as response:
                assert response.status == 401
                assert response.content_type == "application/json"
                assert response.headers["WWW-Authenticate"].startswith("Basic ")
                assert await response.json() == {"message": "Authentication required"}


async def the_event_socket_wants_credentials_and_an_application(target: Target) -> None:
    url = f"{target.base_url}/ari/events"
    async with aiohttp.ClientSession() as session:
        for query, headers, status in (
            ("?app=x", {}, 401),
            ("", basic(target.user, target.password), 400),
        ):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(url + query, headers=headers)
            assert refused.value.status == status


async def info_ping_and_global_variables_are_answered(target: Target) -> None:
    async with client(target) as ari:
        status, info = await ari.call("GET", "/asterisk/info")
        assert status == 200
        assert int(info["system"]["version"].split(".")[0]) >= 16
        assert {"build", "config", "status"} <= info.keys()
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]{12}[+-]\d{4}", info["status"]["startup_time"])
        status, ping = await ari.call("GET", "/asterisk/ping")
        assert (status, ping["ping"]) == (200, "pong")
        path = "/asterisk/variable"
        assert await ari.call("GET", path, variable="NO_SUCH") == (200, {"value": ""})
        assert (await ari.call("GET", path))[0] == 400


async def what_is_not_there_is_refused_in_words(target: Target) -> None:
    async with client(target) as ari:
        for method, path, status, message in (
            ("GET", "/nosuch", 404, "Resource not found"),
            ("DELETE", "/asterisk/info", 405, "Invalid method"),
            ("GET", "/applications/nosuch", 404, "Application not found"),
            ("GET", "/channels/nosuch", 404, "Channel not found"),
            ("DELETE", "/channels/nosuch", 404, "Channel not found"),
            ("POST", "/channels/nosuch/answer", 404, "Channel not found"),
            ("POST", "/channels/nosuch/continue", 404, "Channel not found"),
            ("GET", "/channels/nosuch/rtp_statistics", 404, "Channel not found"),
            ("GET", "/bridges/nosuch", 404, "Bridge not found"),
            ("DELETE", "/bridges/nosuch", 404, "Bridge not found"),
        ):
            assert await ari.call(method, path) == (status, {"message": message}), path


async def an_originated_channel_enters_stasis(target: Target) -> None:
    async with client(target) as ari:
        channel = await ari.originate_tone(appArgs="one,two", callerId="Bob <123>")
        start = await ari.event("StasisStart", channel)
        assert start["args"] == ["one", "two"]
        assert start["application"] == ari.app
        assert start.keys() >= {"timestamp", "asterisk_id"}
        assert start["channel"]["state"] == "Up"
        assert start["channel"]["caller"] == {"name": "Bob", "number": "123"}
        assert start["channel"]["name"].startswith("Local/tone@")
        status, body = await ari.call("GET", f"/channels/{channel}")
        assert status == 200
        assert body.keys() == start["channel"].keys()
        _, application = await ari.call("GET", f"/applications/{ari.app}")
        assert channel in application["channel_ids"]


async def originating_is_refused_in_words(target: Target) -> None:
    async with client(target) as ari:
        channel = await ari.originate_tone()
        tone, app = target.tone, ari.app
        for query, status, body in (
            ({"app": app}, 400, {"message": "Endpoint must be specified"}),
            ({"endpoint": tone}, 400, {"message": "Application or extension must be specified"}),
            ({"endpoint": "Bogus/x", "app": app}, 500, {"error": "Allocation failed"}),
            (
                {"endpoint": tone, "app": app, "channelId": channel},
                409,
                {"message": "Channel with given unique ID already exists"},
            ),
        ):
            assert await ari.call("POST", "/channels", **query) == (status, body)


async def a_media_channel_says_where_its_media_are(target: Target) -> None:
    async with client(target) as ari:
        with _udp() as sock:
            port = sock.getsockname()[1]
            channel, body = await ari.media(port)
            assert body["id"] == channel
            assert body["name"].startswith(f"UnicastRTP/127.0.0.1:{port}-")
            local = body["channelvars"]
            assert local["UNICASTRTP_LOCAL_ADDRESS"] == "127.0.0.1"
            path, name = f"/channels/{channel}/variable", "UNICASTRTP_LOCAL_PORT"
            assert await ari.call("GET", path, variable=name) == (200, {"value": local[name]})
            start = await ari.event("StasisStart", channel)
            assert "channelvars" not in start["channel"]


async def media_requests_are_refused_as_asterisk_22_does(target: Target) -> None:
    async with client(target) as ari:
        with _udp() as sock:
            port = sock.getsockname()[1]
            channel, _ = await ari.media(port)
            for query, status in (
                ({"channelId": channel}, 500),
                ({"format": "bogus"}, 500),
                ({"external_host": ""}, 400),
                ({"external_host": "nohost"}, 400),
            ):
                assert (await ari.external_media(port, **query))[0] == status, query


async def parameters_may_come_as_json(target: Target) -> None:
    async with client(target) as ari:
        with _udp() as sock:
            channel = new_id("media")
            body = {
                "app": ari.app,
                "channelId": channel,
                "external_host": f"127.0.0.1:{sock.getsockname()[1]}",
                "format": "alaw",
                "variables": {"FLAVOUR": "sour"},
            }
            status, answer = await ari.call("POST", "/channels/externalMedia", body)
            assert (status, answer["channelvars"]["FLAVOUR"]) == (200, "sour")
            await ari.event("StasisStart", channel)
            bridge = await ari.bridge()
            path = f"/bridges/{bridge}/addChannel"
            assert await ari.call("POST", path, {"channel": [channel]}) == (204, None)


async def a_bridged_caller_is_heard_as_rtp(target: Target) -> None:
    async with client(target) as ari:
        with _udp() as sock:
            caller = await ari.originate_tone()
            media, body = await ari.media(sock.getsockname()[1])
            bridge = await ari.bridge(caller, media)
            local = body["channelvars"]
            asterisk = (local["UNICASTRTP_LOCAL_ADDRESS"], int(local["UNICASTRTP_LOCAL_PORT"]))
            sock.connect(asterisk)  # whatever came from elsewhere is not received from here on
            headers = [rtp_packets.parse(packet) for packet in await _packets(sock, 10)]
            assert len({header.ssrc for header in headers}) == 1
            assert {header.payload_type for header in headers} == {0}
            pairs = list(itertools.pairwise(headers))
            assert {(b.sequence - a.sequence) & 0xFFFF for a, b in pairs} == {1}
            # a real Asterisk's first packets may lie a little off the 20 ms
            steps = [(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in pairs]
            assert steps.count(160) > len(steps) / 2
            _, described = await ari.call("GET", f"/bridges/{bridge}")
            assert described["technology"] == "simple_bridge"
            assert sorted(described["channels"]) == sorted([caller, media])


async def a_bridge_takes_only_channels_in_stasis(target: Target) -> None:
    async with client(target) as ari:
        caller = await ari.originate_tone()
        bridge = await ari.bridge()
        path = f"/bridges/{bridge}/addChannel"
        for where, query, status, message in (
            (path, {}, 400, "Missing parameter channel"),
            (path, {"channel": "nosuch"}, 400, "Channel not found"),
            (path, {"channel": f"{caller},nosuch"}, 400, "Channel not found"),
            (path, {"channel": f"{caller};2"}, 422, "Channel not in Stasis application"),
            ("/bridges/nosuch/addChannel", {"channel": caller}, 404, "Bridge not found"),
        ):
            assert await ari.call("POST", where, **query) == (status, {"message": message})
        assert (await ari.call("GET", f"/bridges/{bridge}"))[1]["channels"] == []


async def channels_are_removed_from_bridges(target: Target) -> None:
    async with client(target) as ari:
        caller = await ari.originate_tone()
        bridge = await ari.bridge(caller)
        path = f"/bridges/{bridge}/removeChannel"
        assert await ari.call("POST", path, channel=caller) == (204, None)
        await ari.event("ChannelLeftBridge", caller)
        refusal = (422, {"message": "Channel not in this bridge"})
        assert await ari.call("POST", path, channel=caller) == refusal
        assert (await ari.call("POST", path, channel="nosuch"))[0] == 400


async def bridges_are_made_once_and_destroyed_around_their_channels(target: Target) -> None:
    async with client(target) as ari:
        caller = await ari.originate_tone()
        bridge = await ari.bridge(caller)
        refusal = (409, {"message": f"Bridge with id '{bridge}' already exists"})
        assert await ari.call("POST", "/bridges", type="mixing", bridgeId=bridge) == refusal
        assert (await ari.call("POST", "/bridges", type="bogus", bridgeId=new_id("b")))[0] == 500
        assert await ari.call("DELETE", f"/bridges/{bridge}") == (204, None)
        # whether BridgeDestroyed comes is a race: the subscription ends with the last member
        await ari.event("ChannelLeftBridge", caller)
        await ari.gone(f"/bridges/{bridge}")
        assert (await ari.call("GET", f"/channels/{caller}"))[0] == 200


async def a_hung_up_caller_leaves_media_and_bridge_behind(target: Target) -> None:
    async with client(target) as ari:
        with _udp() as sock:
            caller = await ari.originate_tone()
            media, _ = await ari.media(sock.getsockname()[1])
            bridge = await ari.bridge(caller, media)
            assert await ari.call("DELETE", f"/channels/{caller}") == (204, None)
            await ari.event("ChannelDestroyed", caller)
            wanted = ["ChannelHangupRequest", "ChannelLeftBridge", "StasisEnd", "ChannelDestroyed"]
            assert [kind for kind in ari.kinds(caller) if kind in wanted] == wanted
            request = await ari.event("ChannelHangupRequest", caller)
            assert (request["cause"], request["soft"]) == (32, True)
            assert (await ari.event("ChannelDestroyed", caller))["cause"] == 16
            await ari.gone(f"/channels/{caller}")
            assert (await ari.call("GET", f"/channels/{media}"))[0] == 200
            assert (await ari.call("GET", f"/bridges/{bridge}"))[1]["channels"] == [media]


async def a_caller_moved_by_another_client_is_told_to_its_own(target: Target) -> None:
    async with client(target) as ari, client(target) as other:
        with _udp() as sock:
            caller = await ari.originate_tone()
            media, _ = await ari.media(sock.getsockname()[1])
            ours = await ari.bridge(caller, media)
            theirs = new_id("bridge")
            query = {"type": "mixing", "bridgeId": theirs}
            assert (await other.call("POST", "/bridges", **query))[0] == 200
            path = f"/bridges/{theirs}/addChannel"
            assert await other.call("POST", path, channel=caller) == (204, None)
            await ari.event("ChannelEnteredBridge", theirs)
            told = [
                (event["type"], event["bridge"]["id"])
                for event in ari.events
                if "bridge" in event and event.get("channel", {}).get("id") == caller
            ]
            assert told[-2:] == [("ChannelLeftBridge", ours), ("ChannelEnteredBridge", theirs)]
            assert "StasisEnd" not in ari.kinds(caller)  # it is still in our application
            await other.call("DELETE", f"/channels/{caller}")
            await other.call("DELETE", f"/bridges/{theirs}")


async def continuing_leaves_stasis(target: Target) -> None:
    async with client(target) as ari:
        caller = await ari.originate_tone()
        bridge = await ari.bridge(caller)
        refusal = (409, {"message": "Channel not in Stasis application"})
        assert await ari.call("POST", f"/channels/{caller};2/continue") == refusal
        assert await ari.call("POST", f"/channels/{caller}/continue") == (204, None)
        await ari.event("StasisEnd", caller)
        wanted = ["ChannelLeftBridge", "StasisEnd"]
        assert [kind for kind in ari.kinds(caller) if kind in wanted] == wanted
        # a Local channel goes on where its dialplan goes on: it is up, and no longer ours
        status, body = await ari.call("GET", f"/channels/{caller}")
        assert (status, body["dialplan"]["priority"]) == (200, 2)
        refusal = (422, {"message": "Channel not in Stasis application"})
        assert await ari.call("POST", f"/bridges/{bridge}/addChannel", channel=caller) == refusal


async def media_go_on_while_nobody_listens_to_events(target: Target) -> None:
    async with client(target) as ari:
        with _udp() as sock:
            caller = await ari.originate_tone()
            media, _ = await ari.media(sock.getsockname()[1])
            bridge = await ari.bridge(caller, media)
            await ari.disconnect()
            first = rtp_packets.parse((await _packets(sock, 20))[-1])
            assert rtp_packets.parse((await _packets(sock, 10))[-1]).ssrc == first.ssrc
            await ari.connect()
            _, application = await ari.call("GET", f"/applications/{ari.app}")
            assert {caller, media} <= set(application["channel_ids"])
            assert application["bridge_ids"] == [bridge]
            await ari.call("DELETE", f"/channels/{caller}")
            await ari.event("StasisEnd", caller)


async def channels_for_an_application_without_a_client_end(target: Target) -> None:
    async with client(target) as ari:
        with _udp() as sock:
            channel, app = new_id("media"), new_id("nobody")
            port = sock.getsockname()[1]
            status, _ = await ari.external_media(port, app=app, channelId=channel)
            assert status == 200
            await ari.gone(f"/channels/{channel}")
        caller = new_id("caller")
        query = {"endpoint": target.tone, "app": app, "channelId": caller}
        assert (await ari.call("POST", "/channels", **query))[0] == 200
        await ari.gone(f"/channels/{caller}")


async def a_second_client_takes_the_application_over(target: Target) -> None:
    async with client(target) as first, client(target, app=first.app) as second:
        replaced = await first.event("ApplicationReplaced")
        assert replaced["application"] == first.app
        channel = await second.originate_tone()
        assert channel not in str(first.events)


async def an_event_filter_holds_back_what_it_names(target: Target) -> None:
    async with client(target) as ari:
        path = f"/applications/{ari.app}/eventFilter"
        rules = {"disallowed": [{"type": "ChannelStateChange"}]}
        status, application = await ari.call("PUT", path, rules)
        assert (status, application["events_disallowed"]) == (200, rules["disallowed"])
        assert (await ari.call("PUT", path, {"disallowed": "x"}))[0] == 400
        with _udp() as sock:
            media, _ = await ari.media(sock.getsockname()[1])
            assert "ChannelStateChange" not in ari.kinds(media)
            assert (await ari.call("PUT", path, {"disallowed": []}))[0] == 200
            other, _ = await ari.media(sock.getsockname()[1])
            assert "ChannelStateChange" in ari.kinds(other)


async def rtp_statistics_are_of_sip_channels_only(target: Target) -> None:
    async with client(target) as ari:
        with _udp() as sock:
            media, _ = await ari.media(sock.getsockname()[1])
            refusal = (404, {"message": "RTP info not found"})
            assert await ari.call("GET", f"/channels/{media}/rtp_statistics") == refusal
        caller = await ari.originate_tone()
        refusal = (403, {"message": "Unsupported channel type"})
        assert await ari.call("GET", f"/channels/{caller}/rtp_statistics") == refusal


async def channel_variables_and_functions_are_read(target: Target) -> None:
    async with client(target) as ari:
        caller = await ari.originate_tone(callerId="Bob <123>")
        path = f"/channels/{caller}/variable"
        for name, status, value in (
            ("CALLERID(num)", 200, {"value": "123"}),
            ("CHANNEL(linkedid)", 200, {"value": caller}),
            ("NO_SUCH", 404, {"message": "Provided variable was not found"}),
            ("CHANNEL(rtp,src)", 500, {"message": "Unable to read provided function"}),
        ):
            assert await ari.call("GET", path, variable=name) == (status, value)
        assert (await ari.call("GET", path))[0] == 400


CONTRACT: tuple[Callable[[Target], Awaitable[None]], ...] = (
    credentials_are_required,
    the_event_socket_wants_credentials_and_an_application,
    info_ping_and_global_variables_are_answered,
    what_is_not_there_is_refused_in_words,
    an_originated_channel_enters_stasis,
    originating_is_refused_in_words,
    a_media_channel_says_where_its_media_are,
    media_requests_are_refused_as_asterisk_22_does,
    parameters_may_come_as_json,
    a_bridged_caller_is_heard_as_rtp,
    a_bridge_takes_only_channels_in_stasis,
    channels_are_removed_from_bridges,
    bridges_are_made_once_and_destroyed_around_their_channels,
    a_hung_up_caller_leaves_media_and_bridge_behind,
    a_caller_moved_by_another_client_is_told_to_its_own,
    continuing_leaves_stasis,
    media_go_on_while_nobody_listens_to_events,
    channels_for_an_application_without_a_client_end,
    a_second_client_takes_the_application_over,
    an_event_filter_holds_back_what_it_names,
    rtp_statistics_are_of_sip_channels_only,
    channel_variables_and_functions_are_read,
)
