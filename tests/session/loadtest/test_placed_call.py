from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ari_tui.session.loadtest.failure_causes import FailureCause
from ari_tui.session.loadtest.placed_call import PlacedCall
from tests.ui.kit import a_call

ALL_STEPS = ("accepted", "answered", "bridged", "media_out", "media_back")


def placed(*steps: str) -> PlacedCall:
    call = PlacedCall(7, "Local/tone@lab", 30, "id", 100.0, 1_700_000_000_000_000_000)
    for milliseconds, step in enumerate(steps, 1):
        call.reach(step, float(milliseconds))
    return call


def found(**changes: Any) -> Any:
    return msgspec.structs.replace(a_call(1), **changes)


def test_a_call_with_media_both_ways_to_its_end_is_good() -> None:
    record = placed(*ALL_STEPS).close(found(longest_interruption_ms=None), 5.0)
    assert (record.outcome, record.failed_at, record.hint) == ("good", None, None)
    assert list(record.set_up_ms) == list(ALL_STEPS)
    assert record.started_at == "2023-11-14T22:13:20.000+00:00"


@pytest.mark.parametrize(("silent_ms", "outcome"), [(999.0, "good"), (1001.0, "failed")])
def test_silence_from_asterisk_counts_from_a_second_on(silent_ms: float, outcome: str) -> None:
    record = placed(*ALL_STEPS).close(found(longest_interruption_ms=silent_ms), 5.0)
    assert record.outcome == outcome
    assert record.silent_s == silent_ms / 1000


@pytest.mark.parametrize(("silent_s", "outcome"), [(0.99, "good"), (1.01, "failed")])
def test_silence_from_the_echo_server_counts_from_a_second_on(
    silent_s: float, outcome: str
) -> None:
    call = placed(*ALL_STEPS)
    call.back_silent_s = silent_s
    record = call.close(found(longest_interruption_ms=None), 5.0)
    assert record.outcome == outcome
    assert record.failed_at == (None if outcome == "good" else "held")


def test_a_step_that_was_not_seen_was_reached_with_the_next_but_ringing_need_not_be() -> None:
    call = placed()
    call.reach("media_out", 40.0)
    call.reach("accepted", 50.0)
    assert call.steps == dict.fromkeys(("accepted", "answered", "bridged", "media_out"), 40.0)


def test_the_first_failure_counts() -> None:
    call = placed("accepted")
    call.fail("answered", FailureCause("busy"))
    call.fail("held", FailureCause("later"))
    record = call.close(None, 0.0)
    assert (record.failed_at, record.reason, record.sent) == ("answered", "busy", 0)
    assert record.rtt_ms.p50 is None


def test_a_call_that_we_cut_on_its_way_up_has_not_failed() -> None:
    call = placed("accepted", "answered")
    call.hung_up_s = 101.0
    assert call.close(found(), 0.0).outcome == "cut"


def test_a_call_that_the_far_end_hung_up_before_media_came_has_failed() -> None:
    record = placed("accepted", "answered", "bridged").close(found(reason="caller hung up"), 0.0)
    assert (record.outcome, record.failed_at) == ("failed", "media_out")
    assert "caller hung up" in (record.reason or "")


def test_a_call_is_active_until_it_is_over_or_about_to_be() -> None:
    call = placed(*ALL_STEPS)
    assert (call.active, call.flows) == (True, True)
    call.hung_up_s = 101.0
    assert (call.active, call.flows) == (False, False)
