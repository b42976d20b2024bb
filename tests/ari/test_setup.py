"""."""

from __future__ import annotations

import dataclasses
import typing

import pytest

from ari_tui.ari import commands
from ari_tui.ari import commands as do
from ari_tui.ari.commands import AddToBridge, CallState, CallTiming, Command, StartTimer
from ari_tui.ari.ids import call_ids
from ari_tui.ari.models import Bridge, Channel
from ari_tui.ari.setup import JOIN_TIMER, LOCAL_ADDRESS, LOCAL_PORT, BridgeJoin, Setup
from ari_tui.ari.teardown import Resource, Teardown
from ari_tui.core.errors import (
    AriConflictError,
    AriError,
    AriNotFoundError,
    AriUnreachableError,
    StepFailedError,
    WorkerError,
)

IDS = call_ids("app", "5e55", 1)
CREATED = Channel(IDS.media, channelvars={LOCAL_ADDRESS: "10.0.0.1", LOCAL_PORT: "10000"})


def _setup(state: str = "Up") -> tuple[Setup, Teardown]:
    teardown = Teardown(())
    timing = CallTiming(answer_retries_s=(0.1,))
    return Setup(IDS, Channel("c", state=state), teardown, timing), teardown


def _through(setup: Setup, *steps: tuple[Command, object]) -> list[Command]:
    commands: list[Command] = []
    for command, result in steps:
        commands = setup.succeeded(command, result)
    return commands


ADDED = (do.AddMedia(), do.MediaAdded("127.0.0.1:4500"))
MADE = (do.CreateExternalMedia(IDS.media, "127.0.0.1:4500"), CREATED)
CONNECTED = (do.ConnectMedia("10.0.0.1", 10000), None)
BRIDGED = (do.CreateBridge(IDS.bridge), Bridge(IDS.bridge, technology="simple_bridge"))
JOINED = (do.AddToBridge(IDS.bridge, ("c", IDS.media)), None)


def test_every_step_notes_what_it_builds_before_its_outcome_is_known() -> None:
    setup, teardown = _setup()
    setup.start()
    assert teardown.holds(Resource.PORT)
    assert not teardown.holds(Resource.MEDIA_CHANNEL)
    _through(setup, ADDED)
    assert teardown.holds(Resource.MEDIA_CHANNEL)
    setup.media_entered()
    _through(setup, MADE)
    assert teardown.holds(Resource.DRAIN)
    _through(setup, CONNECTED)
    assert teardown.holds(Resource.BRIDGE)


def test_the_call_is_up_once_both_members_were_seen() -> None:
    setup, _ = _setup()
    setup.start()
    setup.media_entered()
    timer = _through(setup, ADDED, MADE, CONNECTED, BRIDGED, JOINED)
    assert timer == [do.StartTimer("bridge members", 2.0)]
    setup.bridge_join.members.add("c")
    setup.members_changed()
    assert setup.state is CallState.JOINING
    setup.bridge_join.members.add(IDS.media)
    setup.members_changed()
    assert setup.timed_out("bridge members") == []
    assert setup.state.value == "up"


def test_a_bridge_without_both_members_is_a_failed_join() -> None:
    setup, _ = _setup()
    setup.start()
    setup.media_entered()
    _through(setup, ADDED, MADE, CONNECTED, BRIDGED, JOINED)
    assert setup.timed_out("bridge members") == [do.GetBridge(IDS.bridge)]
    with pytest.raises(StepFailedError, match="did not both enter") as caught:
        setup.succeeded(do.GetBridge(IDS.bridge), Bridge(IDS.bridge, channels=("c",)))
    assert caught.value.step is CallState.JOINING


def test_the_address_is_asked_for_when_the_answer_does_not_tell_it() -> None:
    setup, _ = _setup()
    setup.start()
    setup.media_entered()
    asked = _through(setup, ADDED, (MADE[0], Channel(IDS.media, channelvars={LOCAL_PORT: "1"})))
    address = do.GetVariable(IDS.media, LOCAL_ADDRESS)
    port = do.GetVariable(IDS.media, LOCAL_PORT)
    assert asked == [address, port]
    assert setup.succeeded(port, "20000") == []
    assert setup.succeeded(address, "::1") == [do.ConnectMedia("::1", 20000)]


@pytest.mark.parametrize("port", ["", "0", "65536", "-1", "10 000", "²", "None"])
def test_a_port_that_is_none_fails_the_step(port: str) -> None:
    setup, _ = _setup()
    setup.start()
    setup.media_entered()
    _through(setup, ADDED, (MADE[0], Channel(IDS.media)))
    setup.succeeded(do.GetVariable(IDS.media, LOCAL_ADDRESS), "10.0.0.1")
    with pytest.raises(StepFailedError, match="does not tell its RTP address"):
        setup.succeeded(do.GetVariable(IDS.media, LOCAL_PORT), port)


def test_a_caller_who_is_answered_meanwhile_is_not_answered_again() -> None:
    setup, _ = _setup("Ring")
    assert setup.start() == [do.AnswerChannel("c")]
    assert setup.failed(do.AnswerChannel("c"), AriNotFoundError("?")) == [
        do.StartTimer("answer", 0.1)
    ]
    setup.caller = Channel("c", state="Up")
    assert setup.timed_out("answer") == [do.AddMedia()]
    assert setup.timed_out("answer") == []


def test_an_outcome_of_an_earlier_step_is_ignored() -> None:
    setup, _ = _setup()
    setup.start()
    _through(setup, ADDED)
    assert setup.succeeded(*ADDED) == []
    assert setup.failed(do.AddMedia(), WorkerError("late")) == []
    assert setup.state is CallState.CREATING_MEDIA


def test_a_result_of_the_wrong_kind_is_a_fault_of_the_shell() -> None:
    setup, _ = _setup()
    setup.start()
    with pytest.raises(TypeError, match="MediaAdded"):
        setup.succeeded(do.AddMedia(), "127.0.0.1:4500")


def test_a_transfer_while_joining_brings_in_who_is_not_in_yet() -> None:
    setup, _ = _setup()
    setup.start()
    setup.media_entered()
    _through(setup, ADDED, MADE, CONNECTED, BRIDGED)
    setup.bridge_join.members.update({"c", IDS.media})
    assert setup.caller_replaced(Channel("d")) == [do.AddToBridge(IDS.bridge, ("d",))]
    assert setup.failed(JOINED[0], AriNotFoundError("the old one")) == []


EARLY = AriConflictError("Channel not in Stasis application", status=422)


def test_a_join_that_came_too_early_waits_longer_each_time_and_then_gives_up() -> None:
    bridge_join = BridgeJoin("b", (0.1, 0.2))
    request = bridge_join.join(("c", "m"))
    assert request == AddToBridge("b", ("c", "m"))
    assert bridge_join.retry() == []
    assert bridge_join.refused(EARLY) == StartTimer(JOIN_TIMER, 0.1)
    assert bridge_join.retry() == [request]
    assert bridge_join.retry() == []
    assert bridge_join.refused(EARLY) == StartTimer(JOIN_TIMER, 0.2)
    assert bridge_join.refused(EARLY) is None


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (EARLY, True),
        (AriUnreachableError("no answer"), True),
        (AriConflictError("recording", status=409), False),
        (AriNotFoundError("no bridge", status=404), False),
        (AriError("no channel", status=400), False),
    ],
)
def test_only_what_a_moment_may_heal_is_tried_again(error: Exception, again: bool) -> None:
    bridge_join = BridgeJoin("b", (0.1,))
    bridge_join.join(("c",))
    assert (bridge_join.refused(error) is not None) is again


def test_a_new_join_takes_the_place_of_the_one_before_and_of_its_retry() -> None:
    bridge_join = BridgeJoin("b", (0.1,))
    first = bridge_join.join(("c",))
    bridge_join.refused(EARLY)
    second = bridge_join.join(("d",))
    assert bridge_join.request != first
    assert bridge_join.request == second
    assert bridge_join.retry() == []


def test_complete_means_accepted_and_seen_to_enter() -> None:
    bridge_join = BridgeJoin("b", ())
    bridge_join.join(("c", "m"))
    bridge_join.members |= {"c", "m"}
    assert not bridge_join.complete(("c", "m"))
    bridge_join.accepted = True
    assert bridge_join.complete(("c", "m"))
    bridge_join.members.discard("m")
    assert not bridge_join.complete(("c", "m"))


def test_the_technology_last_told_is_kept() -> None:
    bridge_join = BridgeJoin("b", ())
    assert bridge_join.technology is None
    bridge_join.update_technology(Bridge("b", technology="simple_bridge"))
    bridge_join.update_technology(Bridge("b"))
    assert bridge_join.technology == "simple_bridge"


def test_every_command_is_a_frozen_value_that_can_be_matched_with_its_outcome() -> None:
    for kind in typing.get_args(commands.Command):
        names = [field.name for field in dataclasses.fields(kind)]
        one, same = kind(**dict.fromkeys(names, "x")), kind(**dict.fromkeys(names, "x"))
        assert one == same
        assert hash(one) == hash(same)
        if names:
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(one, names[0], "y")


def test_configured_words_name_what_happens_to_the_caller() -> None:
    assert commands.OnRelease("continue") is commands.OnRelease.CONTINUE
    assert commands.OnRelease("hangup") is commands.OnRelease.HANGUP
