from __future__ import annotations

import re

from ari_tui.report.html.page import html_report
from ari_tui.report.html.style import POLICY, STYLE
from ari_tui.report.timeline import Timeline
from tests.report.kit import Page, a_subject


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
    subject = a_subject()
    course = Timeline([*subject.course.points], rtt_over_s=10.0)
    page = Page(html_report(subject._replace(course=course, warning="careful")))
    used = {name for _, one in page.elements for name in (one.get("class") or "").split()}
    unstyled = used - {name for name in used if f".{name}" in STYLE}
    assert unstyled <= {"tier"}  # a mark's kind that looks like any mark
