"""."""

from __future__ import annotations

import asyncio

from ari_tui.sim.pbx import Timers
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


async def test_what_waits_happens_in_its_time() -> None:
    timers, seen, done = Timers(), [], asyncio.Event()
    timers.later(0.02, done.set)
    timers.later(0.01, lambda: seen.append("first"))
    await asyncio.wait_for(done.wait(), 5)
    assert seen == ["first"]


async def test_what_was_called_off_does_not_happen() -> None:
    timers, seen, done = Timers(), [], asyncio.Event()
    timers.later(0, lambda: seen.append("called off"))
    timers.cancel_all()
    timers.later(0.01, done.set)
    await asyncio.wait_for(done.wait(), 5)
    timers.close()
    timers.later(0, lambda: seen.append("after the end"))
    asyncio.get_running_loop().call_later(0.01, done.set)
    done.clear()
    await asyncio.wait_for(done.wait(), 5)
    assert seen == []
