"""The same words for the same call on all surfaces: one document with a fault, drawn by each."""

from __future__ import annotations

import html
import json

import msgspec
import pytest

from ari_tui.analysis.sla.alarm import Change
from ari_tui.analysis.sla.profiles import SEED_PROFILE
from ari_tui.document.alert import Alert, alert_of
from ari_tui.document.model import Call, Document, SlaLimits, SlaNow, encode
from ari_tui.engine.alerts.command import environment_of
from ari_tui.engine.alerts.watcher import AlertState
from ari_tui.engine.http.server import sla_page
from ari_tui.report.html.page import html_report
from ari_tui.report.nagios import State, check_document
from ari_tui.report.report_input import ReportInput
from ari_tui.report.text.full import plain_report
from ari_tui.report.text.summary import final_report, status_line
from ari_tui.report.timeline import Timeline
from tests.ui.kit import ECHO_LOSS, a_call, a_document, a_finding, a_where, an_sla, an_unknown

SLOW = "the echo server: slow by up to 40 ms since 11:59:20 (likely)"
WHERE = a_where(
    a_finding(against=["a server that is slow may drop too"]),
    a_finding(SLOW, place="echo-server", what="held", confidence="likely"),
    unknown=[an_unknown()],
)
SAID = (ECHO_LOSS, SLOW, WHERE.findings[0].evidence[0], WHERE.findings[0].against[0])
"""What a surface with room says."""
LIMITS = SlaLimits(p50_ms=8, p95_ms=12, p99_ms=18, max_ms=22, late_ratio=0.001, loss_ratio=0.002)
NOW = SlaNow(
    state="fail",
    seconds=60,
    clean_s=60.0,
    of_s=60,
    calls=2,
    tier="up to 30 calls",
    limits=LIMITS,
    failing={"loss": 1},
    reasons=["loss: 5.1 %, allowed 0.2 %"],
)


def a_fault(kind: str = "interval") -> Document:
    """Return a document of a clean call and one with a fault, which is that of the session too."""
    calls: list[Call] = [
        a_call(1, where=a_where()),
        a_call(2, lost=122, where=WHERE),
    ]
    return a_document(calls, kind=kind, where=WHERE, sla=an_sla("fail", now=NOW))


def an_alert() -> Alert:
    return alert_of(Change("fail", "ok"), a_fault())


def run() -> ReportInput:
    return ReportInput(a_fault("final"), Timeline([]))


NO_ALERT = AlertState(state="ok", since=None, told=0, receivers=[], undelivered=0)
SURFACES = {
    "status line": lambda: status_line(a_fault()),
    "final report": lambda: final_report(a_fault("final")),
    "report as text": lambda: plain_report(run(), width=80),
    "report as HTML": lambda: html.unescape(html_report(run())),
    "check": lambda: check_document(a_fault(), State.OK).line,
    "check of a run": lambda: check_document(a_fault("final"), State.OK).line,
    "alert": lambda: an_alert().text,
    "alert's environment": lambda: environment_of(an_alert(), {})["ARI_TUI_ALERT_WHERE"],
    "alert's JSON": lambda: encode(an_alert()).decode(),
    "/sla": lambda: msgspec.json.encode(sla_page(a_fault(), SEED_PROFILE, NO_ALERT)).decode(),
    "/calls": lambda: msgspec.json.encode(a_fault().calls).decode(),
    "JSON": lambda: encode(a_fault()).decode(),
}
ONE_LINE = {"status line", "check", "check of a run", "alert", "alert's environment"}


@pytest.mark.parametrize("surface", SURFACES)
def test_every_surface_says_the_first_finding_in_its_own_words(surface: str) -> None:
    assert ECHO_LOSS in SURFACES[surface]()


@pytest.mark.parametrize("surface", sorted(SURFACES.keys() - ONE_LINE))
def test_every_surface_with_room_says_further_findings_and_their_grounds(surface: str) -> None:
    shown = SURFACES[surface]()
    assert [words for words in SAID if words not in shown] == []


@pytest.mark.parametrize("surface", ["final report", "report as text", "report as HTML"])
def test_a_report_begins_with_the_place_and_names_the_call(surface: str) -> None:
    shown = SURFACES[surface]()
    faulty, clean = a_fault().calls[1].channel, a_fault().calls[0].channel
    assert shown.index(ECHO_LOSS) < shown.index("SLA " if "<html" not in shown else "Service level")
    after = shown[shown.index(ECHO_LOSS) + 1 :]
    table = after[: after.index(ECHO_LOSS)]
    assert faulty in table
    assert clean not in table


def test_the_objects_are_those_of_the_document() -> None:
    found = a_fault()
    assert an_alert().where == found.where == sla_page(found, SEED_PROFILE, NO_ALERT).where
    assert json.loads(encode(found))["calls"][1]["where"]["findings"][0]["text"] == ECHO_LOSS
