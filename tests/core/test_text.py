from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.core.text import clean_text, did_you_mean


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("Alice", "Alice"),
        ("  Alice \t\n  Bob ", "Alice Bob"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b2Jcleared", "cleared"),
        ("\x1b]0;owned title\x07Bob", "Bob"),
        ("\x1b]52;c;cm0gLXJm\x1b\\Bob", "Bob"),
        ("\x1bPq#0\x1b\\Bob", "Bob"),
        ("\x1bcBob", "Bob"),
        ("a\x00b\x07c\x7fd\x85e", "abcd e"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("zero\u200bwidth\ufeff\u200d", "zerowidth"),
        ("a \u200b b", "a b"),
        ("fill\u3164er \u2800\u115f.", "filler ."),
        ("heart\u2764\ufe0f\U000e0101", "heart\u2764"),
        ("e" + "\u0301" * 60 + "tage", "e" + "\u0301" * 4 + "tage"),
        ("Žofie Nguyễn 山田", "Žofie Nguyễn 山田"),
        ("[bold]kept[/]", "[bold]kept[/]"),
        (17, "17"),
        ("", ""),
    ],
)
def test_what_a_terminal_would_execute_is_removed(dirty: object, clean: str) -> None:
    assert clean_text(dirty) == clean


def test_long_text_ends_in_an_ellipsis_at_the_limit() -> None:
    assert clean_text("x" * 4096, 10) == "x" * 9 + "…"
    assert clean_text("x" * 10, 10) == "x" * 10
    assert len(clean_text("y" * 1_000_000)) == 128


@given(st.text(), st.integers(1, 40))
def test_any_text_becomes_one_bounded_line_of_visible_characters(text: str, limit: int) -> None:
    cleaned = clean_text(text, limit)
    assert len(cleaned) <= limit
    assert all(unicodedata.category(char)[0] != "C" for char in cleaned)
    assert all(char == " " or not char.isspace() for char in cleaned)
    assert clean_text(cleaned, limit) == cleaned


def test_a_wrong_name_is_answered_with_the_nearest_known_one_or_with_nothing() -> None:
    assert did_you_mean("colums", ["rows", "columns"]) == "did you mean columns?"
    assert did_you_mean("zzz", ["rows", "columns"]) == ""
