"""When a trial's first line is right, not known, missed or wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests.trial.faults import CLEAN, FAULTS, Fault
from tests.trial.scoring import MISSED, NOT_KNOWN, RIGHT, WRONG, Outcome, passed, score
from tests.trial.site import Arrival
from tests.trial.table import table

BEGIN_S, END_S = 10.0, 20.0


def a_fault(name: str) -> Fault:
    return next(fault for fault in FAULTS if fault.name == name)


def said(at_s: float, *places: str, clean: bool = False, line: str = "") -> Arrival:
    line = line or f"{at_s:g} s"
    findings = [{"place": place, "text": f"{at_s:g} s"} for place in places]
    where: dict[str, Any] = {"line": line, "findings": findings, "clean": clean}
    return Arrival(at_s, {"where": where})


def judged(*arrivals: Arrival, fault: str = "in-loss") -> Outcome:
    return score(a_fault(fault), arrivals, BEGIN_S, END_S)


def test_the_right_place_at_the_end_is_right_and_told_since_when() -> None:
    outcome = judged(
        said(9, clean=True),
        said(11, clean=True),
        said(14),
        said(16, "caller-in"),
        said(19, "caller-in"),
    )
    assert (outcome.verdict, outcome.after_s, outcome.line) == (RIGHT, 6.0, "19 s")


def test_a_wrong_place_at_any_moment_is_wrong() -> None:
    outcome = judged(said(12, "engine"), said(19, "caller-in"))
    assert (outcome.verdict, outcome.wrong_lines, outcome.wrong_s) == (WRONG, ["12 s"], 1)


def test_a_place_that_only_says_less_is_not_known_but_not_wrong() -> None:
    vague = judged(said(12, "echo-path"), fault="out-loss")
    assert (vague.verdict, vague.after_s) == (NOT_KNOWN, None)
    outcome = judged(said(12, "echo-path"), said(15, "echo-out"), fault="out-loss")
    assert (outcome.verdict, outcome.after_s) == (RIGHT, 5.0)


def test_a_place_behind_trouble_of_an_unknown_one_is_not_the_first_line() -> None:
    assert judged(said(19, "engine", line="not told apart")).verdict == NOT_KNOWN


def test_the_right_place_before_the_fault_begins_is_a_false_alarm() -> None:
    assert judged(said(9, "caller-in"), said(19, "caller-in")).verdict == WRONG


def test_what_is_said_after_the_fault_does_not_count() -> None:
    assert judged(said(19, "caller-in"), said(21, "engine")).verdict == RIGHT


@pytest.mark.parametrize(
    ("last", "verdict"),
    [(said(19, clean=True), MISSED), (said(19), NOT_KNOWN), (Arrival(19, {}), NOT_KNOWN)],
)
def test_no_place_is_missed_when_it_is_called_clean_else_not_known(
    last: Arrival, verdict: str
) -> None:
    assert judged(last).verdict == verdict


def test_where_nothing_is_wrong_clean_is_right_and_any_place_wrong() -> None:
    assert judged(said(19, clean=True), fault="none").verdict == RIGHT
    assert judged(said(19, "asterisk"), fault="none").verdict == WRONG


def test_nine_of_ten_must_be_right_and_none_wrong() -> None:
    def outcomes(*verdicts: str) -> list[Outcome]:
        return [Outcome("none", verdict, "", None) for verdict in verdicts]

    assert passed(outcomes(*[RIGHT] * 9, NOT_KNOWN))
    assert not passed(outcomes(*[RIGHT] * 8, NOT_KNOWN, MISSED))
    assert not passed(outcomes(*[RIGHT] * 20, WRONG))


def test_the_table_has_a_row_for_each_fault_and_the_counts() -> None:
    outcomes = [Outcome(fault.name, RIGHT, "a | line", 3.0) for fault in FAULTS]
    lines = table("Trial", outcomes).splitlines()
    assert f"{len(FAULTS)} faults: {len(FAULTS)} right, 0 not known, 0 missed, 0 wrong." in lines
    assert sum(line.endswith("| a / line | right | 3.0 s |") for line in lines) == len(FAULTS)


def test_faults_have_names_of_their_own_and_places_that_exist() -> None:
    from ari_tui.document.where import PLACES

    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert all(fault.right <= {CLEAN, *PLACES} for fault in FAULTS)
    assert {place for fault in FAULTS for place in fault.right} == {CLEAN, *PLACES}
