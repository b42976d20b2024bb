from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from ari_tui.ari.events import ChannelDestroyed, ChannelStateChange, Dial, StasisStart
from ari_tui.ari.models import Channel
from ari_tui.config.settings import LoadtestSettings
from ari_tui.core.errors import AriError
from ari_tui.engine.assembly import EngineParts
from ari_tui.session.loadtest import failure_causes as causes
from ari_tui.session.loadtest.call_results import CallResults
from ari_tui.session.loadtest.call_tracker import CallTracker
from ari_tui.session.loadtest.failure_causes import FailureCause
from ari_tui.session.loadtest.placed_call import PlacedCall
from ari_tui.session.loadtest.plan import plan_of
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


PLAN = plan_of(LoadtestSettings(calls=3), simulated=True)


def added(results: CallResults, number: int, *steps: str, at_s: float = 1.0) -> PlacedCall:
    call = PlacedCall(number, "Local/tone@lab", 3, f"id{number}", at_s, 10**18)
    results.add(call)
    for step in steps:
        call.reach(step, 1.0)
    return call


def test_calls_are_up_under_way_or_done() -> None:
    results = CallResults()
    added(results, 1, "media_back")
    added(results, 2, "accepted")
    busy = added(results, 3, "accepted")
    busy.fail("answered", FailureCause("busy"))
    results.close(busy, busy.close(None, 0.0))
    leaving = added(results, 4, "media_back")
    leaving.hung_up_s = 2.0
    progress = results.progress(PLAN, "holding", 3, 0.5, 12.34)
    assert (progress.up, progress.under_way, progress.started) == (1, 1, 4)
    assert (progress.good, progress.failed, progress.cut) == (0, 1, 0)
    assert progress.failed_at == {"answered": 1}
    assert (progress.elapsed_s, progress.duration_s) == (12.3, 60.0)


def test_the_rate_is_over_the_time_from_the_first_call_to_the_last() -> None:
    results = CallResults()
    assert results.calls_per_s is None
    added(results, 1, at_s=10.0)
    assert results.calls_per_s is None
    added(results, 2, at_s=10.5)
    added(results, 3, at_s=11.0)
    assert results.calls_per_s == 2.0


def test_with_tiers_the_ramp_is_part_of_the_planned_time() -> None:
    plan = plan_of(
        LoadtestSettings(tiers=("10", "20"), duration_s=60.0, ramp_cps=5.0), simulated=True
    )
    assert CallResults().progress(plan, "ramping", 10, 0.0, 0.0).duration_s == 124.0


@pytest.mark.parametrize(
    ("cause", "words"), [(17, "busy"), (19, "nobody answered"), (34, "congestion"), (3, "no route")]
)
def test_a_cause_is_told_in_words_and_by_number(cause: int, words: str) -> None:
    why = causes.ended(cause, "As Asterisk says")
    assert words in why.reason
    assert f"(cause {cause}, As Asterisk says)" in why.reason


def test_a_cause_that_nobody_knows_is_told_by_number() -> None:
    assert causes.ended(126, "").reason == "ended by cause 126 (cause 126)"
    assert causes.ended(126, "").hint is None


def test_what_dial_says_is_told_too_and_unknown_is_no_word() -> None:
    assert causes.ended(3, "Unknown", "CHANUNAVAIL").reason.endswith("(cause 3, CHANUNAVAIL)")


def test_where_the_cause_says_little_dial_knows_better() -> None:
    assert causes.ended(0, "Unknown", "BUSY").reason == "busy (cause 0, BUSY)"
    assert causes.ended(16, "", "NOANSWER").reason.startswith("rang, nobody answered")
    assert causes.ended(21, "", "BUSY").reason.startswith("call rejected")


def test_a_channel_that_cannot_be_made_has_a_hint_and_another_refusal_has_none() -> None:
    assert causes.refused(AriError("POST /channels: 500 Allocation failed")).hint
    assert causes.refused(AriError("POST /channels: 400")).hint is None


def test_a_silent_endpoint_is_told_what_sends() -> None:
    assert "Milliwatt" in (causes.NO_MEDIA_OUT.hint or "")
    assert "127.0.0.1:4000" in (causes.no_media_back("127.0.0.1:4000").hint or "")


CHANNEL = Channel(id="id1", name="PJSIP/100-1", state="Ringing")


class TrackerHarness:
    """A tracker without an engine: no call is measured, hang-ups are noted."""

    def __init__(self, ring_s: float = 30.0) -> None:
        parts: Any = SimpleNamespace(calls=SimpleNamespace(calls={}), store=None)
        self.results, self.hung_up = CallResults(), list[PlacedCall]()
        self.tracker = CallTracker(
            cast("EngineParts", parts), self.results, ring_s, self.hung_up.append
        )

    def call(self, age_s: float = 0.0) -> PlacedCall:
        call = PlacedCall(1, "PJSIP/100", 1, "id1", time.monotonic() - age_s, time.time_ns())
        self.results.add(call)
        return call


def test_events_tell_the_steps_and_the_name() -> None:
    harness = TrackerHarness()
    call = harness.call()
    harness.tracker.on_event(ChannelStateChange(channel=CHANNEL))
    harness.tracker.on_event(StasisStart(channel=CHANNEL))
    assert set(call.steps) == {"accepted", "ringing", "answered"}
    assert call.channel == "PJSIP/100-1"


def test_events_of_other_channels_are_others() -> None:
    harness = TrackerHarness()
    call = harness.call()
    harness.tracker.on_event(StasisStart(channel=Channel(id="else")))
    harness.tracker.on_event(Dial(peer=Channel(id="else"), dialstatus="BUSY"))
    assert call.steps == {}
    assert call.dialstatus == ""


def test_what_dial_says_stands_in_the_reason() -> None:
    harness = TrackerHarness()
    call = harness.call()
    harness.tracker.on_event(Dial(peer=CHANNEL, dialstatus="CHANUNAVAIL"))
    harness.tracker.on_event(ChannelDestroyed(channel=CHANNEL, cause=20, cause_txt="Absent"))
    assert call.gone
    assert call.failed_at == "answered"
    assert call.why is not None
    assert "CHANUNAVAIL" in call.why.reason


@pytest.mark.parametrize(("age_s", "words"), [(29.0, "rang for 30 s"), (3.0, "hung up before")])
def test_a_call_that_rang_as_long_as_it_may_was_not_answered(age_s: float, words: str) -> None:
    harness = TrackerHarness()
    call = harness.call(age_s)
    harness.tracker.on_event(ChannelDestroyed(channel=CHANNEL, cause=16, cause_txt="Normal"))
    assert call.why is not None
    assert words in call.why.reason


def test_the_end_of_a_call_that_we_hung_up_is_no_failure() -> None:
    harness = TrackerHarness()
    call = harness.call()
    call.hung_up_s = time.monotonic()
    harness.tracker.on_event(ChannelDestroyed(channel=CHANNEL, cause=32))
    assert call.gone
    assert call.failed_at is None


def test_a_call_of_which_nothing_is_heard_is_given_up() -> None:
    harness = TrackerHarness(ring_s=1.0)
    call = harness.call(age_s=10.0)
    harness.tracker.update(time.monotonic(), 30.0)
    assert harness.hung_up == []
    harness.tracker.update(time.monotonic() + 2.0, 30.0)
    assert call.failed_at == "answered"
    assert harness.hung_up == [call]


def test_a_call_is_hung_up_when_its_time_is_over() -> None:
    harness = TrackerHarness()
    call = harness.call(age_s=5.0)
    for step in ("answered", "bridged", "media_back"):
        call.reach(step, 100.0)
    harness.tracker.update(time.monotonic(), 30.0)
    assert harness.hung_up == []
    harness.tracker.update(time.monotonic() + 25.5, 30.0)
    assert harness.hung_up == [call]
