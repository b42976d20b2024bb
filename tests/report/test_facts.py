from __future__ import annotations

import pytest

from ari_tui.report import facts
from ari_tui.report.course import Course
from ari_tui.report.subject import Subject
from tests.report.kit import (
    HOSTILE,
    RULES,
    a_rule,
    a_run,
    a_subject,
    hostile_subject,
)


def test_a_title_names_host_or_endpoints() -> None:
    document = a_run(session__host="box")
    assert facts.title(Subject(document, Course([]))) == "Calls measured on box"
    endpoints = [f"Local/{n}@lab" for n in range(4)]
    assert (
        facts.title(a_subject(plan__endpoints=endpoints))
        == "Load test of Local/0@lab, Local/1@lab and 2 more"
    )


def test_the_verdict_is_the_load_test_s_where_there_is_one() -> None:
    subject = a_subject()
    assert (facts.verdict(subject), facts.reasons(subject)[0][:6]) == ("fail", "1 of 3")
    quiet = Subject(a_run(sla__verdict="inconclusive", sla__state="no_traffic"), Course([]))
    assert facts.verdict(quiet) == "no_traffic"
    older = Subject(a_run(sla__verdict="pass", sla__state=None), Course([]))
    assert facts.verdict(older) == "pass"


def test_seconds_that_were_left_out_are_told() -> None:
    told = facts.judged(
        a_run(sla__clean_s=54.0, sla__of_s=60, sla__profile="seed", sla__tier="up to 30 calls")
    )
    assert told == (
        "Judged over 54 of 60 s with packets; 6 s left out because of the instrument. "
        "Profile seed, tier up to 30 calls."
    )
    assert "left out" not in facts.judged(a_run(sla__clean_s=60.0, sla__of_s=60))


def test_rules_are_told_by_their_kind() -> None:
    p99, loss, longest = (facts.rule_words(rule) for rule in RULES)
    assert (p99.asked, p99.found) == ("≤ 18 ms for all but 1 %", "0.40 % above")
    assert p99.evidence == "0.30 % … 0.60 %"
    assert (loss.asked, loss.found, loss.violated) == ("≤ 0.2 %", "1.00 %", "7")
    assert (longest.asked, longest.found, longest.evidence) == (
        "≤ 22 ms",
        "above it in 0 s",
        "budget 0 s",
    )
    open_rule = a_rule("p50", actual=None, low=None, high=None, missing="no clean packets")
    assert facts.rule_words(open_rule)[2:4] == ("no packets", "no clean packets")


def test_the_strictest_limit_in_force_is_found() -> None:
    document = a_run(
        sla__rules=[a_rule("p99", limits_ms=[18.0, 20.0]), a_rule("loss", limit=0.002)]
    )
    assert facts.rtt_limit(document, "p99") == 18.0
    assert facts.rtt_limit(document, "max") is None
    assert facts.share_limit(document, "loss") == 0.002
    assert facts.share_limit(document, "late") is None


def test_of_variables_the_names_are_told_and_a_climb_its_tiers() -> None:
    subject = a_subject(plan__tiers=[30, 100], plan__variables=["PIN"], plan__simulated=True)
    assert subject.load is not None
    told = {fact.name: fact for fact in facts.plan_facts(subject.load.plan)}
    assert told["Calls at once"].note == "climbing 30 → 100"
    assert told["Variables set"].value == "PIN"
    assert told["Against"].value == "a simulated Asterisk"


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_outside_are_cleaned(name: str) -> None:
    subject = hostile_subject(name)
    assert subject.load is not None
    told = [facts.title(subject), *facts.reasons(subject), facts.judged(subject.document)]
    told += [text for fact in facts.plan_facts(subject.load.plan) for text in fact]
    assert all(text.isprintable() for text in told)
