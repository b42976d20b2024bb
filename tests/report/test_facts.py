"""."""

from __future__ import annotations

import pytest

from ari_tui.document.model import Injected, InjectedBy, LossDirections
from ari_tui.report import facts
from ari_tui.report.facts import Fact
from ari_tui.report.report_input import ReportInput
from ari_tui.report.timeline import Timeline
from tests.report.kit import (
    HOSTILE,
    RULES,
    a_failed_call,
    a_hostile_report_input,
    a_load_call,
    a_report_input,
    a_rule,
    a_run,
)


def test_a_title_names_host_or_endpoints() -> None:
    document = a_run(session__host="box")
    assert facts.title(ReportInput(document, Timeline([]))) == "Calls measured on box"
    endpoints = [f"Local/{n}@lab" for n in range(4)]
    assert (
        facts.title(a_report_input(plan__endpoints=endpoints))
        == "Load test of Local/0@lab, Local/1@lab and 2 more"
    )


def test_the_verdict_is_the_load_test_s_where_there_is_one() -> None:
    report_input = a_report_input()
    assert (facts.verdict(report_input), facts.reasons(report_input)[0][:6]) == ("fail", "1 of 3")
    quiet = ReportInput(a_run(sla__verdict="inconclusive", sla__state="no_traffic"), Timeline([]))
    assert facts.verdict(quiet) == "no_traffic"
    older = ReportInput(a_run(sla__verdict="pass", sla__state=None), Timeline([]))
    assert facts.verdict(older) == "pass"


def test_seconds_that_were_left_out_are_told() -> None:
    told = facts.judged(
        a_run(sla__clean_s=54.0, sla__of_s=60, sla__profile="seed", sla__tier="up to 30 calls")
    )
    assert told == (
        "Judged over 54 of 60 s with packets; 6 s left out because this program or its machine "
        "was too slow. "
        "Profile seed, tier up to 30 calls."
    )
    assert "left out" not in facts.judged(a_run(sla__clean_s=60.0, sla__of_s=60))


def test_rules_are_told_by_their_kind() -> None:
    p99, loss, longest = (facts.rule_words(rule) for rule in RULES)
    assert (p99.asked, p99.found) == ("≤ 18 ms for 99 %", "0.40 % above")
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
    report_input = a_report_input(
        plan__tiers=[30, 100], plan__variables=["PIN"], plan__simulated=True
    )
    assert report_input.load is not None
    told = {fact.name: fact for fact in facts.plan_facts(report_input.load.plan)}
    assert told["Calls at once"].note == "climbing 30 → 100"
    assert told["Variables set"].value == "PIN"
    assert told["Against"].value == "a simulated Asterisk"


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_outside_are_cleaned(name: str) -> None:
    report_input = a_hostile_report_input(name)
    assert report_input.load is not None
    told = [
        facts.title(report_input),
        *facts.reasons(report_input),
        facts.judged(report_input.document),
    ]
    told += [text for fact in facts.plan_facts(report_input.load.plan) for text in fact]
    assert all(text.isprintable() for text in told)


def test_the_worst_call_comes_first_and_unmeasured_ones_are_not_told() -> None:
    rows = facts.call_rows(a_report_input())
    assert [row.number for row in rows] == ["2", "1"]
    assert (rows[0].loss, rows[0].state) == (0.02, "good")
    of_run = facts.call_rows(ReportInput(a_run(), Timeline([])))
    assert [row.number for row in of_run] == ["call-2", "call-1"]


def test_calls_that_failed_alike_are_one_group_the_commonest_first() -> None:
    calls = [a_failed_call(n) for n in range(1, 13)]
    calls += [a_load_call(13), a_failed_call(14)]
    other = [a_load_call(15, outcome="failed", failed_at="held", reason=None)]
    first, second = facts.failures([*other, *calls])
    assert (first.size, first.step, first.hint) == (13, "answered", "fewer at once")
    assert first.calls == "1, 2, 3, 4, 5, 6, 7, 8 and 5 more"
    assert first.endpoints == "Local/tone@lab"
    assert (second.step, second.reason, second.hint) == ("held to its end", "no reason given", "")


def test_the_endpoints_of_a_group_are_named_once_and_many_are_counted() -> None:
    calls = [a_failed_call(n, endpoint=f"Local/{n % 5}@lab") for n in range(10)]
    (group,) = facts.failures(calls)
    assert group.endpoints == "Local/0@lab, Local/1@lab, Local/2@lab and 2 more"


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_calls_are_cleaned(name: str) -> None:
    report_input = a_hostile_report_input(name)
    assert report_input.load is not None
    told = [text for row in facts.call_rows(report_input) for text in (row.name, row.state)]
    alike = facts.failures([a_failed_call(3, endpoint=name), *report_input.load.calls])
    told += [text for one in alike for text in one[1:]]
    assert len(told) > 10
    assert all(text.isprintable() for text in told)


def named(shown: object) -> dict[str, Fact]:
    return {fact.name: fact for fact in shown}  # type: ignore[attr-defined]  # any of them


def test_the_books_say_where_every_packet_is() -> None:
    document = a_run(
        totals__packets__sent=1000,
        totals__packets__returned=985,
        totals__packets__lost=12,
        totals__packets__in_flight=3,
        totals__loss_runs={"1": 10, "2": 1, "3": 0},
        totals__loss_directions=LossDirections(outward=2, at_echo=0, back=10),
    )
    told = named(facts.books(document))
    assert told["Packets"].value == "1,000 sent = 985 returned + 12 lost + 3 in flight"
    assert told["Lost where"].value == (
        "2 on the way out, 0 in the echo server, 10 on the way back"
    )
    assert told["Loss in runs of"].value == "10 × 1, 1 × 2"
    assert "Lost where" not in named(facts.books(a_run(totals__packets__lost=0)))


def test_the_instrument_tells_its_own_delay() -> None:
    told = named(
        facts.instrument(
            a_run(
                instrument__dwell_out_us__p99=61.4,
                instrument__dwell_out_us__p50=9.0,
                instrument__dwell_out_us__max=1234.0,
                instrument__limited_s=2.5,
                instrument__dwell_back_us__p50=None,
                instrument__log_fill=0.25,
            )
        )
    )
    out = told["Delay in this engine, outward"]
    assert (out.value, out.note) == ("61 µs p99", "median 9, longest 1,234 µs")
    assert told["Delay in this engine, back"].value == "—"
    assert told["Limited"].value == "2.5 s"
    assert told["Packet log"].note == "25.0% full"


def test_the_environment_is_the_load_test_s_or_the_session_s() -> None:
    run = ReportInput(a_run(session__host="box", session__end_reason=None), Timeline([]))
    told = named(facts.environment(run))
    assert (told["Host"].value, told["Ended"].note) == ("box", "still running")
    tested = a_report_input(
        environment__host="gun", environment__cpus=4, environment__python="3.12"
    )
    told = named(facts.environment(tested))
    assert (told["Host"].value, told["Host"].note) == ("gun", "4 CPUs")
    assert told["System"].note == "Python 3.12"
    assert told["Ended"].note == "load test done"


@pytest.mark.parametrize(
    ("echo", "media", "told"),
    [
        (None, None, None),
        ((0, 0, 0), None, None),
        ((5, 0, 1), None, "5 lost, 0 duplicated, 1 reordered in the echo server."),
        (
            (5, 0, 1),
            (1, 2, 3),
            "5 lost, 0 duplicated, 1 reordered in the echo server; "
            "1 lost, 2 duplicated, 3 reordered on the callers' side.",
        ),
    ],
)
def test_what_was_impaired_on_purpose_is_told(
    echo: tuple[int, ...] | None, media: tuple[int, ...] | None, told: str | None
) -> None:
    made = [
        None if one is None else Injected(lost=one[0], duplicates=one[1], reordered=one[2])
        for one in (echo, media)
    ]
    document = a_run(injected=InjectedBy(echo=made[0], media=made[1]))
    expected = told and f"Packets were impaired on purpose: {told}"
    assert facts.injected(document) == expected


def test_a_run_counts_its_calls_and_a_load_test_its_good_ones() -> None:
    run = ReportInput(a_run(totals__calls__started=7, totals__calls__peak=3), Timeline([]))
    first = next(iter(facts.headline_numbers(run)))
    assert (first.name, first.value) == ("Calls", "7")
    first = next(iter(facts.headline_numbers(a_report_input(progress__cut=4))))
    assert (first.name, first.value) == ("Good calls", "2 of 3")
    assert first.note == "66.67 %, 4 cut at the end, 1.5 calls/s"


def test_no_sample_is_a_dash() -> None:
    empty = ReportInput(a_run(totals__mos__session=None, totals__loss_ratio=None), Timeline([]))
    told = named(facts.headline_numbers(empty))
    assert (told["MOS"].value, told["Lost"].value) == ("—", "—")


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_a_run_are_cleaned(name: str) -> None:
    report_input = a_hostile_report_input(name)
    told = [*facts.environment(report_input), *facts.instrument(report_input.document)]
    assert all(text.isprintable() for fact in told for text in fact)
