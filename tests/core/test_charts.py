from __future__ import annotations

import pytest

from ari_tui.core.charts import Axes, Points, chart

AXES = Axes((-9.0, 0.0), 20.0, [(-9.0, "then"), (0.0, "now")], [(0.0, "   0"), (20.0, "  20")])


def drawn(*points: Points, ascii_only: bool = False) -> list[str]:
    return chart(points, AXES, 15, 7, ascii_only=ascii_only)


def test_every_point_has_its_column_and_height() -> None:
    x = [float(n) for n in range(-9, 1)]
    lines = drawn(Points(x, [20.0] * 5 + [0.0] * 5, "o"))
    assert lines[0] == "  20┤ooooo"
    assert lines[4] == "   0┤     ooooo"
    assert lines[5] == "    └┬────────┬"
    assert lines[6].split() == ["then", "now"]
    assert len(lines) == 7


def test_later_points_lie_over_earlier_ones_and_stems_reach_the_axis() -> None:
    lines = drawn(Points([0.0], [20.0], "x", stems=True), Points([0.0], [20.0], "^"))
    assert [line[5:].strip() for line in lines[:5]] == ["^", "x", "x", "x", "x"]


def test_without_points_the_frame_is_drawn() -> None:
    assert drawn()[0] == "  20┤"


def test_ascii_has_no_other_signs() -> None:
    lines = drawn(Points([0.0], [10.0], "o"), ascii_only=True)
    assert all(line.isascii() for line in lines)
    assert lines[5] == "    ++--------+"


@pytest.mark.parametrize("columns", ["20", "500"])
def test_the_size_does_not_depend_on_the_terminal(
    columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("LINES", "5")
    wide = Axes((-99.0, 0.0), 20.0, [(0.0, "now")], [(20.0, "  20")])
    lines = chart([Points([-99.0, 0.0], [20.0, 20.0], "o")], wide, 105, 12)
    assert (len(lines), len(lines[0])) == (12, 105)


FROM_0 = Axes((0.0, 9.0), 20.0, [(0.0, "0:00"), (9.0, "9")], [(0.0, "   0"), (20.0, "  20")])


def drawn_from_0(*points: Points, ascii_only: bool = False) -> list[str]:
    return chart(points, FROM_0, 15, 7, ascii_only=ascii_only)


def test_a_range_may_begin_at_0() -> None:
    lines = drawn_from_0(Points([float(n) for n in range(10)], [20.0] * 5 + [0.0] * 5, "o"))
    assert lines[0] == "  20┤ooooo"
    assert lines[4] == "   0┤     ooooo"
    assert lines[6].split() == ["0:00", "9"]
    lines = drawn_from_0(Points([9.0], [20.0], "x", stems=True), Points([9.0], [20.0], "^"))
    assert [line[5:].strip() for line in lines[:5]] == ["^", "x", "x", "x", "x"]


def test_a_chart_has_nothing_of_the_one_before() -> None:
    drawn_from_0(Points([5.0], [10.0], "o"))
    assert not [line for line in drawn_from_0() if "o" in line]


def test_a_full_block_has_a_sign_in_ascii() -> None:
    lines = drawn_from_0(Points([0.0], [20.0], "█", stems=True), ascii_only=True)
    assert all(line.isascii() for line in lines)
    assert lines[0] == "  20|#"
