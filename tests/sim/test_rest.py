from __future__ import annotations

import asyncio

import aiohttp
import pytest

from ari_tui.sim.rest import names_of, text_of
from tests.sim.contract import WAIT_S, basic
from tests.sim.kit import lab, until


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
    assert text_of({"a": None}, "a", "x") == "x"
