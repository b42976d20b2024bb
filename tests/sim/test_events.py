from __future__ import annotations

import asyncio
import base64
import socket

import aiohttp
import pytest

from ari_tui.core.errors import SimRefusalError
from ari_tui.sim.config import SimConfig
from ari_tui.sim.events import EventHub
from ari_tui.sim.model import SimChannel
from ari_tui.sim.server import SimulatedAsterisk
from tests.sim.contract import Client, Target, basic
from tests.sim.kit import lab, until


async def test_events_for_an_absent_client_are_lost_and_counted() -> None:
    async with lab() as room:
        caller = await room.caller()
        await room.ari.disconnect()
        await until(lambda: not room.sim.pbx.hub.connected("ari-tui"))
        sent = room.sim.counters().events_sent
        room.control.hold(0)
        room.control.unhold(0)
        counters = room.sim.counters()
        assert (counters.events_sent, counters.events_lost) == (sent, 2)
        await room.ari.connect()
        room.control.hold(0)
        await room.ari.event("ChannelHold", caller)
        assert "ChannelUnhold" not in room.ari.kinds(caller)


async def test_a_socket_left_unread_is_broken() -> None:
    async with SimulatedAsterisk(SimConfig(event_write_timeout_s=0.2)) as sim:
        reader = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        with reader:
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            reader.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(reader, (sim.host, sim.port))
            credentials = basic("ari", "ari")["Authorization"]
            key = base64.b64encode(b"0123456789abcdef").decode()
            await loop.sock_sendall(
                reader,
                f"GET /ari/events?app=deaf HTTP/1.1\r\nHost: x\r\nAuthorization: {credentials}\r\n"
                "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Key: {key}\r\n\r\n".encode(),
            )
            await until(lambda: sim.pbx.hub.connected("deaf"))
            channel = SimChannel("1", "Local/x")
            sim.pbx.hub.subscribe("deaf", channel)
            for n in range(2000):
                sim.pbx.hub.channel_event(
                    "ChannelVarset", channel, variable=str(n), value="x" * 9999
                )
            await until(lambda: not sim.pbx.hub.connected("deaf"))


async def test_an_application_is_told_of_creations_only_when_it_asked_for_everything() -> None:
    async with lab() as room:
        url = f"{room.sim.url}/ari/events?app=nosy&subscribeAll=true"
        session = aiohttp.ClientSession(headers=basic("ari", "ari"))
        async with session, session.ws_connect(url) as ws:
            caller = await room.caller()
            created = await ws.receive_json(timeout=10)
        assert (created["type"], created["channel"]["id"]) == ("ChannelCreated", caller)
        assert "ChannelCreated" not in room.ari.kinds(caller)


async def test_an_application_outlives_its_client_while_something_is_subscribed() -> None:
    """And then until the next client disconnects, as on Asterisk."""
    async with lab() as room, aiohttp.ClientSession(headers=basic("ari", "ari")) as session:
        await room.caller()
        await room.ari.disconnect()
        await until(lambda: not room.sim.pbx.hub.connected("ari-tui"))
        assert "ari-tui" in room.sim.pbx.hub.applications
        room.control.hang_up(0)
        assert room.sim.pbx.hub.find("ari-tui").finished
        async with session.ws_connect(f"{room.sim.url}/ari/events?app=other"):
            assert set(room.sim.pbx.hub.applications) == {"ari-tui", "other"}
        await until(lambda: room.sim.pbx.hub.applications == {})


async def test_the_replaced_client_keeps_its_socket_and_hears_no_more() -> None:
    async with lab() as room, aiohttp.ClientSession(headers=basic("ari", "ari")) as session:
        second = Client(Target(room.sim.url, "ari", "ari"), session, "ari-tui")
        await second.connect()
        await room.ari.event("ApplicationReplaced")
        caller = room.control.place_call()
        assert caller is not None
        await second.event("StasisStart", caller)
        assert not room.ari.closed.is_set()
        assert room.ari.kinds(caller) == []
        await second.disconnect()


def test_a_filter_of_the_wrong_shape_is_refused() -> None:
    hub = EventHub()
    with pytest.raises(SimRefusalError, match="Application not found"):
        hub.set_filter("x", {})
