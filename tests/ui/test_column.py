from typing import Any

from ari_tui.core.number_format import DASH
from ari_tui.ui import number_format as forms
from ari_tui.ui.columns import Column, Value
from ari_tui.ui.frame import Frame, WindowLength
from ari_tui.ui.limits import Grade, Limits
from ari_tui.ui.view_state import Row
from tests.ui import kit

ROW = kit.a_row(kit.a_call(1))


def of(value: Value) -> Column:
    return Column("x", "X", 4, "right", "a test", lambda _row, _window: value, window_label="Xs")


def frame(**changed: Any) -> Frame:
    return kit.a_frame(**changed)


def test_no_sample_is_a_dash_and_no_key() -> None:
    assert of(None).text(ROW, frame()) == DASH
    assert of(None).text(ROW, frame(ascii=True)) == "-"
    assert of(None).key(ROW) is None


def test_nought_is_a_sample() -> None:
    assert of(0.0)._replace(form=forms.milliseconds).text(ROW, frame()) == "0.0"
    assert of(0.0).key(ROW) == 0.0


def test_texts_sort_without_case_and_by_an_order_of_their_own_where_there_is_one() -> None:
    assert of("Bob").key(ROW) == "bob"
    assert of("Bob")._replace(order=len).key(ROW) == 3


def test_the_heading_of_a_window_may_differ() -> None:
    assert of(1).heading() == "X"
    assert of(1).heading(10) == "Xs"
    assert of(1)._replace(window_label="").heading(10) == "X"


def test_value_and_grade_are_asked_for_the_window_of_the_frame() -> None:
    asked: list[object] = []

    def value(_row: Row, window: WindowLength) -> float:
        asked.append(window)
        return 1.0

    def judge(_row: Row, window: WindowLength, limits: Limits) -> Grade:
        asked.append((window, limits.max_ms))
        return "near"

    column = of(1)._replace(value=value, judge=judge)
    column.text(ROW, frame(window=60))
    assert column.grade(ROW, frame(window=60)) == "near"
    assert asked == [60, (60, 22.0)]


def test_without_a_judge_nothing_is_graded() -> None:
    assert of(1).grade(ROW, frame()) == "none"
