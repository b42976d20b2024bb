from __future__ import annotations

import pytest

from ari_tui.report.load_text import load_lines
from tests.report.kit import HOSTILE, a_load_report, hostile_subject


def test_verdict_outcome_tiers_failures_and_set_up_are_told() -> None:
    lines = list(load_lines(a_load_report(plan__tiers=[1, 2]), 100))
    assert lines[0] == "FAIL, 2026-11-22 11:59:00 UTC, 10.0 s"
    assert lines[1] == "- 1 of 3 calls failed (1 at answered); 0 may"
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
    load = hostile_subject(name).load
    assert load is not None
    assert all(line.isprintable() for line in load_lines(load, 100))
