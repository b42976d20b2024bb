from __future__ import annotations

from itertools import chain

import pytest

from ari_tui.ari.commands import (
    Command,
    ContinueChannel,
    DeleteBridge,
    DrainMedia,
    HangupChannel,
    RemoveMedia,
    StartTimer,
    Undo,
)
from ari_tui.ari.teardown import Resource, Teardown
from ari_tui.core.errors import (
    AriConflictError,
    AriError,
    AriNotFoundError,
    AriUnauthorizedError,
    AriUnreachableError,
    BindError,
    PortsExhaustedError,
    WorkerError,
)

BRIDGE, MEDIA, CALLER = DeleteBridge("b"), HangupChannel("m"), ContinueChannel("c")
DRAIN, PORT = DrainMedia(), RemoveMedia()
ALL: dict[Resource, Undo] = {
    Resource.CALLER: CALLER,
    Resource.PORT: PORT,
    Resource.MEDIA_CHANNEL: MEDIA,
    Resource.DRAIN: DRAIN,
    Resource.BRIDGE: BRIDGE,
}
DOWN = AriUnreachableError("no answer")


def _built(*retries_s: float) -> Teardown:
    teardown = Teardown(retries_s)
    for resource, undo in ALL.items():
        teardown.built(resource, undo)
    return teardown


def test_each_thing_waits_for_those_that_were_built_after_it() -> None:
    teardown = _built()
    assert teardown.start() == [BRIDGE, DRAIN]
    assert teardown.undone(BRIDGE, None) == [MEDIA]
    assert teardown.undone(MEDIA, None) == [CALLER]
    assert teardown.undone(DRAIN, None) == [PORT]
    assert teardown.undone(CALLER, None) == []
    before = teardown.closed
    assert teardown.undone(PORT, None) == []
    assert (before, teardown.closed, teardown.leftovers) == (False, True, ())


def test_nothing_is_undone_before_it_is_asked_for() -> None:
    teardown = _built()
    assert teardown.advance() == []
    assert not teardown.closed


def test_a_thing_still_building_is_undone_once_its_request_is_settled() -> None:
    teardown = Teardown(())
    teardown.requested(Resource.MEDIA_CHANNEL, MEDIA)
    teardown.requested(Resource.PORT, PORT)
    teardown.built(Resource.PORT)
    assert teardown.start() == []
    teardown.built(Resource.MEDIA_CHANNEL)
    assert teardown.advance() == [MEDIA]
    assert teardown.undone(MEDIA, None) == [PORT]


@pytest.mark.parametrize(
    ("error", "stands"),
    [
        (AriError("bad format", status=400), False),
        (AriUnauthorizedError("read only", status=403), False),
        (PortsExhaustedError("none left"), False),
        (BindError("in use"), False),
        (AriError("bad format", status=500), True),
        (AriConflictError("exists", status=409), True),
        (AriUnreachableError("no answer"), True),
        (WorkerError("no answer"), True),
        (ValueError("a bug"), True),
    ],
)
def test_only_a_plain_refusal_proves_that_nothing_was_built(error: Exception, stands: bool) -> None:
    teardown = Teardown(())
    teardown.requested(Resource.MEDIA_CHANNEL, MEDIA)
    teardown.request_failed(Resource.MEDIA_CHANNEL, error)
    assert teardown.start() == ([MEDIA] if stands else [])


def test_what_others_took_down_is_not_undone_even_when_its_answer_comes_later() -> None:
    teardown = Teardown(())
    teardown.requested(Resource.BRIDGE, BRIDGE)
    teardown.gone(Resource.BRIDGE)
    teardown.built(Resource.BRIDGE)
    assert teardown.start() == []
    assert teardown.closed


def test_an_undo_that_fails_is_tried_again_without_holding_up_the_others() -> None:
    teardown = _built(0.25, 1.0)
    teardown.start()
    assert teardown.undone(BRIDGE, DOWN) == [StartTimer("undo bridge", 0.25), MEDIA]
    assert teardown.undone(MEDIA, None) == [CALLER]
    assert teardown.timed_out("undo bridge") == [BRIDGE]
    assert teardown.timed_out("undo bridge") == []
    assert teardown.undone(BRIDGE, DOWN) == [StartTimer("undo bridge", 1.0)]
    assert teardown.timed_out("undo bridge") == [BRIDGE]
    assert teardown.undone(BRIDGE, None) == []
    assert teardown.leftovers == ()


def test_an_undo_that_keeps_failing_is_reported_and_the_rest_is_done() -> None:
    teardown = _built(0.25)
    asked: list[Command] = []
    todo = list(teardown.start())
    while todo:
        command = todo.pop(0)
        asked.append(command)
        if isinstance(command, StartTimer):
            todo += teardown.timed_out(command.what)
        else:
            error = DOWN if command in (MEDIA, CALLER) else None
            todo += teardown.undone(command, error)
    assert teardown.closed
    assert sorted(teardown.leftovers) == ["caller: no answer", "media channel: no answer"]
    assert asked.count(MEDIA) == 2
    assert PORT in asked


def test_the_port_is_kept_while_hanging_up_the_media_channel_is_tried_again() -> None:
    teardown = _built(0.25)
    out = list(teardown.start())
    out += chain(teardown.undone(BRIDGE, None), teardown.undone(DRAIN, None))
    out += teardown.undone(MEDIA, DOWN)
    assert PORT not in out
    assert teardown.timed_out("undo media channel") == [MEDIA]
    assert teardown.undone(MEDIA, None) == [PORT]


@pytest.mark.parametrize(
    ("undo", "error"),
    [
        (BRIDGE, AriNotFoundError("gone", status=404)),
        (MEDIA, AriNotFoundError("gone", status=404)),
        (CALLER, AriConflictError("not in Stasis", status=409)),
        (DRAIN, WorkerError("died")),
    ],
)
def test_what_is_gone_anyway_is_no_failure(undo: Command, error: Exception) -> None:
    teardown = _built(1.0)
    todo = list(teardown.start())
    while todo:
        command = todo.pop(0)
        todo += teardown.undone(command, error if command == undo else None)
    assert teardown.closed
    assert teardown.leftovers == ()


def test_a_thing_that_shows_itself_after_it_was_not_found_is_undone_again() -> None:
    teardown = Teardown(())
    teardown.built(Resource.MEDIA_CHANNEL, MEDIA)
    teardown.start()
    teardown.undone(MEDIA, AriNotFoundError("not yet", status=404))
    teardown.appeared(Resource.MEDIA_CHANNEL)
    assert teardown.advance() == [MEDIA]
    teardown.undone(MEDIA, None)
    teardown.appeared(Resource.MEDIA_CHANNEL)
    assert teardown.advance() == []


def test_an_outcome_of_an_undo_that_was_replaced_is_ignored() -> None:
    teardown = Teardown((1.0,))
    teardown.built(Resource.CALLER, CALLER)
    assert teardown.start() == [CALLER]
    teardown.built(Resource.CALLER, ContinueChannel("new"))
    assert teardown.advance() == [ContinueChannel("new")]
    assert teardown.undone(CALLER, DOWN) == []
    assert not teardown.closed
    teardown.undone(ContinueChannel("new"), None)
    assert teardown.closed


def test_what_is_held_is_known() -> None:
    teardown = Teardown(())
    assert not teardown.holds(Resource.CALLER)
    teardown.built(Resource.CALLER, CALLER)
    assert teardown.holds(Resource.CALLER)
    teardown.gone(Resource.CALLER)
    assert not teardown.holds(Resource.CALLER)
