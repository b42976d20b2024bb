from __future__ import annotations

import aiohttp
import pytest

from ari_tui.sim.model import SimCallerId
from ari_tui.wire import rtp
from tests.sim.kit import echo, lab, until


async def test_asterisk_goes_and_comes_back_on_its_port_with_everything_still_up() -> None:
    async with lab() as room, echo() as end:
        caller = await room.caller()
        await room.connect(caller, end)
        url = room.sim.url
        await room.control.go_away()
        with pytest.raises(aiohttp.ClientConnectorError):
            await room.ari.call("GET", "/asterisk/ping")
        before = len(end.received)
        await until(lambda: len(end.received) > before + 5)
        await room.control.come_back()
        assert room.sim.url == url
        await room.ari.connect()
        assert (await room.ari.call("GET", f"/channels/{caller}"))[0] == 200


async def test_a_restarted_asterisk_has_nothing_left() -> None:
    async with lab() as room, echo() as end:
        await room.connect(await room.caller(), end)
        await room.control.go_away()
        await room.control.come_back(fresh=True)
        for what in ("channels", "bridges", "applications"):
            assert await room.ari.call("GET", f"/{what}") == (200, [])
        await room.ari.connect()
        await room.caller()


async def test_a_caller_and_its_channel_may_be_called_anything() -> None:
    async with lab() as room:
        who = SimCallerId("\x1b[31mred", "\u202e1")
        caller = room.control.place_call(who, name="PJSIP/\x07", protocol_id="\x00", linked_id="l")
        assert caller is not None
        channel = (await room.ari.event("StasisStart", caller))["channel"]
        assert channel["caller"] == {"name": "\x1b[31mred", "number": "\u202e1"}
        assert (channel["name"], channel["protocol_id"]) == ("PJSIP/\x07", "\x00")
        variable = f"/channels/{caller}/variable?variable=CHANNEL(linkedid)"
        assert await room.ari.call("GET", variable) == (200, {"value": "l"})


async def test_a_transfer_brings_a_new_channel_in_the_old_ones_place() -> None:
    async with lab() as room, echo() as end:
        old = await room.caller()
        media = await room.connect(old, end)
        await until(lambda: end.received)
        new = room.control.transfer(0)
        start = await room.ari.event("StasisStart", new)
        assert start["replace_channel"]["id"] == old
        await room.ari.event("StasisEnd", old)
        assert room.control.callers == [new]
        members = room.sim.pbx.channels[new].bridge
        assert members is not None
        assert {one.id for one in members.members} == {new, media}
        await until(lambda: len({one.ssrc for one in end.headers()}) == 2)


async def test_hold_silences_a_caller_until_it_comes_back() -> None:
    async with lab() as room, echo() as end:
        caller = await room.caller()
        media = room.sim.pbx.channels[await room.connect(caller, end)]
        await until(lambda: end.received)
        source = room.sim.pbx.bridging.source_of(media)
        assert source is not None
        room.control.hold(0)
        held, began = source.port.generated, source.timestamp
        await room.ari.event("ChannelHold", caller)
        await until(lambda: (source.timestamp - began) & 0xFFFFFFFF > 800)
        assert source.port.generated == held
        room.control.unhold(0)
        await room.ari.event("ChannelUnhold", caller)
        await until(lambda: len(end.received) > held + 2)
        assert [one.marker for one in end.headers()].count(True) == 2


async def test_foreign_streams_and_garbage_reach_the_external_host() -> None:
    async with lab() as room, echo() as end:
        await room.connect(await room.caller(), end)
        end.returns = False
        room.control.foreign_burst(0, 3, ssrc=0x1234)
        room.control.garbage(0, [b"\x80", b"GET / HTTP/1.1"])
        await until(lambda: sum(one.ssrc == 0x1234 for one in end.headers()) == 3)
        await until(
            lambda: (
                {rtp.classify(one) for one in end.received} == {rtp.OK, rtp.MALFORMED, rtp.NOT_RTP}
            )
        )


async def test_a_caller_without_media_cannot_be_disturbed() -> None:
    async with lab() as room:
        await room.caller()
        with pytest.raises(LookupError, match="no bridge"):
            room.control.foreign_burst(0, 1)
