from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from ari_tui.core.errors import BindError, ConfigError
from ari_tui.core.process import ParentLink
from ari_tui.sim.config import SimConfig
from ari_tui.sim.rest import names_of, text_of
from ari_tui.sim.server import SimulatedAsterisk, run_sim
from tests.sim.contract import CONTRACT, WAIT_S, Target, basic
from tests.sim.kit import echo, lab, until


async def test_a_port_in_use_is_one_clear_line() -> None:
    async with SimulatedAsterisk(SimConfig()) as sim:
        with pytest.raises(BindError, match=f"127.0.0.1:{sim.port}: in use"):
            async with SimulatedAsterisk(SimConfig(port=sim.port)):
                pass


async def test_an_unreadable_impairment_is_refused_at_the_start() -> None:
    with pytest.raises(ConfigError):
        async with SimulatedAsterisk(SimConfig(impair_media="los=1%")):
            pass


async def test_everything_is_closed_at_the_end() -> None:
    async with echo() as end:
        async with lab(impair_media="delay=50ms") as room:
            media = await room.connect(await room.caller(), end)
            await until(lambda: end.received)
            port = room.sim.pbx.channels[media].media
            assert port is not None
        assert not room.sim.listening
        assert room.sim.pbx.channels == {}
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(port.address)  # the RTP port is free again
        with pytest.raises(OSError, match="Connect call failed"):
            await asyncio.open_connection(room.sim.host, room.sim.port)


async def test_the_process_says_where_it_is_and_ends_with_its_lifeline() -> None:
    (ready_read, ready_write), (life_read, life_write) = os.pipe(), os.pipe()
    running = asyncio.ensure_future(run_sim(SimConfig(calls=2), ParentLink(ready_write, life_read)))
    line = await asyncio.get_running_loop().run_in_executor(None, os.read, ready_read, 4096)
    assert b'"url": "http://127.0.0.1:' in line
    os.close(life_write)
    counters = await asyncio.wait_for(running, WAIT_S)
    assert counters.calls_started == 0  # nobody connected
    os.close(ready_read)
    os.close(life_read)


async def test_the_process_ends_when_told_to() -> None:
    stop = asyncio.Event()
    stop.set()
    counters = await asyncio.wait_for(run_sim(SimConfig(), ParentLink(None, None), stop), WAIT_S)
    assert counters.media == ()


@pytest.mark.parametrize(
    "header",
    ["Basic", "Basic !!!", "Basic ###=", "Bearer abc", "Basic YXJp", ""],
)
async def test_whatever_is_not_the_right_password_is_refused(header: str) -> None:
    async with lab() as room, aiohttp.ClientSession() as session:
        headers = {"Authorization": header} if header else {}
        async with session.get(f"{room.sim.url}/ari/channels", headers=headers) as response:
            assert response.status == 401


async def test_a_read_only_user_may_look_but_not_touch() -> None:
    async with lab(read_only=True) as room:
        assert (await room.ari.call("GET", "/channels"))[0] == 200
        refusal = (403, {"message": "Write access denied"})
        assert await room.ari.call("POST", "/bridges") == refusal


@pytest.mark.parametrize("body", ["{", "[1]", '"text"'])
async def test_a_body_that_is_no_json_object_is_refused(body: str) -> None:
    async with lab() as room, aiohttp.ClientSession(headers=basic("ari", "ari")) as session:
        url = f"{room.sim.url}/ari/bridges"
        headers = {"Content-Type": "application/json"}
        async with session.post(url, data=body, headers=headers) as response:
            assert response.status == 400


async def test_a_broken_event_connection_is_noticed_on_both_sides() -> None:
    async with lab() as room:
        room.control.drop_websockets()
        await asyncio.wait_for(room.ari.closed.wait(), WAIT_S)
        await until(lambda: not room.sim.pbx.hub.connected("ari-tui"))


def test_lists_come_as_text_or_as_json() -> None:
    assert names_of({"channel": "a,b,"}, "channel") == ["a", "b"]
    assert names_of({"channel": ["a", 2]}, "channel") == ["a", "2"]
    assert names_of({}, "channel") == []
    assert text_of({"a": None}, "a") == ""


@pytest.mark.parametrize("order", ["event-first", "response-first"])
@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.__name__)
async def test_the_simulated_asterisk_keeps_the_contract(
    check: Callable[[Target], Awaitable[None]], order: str
) -> None:
    config = SimConfig(user="someone", password="secret", stasis_order=order)  # type: ignore[arg-type]  # one of its words
    async with SimulatedAsterisk(config) as sim:
        await check(Target(sim.url, config.user, config.password))
