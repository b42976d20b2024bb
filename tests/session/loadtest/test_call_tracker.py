from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ari_tui.ari.events import ChannelDestroyed, ChannelStateChange, Dial, StasisStart
from ari_tui.ari.models import Channel
from ari_tui.engine.assembly import EngineParts
from ari_tui.session.loadtest.call_results import CallResults
from ari_tui.session.loadtest.call_tracker import CallTracker
from ari_tui.session.loadtest.placed_call import PlacedCall

CHANNEL = Channel(id="id1", name="PJSIP/100-1", state="Ringing")


class Desk:
    """A follower without an engine: no call is measured, hang-ups are noted."""

    def __init__(self, ring_s: float = 30.0) -> None:
        parts: Any = SimpleNamespace(calls=SimpleNamespace(calls={}), store=None)
        self.book, self.hung_up = CallResults(), list[PlacedCall]()
        self.follower = CallTracker(
            cast("EngineParts", parts), self.book, ring_s, self.hung_up.append
        )

    def call(self, age_s: float = 0.0) -> PlacedCall:
        call = PlacedCall(1, "PJSIP/100", 1, "id1", time.monotonic() - age_s, time.time_ns())
        self.book.add(call)
        return call


def test_events_tell_the_steps_and_the_name() -> None:
    desk = Desk()
    call = desk.call()
    desk.follower.on_event(ChannelStateChange(channel=CHANNEL))
    desk.follower.on_event(StasisStart(channel=CHANNEL))
    assert set(call.steps) == {"accepted", "ringing", "answered"}
    assert call.channel == "PJSIP/100-1"


def test_events_of_other_channels_are_others() -> None:
    desk = Desk()
    call = desk.call()
    desk.follower.on_event(StasisStart(channel=Channel(id="else")))
    desk.follower.on_event(Dial(peer=Channel(id="else"), dialstatus="BUSY"))
    assert call.steps == {}
    assert call.dialstatus == ""


def test_what_dial_says_stands_in_the_reason() -> None:
    desk = Desk()
    call = desk.call()
    desk.follower.on_event(Dial(peer=CHANNEL, dialstatus="CHANUNAVAIL"))
    desk.follower.on_event(ChannelDestroyed(channel=CHANNEL, cause=20, cause_txt="Absent"))
    assert call.gone
    assert call.failed_at == "answered"
    assert call.why is not None
    assert "CHANUNAVAIL" in call.why.reason


@pytest.mark.parametrize(("age_s", "words"), [(29.0, "rang for 30 s"), (3.0, "hung up before")])
def test_a_call_that_rang_as_long_as_it_may_was_not_answered(age_s: float, words: str) -> None:
    desk = Desk()
    call = desk.call(age_s)
    desk.follower.on_event(ChannelDestroyed(channel=CHANNEL, cause=16, cause_txt="Normal"))
    assert call.why is not None
    assert words in call.why.reason


def test_the_end_of_a_call_that_we_hung_up_is_no_failure() -> None:
    desk = Desk()
    call = desk.call()
    call.hung_up_s = time.monotonic()
    desk.follower.on_event(ChannelDestroyed(channel=CHANNEL, cause=32))
    assert call.gone
    assert call.failed_at is None


def test_a_call_of_which_nothing_is_heard_is_given_up() -> None:
    desk = Desk(ring_s=1.0)
    call = desk.call(age_s=10.0)
    desk.follower.look(time.monotonic(), 30.0)
    assert desk.hung_up == []
    desk.follower.look(time.monotonic() + 2.0, 30.0)
    assert call.failed_at == "answered"
    assert desk.hung_up == [call]


def test_a_call_is_hung_up_when_its_time_is_over() -> None:
    desk = Desk()
    call = desk.call(age_s=5.0)
    for step in ("answered", "bridged", "media_back"):
        call.reach(step, 100.0)
    desk.follower.look(time.monotonic(), 30.0)
    assert desk.hung_up == []
    desk.follower.look(time.monotonic() + 25.5, 30.0)
    assert desk.hung_up == [call]
