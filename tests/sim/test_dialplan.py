from __future__ import annotations

import pytest

from ari_tui.sim.dialplan import extension
from tests.sim.kit import Lab, echo, lab, until


async def originate(room: Lab, exten: str, channel: str, **query: str) -> None:
    values = {"endpoint": f"Local/{exten}@lab", "app": "ari-tui", "channelId": channel, **query}
    assert (await room.ari.call("POST", "/channels", **values))[0] == 200


@pytest.mark.parametrize("exten", ["busy", "busy-5"])
async def test_a_busy_extension_ends_with_its_cause_and_never_enters_stasis(exten: str) -> None:
    async with lab() as room:
        await originate(room, exten, "b")
        destroyed = await room.ari.event("ChannelDestroyed", "b")
        assert (destroyed["cause"], destroyed["cause_txt"]) == (17, "User busy")
        assert "StasisStart" not in room.ari.kinds("b")
        await until(lambda: not room.sim.pbx.channels)


async def test_an_extension_that_rings_for_ever_ends_when_the_caller_gives_up() -> None:
    async with lab() as room:
        await originate(room, "ring", "r", timeout="0.05")
        ringing = await room.ari.event("ChannelStateChange", "r")
        assert ringing["channel"]["state"] == "Ringing"
        assert (await room.ari.event("ChannelDestroyed", "r"))["cause"] == 19


async def test_an_answer_after_the_caller_has_given_up_is_none() -> None:
    async with lab() as room:
        await originate(room, "tone-60000", "r", timeout="0.05")
        await room.ari.event("ChannelDestroyed", "r")
        assert "StasisStart" not in room.ari.kinds("r")


async def test_a_timeout_that_is_no_number_leaves_the_usual_one() -> None:
    async with lab() as room:
        await originate(room, "tone", "t", timeout="soon")
        await room.ari.event("StasisStart", "t")


async def test_an_extension_may_ring_before_it_is_answered() -> None:
    async with lab() as room:
        await originate(room, "tone-30", "t")
        await room.ari.event("StasisStart", "t")
        changes = [one for one in room.ari.events if one["type"] == "ChannelStateChange"]
        states = [one["channel"]["state"] for one in changes if one["channel"]["id"] == "t"]
        assert states == ["Ringing", "Up"]


async def test_one_that_is_hung_up_while_it_rings_is_never_answered() -> None:
    async with lab() as room:
        await originate(room, "tone-40", "t")
        assert (await room.ari.call("DELETE", "/channels/t"))[0] == 204
        await originate(room, "tone-80", "later")
        await room.ari.event("StasisStart", "later")
        assert "StasisStart" not in room.ari.kinds("t")


async def test_a_voice_may_fade_without_a_word() -> None:
    async with lab() as room, echo() as end, echo() as other:
        await originate(room, "fade-300", "f")
        await room.ari.event("StasisStart", "f")
        await room.connect("f", end)
        await until(lambda: room.sim.pbx.channels["f"].phone.on_hold)  # type: ignore[union-attr]
        heard = len(end.received)
        loud = await room.ari.originate_tone()
        await room.connect(loud, other)
        await until(lambda: len(other.received) > 5)
        assert heard > 0
        assert len(end.received) - heard <= 1
        assert "ChannelHold" not in room.ari.kinds("f")


@pytest.mark.parametrize("name", ["nosuch", "tones", "tone-", "busy-x", "", "tone-1234567"])
def test_what_is_no_extension_is_unknown(name: str) -> None:
    assert extension(name).cause == (0, "Unknown")


def test_only_the_loud_ones_hum() -> None:
    loud = {
        name
        for name in ("tone", "fade-9", "silent", "echo", "ring", "busy")
        if extension(name).frequency_hz
    }
    assert loud == {"tone", "fade-9"}
