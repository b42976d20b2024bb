from __future__ import annotations

import pytest

from ari_tui.ari.commands import AddToBridge, StartTimer
from ari_tui.ari.joining import JOIN_TIMER, Joining
from ari_tui.ari.models import Bridge
from ari_tui.errors import AriConflictError, AriError, AriNotFoundError, AriUnreachableError

EARLY = AriConflictError("Channel not in Stasis application", status=422)


def test_a_join_that_came_too_early_waits_longer_each_time_and_then_gives_up() -> None:
    joining = Joining("b", (0.1, 0.2))
    request = joining.join(("c", "m"))
    assert request == AddToBridge("b", ("c", "m"))
    assert joining.again() == []
    assert joining.refused(EARLY) == StartTimer(JOIN_TIMER, 0.1)
    assert joining.again() == [request]
    assert joining.again() == []
    assert joining.refused(EARLY) == StartTimer(JOIN_TIMER, 0.2)
    assert joining.refused(EARLY) is None


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
    joining = Joining("b", (0.1,))
    joining.join(("c",))
    assert (joining.refused(error) is not None) is again


def test_a_new_join_takes_the_place_of_the_one_before_and_of_its_retry() -> None:
    joining = Joining("b", (0.1,))
    first = joining.join(("c",))
    joining.refused(EARLY)
    second = joining.join(("d",))
    assert not joining.is_current(first)
    assert joining.is_current(second)
    assert joining.again() == []


def test_complete_means_accepted_and_seen_to_enter() -> None:
    joining = Joining("b", ())
    joining.join(("c", "m"))
    joining.members |= {"c", "m"}
    assert not joining.complete(("c", "m"))
    joining.accepted()
    assert joining.complete(("c", "m"))
    joining.members.discard("m")
    assert not joining.complete(("c", "m"))


def test_the_technology_last_told_is_kept() -> None:
    joining = Joining("b", ())
    assert joining.technology is None
    joining.learn(Bridge("b", technology="simple_bridge"))
    joining.learn(Bridge("b"))
    assert joining.technology == "simple_bridge"
