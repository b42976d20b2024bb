"""How the columns and the sparkline of the table share a line."""

import pytest

from ari_tui.client.source import Link
from ari_tui.ui.columns import chosen
from ari_tui.ui.frame import Frame
from ari_tui.ui.limits import Limits
from ari_tui.ui.view_state import NARROW
from ari_tui.ui.widgets.table_shape import shape_of, spark_min
from tests.ui import kit


def a_frame() -> Frame:
    document = kit.a_document([kit.a_call(1)])
    return Frame(document, kit.a_history({}), (), Limits(max_ms=22.0), Link("live"), 0.4)


def test_columns_leave_room_for_a_sparkline_that_fills_the_rest() -> None:
    frame = a_frame()
    for width in (40, 60, 80, 120):
        shape = shape_of(chosen(NARROW), width, frame)
        assert shape.cells == width
        assert shape.spark >= min(12, width // 5)
    assert len(shape_of(chosen(NARROW), 80, frame).columns) == len(NARROW)
    assert [column.id for column in shape_of(chosen(NARROW), 40, frame).columns] == [
        "mark",
        "channel",
        "duration",
        "rtt_mean_ms",
    ]


@pytest.mark.parametrize(
    ("width", "cells"), [(0, 0), (20, 4), (59, 11), (60, 12), (119, 12), (120, 30), (200, 30)]
)
def test_a_sparkline_has_its_part_of_every_width(width: int, cells: int) -> None:
    assert spark_min(width) == cells


def test_the_sign_of_a_cut_and_the_scale_are_those_of_the_frame() -> None:
    frame = a_frame()
    assert shape_of(chosen(NARROW), 80, frame).ellipsis == "…"
    shape = shape_of(chosen(NARROW), 80, frame._replace(ascii=True, window=10))
    assert (shape.ellipsis, shape.scale_ms, shape.window) == ("~", 22.0, 10)
