"""The report as one HTML file: works offline and without scripts, prints well.

All text from outside is escaped; names of callers are not included.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from ari_tui.core.number_format import moment, span, unix_seconds
from ari_tui.document.model import SlaRule
from ari_tui.report import facts
from ari_tui.report.facts import Fact
from ari_tui.report.html.calls import failed_calls, tiers, worst_calls
from ari_tui.report.html.charts import TimelineCharts
from ari_tui.report.html.distributions import gauge, histogram, set_up_times
from ari_tui.report.html.markup import Markup, element, join, raw, void
from ari_tui.report.html.parts import badge, section, tone, word
from ari_tui.report.html.svg import Tick
from ari_tui.report.html.where import where_section
from ari_tui.report.report_input import ReportInput

_SIGNS: Final = {"pass": "M9 15.5l4 4 8-9", "fail": "M10.5 10.5l9 9m0-9l-9 9", "open": "M9 15h12"}

STYLE: Final = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
"""The style sheet: light, dark (`prefers-color-scheme`) and for print."""
POLICY: Final = (
    "default-src 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    + "'; base-uri 'none'; form-action 'none'"
)
"""The page's Content-Security-Policy: no loading, no scripts, only this style sheet."""


def html_report(report_input: ReportInput) -> str:
    """Return the whole page."""
    name = facts.title(report_input)
    head = element(
        "head",
        void("meta", charset="utf-8"),
        void("meta", http_equiv="Content-Security-Policy", content=POLICY),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("meta", name="generator", content=f"ari-tui {report_input.document.session.version}"),
        element("title", f"{word(facts.verdict(report_input))}: {name}"),
        element("style", raw(STYLE)),
    )
    body = element("body", element("main", list(_sections(report_input, name))))
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _sections(report_input: ReportInput, name: str) -> Iterator[Markup]:
    document, load = report_input.document, report_input.load
    session = document.session
    kind = "Load test report" if load else "Measurement report"
    yield element("header", element("b", "ari-tui"), element("span", kind))
    yield element("h1", name)
    ended = moment(session.ended_at or document.time)
    started, lasted = (session.started_at, session.duration_s)
    if load is not None:
        started, lasted, ended = load.started_at, load.duration_s, moment(load.ended_at)
    when = f"{moment(started)} to {ended.split(' ', 1)[-1]}, {span(lasted)}"
    yield element("p", when, class_="when")
    for note in filter(None, (report_input.warning, facts.injected(document))):
        yield element("p", note, class_="note", role="note")
    yield from where_section(report_input)
    yield _verdict(report_input)
    yield element(
        "dl", [_tile(fact) for fact in facts.headline_numbers(report_input)], class_="tiles"
    )
    if not facts.without_traffic(document):
        yield _rules(report_input)
    if load is not None and load.tiers:
        yield section("Load tiers", _TIERS, tiers(load.tiers))
    yield from _pictures(report_input)
    if load is not None:
        yield from failed_calls(load)
    yield from worst_calls(report_input)
    yield from _details(report_input)
    yield element(
        "footer",
        f"Made by ari-tui {session.version}. This file loads nothing from "
        "anywhere and runs no script.",
    )


_TIERS: Final = "Each tier is judged by the seconds in which its calls were up."
_RULES: Final = (
    "The limits, what was found in the seconds that are judged, and what that proves. The bar is "
    "the 95 % range of what the true share may be, the line in the middle is the limit."
)


def _verdict(report_input: ReportInput) -> Markup:
    found = facts.verdict(report_input)
    sign = element(
        "svg",
        element("circle", cx=15, cy=15, r=13),
        element("path", d=_SIGNS[tone(found)]),
        viewBox="0 0 30 30",
        aria_hidden="true",
    )
    reasons = facts.reasons(report_input)
    return element(
        "section",
        element("p", sign, word(found), class_="word"),
        element("ul", [element("li", reason) for reason in reasons]) if reasons else None,
        element("p", facts.judged(report_input.document), class_="lead"),
        class_=f"verdict {tone(found)}",
    )


def _tile(fact: Fact) -> Markup:
    return element(
        "div",
        element("dt", fact.name),
        element("dd", fact.value, class_="figure"),
        element("dd", fact.note, class_="small"),
        class_="tile",
    )


def _rules(report_input: ReportInput) -> Markup:
    head = element(
        "tr",
        [element("th", name, scope="col") for name in ("Rule", "Limit", "Found", "Evidence")],
        element("th", "Seconds over", scope="col", class_="n"),
        element("th", "Verdict", scope="col"),
    )
    rows = [_rule(rule) for rule in report_input.document.sla.rules]
    table = element("table", element("thead", head), element("tbody", rows), class_="rules")
    return section("Service level", _RULES, element("div", table, class_="scroll"), whole_page=True)


def _rule(rule: SlaRule) -> Markup:
    words = facts.rule_words(rule)
    return element(
        "tr",
        [element("td", text, class_="id") for text in (words.name, words.asked, words.found)],
        element("td", gauge(rule), element("span", words.evidence, class_="small")),
        element("td", words.violated, class_="n"),
        element("td", badge(words.verdict)),
        class_=tone(words.verdict),
    )


def _pictures(report_input: ReportInput) -> Iterator[Markup]:
    document, load = report_input.document, report_input.load
    if report_input.timeline.points:
        charts = TimelineCharts(report_input.timeline, document, list(_tier_marks(report_input)))
        yield section("Over time", charts.note, list(charts.figures()))
    spread = histogram(document)
    if spread is not None:
        yield section("Round trips", "How many packets took how long.", spread, whole_page=True)
    times = None if load is None else set_up_times(load.set_up_ms)
    if times is not None:
        yield section(
            "Call set-up", "From the originate request to each step.", times, whole_page=True
        )


def _tier_marks(report_input: ReportInput) -> Iterator[Tick]:
    if report_input.load is None or len(report_input.load.tiers) < 2:
        return
    with contextlib.suppress(ValueError):  # times in a file may be invalid: then no marks
        start = unix_seconds(report_input.load.started_at)
        for tier in report_input.load.tiers:
            at = unix_seconds(tier.started_at) - start
            yield Tick(max(at, 0.0), f"{tier.calls} calls")


def _details(report_input: ReportInput) -> Iterator[Markup]:
    document = report_input.document
    if report_input.load is not None:
        yield section("The test", None, _facts(facts.plan_facts(report_input.load.plan)))
    yield section(
        "Packet counts",
        "Every packet sent is returned, lost or in flight.",
        _facts(facts.books(document)),
    )
    yield section(
        "The measurement itself",
        "Delays in this program are measured too, and are not counted as the network's.",
        _facts(facts.instrument(document)),
    )
    yield section("Environment", None, _facts(facts.environment(report_input)))
    words = [join(element("dt", word), element("dd", text)) for word, text in facts.GLOSSARY]
    yield section("What the words mean", None, element("dl", words, class_="words"))


def _facts(shown: Iterable[Fact]) -> Markup:
    rows = [
        element(
            "div",
            element("dt", fact.name),
            element(
                "dd", fact.value, element("span", fact.note, class_="small") if fact.note else None
            ),
        )
        for fact in shown
    ]
    return element("dl", rows, class_="facts")
