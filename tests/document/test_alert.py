"""What an alert says, of documents made by hand."""

from __future__ import annotations

import pytest

from ari_tui.analysis.sla.alarm import State
from ari_tui.document.alert import SCHEMA
from ari_tui.document.model import encode
from tests.document.kit import alert, sla_now


def test_a_failure_says_which_rules_how_many_calls_and_why() -> None:
    now = sla_now("fail", failing={"p95": 1, "loss": 2}, reasons=["loss: 3%, allowed 0.2%"])
    found = alert("fail", "ok", now)
    assert (found.state, found.previous, found.calls) == ("fail", "ok", 2)
    assert (found.failing, found.tier) == ({"p95": 1, "loss": 2}, "up to 30 calls")
    assert found.where is not None
    assert found.text == (
        f"ari-tui on here: SLA fails, 2 calls affected, WHERE {found.where.line}: "
        "loss: 3%, allowed 0.2%"
    )
    assert (found.schema, found.session, found.profile) == (SCHEMA, "0123abcd", "seed")
    assert found.verdict == "inconclusive"


def test_one_affected_call_is_one_call() -> None:
    now = sla_now("fail", failing={"max": 1}, reasons=["max: 1 s above 22 ms"])
    assert "1 call affected" in alert("fail", "ok", now).text


@pytest.mark.parametrize(
    ("state", "previous", "words"),
    [
        ("ok", "fail", "the SLA no longer fails"),
        ("ok", "no_traffic", "there is traffic again"),
        ("no_traffic", "ok", "no traffic (2 calls up)"),
    ],
)
def test_each_change_reads_in_one_line(state: State, previous: State, words: str) -> None:
    found = alert(state, previous, sla_now())
    assert found.text == f"ari-tui on here: {words}"


def test_many_reasons_are_cut_so_that_a_pipe_holds_the_alert() -> None:
    now = sla_now("fail", failing={"p50": 1}, reasons=[f"reason {n}" for n in range(500)])
    found = alert("fail", "ok", now)
    assert len(found.reasons) == 10
    assert len(encode(found)) < 4096


def test_a_document_of_an_older_engine_says_what_it_can() -> None:
    found = alert("fail", "ok", None)
    assert (found.failing, found.reasons, found.tier) == ({}, [], "")


def test_no_caller_is_named() -> None:
    text = encode(alert("fail", "ok", sla_now("fail", failing={"p50": 2}))).decode()
    assert not any(name in text for name in ("Ann", "PJSIP", "170."))
