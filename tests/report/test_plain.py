from __future__ import annotations

import pytest

from ari_tui.report.course import Course
from ari_tui.report.plain import plain_report
from ari_tui.report.subject import NOT_CLOSED, Subject
from tests.report.kit import HOSTILE, a_run, a_subject, hostile_subject


def test_a_load_test_is_told_with_its_charts() -> None:
    text = plain_report(a_subject(plan__tiers=[1, 2]))
    assert text.startswith("Load test of Local/tone@lab\n===")
    for part in (
        "FAIL, 2026-11-22 11:59:00 UTC, 10.0 s",
        "- 1 of 3 calls failed (1 at answered); 0 may",
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
    text = plain_report(Subject(a_run(), Course([])))
    assert "PJSIP/1001-00000001" in text
    assert "Calls up" not in text


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


def test_without_charts_all_the_rest_is_there() -> None:
    whole, short = (plain_report(a_subject(), charts=charts) for charts in (True, False))
    drawn = set(whole.splitlines()) - set(short.splitlines())
    assert "Calls up (a point is 1 s)" in drawn
    assert any("┤" in line for line in drawn)
    assert set(short.splitlines()) < set(whole.splitlines())
    for told in ("packets     sent ", "Worst calls", "Environment", "Round trip, p99"):
        assert told in short


def test_of_a_load_test_nothing_is_told_twice() -> None:
    lines = [line for line in plain_report(a_subject(), charts=False).splitlines() if line.strip()]
    twice = {line for line in lines if lines.count(line) > 1 and set(line) != {"-"}}
    assert twice == set()
