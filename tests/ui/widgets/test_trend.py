"""Round trips over time."""

from typing import Any

import pytest

from ari_tui.document.live import SECONDS, Cells
from ari_tui.ui.widgets.trend import TimeSpan, TrendPane, render_trend, row_of, span_of
from tests.ui.kit import LAST_SECOND
from tests.ui.widgets.frames import (
    PaneApp,
    a_bad_frame,
    a_frame,
    an_empty_frame,
    assert_fits_everywhere,
    style_of,
)


@pytest.mark.parametrize(
    ("cells", "dots", "points", "step"),
    [(60, 2, 120, 2), (150, 2, 300, 1), (150, 1, 150, 2), (10, 1, 10, 30), (300, 1, 300, 1)],
)
def test_as_much_is_shown_as_there_is(cells: int, dots: int, points: int, step: int) -> None:
    span = span_of(cells, LAST_SECOND, dots)
    assert (span.points, span.step) == (points, step)
    assert points * step <= SECONDS


def test_a_point_is_the_worst_of_its_seconds() -> None:
    cells: Cells = [1, 9, None, None, 2, 3, 7]
    # seconds 100 to 105, in pairs that begin at even ones
    assert TimeSpan(3, 2, last=105).worst(cells) == [9, 2, 7]


def test_points_stand_still_as_time_goes_on() -> None:
    history: Cells = list(range(300))
    seen: dict[int, int | None] = {}
    for now in range(200, 240):
        span = TimeSpan(20, 5, now)
        values = span.worst(history[: now + 1])
        for at, value in zip(range(span.first, now, 5), values[:-1], strict=False):
            assert seen.setdefault(at, value) == value


def test_a_point_that_is_not_over_yet_has_what_there_is() -> None:
    assert TimeSpan(2, 5, last=101).worst([1, 2, 3, 4, 5, 6, 7]) == [5, 7]


@pytest.mark.parametrize(
    ("value", "row"), [(0.0, 9), (1.0, 9), (11.0, 5), (21.9, 0), (22.0, 0), (99.0, 0)]
)
def test_the_scale_goes_from_nothing_to_the_limit(value: float, row: int) -> None:
    assert row_of(value, 22.0, 10) == row


def drawn(width: int = 66, height: int = 13, **changes: Any) -> list[str]:
    return render_trend(a_bad_frame(**changes), width, height).plain.split("\n")


def test_the_axis_has_the_scale_s_ends_and_the_limit() -> None:
    labels = [line[:6].strip() for line in drawn()[1:-1]]
    assert labels == ["22┤", "│", "│", "≤15┤", *["│"] * 5, "0┤", "lost └"]


def test_what_is_over_the_scale_is_marked_in_the_top_row() -> None:
    rows = drawn()[1:-2]
    assert "^" in rows[0]
    assert "^" not in "".join(rows[1:])
    assert style_of(render_trend(a_bad_frame(), 66, 13), "^") == "fail"


def test_seconds_that_lost_packets_are_marked_below() -> None:
    # 95 and 10 seconds ago, 2 seconds a point, 2 points a cell
    marks = drawn()[-2][6:]
    assert [column for column, sign in enumerate(marks) if sign == "×"] == [36, 57]
    assert "×" not in render_trend(a_frame(), 66, 13).plain


def test_the_times_below_are_those_of_the_first_and_the_last_point() -> None:
    assert drawn()[-1].split()[0] == "11:56:02"
    assert drawn()[-1].split()[-1] == "12:00:00"


def test_a_gap_in_the_measurement_is_a_gap_in_the_line() -> None:
    ascii_rows = [line[6:].ljust(300) for line in drawn(306, 13, ascii=True)[1:-2]]
    silent = [all(row[column] in " -" for row in ascii_rows) for column in range(300)]
    assert [column for column in range(300) if silent[column]] == list(range(240, 250))


def test_the_heading_has_the_newest_and_the_worst() -> None:
    # the last: 6 + 40 · 299 us; the hump's top 15 + 19 · 0.6 ms
    assert "p95 18.0 worst 26.4" in drawn()[0]


def test_before_the_first_round_trip_it_says_so() -> None:
    assert "no round trip yet" in render_trend(an_empty_frame(), 60, 10).plain


def test_no_box_is_too_small() -> None:
    assert_fits_everywhere(render_trend)


async def test_the_pane_draws_the_chart() -> None:
    pane = TrendPane()
    async with PaneApp(pane).run_test(size=(65, 12)) as pilot:
        pane.show(a_bad_frame())
        await pilot.pause()
        assert "≤15┤" in pane.shown
