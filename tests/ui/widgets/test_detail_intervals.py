from __future__ import annotations

import pytest

from ari_tui.ui.widgets.detail_intervals import intervals
from tests.ui.detail_kit import WIDTHS, a_view, assert_fits, plain
from tests.ui.kit import a_call


def rows(text: str) -> dict[str, list[str]]:
    return {line[:9].strip(): line[9:].split() for line in text.splitlines()}


def test_the_four_intervals_stand_side_by_side_in_milliseconds() -> None:
    found = rows(plain(intervals(a_view(), 80)))
    assert found[""] == ["above", "floor", "ours,", "out", "round", "trip", "ours,", "back"]
    assert found["p50"] == ["0.400", "0.048", "4.00", "0.041"]
    assert found["p99"] == ["1.20", "0.140", "12.0", "0.120"]
    # of B and D only the longer one of a second is known
    assert found["max, 60 s"] == ["0.900", "≤0.300", "11.0", "≤0.300"]
    assert found["look at"] == ["Asterisk,", "caller", "ourselves", "network,", "echo", "ourselves"]


def test_what_breaks_a_limit_is_marked_and_coloured() -> None:
    lines = intervals(a_view(a_call(1, p50=9.0, state="up")), 80)
    (line,) = [line for line in lines if line.plain.startswith("p99")]
    assert "27.0!" in line.plain
    assert "fail" in {span.style for span in line.spans}


def test_our_own_stay_is_judged_by_what_counts_as_late() -> None:
    from ari_tui.document.detail import Intervals
    from tests.ui.detail_kit import a_detail, a_spread_of

    slow = Intervals(
        asterisk_ms=a_spread_of(0.4, 1.2),
        out_us=a_spread_of(50.0, 4000.0),
        echo_ms=a_spread_of(5.0, 9.0),
        back_us=a_spread_of(41.0, 120.0),
    )
    text = plain(intervals(a_view(detail=a_detail(intervals=slow)), 80))
    assert rows(text)["p99"] == ["1.20", "4.00!", "12.0", "0.120"]


def test_before_the_detail_is_there_only_the_round_trip_is_known() -> None:
    found = rows(plain(intervals(a_view(detail=None), 80)))
    assert found["p50"] == ["—", "—", "4.00", "—"]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_it_fits_every_width(width: int, ascii_only: bool) -> None:
    lines = intervals(a_view(ascii_only=ascii_only), width)
    assert_fits(lines, width, ascii_only=ascii_only)
    if width >= 40:
        assert "0.140" in plain(lines)
