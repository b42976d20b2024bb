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
from ari_tui.report.html.calls import WORST, failed_calls, tiers, worst_calls
from ari_tui.report.html.page import POLICY, STYLE, html_report
from ari_tui.report.html.parts import badge, section, tone, word
from ari_tui.report.report_input import NOT_CLOSED, ReportInput
from ari_tui.report.timeline import Timeline
from tests.report.kit import (
    HOSTILE,
    Page,
    a_failed_call,
    a_hostile_report_input,
    a_load_call,
    a_load_report,
    a_report_input,
    a_rule,
    a_run,
)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
LOADING = {"src", "href", "srcset", "action", "data", "poster", "background", "style", "xlink:href"}


def a_run_report_input(**fields: object) -> ReportInput:
    return ReportInput(a_run(**fields), a_report_input().timeline)


@pytest.mark.parametrize(
    "report_input", [a_report_input(), a_run_report_input()], ids=["load test", "run"]
)
def test_a_page_loads_nothing_and_runs_nothing(report_input: ReportInput) -> None:
    text = html_report(report_input)
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
    text = html_report(a_report_input())
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
        Page(html_report(a_hostile_report_input("name"))),
        Page(html_report(a_hostile_report_input(name))),
    )
    assert hostile.tags == plain.tags
    assert [list(one) for _, one in hostile.elements] == [list(one) for _, one in plain.elements]
    assert "\x1b" not in hostile.text
    assert "\u202e" not in hostile.text


def test_a_load_test_has_all_its_chapters() -> None:
    text = Page(html_report(a_report_input(plan__tiers=[1, 2]))).text
    for chapter in (
        "Load test of Local/tone@lab",
        "Fail",
        "1 of 3 calls failed (1 at answered), allowed are 0",
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
        "Packet counts",
        "The measurement itself",
        "Environment",
        "What the words mean",
    ):
        assert chapter in text


def test_a_run_without_a_timeline_or_calls_is_still_a_page() -> None:
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
    assert "2 calls" in Page(html_report(a_report_input(tiers=tiers))).texts
    assert "2 calls" not in Page(html_report(a_report_input(tiers=tiers, started_at="soon"))).texts


def test_callers_are_not_named() -> None:
    assert "Caller" not in Page(html_report(a_run_report_input())).text


def test_what_a_reader_must_know_first_is_told_first() -> None:
    by = InjectedBy(echo=Injected(lost=3, duplicates=0, reordered=0), media=None)
    text = html_report(a_run_report_input(injected=by)._replace(warning=NOT_CLOSED))
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

    page = html_report(a_report_input())
    assert complaints(page) == []
    # a style that the policy does not know is complained of, so silence means something
    assert complaints(page.replace("</style>", "i{color:red}</style>")) != []


def cells(page: Page) -> list[str]:
    return [tag for tag in page.tags if tag in ("td", "th")]


def test_a_tier_has_a_row_with_its_rules() -> None:
    report = a_load_report()
    sla = report.document.sla
    page = Page(tiers(report.tiers))
    assert page.tags.count("tr") == 1 + 2
    assert len(cells(page)) == 3 * (5 + len(sla.rules) + 1)
    assert page.texts.count("Fail") == 2


def test_a_rule_that_a_tier_lacks_is_an_empty_cell() -> None:
    first, second = a_load_report().tiers
    sla = msgspec.structs.replace(second.sla, rules=[a_rule("late")])
    page = Page(tiers([first, msgspec.structs.replace(second, sla=sla)]))
    assert len(cells(page)) == 3 * (5 + 4 + 1)


def test_failed_calls_are_told_with_step_reason_and_hint() -> None:
    (chapter,) = failed_calls(a_load_report())
    page = Page(chapter)
    told = ["1", "answered", "busy (cause 17)", "fewer at once", "Local/tone@lab", "3"]
    assert page.texts[-6:] == told
    assert list(failed_calls(a_load_report(calls=[a_load_call(1)]))) == []


def test_of_many_calls_the_worst_are_told_and_how_many_there_were() -> None:
    calls = [a_load_call(n, mos=4.4 - n / 100) for n in range(30)]
    (chapter,) = worst_calls(a_report_input(calls=[*calls, a_failed_call(40)]))
    page = Page(chapter)
    assert f"The worst {WORST} of 30" in page.text
    assert page.tags.count("tr") == 1 + WORST
    assert "Local/tone@lab-29;1" in page.texts
    assert "Local/tone@lab-0;1" not in page.texts


def test_few_calls_are_told_all_and_none_make_no_chapter() -> None:
    (chapter,) = worst_calls(a_report_input())
    assert "All measured calls" in Page(chapter).text
    assert list(worst_calls(a_report_input(calls=[a_failed_call(1)]))) == []


@pytest.mark.parametrize(
    ("verdict", "shown", "colour"),
    [
        ("pass", "Pass", "pass"),
        ("fail", "Fail", "fail"),
        ("inconclusive", "Inconclusive", "open"),
        ("no_traffic", "No traffic", "open"),
    ],
)
def test_a_verdict_has_a_word_and_a_colour(verdict: str, shown: str, colour: str) -> None:
    assert (word(verdict), tone(verdict)) == (shown, colour)
    assert badge(verdict) == f'<span class="badge {colour}">{shown}</span>'


@pytest.mark.parametrize("verdict", HOSTILE)
def test_a_verdict_that_is_none_has_no_colour_of_its_own(verdict: str) -> None:
    assert tone(verdict) == "open"
    assert Page(badge(verdict)).tags == ["span"]


def test_a_chapter_has_a_heading_and_perhaps_a_lead() -> None:
    assert Page(section("Name", "lead", "content")).tags == ["section", "h2", "p"]
    assert Page(section("Name", None)).tags == ["section", "h2"]


def test_every_colour_has_its_dark_twin() -> None:
    light, dark = re.findall(r":root\{(.*?)\}", STYLE, re.DOTALL)[:2]
    names = re.findall(r"(--[\w-]+):", light)
    assert len(names) > 10
    assert sorted(re.findall(r"(--[\w-]+):", dark)) == sorted(names)


def test_paper_is_light_and_dark_is_for_screens_alone() -> None:
    assert "@media screen and (prefers-color-scheme:dark)" in STYLE
    assert "@media print" in STYLE


def test_braces_are_closed_and_every_variable_is_defined() -> None:
    assert STYLE.count("{") == STYLE.count("}")
    assert set(re.findall(r"var\((--[\w-]+)\)", STYLE)) <= set(re.findall(r"(--[\w-]+):", STYLE))


def test_the_style_needs_nothing_from_outside() -> None:
    assert "url(" not in STYLE
    assert "http" not in STYLE
    assert "unsafe" not in POLICY


def test_every_class_of_the_page_is_styled() -> None:
    report_input = a_report_input()
    timeline = Timeline([*report_input.timeline.points], rtt_over_s=10.0)
    page = Page(html_report(report_input._replace(timeline=timeline, warning="careful")))
    used = {name for _, one in page.elements for name in (one.get("class") or "").split()}
    unstyled = used - {name for name in used if f".{name}" in STYLE}
    assert unstyled <= {"tier"}  # a mark's kind that looks like any mark
