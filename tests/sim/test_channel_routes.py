from __future__ import annotations

import pytest

from tests.sim.kit import echo, lab, until


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


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"app": "ari-tui"}, 400),
        ({"endpoint": "Local/tone@lab"}, 400),
        ({"endpoint": "PJSIP/100", "app": "ari-tui"}, 500),
        ({"endpoint": "Local/", "app": "ari-tui"}, 500),
    ],
)
async def test_a_call_that_cannot_be_placed_leaves_no_channel(
    query: dict[str, str], status: int
) -> None:
    async with lab() as room:
        assert (await room.ari.call("POST", "/channels", **query))[0] == status
        assert room.sim.pbx.channels == {}


@pytest.mark.parametrize("host", ["", "127.0.0.1", ":4000", "127.0.0.1:rtp"])
async def test_an_external_host_without_a_host_or_a_port_is_refused(host: str) -> None:
    async with lab() as room:
        query = {"app": "ari-tui", "format": "ulaw", "external_host": host}
        assert (await room.ari.call("POST", "/channels/externalMedia", **query))[0] == 400
        assert room.sim.pbx.channels == {}
