from __future__ import annotations

import pytest

from ari_tui.ui.widgets.detail_course import course
from tests.ui.detail_kit import WIDTHS, a_course_of, a_detail, a_view, assert_fits, last, plain


def test_round_trips_stand_on_the_scale_that_all_calls_share() -> None:
    lines = plain(course(a_view(), 80)).splitlines()
    assert lines[0].startswith("RTT a second a point")
    # the limit of the longest is 22 ms, that of the p95 12 ms
    assert [line[:4].strip() for line in lines[1:8] if line[:4].strip()] == ["22", "12", "0"]
    for sign in "·o+":
        assert sum(line[5:].count(sign) for line in lines[1:8]) == 60
    assert lines[9].split() == ["11:58:46", "11:59:23", "12:00:00"]


def test_a_second_is_a_column_and_the_newest_is_the_last() -> None:
    gone = a_course_of(up_s=60, rtt_max_us=last([30_000], quiet=11_000))
    lines = plain(course(a_view(detail=a_detail(course=gone)), 80)).splitlines()
    assert lines[1] == f"  22┤{'':74}^"


def test_points_hold_more_seconds_where_there_is_less_room() -> None:
    long = a_detail(course=a_course_of(up_s=300))
    assert plain(course(a_view(detail=long), 80)).startswith("RTT 4 s a point, the worst")
    assert plain(course(a_view(detail=long), 300)).startswith("RTT a second a point")


def test_losses_and_late_ones_have_a_chart_when_there_are_any() -> None:
    assert "Loss none lost, none late in 75 s" in plain(course(a_view(), 80))
    bad = a_course_of(lost=last([3, 0, 0]), late=last([1]))
    lines = plain(course(a_view(detail=a_detail(course=bad)), 80)).splitlines()
    at = next(at for at, line in enumerate(lines) if line.startswith("Loss"))
    assert lines[at + 1] == f"   3┤{'':72}×"
    assert lines[at + 3] == f"   0┤{'':72}× ~"


def test_a_call_without_round_trips_is_told_in_words() -> None:
    empty = a_course_of(rtt_p95_us=[None] * 300, rtt_mean_us=[None] * 300, rtt_max_us=[None] * 300)
    text = plain(course(a_view(detail=a_detail(course=empty)), 80))
    assert "no round trip in this time" in text
    assert course(a_view(detail=None), 80) == []


def test_signs_have_the_themes_colours() -> None:
    bad = a_course_of(lost=last([3]), rtt_max_us=last([30_000], quiet=11_000))
    lines = course(a_view(detail=a_detail(course=bad)), 80)
    styles = {
        line.plain[span.start]: span.style
        for line in lines[1:]
        for span in line.spans
        if line.plain[span.start] in "o+^×~"
    }
    assert styles == {"o": "low", "+": "high", "^": "fail", "×": "lost", "~": "near"}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_it_fits_every_width(width: int, ascii_only: bool) -> None:
    bad = a_course_of(up_s=190, lost=last([3, 1200, 0]), late=last([1]))
    view = a_view(detail=a_detail(course=bad), ascii_only=ascii_only)
    assert_fits(course(view, width), width, ascii_only=ascii_only)
