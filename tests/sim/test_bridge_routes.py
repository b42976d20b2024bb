from __future__ import annotations

from tests.sim.kit import echo, lab


async def test_channels_enter_and_leave_a_bridge_all_or_none() -> None:
    async with lab() as room, echo() as end:
        caller = await room.caller()
        media = await room.connect(caller, end)
        (bridge,) = room.sim.pbx.bridging.bridges
        other = await room.caller()
        path = f"/bridges/{bridge}/removeChannel"
        both = f"{media},{other}"
        assert await room.ari.call("POST", path, channel=both) == (
            422,
            {"message": "Channel not in this bridge"},
        )
        (found,) = (await room.ari.call("GET", "/bridges"))[1]
        assert set(found["channels"]) == {caller, media}
        assert (await room.ari.call("POST", path, channel=f"{media},{caller}"))[0] == 204
        assert (await room.ari.call("GET", f"/bridges/{bridge}"))[1]["channels"] == []


async def test_nothing_is_done_without_a_channel_or_a_bridge() -> None:
    async with lab() as room:
        bridge = await room.ari.bridge()
        for action in ("addChannel", "removeChannel"):
            assert (await room.ari.call("POST", f"/bridges/{bridge}/{action}"))[0] == 400
            assert (await room.ari.call("POST", f"/bridges/none/{action}", channel="c"))[0] == 404
        assert (await room.ari.call("DELETE", "/bridges/none"))[0] == 404
        assert (await room.ari.call("DELETE", f"/bridges/{bridge}"))[0] == 204
        assert await room.ari.call("GET", "/bridges") == (200, [])
