from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.core.text import aligned, cells, clean_text, cut_middle, did_you_mean, wrap


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


@pytest.mark.parametrize(
    ("text", "width"), [("", 0), ("abc", 3), ("漢字", 4), ("é", 1), ("e\u0301", 1), ("a漢", 3)]
)
def test_wide_characters_take_two_columns_and_marks_none(text: str, width: int) -> None:
    assert cells(text) == width


@pytest.mark.parametrize("text", ["PJSIP/a-long-trunk-name-0000002a", "漢字" * 12, "a漢b字" * 9])
def test_a_name_is_cut_in_its_middle_to_the_columns_there_are(text: str) -> None:
    for width in range(1, cells(text)):
        cut = cut_middle(text, width)
        begin, sign, end = cut.partition("…")
        assert sign
        assert width - 2 <= cells(cut) <= width
        assert text.startswith(begin)
        assert text.endswith(end)
    assert cut_middle(text, cells(text)) == text
    assert cut_middle("PJSIP/a-long-trunk-name-0000002a", 16).endswith("0002a")


def test_rows_are_aligned_by_columns_and_fit_a_width() -> None:
    rows = [("NAME", "N"), ("漢字", "10"), ("a-name-of-some-length", "7")]
    assert {cells(line) for line in aligned(rows, words=1)} == {25}
    fitted = aligned(rows, words=1, width=16)
    assert {cells(line) for line in fitted} == {16}
    assert fitted[1] == "漢字" + " " * 10 + "10"
    assert {cells(line) for line in aligned(rows, words=1, width=1)} == {8 + 2 + 2}


@pytest.mark.parametrize("width", range(4, 30))
def test_wrapped_lines_fit_and_keep_every_word(width: int) -> None:
    text = "one two 漢字漢字漢字 four-hundred-and-five 六"
    lines = wrap(text, width, first="> ", rest="  ")
    assert all(cells(line) <= width for line in lines)
    assert lines[0].startswith("> ")
    assert all(line.startswith("  ") for line in lines[1:])
    assert "".join(line[2:] for line in lines).replace(" ", "") == text.replace(" ", "")
    assert wrap("", width) == []
