"""The call machine and the events of Asterisk, in any order."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ari_tui.ari import commands as do
from ari_tui.ari.commands import CallState, OnRelease
from ari_tui.ari.event_models import (
    BridgeDestroyed,
    ChannelDestroyed,
    ChannelEnteredBridge,
    ChannelHangupRequest,
    ChannelStateChange,
    StasisEnd,
    StasisStart,
)
from ari_tui.ari.models import Bridge, Channel
from tests.ari.kit import IDS, Pending, Play, World


@settings(max_examples=600, deadline=None)
@given(
    tape=st.lists(st.integers(0, 1 << 16), max_size=80),
    on_release=st.sampled_from(OnRelease),
    caller_state=st.sampled_from(["Ring", "Up"]),
    tells_address=st.booleans(),
)
@example(tape=[], on_release=OnRelease.CONTINUE, caller_state="Ring", tells_address=True)
def test_whatever_happens_in_whatever_order_nothing_of_the_call_is_left(
    tape: list[int], on_release: OnRelease, caller_state: str, tells_address: bool
) -> None:
    world = World(caller_state, tells_address=tells_address)
    play = Play(world, on_release)
    play.take(play.machine.start())
    for number in tape:
        actions = play.actions()
        actions[number % len(actions)]()
        assert world.ports or IDS.media not in world.channels or _failed_undo(play)
    play.take(play.machine.release("the engine stops"))
    play.settle()

    assert play.finished is not None
    assert play.machine.state in (CallState.ENDED, CallState.FAILED)
    assert play.machine.reason
    left = play.finished.leftovers
    given_up = {text.split(":")[0] for text in left}
    assert IDS.media not in world.channels or "media channel" in given_up
    assert world.bridge is None or "bridge" in given_up
    assert not world.ports or "media port" in given_up
    assert play.machine.finished
    _check_caller(play, given_up)


def _failed_undo(play: Play) -> bool:
    """A port may be freed beside a standing media channel only when hanging it up failed."""
    return any(
        isinstance(command, do.StartTimer) and command.what == "undo media channel"
        for command in play.log
    )


def _check_caller(play: Play, given_up: set[str]) -> None:
    world = play.world
    # a transfer whose event was lost is found by the sweep, as a caller without a call
    if play.machine.caller.id == world.current:
        assert world.channels.get(world.current) != "stasis" or "caller" in given_up
    assert all(text.startswith(play.on_release.value) for text in world.released)
    assert len(set(world.released)) == len(world.released)


def test_the_media_channel_may_enter_stasis_before_its_answer_comes() -> None:
    play = Play(World("Up"))
    play.take(play.machine.start())
    play.deliver(0)
    play.execute(0)  # the channel exists, the answer is on its way
    play.world.enter()
    play.tell()
    assert _state(play) is CallState.CREATING_MEDIA
    play.settle()
    assert _state(play) is CallState.UP
    assert not any(isinstance(command, do.StartTimer) for command in play.log[:4])


def test_the_join_waits_for_the_media_channel_to_enter_stasis() -> None:
    play = Play(World("Up"))
    play.take(play.machine.start())
    play.deliver(0)
    play.deliver(0)
    assert play.pending == []
    assert play.timers == ["media StasisStart"]
    play.world.enter()
    play.tell()
    assert play.pending == [Pending(do.ConnectMedia("127.0.0.1", 10000))]


def test_a_caller_who_hangs_up_is_not_released_and_the_reason_says_so() -> None:
    play = Play()
    play.run_up()
    play.take(play.machine.event(ChannelHangupRequest(channel=Channel("caller"))))
    assert play.machine.state is CallState.UP
    play.world.remove("caller", destroyed=True)
    play.settle()
    assert play.finished == do.Finished(CallState.ENDED, "caller hung up", None, ())
    assert play.world.released == []


def test_a_caller_whom_we_hang_up_is_not_said_to_have_hung_up() -> None:
    play = Play()
    play.run_up()
    play.machine.hanging_up("caller")
    assert play.machine.state is CallState.UP
    play.take(play.machine.event(ChannelHangupRequest(channel=Channel("caller"), soft=True)))
    play.world.remove("caller", destroyed=True)
    play.settle()
    assert play.finished == do.Finished(CallState.ENDED, "hung up from here", None, ())
    assert play.world.released == []


def test_a_caller_who_hangs_up_before_our_request_arrives_has_hung_up() -> None:
    play = Play()
    play.run_up()
    play.machine.hanging_up("caller")
    play.take(play.machine.event(ChannelHangupRequest(channel=Channel("caller"), cause=16)))
    play.machine.not_hung_up("caller")
    play.world.remove("caller", destroyed=True)
    play.settle()
    assert play.machine.reason == "caller hung up"


def test_a_transfer_outlives_the_hang_up_of_the_channel_before() -> None:
    play = Play()
    play.run_up()
    play.machine.hanging_up("caller")
    play.world.replace_caller()
    play.settle()
    assert play.machine.state is CallState.UP
    play.take(play.machine.event(ChannelHangupRequest(channel=Channel("caller'"), soft=True)))
    play.world.remove("caller'", destroyed=True)
    play.settle()
    assert play.machine.reason == "caller hung up"


def test_a_caller_who_is_taken_elsewhere_is_let_go() -> None:
    play = Play()
    play.run_up()
    play.world.remove("caller", destroyed=False)
    play.settle()
    assert play.machine.reason == "caller left the application"
    assert play.world.channels == {"caller": "dialplan"}


@pytest.mark.parametrize("what", ["media", "bridge"])
def test_what_others_take_away_ends_the_call_and_frees_the_caller(what: str) -> None:
    play = Play()
    play.run_up()
    if what == "media":
        play.world.remove(IDS.media, destroyed=True)
    else:
        play.world.destroy_bridge()
    play.settle()
    assert play.machine.state is CallState.ENDED
    assert "by somebody else" in play.machine.reason
    assert (do.DeleteBridge(IDS.bridge) in play.log) is (what == "media")
    assert play.world.released == ["continue caller"]


def test_a_media_channel_that_appears_after_its_hang_up_is_hung_up_again() -> None:
    play = Play(World("Up"))
    play.take(play.machine.start())
    play.deliver(0)
    creation = play.pending[0].command
    play.lose_answer(0)
    play.deliver(0)  # its hang-up finds nothing
    play.world.execute(creation)
    play.world.enter()
    play.tell()
    assert Pending(do.HangupChannel(IDS.media)) in play.pending
    play.settle()
    assert play.world.channels == {"caller": "dialplan"}


def test_a_transfer_keeps_the_call_and_brings_the_new_channel_into_the_bridge() -> None:
    play = Play()
    play.run_up()
    play.world.replace_caller()
    play.settle()
    assert play.machine.state is CallState.UP
    assert play.machine.caller.id == "caller'"
    assert play.world.bridge == {"caller'", IDS.media}
    play.release()
    play.settle()
    assert play.world.released == ["continue caller'"]


def test_a_transfer_during_the_way_down_releases_the_new_channel() -> None:
    play = Play()
    play.run_up()
    play.release()
    play.world.replace_caller()
    play.tell()
    play.settle()
    assert play.world.released == ["continue caller'"]


def test_a_caller_who_comes_back_after_leaving_is_a_new_call() -> None:
    play = Play()
    play.run_up()
    play.world.remove("caller", destroyed=False)
    while play.world.events:
        play.tell()
    assert not play.machine.finished
    assert not play.machine.concerns(StasisStart(channel=Channel("caller")))


def test_events_of_other_calls_change_nothing() -> None:
    play = Play()
    play.run_up()
    other = Channel("other")
    for event in (
        StasisStart(channel=other),
        StasisEnd(channel=other),
        ChannelDestroyed(channel=other),
        BridgeDestroyed(bridge=Bridge("other")),
        ChannelEnteredBridge(bridge=Bridge("other", technology="softmix"), channel=other),
    ):
        assert not play.machine.concerns(event)
        assert play.machine.event(event) == []
    assert play.machine.bridge_technology == "simple_bridge"


def test_a_third_member_shows_as_another_technology() -> None:
    play = Play()
    play.run_up()
    bridge = Bridge(IDS.bridge, technology="softmix")
    play.take(play.machine.event(ChannelEnteredBridge(bridge=bridge, channel=Channel("third"))))
    assert play.machine.bridge_technology == "softmix"
    assert play.machine.state is CallState.UP


def test_a_change_of_the_callers_state_is_kept() -> None:
    play = Play()
    play.run_up()
    play.take(play.machine.event(ChannelStateChange(channel=Channel("caller", state="Up"))))
    assert play.machine.caller.state == "Up"


def _state(play: Play) -> CallState:
    return play.machine.state
