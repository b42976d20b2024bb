from __future__ import annotations

import re

import pytest

from ari_tui.report.html import svg
from ari_tui.report.html.markup import Markup, element, escape, join, raw, void
from ari_tui.report.html.svg import Bar, SvgCanvas, Tick
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


CANVAS = SvgCanvas(126, 10.0, 50.0)


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d*\.?\d+", text)]


def test_zero_lies_in_the_corner_and_the_ends_on_the_edges() -> None:
    assert (CANVAS.x(0), CANVAS.y(0)) == (56.0, 100.0)
    assert (CANVAS.x(10), CANVAS.y(50)) == (946.0, 16.0)
    assert CANVAS.y(80) == 16.0
    assert SvgCanvas(126, 0.0, 0.0).x(0.0) == 56.0


def test_a_line_is_broken_where_nothing_was_and_a_lone_point_is_seen() -> None:
    line = svg.line(CANVAS, [0, 1, 2, 3, 4], [10, 20, None, 30, None], "p50")
    (_, attributes), *_ = Page(line).elements
    path = str(attributes["d"])
    assert re.sub(r"[\d. -]", "", path) == "MLMh"
    assert numbers(path)[:4] == [56.0, 83.2, 145.0, 66.4]
    assert svg.line(CANVAS, [0.0], [None], "p50") == ""


def test_steps_keep_their_value_to_the_next() -> None:
    path = str(Page(svg.steps(CANVAS, [0, 5], 5, [25, 50])).elements[0][1]["d"])
    assert path == "M56.0 100.0V58.0H501.0V16.0H946.0V100.0Z"
    assert svg.steps(CANVAS, [], 5, []) == ""


def test_bars_stand_on_the_ground_and_small_ones_are_seen() -> None:
    shown = [Bar(0, 5, 25, ""), Bar(5, 10, 0.001, "over"), Bar(5, 10, 0, "")]
    found = [attributes for _, attributes in Page(svg.bars(CANVAS, shown)).elements]
    assert [float(str(one["y"])) + float(str(one["height"])) for one in found] == [100.0, 100.0]
    assert [one["height"] for one in found] == ["42", "1.5"]
    assert found[1]["class"] == "bar over"


def test_a_dot_beyond_the_top_is_an_arrow() -> None:
    tags = Page(svg.dots(CANVAS, [1, 2, 3], [40, 60, None], "max")).tags
    assert tags == ["circle", "path"]


def test_a_limit_is_drawn_where_it_is_and_not_beyond_the_top() -> None:
    page = Page(svg.limit(CANVAS, 25, "limit 25 ms", "p99"))
    assert page.elements[0][1]["y1"] == "58"
    assert page.text == "limit 25 ms"
    assert svg.limit(CANVAS, 51, "far") == svg.limit(CANVAS, None, "none") == ""


def test_axes_label_every_tick() -> None:
    page = Page(
        svg.axes(CANVAS, [Tick(0, "0:00"), Tick(10, "0:10")], [Tick(0, "0"), Tick(50, "50")])
    )
    assert page.texts == ["0", "50", "0:00", "0:10"]


def test_every_slot_tells_its_text() -> None:
    page = Page(svg.hovers(CANVAS, [(0, 5), (5, 10)], lambda place: f"slot <{place}>"))
    assert page.texts == ["slot <0>", "slot <1>"]
    assert [one["width"] for tag, one in page.elements if tag == "rect"] == ["445", "445"]


def test_a_picture_scales_and_says_what_it_is() -> None:
    ((tag, attributes),) = Page(svg.picture(126, 'Calls "up"')).elements
    assert (tag, attributes["viewbox"], attributes["role"]) == ("svg", "0 0 960 126", "img")
    assert attributes["aria-label"] == 'Calls "up"'


def test_marks_of_several_rows_do_not_share_a_line() -> None:
    first, second = (Page(svg.marks(CANVAS, [Tick(3, "a")], "p50", row)) for row in (0, 1))
    assert first.elements[1][1]["y"] != second.elements[1][1]["y"]
