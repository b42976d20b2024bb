from typing import Any

from rich.style import Style

from ari_tui.client.source import Link
from ari_tui.ui.columns import chosen
from ari_tui.ui.frame import Frame
from ari_tui.ui.limits import Limits
from ari_tui.ui.rows import rows_of
from ari_tui.ui.view_state import NARROW
from ari_tui.ui.widgets.table_lines import Head, Line
from ari_tui.ui.widgets.table_renderer import NOTHING, UNKNOWN, TableRenderer, TableView
from tests.ui import kit

LIMITS = Limits(p95_ms=12.0, max_ms=22.0)
VIEW = TableView(80, range(5), "call-1", "rtt_p95_ms", True)


def a_canvas() -> TableRenderer:
    return TableRenderer(lambda name, partial: Style(bold=name == "selected"))


def give(canvas: TableRenderer, numbers: range, **changed: Any) -> None:
    document = kit.a_document([kit.a_call(n, **changed) for n in numbers])
    history = kit.a_history({call.id: kit.a_course() for call in document.calls})
    frame = Frame(document, history, (), LIMITS, Link("live"), 0.4)
    canvas.take(rows_of(document, history), chosen(NARROW), frame)


def test_nothing_is_drawn_before_the_first_frame() -> None:
    canvas = a_canvas()
    assert canvas.content(0, VIEW) == NOTHING
    assert canvas.strip(NOTHING, 80).text == " " * 80


def test_lines_are_the_header_the_rows_in_view_and_nothing() -> None:
    canvas = a_canvas()
    give(canvas, range(1, 21))
    view = VIEW._replace(in_view=range(7, 12), selected="call-9")
    assert canvas.content(0, view).what == Head("rtt_p95_ms", True, 8, 12, 20)
    calls = [canvas.content(y, view) for y in range(1, 7)]
    assert [content.call for content in calls] == [
        "call-8",
        "call-9",
        "call-10",
        "call-11",
        "call-12",
        "",
    ]
    assert [content.selected for content in calls] == [False, True, False, False, False, False]
    assert isinstance(calls[0].what, Line)
    assert calls[5] == NOTHING


def test_a_row_that_looks_as_before_is_drawn_once() -> None:
    canvas = a_canvas()
    give(canvas, range(1, 6))
    first = canvas.strip(canvas.content(1, VIEW), 80)
    give(canvas, range(1, 6))
    assert canvas.strip(canvas.content(1, VIEW), 80) is first
    give(canvas, range(1, 6), p50=6.0)
    assert canvas.strip(canvas.content(1, VIEW), 80) is not first


def test_a_row_follows_its_call_to_another_place_without_being_drawn_again() -> None:
    canvas = a_canvas()
    give(canvas, range(1, 6))
    second = canvas.strip(canvas.content(2, VIEW), 80)
    give(canvas, range(2, 6))
    assert canvas.strip(canvas.content(1, VIEW), 80) is second


def test_selection_width_and_columns_draw_a_row_again() -> None:
    canvas = a_canvas()
    give(canvas, range(1, 6))
    first = canvas.strip(canvas.content(1, VIEW), 80)
    other = canvas.strip(canvas.content(1, VIEW._replace(selected=None)), 80)
    assert first.text != other.text
    narrow = canvas.strip(canvas.content(1, VIEW._replace(width=40)), 40)
    assert narrow.cell_length == 40
    assert canvas.strip(canvas.content(1, VIEW), 80).text == first.text


def test_strips_of_calls_out_of_view_and_of_old_themes_are_forgotten() -> None:
    canvas = a_canvas()
    give(canvas, range(1, 6))
    first = canvas.strip(canvas.content(1, VIEW), 80)
    for y in range(2, 6):
        canvas.strip(canvas.content(y, VIEW), 80)
    assert len(canvas._strips) == 5
    canvas.keep_only({"call-1", "call-2"})
    assert len(canvas._strips) == 2
    assert canvas.strip(canvas.content(1, VIEW), 80) is first
    canvas.forget()
    assert len(canvas._strips) == 0
    assert canvas.strip(canvas.content(1, VIEW), 80) is not first


def test_an_empty_table_tells_a_filter_from_no_calls() -> None:
    canvas = a_canvas()
    give(canvas, range(0))
    view = VIEW._replace(in_view=range(0), selected=None)
    assert canvas.content(1, view).what == "no calls"
    document = kit.a_document([kit.a_call(1)])
    frame = Frame(document, kit.a_history({}), (), LIMITS, Link("live"), 0.4)
    canvas.take([], chosen(NARROW), frame)
    content = canvas.content(1, view)
    assert canvas.strip(content, 80).text.strip() == "the call does not fit the filter"
    document = kit.a_document([kit.a_call(1), kit.a_call(2)])
    canvas.take([], chosen(NARROW), frame._replace(document=document))
    assert canvas.content(1, view).what == "none of 2 calls fits the filter"


def test_only_a_row_that_stays_is_painted_in_part() -> None:
    canvas = a_canvas()
    give(canvas, range(1, 6))
    old = canvas.content(1, VIEW)
    header = canvas.content(0, VIEW)
    assert old.changed(old, 80) == 0
    assert old.changed(canvas.content(2, VIEW), 80) == 80, "another call"
    assert old.changed(canvas.content(1, VIEW._replace(selected=None)), 80) == 80
    assert old.changed(NOTHING, 80) == NOTHING.changed(old, 80) == UNKNOWN.changed(old, 80) == 80
    assert UNKNOWN.changed(NOTHING, 80) == 80, "what was never painted"
    give(canvas, range(1, 6), duration_s=61.0)
    assert 0 < old.changed(canvas.content(1, VIEW), 80) < 42
    assert header.changed(canvas.content(0, VIEW._replace(reverse=False)), 80) == 80
