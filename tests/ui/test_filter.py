from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.ui.comparing import NAMES
from ari_tui.ui.filter import EVERYTHING, FilterError, parse
from tests.ui import kit


def matches(text: str, window: Any = 0, **changed: Any) -> bool:
    return parse(text).matches(kit.a_row(kit.a_call(1, **changed)), window)


@pytest.mark.parametrize("text", ["", "  ", "\t"])
def test_a_blank_filter_is_everything(text: str) -> None:
    assert parse(text) == EVERYTHING
    assert matches(text)


@pytest.mark.parametrize(
    "text",
    [
        "1001",
        "pjsip/1001",
        "PJSIP/1001-00000001",
        "PJSIP/1001-01",
        "1@10.0.0.1",
        "call-1",
        "1795348740.1",
        "pcmu",
        "pbx1",
        "measuring",
        "127.0.0.1:21001",
        ":10001",
        "0x00000001",
        "simple_bridge",
        "takeover",
        '"caller 1 1001"',
        "caller",
        "1:2",
        '"1001"',
    ],
)
def test_a_word_is_looked_for_in_all_that_a_call_is_called(text: str) -> None:
    assert matches(text)
    assert not matches(f"!{text}")


@pytest.mark.parametrize("text", ["1002", '"1001 caller"', "—", "none"])
def test_what_stands_nowhere_matches_nothing(text: str) -> None:
    assert not matches(text)
    assert matches(f"!{text}")


def test_words_must_all_be_met() -> None:
    assert matches("1001 p95>5 state=measuring")
    assert not matches("1001 p95>50 state=measuring")
    assert not matches("1002 p95>5")
    assert matches("!1002 !p95>50 !state=ended")


@pytest.mark.parametrize("text", ["p95>5", "p95 > 5", "p95> 5", "p95 >5", " p95>5 ", 'p95>"5"'])
def test_blanks_around_a_sign_do_not_matter(text: str) -> None:
    assert matches(text, p50=5.0)
    assert not matches(text, p50=2.0)


def test_a_mark_can_be_asked_for_by_its_sign() -> None:
    assert matches("mark=!", p50=50.0)
    assert not matches("mark=!", p50=1.0)
    assert matches("mark!=!", p50=1.0)
    assert matches("!mark=!", p50=1.0)


def test_a_quoted_value_may_hold_blanks() -> None:
    assert matches('state="adding media"', state="adding media")
    assert matches('caller~"r 1 1"')


def test_signs_within_a_text_are_text_when_quoted_or_no_name_stands_before() -> None:
    assert matches('"ab=c"', call_id="ab=c@host")
    assert matches("1@10.0.0.1;x=y", call_id="1@10.0.0.1;x=y")
    assert matches("<sip:1>", caller="<sip:1>")


def test_figures_are_those_of_the_window() -> None:
    windows = [kit.window(10, kit.a_spread(1.0), lost=0)]
    assert matches("lost>0", lost=9, windows=windows)
    assert not matches("lost>0", 10, lost=9, windows=windows)


def test_the_text_is_kept_for_the_header() -> None:
    assert parse("  1001  p95>5 ").text == "1001  p95>5"


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("1001 p59>3", 5, "at 6: no column 'p59'"),
        ("p95>", 0, "needs a number"),
        ('1001 "open', 5, "at 6: this quote is not closed"),
        ('!"open', 0, "not closed"),
        ('1001 ""', 5, "nothing stands between the quotes"),
        ("1001 !", 5, "must follow one !"),
        ("!! 1001", 0, "must follow one !"),
        ("!p59>3", 1, "at 2: no column"),
        ("  p59>3", 2, "at 3: no column"),
    ],
)
def test_an_error_says_where_it_is(text: str, position: int, said: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert caught.value.position == position
    assert said in str(caught.value)


WORDS = st.sampled_from(
    [*sorted(NAMES), "!", '"', "~", "=", ">", "<=", "%", " ", "12", "0.1%", "ms"]
)
ROWS = [
    kit.a_row(kit.a_call(1)),
    kit.a_row(kit.a_call(2, rtt_ms=kit.NO_SPREAD, codec=None, call_id=None, windows=[])),
]


@given(text=st.text(max_size=60) | st.lists(WORDS, max_size=12).map("".join))
def test_whatever_is_typed_is_a_filter_or_an_error_within_the_text(text: str) -> None:
    try:
        found = parse(text)
    except FilterError as error:
        position = error.position
    else:
        position = 0
        assert all(
            found.matches(row, window) in (True, False) for row in ROWS for window in (0, 10)
        )
    assert 0 <= position <= max(0, len(text) - 1)


@given(name=st.sampled_from(sorted(NAMES)), sign=st.sampled_from(["=", "!="]))
def test_every_name_can_be_asked_for_its_absence(name: str, sign: str) -> None:
    there = [parse(f"{name}{sign}none").matches(row) for row in ROWS]
    opposite = [parse(f"!{name}{sign}none").matches(row) for row in ROWS]
    assert there == [not found for found in opposite]
