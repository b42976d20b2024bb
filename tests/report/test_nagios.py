"""The line of a plugin: states, exit codes, and performance data by Nagios' grammar."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from ari_tui.document import model
from ari_tui.document.load_test import LoadReport
from ari_tui.report.nagios import Result, State, check_document, check_report
from tests.report.conftest import blank, changed
from tests.ui.kit import CLEAN, ECHO_LOSS, FAULTY, a_call, a_document, an_sla, window

WELL = f"WHERE {CLEAN}; "
# 'label'=value[UOM];[warn];[crit];[min];[max], as the developers' guidelines have it
NUMBER = r"-?\d+(\.\d+)?"
DATUM = re.compile(rf"[a-z0-9_]+=({NUMBER}(ms|s|%|c)?|U)(;({NUMBER})?){{0,4}}")


LIMITS = model.SlaLimits(
    p50_ms=10.0, p95_ms=15.0, p99_ms=20.0, max_ms=22.0, late_ratio=0.001, loss_ratio=0.002
)


def document(**changed: Any) -> model.Document:
    return a_document([a_call(1), a_call(2)], **changed)


def now(state: str, **changed: Any) -> model.SlaNow:
    made = model.SlaNow(
        state=state,
        seconds=60,
        clean_s=57.0,
        of_s=57,
        calls=2,
        tier="up to 100 calls",
        limits=LIMITS,
        failing={},
        reasons=[],
    )
    return msgspec.structs.replace(made, **changed)


def performance(result: Result) -> dict[str, str]:
    text, bar, data = result.line.partition(" | ")
    assert bar
    assert "|" not in text
    words = data.split(" ")
    assert all(DATUM.fullmatch(word) for word in words), data
    found = dict(word.split("=") for word in words)
    assert len(found) == len(words)
    return found


@pytest.mark.parametrize(
    ("verdict", "state", "code"),
    [
        ("pass", State.OK, 0),
        ("inconclusive", State.WARNING, 1),
        ("fail", State.CRITICAL, 2),
        ("a word of a later version", State.UNKNOWN, 3),
    ],
)
def test_the_verdict_is_the_state(verdict: str, state: State, code: int) -> None:
    found = check_document(document(sla=an_sla(verdict)), State.OK)
    assert found.state is state
    assert int(found.state) == code
    assert found.line.startswith(f"ARI-TUI {state.name}: ")
    assert "\n" not in found.line


def test_the_line_of_a_run_that_ended_is_its_verdict() -> None:
    found = check_document(document(kind="final"), State.OK)
    assert found.text == f"{WELL}PASS over 60 of 60 s, 2 calls in all (profile seed)"


def test_the_line_begins_with_where_the_fault_is_unless_an_older_engine_told_none() -> None:
    faulty = check_document(document(kind="final", where=FAULTY), State.OK)
    assert faulty.line.startswith(f"ARI-TUI OK: WHERE {ECHO_LOSS}; PASS over 60 of 60 s")
    older = check_document(document(kind="final", where=None), State.OK)
    assert older.text == "PASS over 60 of 60 s, 2 calls in all (profile seed)"


def test_of_a_running_engine_the_last_minute_counts_and_not_the_hours_before() -> None:
    failing = now("fail", reasons=["p99: 2.3% above 20 ms, allowed 1%"])
    found = check_document(document(sla=an_sla("pass", now=failing)), State.OK)
    assert found.state is State.CRITICAL
    assert found.text == (
        f"{WELL}fail in the last minute (57 of 57 s judged): p99: 2.3% above 20 ms, allowed 1%, "
        "2 calls (profile seed)"
    )
    recovered = check_document(document(sla=an_sla("fail", now=now("pass"))), State.OK)
    assert recovered.state is State.OK
    # the same document as the last of a run
    ended = document(sla=an_sla("pass", now=failing), kind="final")
    assert check_document(ended, State.OK).state is State.OK


def test_too_few_packets_in_a_minute_are_judged_by_the_session() -> None:
    few = now("inconclusive", reasons=["1,500 of about 3,700 packets needed (late)"])
    states = {
        verdict: check_document(document(sla=an_sla(verdict, now=few)), State.OK).state
        for verdict in ("pass", "inconclusive", "fail")
    }
    # nothing bad is known of the minute, and a failure of the session is over
    assert states == {
        "pass": State.OK,
        "inconclusive": State.WARNING,
        "fail": State.WARNING,
    }


def test_a_minute_in_which_our_machine_was_too_busy_is_a_warning_whatever_the_session() -> None:
    busy = now("inconclusive", clean_s=20.0, reasons=["37 of 57 s limited by delay in this engine"])
    found = check_document(document(sla=an_sla("pass", now=busy)), State.OK)
    assert found.state is State.WARNING
    assert "limited by delay in this engine" in found.text


@pytest.mark.parametrize("state", State)
def test_no_traffic_is_what_the_caller_says_it_is(state: State) -> None:
    for silent in (
        document(sla=an_sla("pass", now=now("no_traffic"))),
        document(sla=an_sla("inconclusive", state="no_traffic"), kind="final"),
    ):
        found = check_document(silent, state)
        assert found.state is state
        assert found.text == "no traffic"


def test_an_engine_that_drains_says_so() -> None:
    session = msgspec.structs.replace(document().session, draining=True)
    found = check_document(document(session=session, sla=an_sla(now=now("pass"))), State.OK)
    text = "pass in the last minute (57 of 57 s judged), 2 calls, draining (profile seed)"
    assert found.text == WELL + text


def test_an_engine_that_has_lost_asterisk_is_critical_whatever_its_verdict() -> None:
    found = document()
    away = [msgspec.structs.replace(found.asterisks[0], connected=False)]
    lost = check_document(msgspec.structs.replace(found, asterisks=away), State.OK)
    assert lost.state is State.CRITICAL
    assert "no event stream from Asterisk http://pbx1:8088" in lost.line
    # a run that has ended is connected to nothing
    ended = msgspec.structs.replace(found, asterisks=away, kind="final")
    assert check_document(ended, State.OK).state is State.OK


def test_performance_is_that_of_the_last_minute_with_the_limits_as_thresholds() -> None:
    data = performance(check_document(document(), State.OK))
    assert data["calls"] == "2;;;0"
    assert data["rtt_p95"] == "10ms;;12;0"
    assert data["rtt_max"] == "15ms;;22;0"
    assert data["loss"] == "0%;;0.2;0;100"
    assert data["late"] == "0%;;0.1;0;100"
    assert data["mos"] == "4.4;;;1;4.5"
    assert data["sent"] == "6000c"


def test_thresholds_are_the_limits_of_the_tier_that_judges_now() -> None:
    data = performance(check_document(document(sla=an_sla(now=now("pass"))), State.OK))
    assert data["rtt_p95"] == "10ms;;15;0"
    assert data["late"] == "0%;;0.1;0;100"


def test_performance_of_a_run_that_ended_is_that_of_the_whole() -> None:
    recent = [window(10, lost=500), window(60, lost=3000)]
    totals = msgspec.structs.replace(document().totals, windows=recent, loss_ratio=0.0015)
    running = performance(check_document(document(totals=totals), State.OK))
    ended = performance(check_document(document(totals=totals, kind="final"), State.OK))
    assert running["loss"] == "50%;;0.2;0;100"
    assert ended["loss"] == "0.15%;;0.2;0;100"


def test_what_has_no_sample_is_told_as_undetermined() -> None:
    data = performance(check_document(a_document(), State.OK))
    assert data["rtt_p50"] == "U;;8;0"


def test_text_of_others_cannot_begin_performance_data_or_another_line() -> None:
    hostile = an_sla(headline="a|b=1\n\x1b[2JOK: all is well")
    found = check_document(document(sla=hostile), State.OK)
    assert found.line.count("|") == 1
    assert len(found.line.splitlines()) == 1
    assert "\x1b" not in found.line


@pytest.mark.parametrize(
    ("verdict", "state"),
    [("pass", State.OK), ("fail", State.CRITICAL), ("inconclusive", State.WARNING)],
)
def test_a_load_test_is_its_verdict_with_its_calls(verdict: str, state: State) -> None:
    report = blank(LoadReport)
    for path, value in (
        ("verdict", verdict),
        ("reasons", ["2 calls failed"]),
        ("progress.good", 8),
        ("progress.failed", 2),
        ("plan.max_failed", 1),
        ("document", document(kind="final")),
    ):
        report = changed(report, path, value)
    found = check_report(report)
    assert found.state is state
    assert found.text == f"{WELL}load test {verdict}: 2 calls failed, 8 calls good, 2 failed"
    data = performance(found)
    assert data["calls_failed"] == "2;;1;0"
    assert data["rtt_p99"] == "15ms;;18;0"
