from __future__ import annotations

from collections.abc import Callable

import pytest

from ari_tui.document.model import AsteriskState, Call, Document
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
    assert "loss        3.00%" in text
    assert "p99 10.0ms" in text
    assert "own delay p99 61 µs" in text
    assert "4 started" in text
    assert not any(line.startswith("CHANNEL") for line in lines)


def test_the_final_report_of_nothing_has_dashes_and_no_none(document: Make) -> None:
    text = final_report(document(session__end_reason="SIGINT"))
    assert "None" not in text
    assert "min —  p50 —  p95 —  p99 —  max —" in text
    assert "longest —" in text
    assert "own delay p99 —" in text


def test_every_call_has_a_line_under_its_heading(document: Make, call: Callable[..., Call]) -> None:
    calls = [
        call(channel=f"SIP/{n}", state="ended", packets__sent=10**n, rtt_ms__p50=float(n))
        for n in range(1, 6)
    ]
    heading, *rows = final_report(document(calls=calls)).split("\n\n")[2].splitlines()
    assert " ".join(heading.split()) == "CHANNEL STATE SENT BACK DELIV LOST LATE P50 P95 MAX"
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

    assert len(lines(name)) == len(lines("word"))
    assert all(line.isprintable() for line in lines(name))


@pytest.mark.parametrize("name", NASTY)
def test_a_name_cannot_break_the_reports_lines(
    document: Make, call: Callable[..., Call], name: str
) -> None:
    plain = final_report(document(calls=[call(channel="SIP/1", state="up")]))
    text = final_report(document(calls=[call(channel=name, state="up")]))
    assert len(text.splitlines()) == len(plain.splitlines())
    assert all(line.isprintable() for line in text.splitlines())
    assert max(map(len, text.splitlines())) < 200
    assert len({len(line) for line in text.split("\n\n")[2].splitlines()}) == 1


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
    assert told[0].split() == [
        "pass",
        "Round",
        "trip,",
        "p99",
        "≤",
        "18",
        "ms",
        "for",
        "all",
        "but",
        "1",
        "%",
        "0.40",
        "%",
        "above",
    ]
    assert told[1].split()[:3] == ["fail", "Lost", "packets"]


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
