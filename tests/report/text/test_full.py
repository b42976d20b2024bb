"""."""

from __future__ import annotations

import pytest

from ari_tui.core.text import cells
from ari_tui.report.report_input import NOT_CLOSED, ReportInput
from ari_tui.report.text.charts import pictures
from ari_tui.report.text.full import load_lines, plain_report
from ari_tui.report.timeline import Timeline
from tests.report.kit import (
    HOSTILE,
    a_hostile_report_input,
    a_load_report,
    a_report_input,
    a_run,
    a_second,
)


def test_a_load_test_is_told_with_its_charts() -> None:
    text = plain_report(a_report_input(plan__tiers=[1, 2]))
    assert text.startswith("Load test of Local/tone@lab\n===")
    for part in (
        "FAIL, 2026-11-22 11:59:00 UTC, 10.0 s",
        "- 1 of 3 calls failed (1 at answered), allowed are 0",
        "2 good, 1 failed, 0 cut",
        "1 failed at answered: busy (cause 17)",
        "fewer at once",
        "Calls up",
        "Round trip, ms",
        "Worst calls (2 of 2)",
        "Environment",
    ):
        assert part in text


def test_a_run_is_told_with_its_calls() -> None:
    text = plain_report(ReportInput(a_run(), Timeline([])))
    assert "PJSIP/1001-00000001" in text
    assert "Calls up" not in text


def test_ascii_has_no_other_signs() -> None:
    assert plain_report(a_report_input(), ascii_only=True).isascii()


def test_a_run_that_broke_off_says_so_first() -> None:
    text = plain_report(ReportInput(a_run(), Timeline([]), warning=NOT_CLOSED), width=200)
    assert text.splitlines()[2] == f"! {NOT_CLOSED}"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_from_outside_breaks_no_line(name: str) -> None:
    def beginnings(text: str) -> int:
        return sum(line[:1].strip() != "" for line in text.splitlines())

    text = plain_report(a_hostile_report_input(name), width=200)
    assert all(line.isprintable() for line in text.splitlines())
    assert beginnings(text) == beginnings(plain_report(a_hostile_report_input("name"), width=200))


@pytest.mark.parametrize("name", [*HOSTILE, "PJSIP/" + "trunk" * 30 + "-0000002a", "漢字" * 30])
@pytest.mark.parametrize("width", [80, 100])
def test_every_line_fits_the_width(width: int, name: str) -> None:
    lines = plain_report(a_hostile_report_input(name), width=width).splitlines()
    assert [line for line in lines if cells(line) > width] == []
    run = plain_report(ReportInput(a_run(), Timeline([])), width=width).splitlines()
    assert max(map(cells, run)) <= width


def test_without_charts_all_the_rest_is_there() -> None:
    whole, short = (plain_report(a_report_input(), charts=charts) for charts in (True, False))
    drawn = set(whole.splitlines()) - set(short.splitlines())
    assert "Calls up (a point is 1 s)" in drawn
    assert any("┤" in line for line in drawn)
    assert set(short.splitlines()) < set(whole.splitlines())
    for told in ("packets     sent ", "Worst calls", "Environment", "Round trip, p99"):
        assert told in short


def test_of_a_load_test_nothing_is_told_twice() -> None:
    lines = [
        line for line in plain_report(a_report_input(), charts=False).splitlines() if line.strip()
    ]
    twice = {line for line in lines if lines.count(line) > 1 and set(line) != {"-"}}
    assert twice == set()


def test_verdict_outcome_tiers_failures_and_set_up_are_told() -> None:
    lines = list(load_lines(a_load_report(plan__tiers=[1, 2]), 100))
    assert lines[0] == "FAIL, 2026-11-22 11:59:00 UTC, 10.0 s"
    assert lines[1] == "- 1 of 3 calls failed (1 at answered), allowed are 0"
    (outcome,) = (line for line in lines if line.startswith("Outcome"))
    assert outcome.split(None, 1)[1] == (
        "2 good, 1 failed, 0 cut at the end (success 66.67 %, 1.5 calls/s)"
    )
    start = next(i for i, line in enumerate(lines) if line.startswith("Tier"))
    assert [line.split()[:6] for line in lines[start + 1 : start + 3]] == [
        ["1", "calls", "1", "1", "0", "0"],
        ["2", "calls", "2", "1", "0", "0"],
    ]
    failed = lines.index("1 failed at answered: busy (cause 17)")
    assert lines[failed + 1 : failed + 3] == [
        "  fewer at once",
        "  calls 3 to Local/tone@lab",
    ]
    reached = lines[next(i for i, line in enumerate(lines) if line.startswith("Set-up, ms")) + 1 :]
    assert [line.split()[0] for line in reached] == ["accepted", "answered"]
    assert reached[0].split()[1:] == ["2.00", "4.00", "6.00", "6.00", "1000"]


def test_a_test_of_one_tier_tells_how_it_was_judged_too() -> None:
    report = a_load_report()
    del report.tiers[1:]
    assert sum(line.startswith("1 calls") for line in load_lines(report, 100)) == 1


@pytest.mark.parametrize("name", HOSTILE)
def test_what_comes_from_outside_cannot_steer_the_terminal(name: str) -> None:
    load = a_hostile_report_input(name).load
    assert load is not None
    assert all(line.isprintable() for line in load_lines(load, 100))


def drawn(timeline: Timeline, width: int = 100, **fields: object) -> str:
    return "\n".join([*pictures(ReportInput(a_run(**fields), timeline), width, False), ""])


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
