"""."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from random import Random

import pytest

from ari_tui.sim.callers import draw_caller
from tests.sim.kit import echo, lab, until


async def test_callers_come_with_the_first_client_and_are_replaced_when_they_go() -> None:
    async with lab(calls=5, ramp_per_s=500, call_duration_s=0.2, redial_s=0.02) as room:
        await until(lambda: room.sim.counters().calls_ended >= 8)
        counters = room.sim.counters()
        assert counters.calls_started == counters.calls_ended + len(room.control.callers)
        assert counters.calls_failed == 0
        assert 0 <= len(room.control.callers) <= 5


async def test_without_a_duration_callers_stay() -> None:
    async with lab(calls=3, ramp_per_s=500) as room:
        await until(lambda: len(room.control.callers) == 3)
        first = room.control.callers[0]
        room.control.hang_up(1)
        await until(lambda: len(room.control.callers) == 3)
        assert room.control.callers[0] == first
        assert room.sim.counters().calls_started == 4


async def test_a_caller_enters_stasis_ringing_with_sip_names() -> None:
    async with lab() as room:
        caller = await room.caller()
        channel = (await room.ari.event("StasisStart", caller))["channel"]
        assert re.fullmatch(r"PJSIP/1\d{3}-[0-9a-f]{8}", channel["name"])
        assert channel["state"] == "Ring"
        assert "@" in channel["protocol_id"]
        assert channel["dialplan"]["app_name"] == "Stasis"


async def test_the_same_seed_brings_the_same_callers() -> None:
    async def callers(seed: int) -> list[tuple[str, str, int]]:
        async with lab(seed=seed) as room:
            for _ in range(6):
                await room.caller()
            present = room.sim.callers.present
            return [
                (one.name, one.caller.number, one.phone.packet_ms) for one in present if one.phone
            ]

    once, again, otherwise = await callers(3), await callers(3), await callers(4)
    assert once == again != otherwise


async def test_calls_fail_in_the_dialplan_while_the_client_is_away_and_are_tried_again() -> None:
    async with lab(redial_s=0.02, calls=1, ramp_per_s=100) as room:
        await until(lambda: room.control.callers)
        await room.ari.disconnect()
        await until(lambda: not room.sim.pbx.hub.connected("ari-tui"))
        room.control.hang_up(0)
        await until(lambda: room.sim.counters().calls_failed >= 2)
        assert room.sim.pbx.channels == {}
        await room.ari.connect()
        await until(lambda: room.control.callers)


async def test_a_pressed_digit_leaves_a_gap_in_the_sequence_and_is_told_of_at_its_end() -> None:
    async with lab(slow_packet_share=0) as room, echo() as end:
        caller = await room.caller()
        await room.connect(caller, end)
        await until(lambda: len(end.received) > 3)
        room.control.press_digit(0, "7", 100)
        event = await room.ari.event("ChannelDtmfReceived", caller)
        assert (event["digit"], event["duration_ms"]) == ("7", 100)
        before = len(end.received)
        await until(lambda: len(end.received) > before + 2)
        sequences = [one.sequence for one in end.headers()]
        steps = [(b - a) & 0xFFFF for a, b in itertools.pairwise(sequences)]
        assert sorted(set(steps)) == [1, 6]
        assert steps.count(6) == 1


async def test_some_callers_press_digits_of_their_own_accord() -> None:
    async with lab(dtmf_share=1) as room:
        delays: list[float] = []
        later = room.sim.pbx.timers.later

        def soon(delay_s: float, function: Callable[[], object]) -> None:
            delays.append(delay_s)
            if len(delays) < 3:
                later(0, function)

        room.sim.pbx.timers.later = soon  # type: ignore[method-assign]  # time flies
        caller = await room.caller()
        event = await room.ari.event("ChannelDtmfReceived", caller)
        assert event["digit"] in "0123456789*#"
        assert 2 <= delays[0] <= 12
        assert event["duration_ms"] <= delays[1] * 1000 < event["duration_ms"] + 30


def _hostile(text: str) -> bool:
    return not text.isprintable() or "[" in text or len(text) > 1000


@pytest.mark.parametrize("nasty", [False, True])
def test_hostile_names_come_only_when_asked_for(nasty: bool) -> None:
    random = Random(1)
    callers = [draw_caller(random, nasty=nasty) for _ in range(300)]
    assert any(_hostile(one.name) or _hostile(one.number) for one in callers) is nasty
    assert len({one.name for one in callers}) > 10


def test_every_name_can_be_sent_as_utf_8() -> None:
    random = Random(2)
    for _ in range(300):
        caller = draw_caller(random, nasty=True)
        assert caller.name.encode().decode() == caller.name
