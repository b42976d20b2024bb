"""Lines of text that never leave their box."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from ari_tui.ui.widgets.line_canvas import LineCanvas, Part, Variant, fit_line, line_item, plain
from tests.ui.widgets.frames import assert_fits

WORDS = [
    (Variant(0, [("ab", "")]), Variant(3, [("abcd", "")])),
    line_item(1, ("efg", "")),
    line_item(2, ("12:00", "")),
]


def joined(parts: list[Part]) -> str:
    return "".join(text for text, _ in parts)


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (1, ""),
        (2, "ab"),
        (6, "abcd"),
        (7, "ab  efg"),
        (13, "abcd  efg"),
        (14, "ab  efg  12:00"),
        (16, "abcd  efg  12:00"),
        (20, "abcd  efg      12:00"),
    ],
)
def test_what_matters_least_is_left_out_first(width: int, shown: str) -> None:
    assert joined(fit_line(WORDS, width)) == shown


def test_a_piece_without_room_keeps_out_those_that_matter_less() -> None:
    items = [line_item(0, ("a", "")), line_item(1, ("much too long", "")), line_item(2, ("b", ""))]
    assert joined(fit_line(items, 10)) == "a"


def test_room_is_measured_in_the_signs_that_are_drawn() -> None:
    items = [line_item(0, ("≤15", "")), line_item(1, ("b", ""))]
    assert joined(fit_line(items, 6)) == "≤15  b"
    assert joined(fit_line(items, 6, ascii_only=True)) == "≤15"


def test_escape_sequences_are_spelled_out() -> None:
    assert plain("\x1b[31mred\n") == "\\x1b[31mred\\n"


def test_signs_of_ours_have_a_form_in_ascii_and_foreign_letters_do_not() -> None:
    assert plain("≤15 ms — ● …é", ascii_only=True) == "<=15 ms - * ...?"


@given(
    st.text(max_size=40),
    st.text(max_size=40),
    st.integers(0, 30),
    st.integers(0, 4),
    st.booleans(),
)
def test_no_text_leaves_its_box(
    one: str, two: str, width: int, height: int, ascii_only: bool
) -> None:
    canvas = LineCanvas(width, height, ascii_only=ascii_only)
    canvas.heading(one, (two, "dim"))
    canvas.line(one, (two, "fail"))
    canvas.line(canvas.left(one, 5), canvas.right(two, 5))
    drawn = canvas.text().plain.split("\n")
    assert len(drawn) <= max(1, height)
    assert max(map(cell_len, drawn)) <= width
    if ascii_only:
        "".join(drawn).encode("ascii")


@given(st.text(max_size=20), st.integers(0, 12))
def test_a_column_is_as_wide_as_it_was_asked_for(text: str, cells: int) -> None:
    canvas = LineCanvas(80, 1)
    assert cell_len(canvas.left(text, cells)) == cells
    assert cell_len(canvas.right(text, cells)) == cells


def test_what_is_cut_off_leaves_a_mark() -> None:
    canvas = LineCanvas(6, 2)
    canvas.line("12345678")
    canvas.line("123456  ")
    assert canvas.text().plain == "12345…\n123456"


def test_markup_is_shown_as_it_is() -> None:
    canvas = LineCanvas(20, 1)
    canvas.line("[bold]x[/bold]")
    assert_fits(canvas.text(), 20, 1)
    assert canvas.text().plain == "[bold]x[/bold]"
    assert not canvas.text().spans
