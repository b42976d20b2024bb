"""The call machine and the events of Asterisk, in any order."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ari_tui.ari import commands as do
from ari_tui.ari.call_machine import HUNG_UP_HERE, LEFT, MEDIA_TAKEN, CallEnd
from ari_tui.ari.commands import CallState, OnRelease
from ari_tui.ari.events import (
    BridgeDestroyed,
    ChannelDestroyed,
    ChannelEnteredBridge,
    ChannelHangupRequest,
    ChannelStateChange,
    StasisEnd,
    StasisStart,
)
from ari_tui.ari.hangup import HUNG_UP_BY_CALLER, HUNG_UP_BY_OTHERS, SHUT_DOWN
from ari_tui.ari.models import Bridge, Channel
from ari_tui.ari.sweep import LiveCall
from ari_tui.core.errors import (
    AriConflictError,
    AriError,
    AriNotFoundError,
    PortsExhaustedError,
    WorkerError,
)
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
    """A port may be freed beside a existing media channel only when hanging it up failed."""
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
    play.machine.call_end.hangup_requested("caller")
    assert play.machine.state is CallState.UP
    play.take(play.machine.event(ChannelHangupRequest(channel=Channel("caller"), soft=True)))
    play.world.remove("caller", destroyed=True)
    play.settle()
    assert play.finished == do.Finished(CallState.ENDED, "hung up from here", None, ())
    assert play.world.released == []


def test_a_caller_who_hangs_up_before_our_request_arrives_has_hung_up() -> None:
    play = Play()
    play.run_up()
    play.machine.call_end.hangup_requested("caller")
    play.take(play.machine.event(ChannelHangupRequest(channel=Channel("caller"), cause=16)))
    play.machine.call_end.hangup_refused("caller")
    play.world.remove("caller", destroyed=True)
    play.settle()
    assert play.machine.reason == "caller hung up (16 normal call clearing)"


def test_a_transfer_outlives_the_hang_up_of_the_channel_before() -> None:
    play = Play()
    play.run_up()
    play.machine.call_end.hangup_requested("caller")
    play.world.replace_caller()
    play.settle()
    assert play.machine.state is CallState.UP
    play.take(play.machine.event(ChannelHangupRequest(channel=Channel("caller'"), soft=True)))
    play.world.remove("caller'", destroyed=True)
    play.settle()
    assert play.machine.reason == "hung up by Asterisk"


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


@pytest.mark.parametrize("caller_state", ["Ring", "Up"])
@pytest.mark.parametrize("tells_address", [True, False])
def test_a_call_comes_up_in_the_order_of_its_steps(caller_state: str, tells_address: bool) -> None:
    play = Play(World(caller_state, tells_address=tells_address))
    play.run_up()
    asked = [type(command) for command in play.log if not isinstance(command, do.StartTimer)]
    assert asked == [
        *([do.AnswerChannel] if caller_state == "Ring" else []),
        do.AddMedia,
        do.CreateExternalMedia,
        *([] if tells_address else [do.GetVariable, do.GetVariable]),
        do.ConnectMedia,
        do.CreateBridge,
        do.AddToBridge,
    ]
    assert play.world.bridge == {"caller", IDS.media}
    assert do.ConnectMedia("127.0.0.1", 10000) in play.log
    assert do.CreateExternalMedia(IDS.media, "127.0.0.1:4500") in play.log
    assert play.machine.bridge_technology == "simple_bridge"


def test_a_join_that_comes_too_early_is_repeated_until_it_is_accepted() -> None:
    play = Play(World("Up"))
    play.take(play.machine.start())
    play.deliver(0)
    play.deliver(0)
    play.fire(0)  # its StasisStart was lost: go on
    for _ in range(3):
        play.deliver(0)
    assert play.timers == ["join"]
    play.fire(0)
    play.deliver(0)
    assert play.timers == ["join"]
    play.world.enter()
    play.settle()
    assert play.machine.state is CallState.UP


def test_a_join_that_is_never_accepted_fails_the_call() -> None:
    play = Play(World("Up"))
    play.take(play.machine.start())
    for _ in range(100):
        if play.pending:
            play.deliver(0)
        elif play.timers:
            play.fire(0)
    assert play.finished is not None
    assert play.finished.failed_step is CallState.JOINING
    assert "not in Stasis" in play.finished.reason
    assert play.world.released == ["continue caller"]


def test_a_caller_moved_to_another_bridge_is_neither_continued_nor_hung_up() -> None:
    for on_release in OnRelease:
        play = Play(on_release=on_release)
        play.run_up()
        play.world.move_caller()
        play.settle()
        reason = "moved to another bridge by another client"
        assert play.finished == do.Finished(CallState.ENDED, reason, None, ())
        assert play.world.released == []
        assert play.world.bridge is None
        assert IDS.media not in play.world.channels


def test_a_caller_moved_while_we_release_it_is_left_alone() -> None:
    play = Play()
    play.run_up()
    play.world.move_caller()
    play.release()
    play.tell()
    play.tell()
    play.settle()
    assert play.machine.reason == "a person asked"
    assert play.world.released == []


@pytest.mark.parametrize(
    ("cause", "reason"), [(4, SHUT_DOWN), (32, MEDIA_TAKEN), (None, MEDIA_TAKEN)]
)
def test_a_media_channel_that_goes_with_asterisk_was_not_taken_away(
    cause: int | None, reason: str
) -> None:
    play = Play()
    play.run_up()
    media = Channel(IDS.media)
    play.take(play.machine.event(ChannelHangupRequest(channel=media, soft=True, cause=cause)))
    play.world.remove(IDS.media, destroyed=True)
    play.settle()
    assert play.machine.reason == reason


def test_a_caller_moved_before_the_call_is_up_fails_it() -> None:
    play = Play(World("Up"))
    play.take(play.machine.start())
    play.world.move_caller()
    play.settle()
    assert play.finished is not None
    assert play.finished.state is CallState.FAILED
    assert play.finished.reason == "moved to another bridge by another client"
    assert play.world.released == []


def test_a_caller_only_taken_out_of_our_bridge_is_released_unless_it_comes_back() -> None:
    play = Play()
    play.run_up()
    play.world.take_caller_out()
    play.tell()
    assert play.machine.state is CallState.UP
    play.settle()
    reason = "taken out of our bridge by another client"
    assert play.finished == do.Finished(CallState.ENDED, reason, None, ())
    assert play.world.released == ["continue caller"]


def test_a_caller_who_is_back_in_our_bridge_in_time_goes_on_being_measured() -> None:
    play = Play()
    play.run_up()
    play.world.take_caller_out()
    play.tell()
    play.world.execute(do.AddToBridge(IDS.bridge, ("caller",)))
    play.settle()
    assert play.machine.state is CallState.UP


def test_bridge_events_that_were_lost_are_made_up_for_by_reading_the_bridge() -> None:
    play = Play(World("Up"))
    play.take(play.machine.start())
    while not play.timers or play.timers == ["media StasisStart"]:
        if play.pending:
            play.deliver(0)
        elif play.world.entering:
            play.world.enter()
            play.tell()
            play.timers.clear()
    play.world.events.clear()
    play.fire(0)
    assert play.pending == [Pending(do.GetBridge(IDS.bridge))]
    play.deliver(0)
    assert play.machine.state is CallState.UP


def test_answering_is_repeated_while_the_channel_is_not_found() -> None:
    play = Play()
    play.take(play.machine.start())
    for _ in range(3):
        play.refuse(0, AriNotFoundError("Channel not found", status=404))
        play.fire(0)
    play.settle()
    assert play.machine.state is CallState.UP


def test_answering_is_not_repeated_for_ever() -> None:
    play = Play()
    play.take(play.machine.start())
    while play.pending and isinstance(play.pending[0].command, do.AnswerChannel):
        play.refuse(0, AriNotFoundError("Channel not found", status=404))
        if play.timers:
            play.fire(0)
    play.settle()
    assert play.machine.state is CallState.FAILED
    assert play.machine.failed_step is CallState.ANSWERING
    assert sum(isinstance(command, do.AnswerChannel) for command in play.log) == 4


@pytest.mark.parametrize(
    ("step", "error", "name"),
    [
        (0, AriConflictError("invalid state", status=412), CallState.ANSWERING),
        (1, PortsExhaustedError("no RTP port is left"), CallState.ADDING_MEDIA),
        (2, AriError("unknown format", status=500), CallState.CREATING_MEDIA),
        (3, WorkerError("cannot connect"), CallState.CONNECTING),
        (4, AriError("no", status=400), CallState.BRIDGING),
        (5, AriConflictError("recording", status=409), CallState.JOINING),
    ],
)
def test_a_step_that_fails_is_named_and_what_it_built_is_undone(
    step: int, error: Exception, name: CallState
) -> None:
    play = Play()
    play.take(play.machine.start())
    while step:
        if play.pending:
            play.deliver(0)
            step -= 1
        else:
            play.world.enter()
            play.tell()
    while not play.pending:
        play.world.enter()
        play.tell()
    play.refuse(0, error)
    assert play.machine.state is CallState.DRAINING or play.machine.finished
    play.settle()
    assert play.finished == do.Finished(CallState.FAILED, str(error), name, ())
    assert play.world.channels == {"caller": "dialplan"}
    assert not play.world.ports
    assert play.world.bridge is None


def test_a_released_call_is_taken_down_in_reverse_order() -> None:
    play = Play()
    play.run_up()
    built = len(play.log)
    play.release()
    assert play.log[built:] == [do.DeleteBridge(IDS.bridge), do.DrainMedia()]
    play.settle()
    assert play.log[built:] == [
        do.DeleteBridge(IDS.bridge),
        do.DrainMedia(),
        do.HangupChannel(IDS.media),
        do.ContinueChannel("caller"),
        do.RemoveMedia(),
        do.Finished(CallState.ENDED, "a person asked", None, ()),
    ]


@pytest.mark.parametrize(
    ("on_release", "released"),
    [(OnRelease.CONTINUE, "continue caller"), (OnRelease.HANGUP, "hangup caller")],
)
def test_the_caller_is_released_as_configured(on_release: OnRelease, released: str) -> None:
    play = Play(on_release=on_release)
    play.run_up()
    play.take(play.machine.release("the engine stops"))
    play.settle()
    assert play.world.released == [released]


def test_a_caller_lost_while_events_were_away_ends_the_call() -> None:
    play = Play()
    play.run_up()
    play.world.remove("caller", destroyed=True)
    play.world.events.clear()
    play.take(play.machine.caller_gone("caller is no longer in Asterisk"))
    play.settle()
    assert play.machine.state is CallState.ENDED
    assert not any(isinstance(command, do.ContinueChannel) for command in play.log)


def test_a_post_still_on_its_way_is_undone_only_after_its_answer() -> None:
    play = Play(World("Up"))
    play.take(play.machine.start())
    play.deliver(0)
    play.release()
    assert do.HangupChannel(IDS.media) not in play.log
    assert do.RemoveMedia() not in play.log
    play.settle()
    assert do.HangupChannel(IDS.media) in play.log
    assert not any(isinstance(command, do.ConnectMedia) for command in play.log)
    assert play.world.channels == {"caller": "dialplan"}


def test_a_step_that_is_answered_after_a_release_is_undone_and_not_gone_on_from() -> None:
    play = Play(World("Up"))
    play.take(play.machine.start())
    play.release()
    play.deliver(0)
    assert play.pending[-1] == Pending(do.RemoveMedia())
    play.settle()
    assert not any(isinstance(command, do.CreateExternalMedia) for command in play.log)
    assert not play.world.ports


def test_a_post_without_an_answer_counts_as_done() -> None:
    play = Play(World("Up"))
    play.take(play.machine.start())
    play.deliver(0)
    play.execute(0)
    play.lose_answer(0)
    play.settle()
    assert play.machine.failed_step is CallState.CREATING_MEDIA
    assert play.world.channels == {"caller": "dialplan"}


def test_release_is_idempotent_and_keeps_the_first_reason() -> None:
    play = Play()
    play.run_up()
    play.release()
    asked = len(play.log)
    play.take(play.machine.release("the engine stops"))
    assert len(play.log) == asked
    play.settle()
    assert play.machine.reason == "a person asked"
    assert play.machine.release("again") == []
    assert play.machine.start() == []


def test_a_call_released_before_its_start_lets_the_caller_go() -> None:
    play = Play()
    play.take(play.machine.release("the engine stops"))
    play.settle()
    assert play.world.released == ["continue caller"]
    assert play.machine.start() == []


def test_an_address_that_cannot_be_one_fails_the_call_in_words() -> None:
    play = Play(World("Up"))
    play.take(play.machine.start())
    play.deliver(0)
    play.world.execute(play.pending[0].command)
    command = play.pending.pop().command
    variables = {"UNICASTRTP_LOCAL_ADDRESS": "127.0.0.1", "UNICASTRTP_LOCAL_PORT": "\x1b[2Jx"}
    play.take(play.machine.succeeded(command, Channel(IDS.media, channelvars=variables)))
    play.settle()
    assert play.machine.failed_step is CallState.CREATING_MEDIA
    assert "RTP address" in play.machine.reason
    assert "\x1b" not in play.machine.reason


def test_what_the_sweep_sees_follows_the_state() -> None:
    play = Play()
    seen = [play.machine.live]
    play.run_up()
    seen.append(play.machine.live)
    play.release()
    seen.append(play.machine.live)
    assert seen == [
        LiveCall(1, "caller", True, None, None),
        LiveCall(1, "caller", True, IDS.media, IDS.bridge),
        LiveCall(1, "caller", False, None, None),
    ]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [(True, "hung up from here"), (False, "caller is no longer in Asterisk")],
)
def test_a_caller_missed_by_the_sweep_may_be_one_whom_we_hung_up(asked: bool, reason: str) -> None:
    play = Play()
    play.run_up()
    if asked:
        play.machine.call_end.hangup_requested("caller")
    play.world.remove("caller", destroyed=True)
    play.world.events.clear()
    play.take(play.machine.caller_gone("caller is no longer in Asterisk"))
    play.settle()
    assert play.machine.reason == reason


@pytest.mark.parametrize("destroyed", [True, False])
def test_a_channel_that_we_asked_to_hang_up_was_hung_up_from_here(destroyed: bool) -> None:
    call_end = CallEnd()
    call_end.hangup_requested("c")
    call_end.hangup_event("c", soft=True)
    assert call_end.reason("c", destroyed=destroyed) == HUNG_UP_HERE


def test_what_events_do_not_tell_because_they_were_lost_our_own_asking_does() -> None:
    call_end = CallEnd()
    call_end.hangup_requested("c")
    assert call_end.hung_up_here("c")


def test_whoever_was_first_has_hung_up() -> None:
    call_end = CallEnd()
    call_end.hangup_event("c", soft=False)
    call_end.hangup_requested("c")
    call_end.hangup_event("c", soft=True)
    assert call_end.reason("c", destroyed=False) == HUNG_UP_BY_CALLER


def test_a_request_of_somebody_else_is_not_ours() -> None:
    call_end = CallEnd()
    call_end.hangup_event("c", soft=True, cause=0x20)
    assert call_end.reason("c", destroyed=True) == HUNG_UP_BY_OTHERS


def test_who_leaves_without_hanging_up_has_left() -> None:
    assert CallEnd().reason("c", destroyed=False) == LEFT
    assert CallEnd().reason("c", destroyed=True) == HUNG_UP_BY_CALLER


def test_a_refusal_takes_back_one_asking_and_no_other() -> None:
    call_end = CallEnd()
    call_end.hangup_refused("c")
    call_end.hangup_requested("c")
    call_end.hangup_requested("c")
    call_end.hangup_refused("c")
    assert call_end.hung_up_here("c")
    call_end.hangup_refused("c")
    assert not call_end.hung_up_here("c")


def test_what_was_asked_of_one_channel_says_nothing_of_another() -> None:
    call_end = CallEnd()
    call_end.hangup_requested("c")
    call_end.hangup_event("c", soft=False)
    assert call_end.reason("c'", destroyed=False) == LEFT
