from __future__ import annotations

import json

import pytest

from tests.sim.kit import echo, lab, until


async def test_the_injected_faults_can_be_asked_for_as_a_global_variable() -> None:
    async with lab(impair_media="loss=50%") as room, echo() as end:
        await room.connect(await room.caller(), end)
        await until(lambda: (room.sim.counters().injected or {})["lost"] > 2)
        room.control.hang_up(0)
        status, body = await room.ari.call("GET", "/asterisk/variable", variable="ARI_TUI_INJECTED")
        assert status == 200
        assert json.loads(body["value"]) == room.sim.counters().injected


async def test_nothing_is_injected_without_an_impairment() -> None:
    async with lab() as room:
        answer = await room.ari.call("GET", "/asterisk/variable", variable="ARI_TUI_INJECTED")
        assert answer == (200, {"value": ""})


@pytest.mark.parametrize("exten", ["silence", "echo"])
async def test_a_silent_extension_answers_without_audio(exten: str) -> None:
    async with lab() as room, echo() as end, echo() as other:
        query = {"endpoint": f"Local/{exten}@lab", "app": "ari-tui", "channelId": "quiet"}
        assert (await room.ari.call("POST", "/channels", **query))[0] == 200
        await room.ari.event("StasisStart", "quiet")
        await room.connect("quiet", end)
        loud = await room.ari.originate_tone()
        await room.connect(loud, other)
        await until(lambda: len(other.received) > 5)
        assert end.received == []


async def test_an_unknown_extension_is_accepted_and_ends_at_once() -> None:
    async with lab() as room:
        query = {"endpoint": "Local/nosuch@lab", "app": "ari-tui", "channelId": "lost"}
        assert (await room.ari.call("POST", "/channels", **query))[0] == 200
        destroyed = await room.ari.event("ChannelDestroyed", "lost")
        assert (destroyed["cause"], destroyed["cause_txt"]) == (0, "Unknown")
        assert "StasisStart" not in room.ari.kinds("lost")


async def test_the_format_decides_the_payload_type() -> None:
    async with lab() as room, echo() as end:
        await room.connect(await room.caller(), end, format="alaw")
        await until(lambda: end.received)
        assert end.headers()[0].payload_type == 8
