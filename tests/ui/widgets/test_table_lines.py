from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from ari_tui.client.source import Link
from ari_tui.ui.columns import chosen
from ari_tui.ui.frame import Frame
from ari_tui.ui.limits import Limits
from ari_tui.ui.rows import rows_of
from ari_tui.ui.view_state import NARROW, Row
from ari_tui.ui.widgets.table_lines import (
    ComponentStyles,
    Head,
    changed_cells,
    draw_header,
    draw_line,
    draw_message,
    fit_cell,
    line_of,
)
from ari_tui.ui.widgets.table_shape import shape_of, spark_min
from tests.ui import kit

STYLES = {
    "row": Style(color="white", bgcolor="black"),
    "header": Style(bold=True),
    "selected": Style(color="white", bgcolor="blue", reverse=True),
    "ended": Style(dim=True),
    "stale": Style(color="yellow"),
    "fail": Style(color="red", bold=True),
    "near": Style(color="magenta"),
    "lost": Style(color="cyan", reverse=False),
    "over": Style(color="red", reverse=False),
    "spark": Style(color="green", reverse=False),
    "spark-high": Style(color="blue", reverse=False),
    "dim": Style(dim=True),
}
LIMITS = Limits(p95_ms=12.0, max_ms=22.0, loss_ratio=0.002)


def a_look() -> ComponentStyles:
    return ComponentStyles(lambda name, partial: STYLES[name])


def a_frame(**changed: Any) -> Frame:
    history = kit.a_history({"call-1": kit.a_course((3.0, 3.0, 15.0, 30.0), {1: 1})})
    made = Frame(kit.a_document([kit.a_call(1)]), history, (), LIMITS, Link("live"), 0.4)
    return made._replace(**changed)


def a_row(frame: Frame) -> Row:
    [row] = rows_of(frame.document, frame.history)
    return row


@given(
    text=st.text(max_size=60), width=st.integers(1, 20), align=st.sampled_from(["left", "right"])
)
def test_a_fitted_text_takes_exactly_its_cells_and_no_control(
    text: str, width: int, align: str
) -> None:
    fitted = fit_cell(text, width, align, "…")
    assert cell_len(fitted) == width
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in fitted)


def test_a_text_that_fits_is_aligned_and_one_that_does_not_is_seen_to_be_cut() -> None:
    assert fit_cell("5.0", 5, "right", "…") == "  5.0"
    assert fit_cell("abc", 5, "left", "…") == "abc  "
    assert fit_cell("abcdef", 5, "left", "…") == "abcd…"
    assert fit_cell("123456", 5, "right", "~") == "1234~"
    assert fit_cell("日本語", 5, "left", "…") == "日本…"
    assert fit_cell("日本語", 4, "left", "…") == "日 …", "half a character is none"
    assert fit_cell("abc", 0, "left", "…") == ""


def test_styles_are_laid_over_each_other_once() -> None:
    asked: list[tuple[str, bool]] = []

    def component(name: str, partial: bool) -> Style:
        asked.append((name, partial))
        return STYLES[name]

    look = ComponentStyles(component)
    style = look.style("row", "ended", "fail")
    assert style.dim
    assert style.bold
    assert style.color == STYLES["fail"].color
    assert style.bgcolor == STYLES["row"].bgcolor
    assert look.style("row", "ended", "fail") is style
    assert asked == [("row", False), ("ended", True), ("fail", True)]


@pytest.mark.parametrize("width", [1, 10, 24, 40, 80, 200])
def test_every_line_is_as_wide_as_the_shape(width: int) -> None:
    frame, look = a_frame(), a_look()
    shape = shape_of(chosen(NARROW), width, frame)
    strips = [
        draw_line(line_of(a_row(frame), shape, frame), True, shape, look),
        draw_header(Head("channel", False, 1, 1, 1), shape, look),
        draw_message("no calls", width, look),
    ]
    for strip in strips:
        assert strip.cell_length == width
        assert cell_len(strip.text) == width


def test_neighbours_of_one_style_are_one_segment() -> None:
    frame = a_frame()
    shape = shape_of(chosen(NARROW), 80, frame)
    strip = draw_line(line_of(a_row(frame), shape, frame), False, shape, a_look())
    styles = [segment.style for segment in strip]
    assert all(one is not other for one, other in pairwise(styles))
    assert {kind for kind in STYLES if STYLES[kind].color in {s.color for s in styles if s}} >= {
        "lost",
        "over",
        "spark",
        "spark-high",
    }


def test_a_sparkline_is_never_reversed() -> None:
    frame = a_frame()
    shape = shape_of(chosen(NARROW), 80, frame)
    strip = draw_line(line_of(a_row(frame), shape, frame), True, shape, a_look())
    first = next(iter(strip)).style
    assert first is not None
    assert first.reverse
    assert "×" in strip.text
    for segment in strip:
        if set(segment.text) & set("▁▂▃▄▅▆▇█×^"):
            assert segment.style is not None
            assert not segment.style.reverse


def test_the_state_of_an_ended_call_hides_the_newest_seconds_and_keeps_the_others_in_line() -> None:
    frame = a_frame()
    over = kit.a_call(1, ended_at="2026-11-22T12:00:00.000+00:00", state="ended")
    shape = shape_of(chosen(NARROW), 80, frame)
    live = draw_line(line_of(a_row(frame), shape, frame), False, shape, a_look()).text
    ended_row = a_row(frame)._replace(call=over)
    ended = draw_line(line_of(ended_row, shape, frame), False, shape, a_look()).text
    assert ended == live[:-6] + " ended"


def test_the_header_says_which_rows_are_in_view_before_it_says_the_scale() -> None:
    frame, look = a_frame(), a_look()
    titles = {}
    for width in (112, 92, 81):
        shape = shape_of(chosen(NARROW), width, frame)
        header = draw_header(Head("", False, 21, 40, 200), shape, look).text
        titles[shape.spark] = header[-shape.spark :]
    assert titles == {
        44: "RTT 0..22ms, 1 s a cell            21-40/200",
        24: "RTT 0..22ms    21-40/200",
        13: "    21-40/200",
    }
    shape = shape_of(chosen(NARROW), 92, frame)
    header = draw_header(Head("", False, 1, 20, 20), shape, look).text
    assert header.endswith("RTT 0..22ms, 1 s a cell "), "all are in view"


def test_an_arrow_never_moves_a_label() -> None:
    frame, look = a_frame(), a_look()
    shape = shape_of(chosen(NARROW), 80, frame)
    plain = draw_header(Head("", True, 1, 1, 1), shape, look).text
    for column in shape.columns:
        marked = draw_header(Head(column.id, True, 1, 1, 1), shape, look).text
        assert marked.count("▼") == 1
        assert marked.replace("▼", " ") == plain


def test_what_differs_is_told_by_cells_from_the_left() -> None:
    frame = a_frame()
    shape = shape_of(chosen(NARROW), 80, frame)
    line = line_of(a_row(frame), shape, frame)
    assert changed_cells(line, line, shape) == 0
    texts = [*line.texts]
    texts[2] = "9:99"
    assert changed_cells(line, line._replace(texts=tuple(texts)), shape) == 2 + 17 + 12
    grades = [*line.grades]
    grades[0] = "fail"
    assert changed_cells(line, line._replace(grades=tuple(grades)), shape) == 2
    assert changed_cells(line, line._replace(lost=[*line.lost[1:], 1]), shape) == 80
    assert changed_cells(line, line._replace(tone="stale"), shape) == 80


def a_shaped_frame() -> Frame:
    document = kit.a_document([kit.a_call(1)])
    return Frame(document, kit.a_history({}), (), Limits(max_ms=22.0), Link("live"), 0.4)


def test_columns_leave_room_for_a_sparkline_that_fills_the_rest() -> None:
    frame = a_shaped_frame()
    for width in (40, 60, 80, 120):
        shape = shape_of(chosen(NARROW), width, frame)
        assert shape.cells == width
        assert shape.spark >= min(12, width // 5)
    assert len(shape_of(chosen(NARROW), 80, frame).columns) == len(NARROW)
    assert [column.id for column in shape_of(chosen(NARROW), 40, frame).columns] == [
        "mark",
        "channel",
        "where",
    ]


@pytest.mark.parametrize(
    ("width", "cells"), [(0, 0), (20, 4), (59, 11), (60, 12), (119, 12), (120, 30), (200, 30)]
)
def test_a_sparkline_has_its_part_of_every_width(width: int, cells: int) -> None:
    assert spark_min(width) == cells


def test_the_sign_of_a_cut_and_the_scale_are_those_of_the_frame() -> None:
    frame = a_shaped_frame()
    assert shape_of(chosen(NARROW), 80, frame).ellipsis == "…"
    shape = shape_of(chosen(NARROW), 80, frame._replace(ascii=True, window=10))
    assert (shape.ellipsis, shape.scale_ms, shape.window) == ("~", 22.0, 10)
