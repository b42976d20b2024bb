from __future__ import annotations

import pytest

from ari_tui.report import facts_calls
from ari_tui.report.course import Course
from ari_tui.report.subject import Subject
from tests.report.kit import (
    HOSTILE,
    a_failed_call,
    a_load_call,
    a_run,
    a_subject,
    hostile_subject,
)


def test_the_worst_call_comes_first_and_unmeasured_ones_are_not_told() -> None:
    rows = facts_calls.call_rows(a_subject())
    assert [row.number for row in rows] == ["2", "1"]
    assert (rows[0].loss, rows[0].state) == (0.02, "good")
    of_run = facts_calls.call_rows(Subject(a_run(), Course([])))
    assert [row.number for row in of_run] == ["call-2", "call-1"]


def test_calls_that_failed_alike_are_one_group_the_commonest_first() -> None:
    calls = [a_failed_call(n) for n in range(1, 13)]
    calls += [a_load_call(13), a_failed_call(14)]
    other = [a_load_call(15, outcome="failed", failed_at="held", reason=None)]
    first, second = facts_calls.failures([*other, *calls])
    assert (first.size, first.step, first.hint) == (13, "answered", "fewer at once")
    assert first.calls == "1, 2, 3, 4, 5, 6, 7, 8 and 5 more"
    assert first.endpoints == "Local/tone@lab"
    assert (second.step, second.reason, second.hint) == ("held to its end", "no reason given", "")


def test_the_endpoints_of_a_group_are_named_once_and_many_are_counted() -> None:
    calls = [a_failed_call(n, endpoint=f"Local/{n % 5}@lab") for n in range(10)]
    (group,) = facts_calls.failures(calls)
    assert group.endpoints == "Local/0@lab, Local/1@lab, Local/2@lab and 2 more"


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_outside_are_cleaned(name: str) -> None:
    subject = hostile_subject(name)
    assert subject.load is not None
    told = [text for row in facts_calls.call_rows(subject) for text in (row.name, row.state)]
    alike = facts_calls.failures([a_failed_call(3, endpoint=name), *subject.load.calls])
    told += [text for one in alike for text in one[1:]]
    assert len(told) > 10
    assert all(text.isprintable() for text in told)
