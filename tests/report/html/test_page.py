from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from ari_tui.document.model import Injected, InjectedBy
from ari_tui.report.html.page import html_report
from ari_tui.report.report_input import NOT_CLOSED, ReportInput
from ari_tui.report.timeline import Timeline
from tests.report.kit import HOSTILE, Page, a_load_report, a_run, a_subject, hostile_subject

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
LOADING = {"src", "href", "srcset", "action", "data", "poster", "background", "style", "xlink:href"}


def a_run_subject(**fields: object) -> ReportInput:
    return ReportInput(a_run(**fields), a_subject().course)


@pytest.mark.parametrize("subject", [a_subject(), a_run_subject()], ids=["load test", "run"])
def test_a_page_loads_nothing_and_runs_nothing(subject: ReportInput) -> None:
    text = html_report(subject)
    page = Page(text)
    assert not set(page.tags) & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "base",
        "use",
    }
    names = {name for _, attributes in page.elements for name in attributes}
    assert not names & LOADING
    assert not [name for name in names if name.startswith("on")]
    assert not re.search(r"url\(|@import|expression\(", text)


def test_the_policy_allows_this_style_and_nothing_else() -> None:
    text = html_report(a_subject())
    policy = next(
        str(attributes["content"])
        for tag, attributes in Page(text).elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    ((style),) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    # before anything that it is to rule
    assert text.index("Content-Security-Policy") < text.index("<style>")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_from_outside_is_text_and_nothing_else(name: str) -> None:
    plain, hostile = (
        Page(html_report(hostile_subject("name"))),
        Page(html_report(hostile_subject(name))),
    )
    assert hostile.tags == plain.tags
    assert [list(one) for _, one in hostile.elements] == [list(one) for _, one in plain.elements]
    assert "\x1b" not in hostile.text
    assert "\u202e" not in hostile.text


def test_a_load_test_has_all_its_chapters() -> None:
    text = Page(html_report(a_subject(plan__tiers=[1, 2]))).text
    for chapter in (
        "Load test of Local/tone@lab",
        "Fail",
        "1 of 3 calls failed (1 at answered); 0 may",
        "Service level",
        "Load tiers",
        "Over time",
        "Calls up",
        "Round trip, ms",
        "Lost packets, %",
        "Late packets, %",
        "Round trips",
        "Call set-up",
        "Failed calls",
        "busy (cause 17)",
        "Worst calls",
        "Local/tone@lab-2;1",
        "The test",
        "The books",
        "The instrument",
        "Environment",
        "What the words mean",
    ):
        assert chapter in text


def test_a_run_without_a_course_or_calls_is_still_a_page() -> None:
    document = a_run(
        calls=[], totals__rtt_histogram=None, sla__verdict="inconclusive", sla__state="no_traffic"
    )
    text = Page(html_report(ReportInput(document, Timeline([])))).text
    assert "No traffic" in text
    for chapter in ("Over time", "Round trips", "Worst calls", "Failed calls", "The test"):
        assert f" {chapter} " not in text
    assert "None" not in text


def test_the_beginnings_of_tiers_are_marked_where_their_times_are_times() -> None:
    first, second = a_load_report().tiers
    tiers = [first, msgspec.structs.replace(second, started_at="2026-11-22T11:59:05.000+00:00")]
    assert "2 calls" in Page(html_report(a_subject(tiers=tiers))).texts
    assert "2 calls" not in Page(html_report(a_subject(tiers=tiers, started_at="soon"))).texts


def test_callers_are_not_named() -> None:
    assert "Caller" not in Page(html_report(a_run_subject())).text


def test_what_a_reader_must_know_first_is_told_first() -> None:
    by = InjectedBy(echo=Injected(lost=3, duplicates=0, reordered=0), media=None)
    text = html_report(a_run_subject(injected=by)._replace(warning=NOT_CLOSED))
    assert text.index(NOT_CLOSED) < text.index("impaired on purpose") < text.index("Service level")


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")
def test_a_browser_shows_the_page_without_a_complaint(tmp_path: Path) -> None:
    def complaints(text: str) -> list[str]:
        path = tmp_path / "report.html"
        path.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [
                str(CHROMIUM),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                f"--user-data-dir={tmp_path / 'profile'}",
                "--enable-logging=stderr",
                "--dump-dom",
                path.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=50,
            check=True,
        )
        assert "What the words mean" in done.stdout
        return [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    page = html_report(a_subject())
    assert complaints(page) == []
    # a style that the policy does not know is complained of, so silence means something
    assert complaints(page.replace("</style>", "i{color:red}</style>")) != []
