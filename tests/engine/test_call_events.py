"""What is told of calls, by which names."""

from __future__ import annotations

import pytest

from ari_tui.analysis.stream.gaps import CallGaps, Gap
from ari_tui.ari import commands as do
from ari_tui.ari.call_machine import CallMachine
from ari_tui.ari.commands import CallState
from ari_tui.ari.events import ChannelDtmfReceived, ChannelHold, ChannelUnhold, Event
from ari_tui.ari.ids import call_ids
from ari_tui.ari.models import CallerId, Channel
from ari_tui.engine.call_events import CallEventMessages, gap_event_text
from ari_tui.engine.event_log import EventLog
from ari_tui.engine.measured_call import MeasuredCall


@pytest.fixture
def log() -> EventLog:
    return EventLog()


def call(number: int = 7, caller: CallerId | None = None) -> MeasuredCall:
    channel = Channel("170.1", "PJSIP/100-1", caller=caller or CallerId())
    return MeasuredCall(
        f"5e55.{number}", CallMachine(number, call_ids("app", "5e55", number), channel), 0
    )


def told(log: EventLog) -> list[tuple[str, str, str]]:
    return [(line.level, line.kind, line.text) for line in log.lines]


def test_a_call_is_told_of_by_the_id_that_documents_have(log: EventLog) -> None:
    messages = CallEventMessages(log)
    messages.started(call(caller=CallerId("Ann", "100")))
    (line,) = log.lines
    assert (line.call, line.channel) == (call().id, "PJSIP/100-1") == ("5e55.7", "PJSIP/100-1")
    assert line.text == "call from 100"


def test_a_caller_without_a_number_and_a_bridge_without_a_technology_are_told_of(
    log: EventLog,
) -> None:
    messages = CallEventMessages(log)
    messages.started(call())
    messages.up(call())
    assert told(log) == [("info", "call", "call from unknown"), ("info", "call_up", "up, bridged")]


def test_an_end_is_told_with_who_ended_it_and_what_stays(log: EventLog) -> None:
    ended = do.Finished(CallState.ENDED, "hung up from here", None, ("bridge: 500 no",))
    CallEventMessages(log).finished(call(), ended)
    assert told(log) == [
        ("info", "call_ended", "call ended: hung up from here"),
        (
            "warning",
            "leftover",
            "could not be removed, the next clean-up tries again: bridge: 500 no",
        ),
    ]


def test_a_failure_is_an_error_that_names_its_step(log: EventLog) -> None:
    failed = do.Finished(CallState.FAILED, "no port is left", CallState.ADDING_MEDIA, ())
    CallEventMessages(log).finished(call(), failed)
    assert told(log) == [("error", "call_failed", "call failed at adding media: no port is left")]


def test_what_comes_from_elsewhere_or_not_at_all_is_a_warning(log: EventLog) -> None:
    one = call()
    one.media_local = "10.0.0.1:4000"
    messages = CallEventMessages(log)
    messages.no_rtp(one)
    messages.source_learned(one, "10.0.0.2:6000", "10.0.0.3:6000")
    assert [level for level, _, _ in told(log)] == ["warning", "warning"]
    assert "between Asterisk and 10.0.0.1:4000" in told(log)[0][2]
    assert told(log)[1][2].startswith("media comes from 10.0.0.2:6000, not from 10.0.0.3:6000")


NOW = 10**18
MS = 1_000_000
CALLER = Channel("170.1")


def gap(from_ms: int, to_ms: int) -> Gap:
    return Gap(NOW + from_ms * MS, NOW + to_ms * MS, 20, 0, False, False, 100)


def test_a_digit_explains_the_gap_that_it_lasted() -> None:
    gaps = CallGaps()
    digit = ChannelDtmfReceived(channel=CALLER, duration_ms=400)
    assert gap_event_text(gaps, digit, NOW + 420 * MS) == ("dtmf", "digit • pressed")
    assert gaps.kind_of(gap(0, 420)) == "dtmf"
    assert gaps.kind_of(gap(2000, 2420)) == "missing"


def test_a_hold_explains_all_silence_until_its_end() -> None:
    gaps = CallGaps()
    assert gap_event_text(gaps, ChannelHold(channel=CALLER), NOW) == ("hold", "on hold")
    assert gaps.kind_of(gap(0, 60_000)) == "hold"
    assert gap_event_text(gaps, ChannelUnhold(channel=CALLER), NOW + 60_000 * MS) == (
        "hold",
        "off hold",
    )
    assert gaps.kind_of(gap(0, 60_000)) == "hold"
    assert gaps.kind_of(gap(70_000, 71_000)) == "missing"


@pytest.mark.parametrize("event", [Event()])
def test_other_events_say_nothing_of_gaps(event: Event) -> None:
    gaps = CallGaps()
    assert gap_event_text(gaps, event, NOW) is None
    assert gaps.kind_of(gap(0, 420)) == "missing"
