"""."""

from __future__ import annotations

import asyncio
import re

import pytest

from ari_tui.core.errors import SimRefusalError
from ari_tui.sim.config import SimConfig
from ari_tui.sim.model import Dialplan, SimBridge, SimCallerId, SimChannel, timestamp
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
        impairment = room.sim.pbx.path.impairment
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
        impairment = room.sim.pbx.path.impairment
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
    timers.close()
    timers.later(0, lambda: seen.append("after the end"))
    asyncio.get_running_loop().call_later(0.01, done.set)
    await asyncio.wait_for(done.wait(), 5)
    assert seen == []


def test_times_are_written_as_ari_writes_them() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", timestamp())


def test_a_channel_has_the_fields_of_asterisk_22() -> None:
    channel = SimChannel("1.2", "PJSIP/1001-0000002a", "Ring", caller=SimCallerId("Ada", "1"))
    channel.dialplan = Dialplan("default", "stasis", 2, "Stasis", "ari-tui")
    assert channel.json() == {
        "id": "1.2",
        "name": "PJSIP/1001-0000002a",
        "state": "Ring",
        "protocol_id": "",
        "caller": {"name": "Ada", "number": "1"},
        "connected": {"name": "", "number": ""},
        "accountcode": "",
        "dialplan": {
            "context": "default",
            "exten": "stasis",
            "priority": 2,
            "app_name": "Stasis",
            "app_data": "ari-tui",
        },
        "creationtime": channel.created,
        "language": "en",
    }
    assert channel.is_sip


def test_a_third_member_makes_a_bridge_softmix() -> None:
    bridge = SimBridge("b")
    bridge.members = [SimChannel(str(n), f"Local/{n}") for n in range(2)]
    assert bridge.json()["technology"] == "simple_bridge"
    bridge.members.append(SimChannel("2", "Local/2"))
    assert bridge.json()["technology"] == "softmix"
    assert bridge.json()["channels"] == ["0", "1", "2"]


def test_random_streams_repeat_with_the_seed_and_differ_by_purpose() -> None:
    one, same = SimConfig(seed=7), SimConfig(seed=7)
    draws = {
        purpose: one.stream(*purpose).random()
        for purpose in (("caller", 0), ("caller", 1), ("source", 0))
    }
    assert len(set(draws.values())) == 3
    assert all(same.stream(*purpose).random() == draw for purpose, draw in draws.items())
    assert SimConfig(seed=8).stream("caller", 0).random() != draws["caller", 0]


def test_the_password_is_not_in_the_text_of_a_configuration() -> None:
    assert "hunter2" not in repr(SimConfig(password="hunter2"))


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
