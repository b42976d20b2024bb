from __future__ import annotations

import pytest

from ari_tui.analysis.stream.gaps import KINDS
from ari_tui.ui.widgets.detail_gaps import MEANINGS, events, gaps
from tests.ui.detail_kit import HOSTILE, WIDTHS, a_detail, a_gap, a_view, assert_fits, plain
from tests.ui.kit import a_call, an_event


def test_every_kind_of_gap_has_a_meaning() -> None:
    assert set(MEANINGS) == set(KINDS)


def test_gaps_are_counted_by_kind_and_the_newest_are_told() -> None:
    call = a_call(1, gaps={"missing": 2, "hidden": 0, "dtmf": 1})
    newest = [
        a_gap(),
        a_gap(kind="hidden", missing=0, timestamp_ms=3020.0, length_ms=3000.0, settled=False),
        a_gap(kind="dtmf", missing=7, length_ms=160.0, interrupts=False),
    ]
    lines = plain(gaps(a_view(call, detail=a_detail(gaps=newest)), 80)).splitlines()
    assert lines[0].startswith("Gaps 3 in the stream from Asterisk")
    assert lines[1:3] == [
        "2 missing: numbered packets did not come",
        "1 dtmf: a digit: Asterisk keeps its packets",
    ]
    assert lines[3] == "11:59:40 ! 0.4s missing  seq +21"
    assert lines[4] == "11:59:40 ! 3.0s hidden  ts +3020 ms  (may be explained yet)"
    assert lines[5] == "11:59:40   0.2s dtmf  seq +8"


def test_a_call_without_gaps_says_so() -> None:
    assert plain(gaps(a_view(), 80)).startswith("Gaps 0 in the stream")


def test_events_are_told_newest_last_and_wrapped() -> None:
    told = [an_event("up"), an_event("a warning of so many words that it wraps", level="warning")]
    lines = plain(events(a_view(detail=a_detail(events=told)), 40)).splitlines()
    assert lines[1] == "12:00:00   up"
    assert lines[2] == "12:00:00 ~ a warning of so many words"
    assert lines[3].strip() == "that it wraps"
    assert plain(events(a_view(detail=None), 40)).splitlines()[1:] == ["none kept"]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_they_fit_every_width_whatever_the_outside_says(width: int, ascii_only: bool) -> None:
    call = a_call(1, gaps=dict.fromkeys(KINDS, 123_456))
    detail = a_detail(gaps=[a_gap()], events=[an_event(HOSTILE), an_event("x y " * 50)])
    view = a_view(call, detail=detail, ascii_only=ascii_only)
    for block in (gaps, events):
        assert_fits(block(view, width), width, ascii_only=ascii_only)
