from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from ari_tui.core.text import cells
from ari_tui.document.model import AsteriskState, Call, Document, WorkerOutage
from ari_tui.report.facts import Fact
from ari_tui.report.text.summary import (
    chapter,
    final_report,
    measured_lines,
    readable,
    status_line,
    wrapped,
)
from tests.report.kit import RULES

Make = Callable[..., Document]
NASTY = (
    "SIP/a\nINJECTED  LINE",
    "SIP/\x1b[2J\x1b]0;title\x07b",
    "SIP/\r\x00\x85\u2028c",
    "x" * 5000,
    "",
    "\u202egnp",
    "漢字",
)


def test_the_status_line_begins_as_the_originals(document: Make) -> None:
    made = document(
        totals__rtt_ms__p50=8.2,
        totals__rtt_ms__p95=11.7,
        totals__rtt_ms__p99=17.1,
        totals__rtt_ms__max=21.3,
        totals__late_ratio=0.0004,
        totals__loss_ratio=0.0015,
        totals__calls__active=3,
        totals__packets__sent=1500,
        totals__packets__in_flight=2,
        sla__verdict="pass",
    )
    assert status_line(made) == (
        "p50=8.2ms p95=11.7ms p99=17.1ms max=21.3ms late_ratio=0.04% drops=0.15% "
        "calls=3 sent=1500 in_flight=2 interruptions=0 sla=pass"
    )


def test_the_status_line_of_nothing_has_dashes(document: Make) -> None:
    assert status_line(document()).startswith("p50=— p95=— p99=— max=— late_ratio=— drops=— ")


def test_an_asterisk_that_is_away_is_named(
    document: Make, asterisk: Callable[..., AsteriskState]
) -> None:
    there, away = asterisk(id="one", connected=True), asterisk(id="two", connected=False)
    assert status_line(document(asterisks=[there, away])).endswith(" DISCONNECTED=two")
    assert "DISCONNECTED" not in status_line(document(asterisks=[there]))


@pytest.mark.parametrize("name", NASTY)
def test_a_name_cannot_break_the_status_line(
    document: Make, asterisk: Callable[..., AsteriskState], name: str
) -> None:
    line = status_line(document(asterisks=[asterisk(id=name, connected=False)]))
    assert line.isprintable()
    assert len(line) < 400


def test_the_final_report_gives_the_books_and_the_reason(document: Make) -> None:
    text = final_report(
        document(
            session__version="1.2",
            session__id="abc",
            session__duration_s=15.04,
            session__end_reason="duration",
            totals__packets__sent=100,
            totals__packets__returned=97,
            totals__packets__lost=3,
            totals__loss_ratio=0.03,
            totals__rtt_ms__p99=9.96,
            instrument__dwell_out_us__p99=61.4,
            totals__calls__started=4,
        )
    )
    lines = text.splitlines()
    assert lines[0] == "ari-tui 1.2, session abc: 15.0 s, ended by duration"
    assert "sent 100 = returned 97 + lost 3 + in flight 0" in text
    assert "audio       lost 3.00%" in text
    assert "p99 10.0ms" in text
    assert "delay in this engine p99 61 µs" in text
    assert "4 started" in text
    assert not any(line.startswith("CHANNEL") for line in lines)


def test_the_final_report_of_nothing_has_dashes_and_no_none(document: Make) -> None:
    text = final_report(document(session__end_reason="SIGINT"))
    assert "None" not in text
    assert "min —, p50 —, p95 —, p99 —, max —" in text
    assert "longest —" in text
    assert "delay in this engine p99 —" in text


def test_every_call_has_a_line_under_its_heading(document: Make, call: Callable[..., Call]) -> None:
    calls = [
        call(channel=f"SIP/{n}", state="ended", packets__sent=10**n, rtt_ms__p50=float(n))
        for n in range(1, 6)
    ]
    heading, *rows = final_report(document(calls=calls)).split("\n\n")[2].splitlines()
    assert " ".join(heading.split()) == "CHANNEL STATE SENT LOST LATE P50 P95 MAX"
    assert [row.split()[2] for row in rows] == [str(10**n) for n in range(1, 6)]
    assert len({len(line) for line in (heading, *rows)}) == 1


@pytest.mark.parametrize("name", NASTY)
def test_words_of_a_document_from_a_file_cannot_break_the_report(document: Make, name: str) -> None:
    def lines(word: str) -> list[str]:
        return final_report(
            document(
                session__id=word,
                session__version=word,
                session__end_reason=word,
                sla__headline=word,
                sla__profile=word,
                sla__tier=word or "t",
                sla__reasons=[word],
            )
        ).splitlines()

    assert all(line.isprintable() and cells(line) <= 80 for line in lines(name))
    # a name begins no line: what is left of it stands indented
    begins = {line.split()[0] for line in lines(name) if line[:1].strip()}
    assert begins == {line.split()[0] for line in lines("word") if line[:1].strip()}


@pytest.mark.parametrize("name", NASTY)
def test_a_name_cannot_break_the_reports_lines(
    document: Make, call: Callable[..., Call], name: str
) -> None:
    plain = final_report(document(calls=[call(channel="SIP/1", state="up")]))
    text = final_report(document(calls=[call(channel=name, state="up")]))
    assert len(text.splitlines()) == len(plain.splitlines())
    assert all(line.isprintable() for line in text.splitlines())
    assert max(map(cells, text.splitlines())) <= 80
    assert len({cells(line) for line in text.split("\n\n")[2].splitlines()}) == 1


@pytest.mark.parametrize("name", ["PJSIP/" + "trunk" * 20 + "-0000002a", "漢字" * 40 + "-2a"])
def test_the_table_of_calls_fits_80_columns_and_keeps_the_ends_of_long_names(
    name: str, document: Make, call: Callable[..., Call]
) -> None:
    calls = [
        call(
            channel=name,
            state="measuring",
            packets__sent=10**n,
            packets__lost=10**n,
            packets__late_echo=10**n,
            rtt_ms__p50=10.0**n,
            rtt_ms__p95=10.0**n,
            rtt_ms__max=10.0**n,
        )
        for n in range(6)
    ]
    rows = final_report(document(calls=calls)).split("\n\n")[2].splitlines()
    assert {cells(row) for row in rows} == {80}
    for row in rows[1:]:
        first = row.split()[0]
        assert "…" in first
        assert first.endswith("2a")
        assert "100000.0ms" in rows[-1]


def test_without_traffic_no_rule_is_told_and_nothing_is_compared_with_a_share(
    document: Make,
) -> None:
    empty = replace(RULES[0], id="p50", limit=0.5, limits_ms=[], actual=None, low=None, high=None)
    made = document(sla__rules=[empty], sla__state="no_traffic", sla__headline="inconclusive")
    text = final_report(made)
    assert "SLA         no traffic: there were no packets to judge" in text
    assert "%" not in text
    assert "Rules" not in text
    assert status_line(made).endswith("sla=no_traffic")
    # some packets, none of them in a second that could be judged
    judged = final_report(document(sla__rules=[empty], sla__headline="inconclusive"))
    assert "Round trip, median  pass  by the number of calls  no packets" in judged


def test_a_reason_that_the_headline_has_said_is_not_said_again(document: Make) -> None:
    lines = measured_lines(
        document(
            sla__headline="FAIL over 5 of 6 s: late: 2%", sla__reasons=["late: 2%", "loss: 3%"]
        )
    )
    (place,) = (i for i, line in enumerate(lines) if line.startswith("SLA "))
    assert lines[place + 1 :] == ["            loss: 3%"]


def test_rules_are_told_in_the_words_of_every_report(document: Make) -> None:
    told = measured_lines(document(sla__rules=RULES))[-3:]
    assert " ".join(told[0].split()) == "Round trip, p99 pass ≤ 18 ms for 99 % 0.40 % above"
    assert " ".join(told[1].split()) == "Lost packets fail ≤ 0.2 % 1.00 %"


def test_facts_stand_below_their_heading_and_wrap_beside_their_name() -> None:
    lines = chapter("Plan", [Fact("Calls", "word " * 10, "note")], 50)
    assert lines[:3] == ["", "Plan", "----"]
    assert lines[3].startswith("Calls" + " " * 19 + "word")
    assert lines[-1].endswith("(note)")
    assert all(line.startswith(" " * 24) for line in lines[4:])
    assert wrapped("- ", "a b", 4) == ["- a", "  b"]


@pytest.mark.parametrize(("encoding", "shown"), [("ascii", "? 5"), ("utf-8", "— 5"), (None, "— 5")])
def test_a_stream_of_any_encoding_takes_the_text(encoding: str | None, shown: str) -> None:
    assert readable("— 5", encoding) == shown


def test_bad_calls_of_a_final_document_are_named_worst_first(
    document: Make, call: Callable[..., Call]
) -> None:
    bad = [call(id=f"s.{n}", channel=f"PJSIP/10{n:02}") for n in range(60)]
    text = final_report(document(kind="final", bad_calls=bad, bad_calls_more=40))
    assert "Bad calls: 100, the worst 50 (times in UTC, all seconds)" in text
    named = [line.split()[0] for line in text.splitlines() if line.startswith("PJSIP/")]
    assert named == [one.channel for one in bad[:50]]
    few = final_report(document(kind="final", bad_calls=bad[:2]))
    assert "Bad calls: 2, worst first" in few
    assert "Bad calls" not in final_report(document(kind="final"))


def test_a_restarted_worker_and_an_engine_that_stood_still_are_told_with_their_times(
    document: Make,
) -> None:
    assert not [
        line for line in measured_lines(document()) if line.startswith(("workers", "engine"))
    ]
    times = ("2026-11-23T12:04:31.000Z", 0.4, "died"), ("2026-11-23T12:05:00.000Z", 10.1, "stopped")
    outages = [WorkerOutage(since=at, seconds=s, what=what, calls=3) for at, s, what in times]
    made = document(
        instrument__worker_restarts=1,
        instrument__worker_outage_s=10.5,
        instrument__worker_outages=outages,
        instrument__blind_s=2.0,
    )
    told = " ".join(" ".join(measured_lines(made)).split())
    assert (
        "workers 1 restarted, 10.5 s without one (left out): died 2026-11-23 12:04:31 UTC, 0.4 s; "
        "stopped 2026-11-23 12:05:00 UTC, 10.1 s" in told
    )
    assert "engine stood still for 2.0 s: no event was seen, audio went on" in told
