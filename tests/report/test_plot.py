from __future__ import annotations

import pytest

from ari_tui.report.plot import Axes, Signs, chart

AXES = Axes((0.0, 9.0), 20.0, [(0.0, "0:00"), (9.0, "9")], [(0.0, "   0"), (20.0, "  20")])


def drawn(*signs: Signs, ascii_only: bool = False) -> list[str]:
    return chart(signs, AXES, 15, 7, ascii_only=ascii_only)


def test_every_sign_has_its_column_and_height() -> None:
    lines = drawn(Signs([float(n) for n in range(10)], [20.0] * 5 + [0.0] * 5, "o"))
    assert lines[0] == "  20┤ooooo"
    assert lines[4] == "   0┤     ooooo"
    assert lines[6].split() == ["0:00", "9"]


def test_stems_reach_the_ground_and_later_signs_lie_over_them() -> None:
    lines = drawn(Signs([9.0], [20.0], "x", stems=True), Signs([9.0], [20.0], "^"))
    assert [line[5:].strip() for line in lines[:5]] == ["^", "x", "x", "x", "x"]


def test_a_figure_holds_nothing_of_the_one_before() -> None:
    drawn(Signs([5.0], [10.0], "o"))
    assert not [line for line in drawn() if "o" in line]


def test_ascii_has_no_other_signs() -> None:
    lines = drawn(Signs([0.0], [20.0], "█", stems=True), ascii_only=True)
    assert all(line.isascii() for line in lines)
    assert lines[0] == "  20|#"


@pytest.mark.parametrize("columns", ["20", "500"])
def test_the_terminal_has_no_say_in_the_size(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    wide = Axes((0.0, 99.0), 20.0, [(0.0, "0")], [(20.0, "  20")])
    lines = chart([Signs([0.0, 99.0], [20.0, 20.0], "o")], wide, 105, 12)
    assert (len(lines), len(lines[0])) == (12, 105)
