from __future__ import annotations

import pytest

from ari_tui.core.errors import SimRefusalError
from tests.sim.kit import echo, lab, until


async def test_an_unanswered_caller_is_not_heard() -> None:
    async with lab() as room, echo() as end:
        caller = await room.caller()
        await room.ari.external_media(end.port, channelId="m")
        await room.ari.event("StasisStart", "m")
        await room.ari.bridge(caller, "m")
        media = room.sim.pbx.channels["m"]
        assert room.sim.pbx.bridging.source_of(media) is None
        assert (await room.ari.call("POST", f"/channels/{caller}/answer"))[0] == 204
        assert (await room.ari.event("ChannelStateChange", caller))["channel"]["state"] == "Up"
        await until(lambda: end.received)


async def test_media_stop_when_the_caller_leaves_and_start_anew_when_it_comes_back() -> None:
    async with lab() as room, echo() as end:
        caller = await room.caller()
        media = room.sim.pbx.channels[await room.connect(caller, end)]
        await until(lambda: end.received)
        first = room.sim.pbx.bridging.source_of(media)
        bridge = room.sim.pbx.bridging.bridges[next(iter(room.sim.pbx.bridging.bridges))]
        await room.ari.call("POST", f"/bridges/{bridge.id}/removeChannel", channel=caller)
        assert room.sim.pbx.bridging.source_of(media) is None
        assert bridge.members == [media]
        await room.ari.call("POST", f"/bridges/{bridge.id}/addChannel", channel=caller)
        second = room.sim.pbx.bridging.source_of(media)
        assert first is not None
        assert second is not None
        assert first.ssrc != second.ssrc
        await until(lambda: any(one.ssrc == second.ssrc and one.marker for one in end.headers()))


async def test_two_parties_learn_of_each_other() -> None:
    async with lab() as room, echo() as end:
        caller = await room.caller()
        media = await room.connect(caller, end)
        connected = await room.ari.event("ChannelConnectedLine", media)
        who = room.sim.pbx.channels[caller].caller
        assert connected["channel"]["connected"] == who.json()
        peer = room.sim.pbx.channels[caller].name
        query = {"variable": "BRIDGEPEER"}
        answer = await room.ari.call("GET", f"/channels/{media}/variable", **query)
        assert answer == (200, {"value": peer})
        varset = await room.ari.event("ChannelVarset", caller)
        assert varset["variable"] == "BRIDGEPEER"


async def test_entering_another_bridge_leaves_the_first() -> None:
    async with lab() as room:
        caller = await room.caller()
        first = await room.ari.bridge(caller)
        second = await room.ari.bridge()
        await room.ari.call("POST", f"/bridges/{second}/addChannel", channel=caller)
        left = await room.ari.event("ChannelLeftBridge", caller)
        assert left["bridge"]["id"] == first
        await room.ari.event("ChannelEnteredBridge", second)
        assert room.sim.pbx.bridging.find(first).members == []


async def test_a_bridge_that_is_not_there_is_refused() -> None:
    async with lab() as room:
        with pytest.raises(SimRefusalError, match="Bridge not found"):
            room.sim.pbx.bridging.find("nosuch")
