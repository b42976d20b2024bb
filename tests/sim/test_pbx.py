from __future__ import annotations

from typing import Any

from ari_tui.sim.model import Channel
from tests.sim.kit import echo, lab, until


async def test_a_caller_who_hangs_up_leaves_in_asterisks_order_without_a_cause() -> None:
    async with lab() as room, echo() as end:
        caller = await room.caller()
        media = await room.connect(caller, end)
        room.control.hang_up(0)
        await room.ari.event("StasisEnd", caller)
        wanted = ["ChannelHangupRequest", "ChannelLeftBridge", "StasisEnd", "ChannelDestroyed"]
        # the subscription of who came in through the dialplan ends with Stasis
        assert [kind for kind in room.ari.kinds(caller) if kind in wanted] == wanted[:3]
        assert "cause" not in await room.ari.event("ChannelHangupRequest", caller)
        assert media in room.sim.pbx.channels
        assert len(room.sim.pbx.bridging.bridges) == 1


async def test_a_caller_who_continues_is_hung_up_by_the_dialplan() -> None:
    async with lab() as room:
        caller = await room.caller()
        assert await room.ari.call("POST", f"/channels/{caller}/continue") == (204, None)
        await room.ari.event("StasisEnd", caller)
        assert (await room.ari.call("GET", f"/channels/{caller}"))[0] == 404


async def test_hanging_up_one_half_of_a_local_channel_ends_the_other() -> None:
    async with lab() as room:
        caller = await room.ari.originate_tone()
        assert (await room.ari.call("DELETE", f"/channels/{caller};2"))[0] == 204
        await room.ari.event("StasisEnd", caller)
        assert room.sim.pbx.channels == {}


async def _orders(seed: int) -> list[bool]:
    """Return for some media channels whether they entered Stasis before the response."""
    async with lab(seed=seed) as room, echo() as end:
        pbx, drawn = room.sim.pbx, []
        draw, enter = pbx.media_order, pbx.enter_media

        def noting_draw() -> tuple[bool, float]:
            drawn.append(draw())
            return drawn[-1]

        def noting_enter(channel: Channel, app: str) -> None:
            entered.append(channel.id)
            enter(channel, app)

        entered: list[str] = []
        pbx.media_order = noting_draw  # type: ignore[method-assign]  # only listens
        pbx.enter_media = noting_enter  # type: ignore[method-assign]  # only listens
        for n in range(12):
            await room.ari.external_media(end.port, channelId=f"m{n}")
            assert drawn[n][0] <= (f"m{n}" in entered)  # who goes first has entered by now
            await room.ari.event("StasisStart", f"m{n}")
        return [event_first for event_first, _ in drawn]


async def test_both_orders_of_response_and_stasis_start_come_repeatably() -> None:
    once, again, otherwise = await _orders(4), await _orders(4), await _orders(5)
    assert once == again != otherwise
    assert set(once) == {True, False}


async def test_the_response_can_come_so_early_that_a_bridge_refuses_the_channel() -> None:
    async with lab(stasis_order="response-first") as room, echo() as end:
        bridge = await room.ari.bridge()

        def enter_later(delay_s: float, function: Any) -> None:
            held.append(function)

        held: list[Any] = []
        room.sim.pbx.timers.later = enter_later  # type: ignore[method-assign]  # holds the race open
        await room.ari.external_media(end.port, channelId="m")
        path = f"/bridges/{bridge}/addChannel"
        refusal = (422, {"message": "Channel not in Stasis application"})
        assert await room.ari.call("POST", path, channel="m") == refusal
        for function in held:
            function()
        await room.ari.event("StasisStart", "m")
        assert await room.ari.call("POST", path, channel="m") == (204, None)


async def test_the_books_of_a_call_close_and_stay_after_its_end() -> None:
    async with lab() as room, echo() as end:
        caller = await room.caller()
        media = await room.connect(caller, end)
        await until(lambda: room.sim.counters().media[0].back_distinct >= 10)
        end.returns = False
        room.control.hang_up(0)
        sent = room.sim.counters().media[0].sent
        await until(lambda: len(end.received) == sent)
        await room.ari.call("DELETE", f"/channels/{media}")
        (counted,) = room.sim.counters().media
        assert (counted.channel, counted.caller) == (media, caller)
        assert counted.generated == counted.sent == sent
        assert 10 <= counted.back == counted.back_distinct <= sent
        assert (counted.back_foreign, counted.send_errors, counted.undelivered) == (0, 0, 0)


async def test_what_was_impaired_is_told_exactly() -> None:
    async with lab(impair_media="loss=20%,dup=10%,delay=10ms", seed=9) as room, echo() as end:
        caller = await room.caller()
        media = await room.connect(caller, end)
        await until(lambda: len(end.received) > 40)
        room.control.hang_up(0)
        impairment = room.sim.pbx.pacer.impairment
        assert impairment is not None
        await until(lambda: impairment.pending == 0)
        injected = room.sim.counters().injected
        assert injected is not None
        expected = injected["packets"] - injected["lost"] + injected["duplicates"]
        await until(lambda: len(end.received) == expected)
        assert injected["packets"] == room.sim.counters().media[0].generated
        assert injected["lost"] > 0
        assert media in room.sim.pbx.channels


async def test_a_delayed_packet_that_meets_a_closed_channel_is_counted() -> None:
    async with lab(impair_media="delay=60ms") as room, echo() as end:
        caller = await room.caller()
        media = await room.connect(caller, end)
        await until(lambda: len(end.received) > 2)
        room.sim.pbx.hang_up(room.sim.pbx.channels[media])
        impairment = room.sim.pbx.pacer.impairment
        assert impairment is not None
        await until(lambda: impairment.pending == 0)
        (counted,) = room.sim.counters().media
        injected = room.sim.counters().injected
        assert injected is not None
        assert counted.undelivered == injected["undelivered"] > 0
        assert counted.generated == counted.sent + counted.undelivered
