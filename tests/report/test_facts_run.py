from __future__ import annotations

import pytest

from ari_tui.report import facts_run
from ari_tui.report.course import Course
from ari_tui.report.facts import Fact
from ari_tui.report.subject import Subject
from ari_tui.snapshot.model import Injected, InjectedBy, LossDirections
from tests.report.kit import HOSTILE, a_run, a_subject, hostile_subject


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
    told = named(facts_run.books(document))
    assert told["Packets"].value == "1,000 sent = 985 returned + 12 lost + 3 in flight"
    assert told["Lost where"].value == (
        "2 on the way out, 0 in the echo server, 10 on the way back"
    )
    assert told["Loss in runs of"].value == "10 × 1, 1 × 2"
    assert "Lost where" not in named(facts_run.books(a_run(totals__packets__lost=0)))


def test_the_instrument_tells_its_own_delay() -> None:
    told = named(
        facts_run.instrument(
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
    out = told["Own delay, towards the echo"]
    assert (out.value, out.note) == ("61 µs p99", "median 9, longest 1,234 µs")
    assert told["Own delay, back to Asterisk"].value == "—"
    assert told["Limited"].value == "2.5 s"
    assert told["Packet log"].note == "25.0% full"


def test_the_environment_is_the_load_test_s_or_the_session_s() -> None:
    run = Subject(a_run(session__host="box", session__end_reason=None), Course([]))
    told = named(facts_run.environment(run))
    assert (told["Host"].value, told["Ended"].note) == ("box", "still running")
    tested = a_subject(environment__host="gun", environment__cpus=4, environment__python="3.12")
    told = named(facts_run.environment(tested))
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
    assert facts_run.injected(document) == expected


def test_a_run_counts_its_calls_and_a_load_test_its_good_ones() -> None:
    run = Subject(a_run(totals__calls__started=7, totals__calls__peak=3), Course([]))
    first = next(iter(facts_run.headline_numbers(run)))
    assert (first.name, first.value) == ("Calls", "7")
    first = next(iter(facts_run.headline_numbers(a_subject(progress__cut=4))))
    assert (first.name, first.value) == ("Good calls", "2 of 3")
    assert first.note == "66.67 %, 4 cut at the end, 1.5 calls/s"


def test_no_sample_is_a_dash() -> None:
    empty = Subject(a_run(totals__mos__session=None, totals__loss_ratio=None), Course([]))
    told = named(facts_run.headline_numbers(empty))
    assert (told["MOS"].value, told["Lost"].value) == ("—", "—")


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_outside_are_cleaned(name: str) -> None:
    subject = hostile_subject(name)
    told = [*facts_run.environment(subject), *facts_run.instrument(subject.document)]
    assert all(text.isprintable() for fact in told for text in fact)
