"""Digits and holds explain the gaps that they make, and no others."""

import pytest

from ari_tui.analysis.gaps import CallGaps, Gap
from ari_tui.ari.event_models import ChannelDtmfReceived, ChannelHold, ChannelUnhold, Event
from ari_tui.ari.models import Channel
from ari_tui.engine.silences import explain

NOW = 10**18
MS = 1_000_000
CALLER = Channel("170.1")


def gap(from_ms: int, to_ms: int) -> Gap:
    return Gap(NOW + from_ms * MS, NOW + to_ms * MS, 20, 0, False, False, 100)


def test_a_digit_explains_the_gap_that_it_lasted() -> None:
    gaps = CallGaps()
    digit = ChannelDtmfReceived(channel=CALLER, digit="5", duration_ms=400)
    assert explain(gaps, digit, NOW + 420 * MS) == ("dtmf", "digit '5' pressed")
    assert gaps.kind_of(gap(0, 420)) == "dtmf"
    assert gaps.kind_of(gap(2000, 2420)) == "missing"


def test_a_hold_explains_all_silence_until_its_end() -> None:
    gaps = CallGaps()
    assert explain(gaps, ChannelHold(channel=CALLER), NOW) == ("hold", "on hold")
    assert gaps.kind_of(gap(0, 60_000)) == "hold"
    assert explain(gaps, ChannelUnhold(channel=CALLER), NOW + 60_000 * MS) == ("hold", "off hold")
    assert gaps.kind_of(gap(0, 60_000)) == "hold"
    assert gaps.kind_of(gap(70_000, 71_000)) == "missing"


@pytest.mark.parametrize("event", [Event()])
def test_other_events_say_nothing_of_gaps(event: Event) -> None:
    gaps = CallGaps()
    assert explain(gaps, event, NOW) is None
    assert gaps.kind_of(gap(0, 420)) == "missing"
