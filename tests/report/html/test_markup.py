from __future__ import annotations

import pytest

from ari_tui.report.html.markup import Markup, element, escape, join, raw, void
from tests.report.kit import HOSTILE, Page


@pytest.mark.parametrize("name", HOSTILE)
def test_a_text_stays_a_text_as_content_and_as_attribute(name: str) -> None:
    page = Page(element("p", name, title=name))
    assert page.tags == ["p"]
    assert list(page.elements[0][1]) == ["title"]
    assert "\x1b" not in page.text


def test_markup_is_escaped_once_only() -> None:
    inner = element("b", "1 < 2")
    assert inner == "<b>1 &lt; 2</b>"
    assert element("p", inner, " & ", [inner, "x"]) == f"<p>{inner} &amp; {inner}x</p>"
    assert escape(escape("<")) == "&lt;"


def test_attributes_are_named_as_html_has_them_and_none_is_left_out() -> None:
    made = element("text", class_="a", text_anchor="end", x=1.005, y=None, viewBox="0 0 1 1")
    assert made == '<text class="a" text-anchor="end" x="1" viewBox="0 0 1 1"></text>'


def test_parts_are_joined_and_nothing_is_nothing() -> None:
    assert join("<", None, ["a", raw("<i></i>")], []) == "&lt;a<i></i>"
    assert isinstance(join(), Markup)


def test_a_void_element_has_no_end() -> None:
    assert void("meta", charset="utf-8") == '<meta charset="utf-8">'
