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
from ari_tui.ui.columns import chosen
from ari_tui.ui.frame import Frame
from ari_tui.ui.incident import incident, row_text
from ari_tui.ui.view_state import NARROW, Row
from ari_tui.ui.widgets.detail_page import title
from ari_tui.ui.widgets.header import OneLine
from ari_tui.ui.widgets.where import render_where
from tests.ui import kit
from tests.ui.detail_kit import a_view, plain
from tests.ui.kit import ECHO_LOSS, a_call, a_document, a_finding, a_where, an_sla, an_unknown
from tests.ui.stage import playing

SLOW = "echo server: held up to 40 ms since 11:59:20 (likely)"
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


def frame() -> Frame:
    return kit.a_frame(document=a_fault())


def row() -> Row:
    return kit.a_row(a_fault().calls[1])


def detail(width: int) -> str:
    return plain(title(a_view(a_fault().calls[1]), width))


SURFACES = {
    "overview at 80x24": lambda: render_where(frame(), 80, 1).plain,
    "overview at 200x50": lambda: render_where(frame(), 200, 4).plain,
    "overview in one line": lambda: OneLine().draw(frame(), 120, 1).plain,
    "detail": lambda: detail(100),
    "incident": lambda: incident(frame(), row()),
    "copied row": lambda: row_text(row(), chosen(NARROW), frame()),
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
ONE_LINE = {
    "overview at 80x24",
    "overview at 200x50",
    "overview in one line",
    "copied row",
    "status line",
    "check",
    "check of a run",
    "alert",
    "alert's environment",
}


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


def test_where_a_layout_is_narrower_the_words_are_cut_and_not_others() -> None:
    for shown in (render_where(frame(), 40, 1).plain, OneLine().draw(frame(), 40, 1).plain):
        words = shown[shown.index("WHERE ") + 6 :]
        assert words.endswith("…")
        assert ECHO_LOSS.startswith(words[:-1])
        assert len(words) > len("path to echo")
    assert ECHO_LOSS in " ".join(detail(30).split())


async def test_the_screen_itself_says_them_in_the_overview_and_in_the_detail() -> None:
    source = kit.FakeSource(a_fault(), kit.a_history({"call-2": kit.a_course()}))
    async with playing(source, size=(80, 24)) as play:
        assert f"! WHERE {ECHO_LOSS}" in play.text
        assert "echo out!" in play.text
        await play.press("exclamation_mark", "enter")
        assert play.in_front == "DetailScreen"
        assert play.text.split("\n")[0] == f"! WHERE {ECHO_LOSS}"
