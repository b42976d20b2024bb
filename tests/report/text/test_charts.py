from __future__ import annotations

import pytest

from ari_tui.report.report_input import ReportInput
from ari_tui.report.text.charts import pictures
from ari_tui.report.timeline import Timeline
from tests.report.kit import a_run, a_second


def drawn(course: Timeline, width: int = 100, **fields: object) -> str:
    return "\n".join([*pictures(ReportInput(a_run(**fields), course), width, False), ""])


def section(text: str, name: str) -> list[str]:
    """Return the lines under a heading, up to the next empty one."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(name)) + 1
    return lines[start : [*lines, ""].index("", start)]


@pytest.mark.parametrize("width", [60, 100, 200])
def test_charts_keep_to_the_width(width: int) -> None:
    points = [a_second(float(at), lost=at % 3) for at in range(500)]
    text = drawn(Timeline(points), width)
    for name in ("Calls up", "Round trip, ms", "Lost packets", "Round trips, packets"):
        assert max(map(len, section(text, name))) <= width


def test_bars_are_as_long_as_their_share_and_one_packet_is_seen() -> None:
    histogram = [[4_000_000, 1000], [8_000_000, 500], [40_000_000, 1]]
    text = drawn(Timeline([]), totals__rtt_histogram=histogram)
    lengths = [line.count("█") for line in section(text, "Round trips, packets")]
    assert sorted((length for length in lengths if length), reverse=True) == [60, 30, 1]


def test_no_loss_is_told_in_a_word_and_loss_is_drawn_with_its_limit() -> None:
    clean = [a_second(float(at)) for at in range(10)]
    assert "Lost packets: none" in drawn(Timeline(clean))
    bad = [*clean[:5], a_second(5.0, lost=50), *clean[6:]]
    chart = section(drawn(Timeline(bad)), "Lost packets, %, limit 0.2 %")
    column = {line.index("█") for line in chart if "█" in line}
    assert len(column) == 1
    assert chart[0].startswith("    60┤")


def test_round_trips_of_a_window_are_said_to_be_that() -> None:
    points = [a_second(float(at)) for at in range(5)]
    window = drawn(Timeline(points, rtt_over_s=10.0))
    assert "Calls up (a point is 1 s, round trips are those of the last 10 s)" in window
    assert "Calls up (a point is 1 s)" in drawn(Timeline(points))
