from __future__ import annotations

import pytest

from ari_tui.ui.widgets.detail_view import box, joined, lines_of, ms, newest, worst_ms, wrapped
from tests.ui.detail_kit import a_view


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "—"),
        (0.0481, "0.048"),
        (5.213, "5.21"),
        (25.06, "25.1"),
        (1234.5, "1234"),
        (-0.1, "-0.100"),
        (0.99996, "1.00"),
        (9.996, "10.0"),
        (99.96, "100"),
    ],
)
def test_milliseconds_have_three_digits_that_count(value: float | None, text: str) -> None:
    assert ms(value) == text


def test_only_what_is_known_counts() -> None:
    assert newest([1, None, 3, 4], 3) == [3, 4]
    assert worst_ms([None, 1500, 900], 2) == 1.5
    assert worst_ms([9000, None], 1) is None


def test_texts_are_cut_at_blanks() -> None:
    assert wrapped("one two three four", 9, indent=2) == ["one two", "  three", "  four"]
    assert wrapped("", 5) == [""]
    assert wrapped("unbreakable", 4) == ["unbreakable"]


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
    ],
)
def test_parts_are_joined_as_one_says_them(parts: list[str], text: str) -> None:
    assert joined(parts) == text


def test_a_block_without_lines_is_empty() -> None:
    canvas = box(a_view(), 10)
    assert lines_of(canvas) == []
    canvas.line("a")
    canvas.line()
    assert [line.plain for line in lines_of(canvas)] == ["a", ""]
