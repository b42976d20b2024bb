from __future__ import annotations

import pytest

from ari_tui.report.course import Course
from ari_tui.report.plain import plain_report
from ari_tui.report.subject import NOT_CLOSED, Subject
from tests.report.kit import HOSTILE, a_run, a_second, a_subject, hostile_subject


def section(text: str, name: str) -> list[str]:
    """Return the lines under a heading, up to the next empty one."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(name)) + 1
    return lines[start : lines.index("", start)]


def test_a_load_test_is_told_with_its_charts() -> None:
    text = plain_report(a_subject(plan__tiers=[1, 2]))
    assert text.startswith("Load test of Local/tone@lab\n===")
    for part in (
        "FAIL, 2026-11-22 11:59:00 UTC, 10.0 s", "- 1 of 3 calls failed (1 at answered); 0 may",
        "2 good, 1 failed, 0 cut", "1 failed at", "answered: busy (cause 17)", "fewer at once",
        "Calls up", "Round trip, ms", "Worst calls (2 of 2)", "Environment",
    ):  # fmt: skip
        assert part in text
    assert [line.split()[0] for line in section(text, "Set-up, ms")] == ["accepted", "answered"]


def test_a_run_is_told_with_its_calls() -> None:
    text = plain_report(Subject(a_run(), Course([])))
    assert "PJSIP/1001-00000001" in text
    assert "Calls up" not in text


@pytest.mark.parametrize("width", [10, 60, 100, 200])
def test_charts_keep_to_the_width(width: int) -> None:
    points = [a_second(float(at), lost=at % 3) for at in range(500)]
    text = plain_report(Subject(a_run(), Course(points)), width=width)
    for name in ("Calls up", "Round trip, ms", "Lost packets", "Round trips, packets"):
        assert max(map(len, section(text, name))) <= max(width, 60)


def test_bars_are_as_long_as_their_share_and_one_packet_is_seen() -> None:
    histogram = [[4_000_000, 1000], [8_000_000, 500], [40_000_000, 1]]
    text = plain_report(Subject(a_run(totals__rtt_histogram=histogram), Course([])), width=100)
    lengths = [line.count("█") for line in section(text, "Round trips, packets")]
    assert sorted((length for length in lengths if length), reverse=True) == [60, 30, 1]


def test_no_loss_is_told_in_a_word_and_loss_is_drawn_with_its_limit() -> None:
    clean = [a_second(float(at)) for at in range(10)]
    assert "Lost packets: none" in plain_report(Subject(a_run(), Course(clean)))
    bad = [*clean[:5], a_second(5.0, lost=50), *clean[6:]]
    chart = section(plain_report(Subject(a_run(), Course(bad))), "Lost packets, %, limit 0.2 %")
    column = {line.index("█") for line in chart if "█" in line}
    assert len(column) == 1
    assert chart[0].startswith("    60┤")


def test_ascii_has_no_other_signs() -> None:
    assert plain_report(a_subject(), ascii_only=True).isascii()


def test_a_run_that_broke_off_says_so_first() -> None:
    text = plain_report(Subject(a_run(), Course([]), warning=NOT_CLOSED), width=200)
    assert text.splitlines()[2] == f"! {NOT_CLOSED}"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_from_outside_breaks_no_line(name: str) -> None:
    text = plain_report(hostile_subject(name))
    assert all(line.isprintable() for line in text.splitlines())
    assert len(text.splitlines()) == len(plain_report(hostile_subject("name")).splitlines())
