"""."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.core.errors import CompareError, FilterError
from ari_tui.document import model
from ari_tui.ui.columns import COLUMNS
from ari_tui.ui.filter import COMMON, NAMES, comparison, parse
from ari_tui.ui.view_state import EVERYTHING, Row
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
    assert matches("mark=!", where=kit.FAULTY)
    assert not matches("mark=!", where=kit.LIKELY)
    assert matches("mark!=!", where=kit.LIKELY)
    assert matches("!mark=!", where=kit.LIKELY)


@pytest.mark.parametrize(
    "text", ["where=echo-out", 'where="echo out"', "where~echo", "where!=clean"]
)
def test_a_place_can_be_asked_for_by_its_code_or_as_it_is_shown(text: str) -> None:
    engine = kit.a_where(kit.a_finding(place="engine"))
    assert matches(text, where=kit.FAULTY)
    assert matches(text, where=engine) == (text == "where!=clean")
    assert not matches(text)


def test_what_is_not_known_and_what_was_not_told_can_be_asked_for() -> None:
    unknown = kit.a_where(unknown=[kit.an_unknown(text="a silence of 3 s")])
    assert matches("where=unknown", where=unknown)
    assert matches("where=clean", where=kit.a_where(unknown=[kit.an_unknown()]))
    assert matches("where=none", where=None)
    assert not matches("where=none", where=unknown)


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


def row(**changed: Any) -> Row:
    return kit.a_row(kit.a_call(1, **changed))


def meets(found: Row, name: str, sign: str, wanted: str) -> bool:
    return comparison(name, sign, wanted)(found, 0)


def test_every_column_goes_by_its_id_and_every_label_names_one() -> None:
    for column in COLUMNS:
        assert NAMES[column.id] is column
        assert not column.label or column.label.casefold() in NAMES
    assert all(name in NAMES or name.replace("-", "_") in NAMES for name in COMMON)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("rtt", "rtt_mean_ms"),
        ("p95", "rtt_p95_ms"),
        ("late", "packets_late_echo"),
        ("loss", "packets_lost"),
        ("lost", "packets_lost"),
        ("gap", "longest_interruption_ms"),
        ("dur", "duration"),
        ("overdue", "packets_overdue"),
        ("sent", "packets_sent"),
        ("call-id", "call_id"),
        ("jitter", "jitter"),
        ("ssrc", "ssrc"),
        ("dead", "dead_air_seconds"),
    ],
)
def test_words_of_the_trade_name_their_columns(name: str, column: str) -> None:
    assert NAMES[name].id == column


@pytest.mark.parametrize(
    ("sign", "expected"),
    [(">", False), (">=", True), ("<", False), ("<=", True), ("=", True), ("!=", False)],
)
def test_numbers_are_compared(sign: str, expected: bool) -> None:
    assert meets(row(lost=3), "lost", sign, "3") is expected


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("p95", "9.9"),
        ("p95", "9.9ms"),
        ("P95", "9900us"),
        ("p95", "9900µs"),
        ("p95", ".0099s"),
        ("rtt_p95_ms", "9"),
        ("gap", "999"),
        ("gap", "0.9s"),
        ("dur", "59"),
        ("dur", "0:59"),
        ("dur", "0:00:59"),
        ("dur", "0.98m"),
        ("dur", "0.01h"),
        ("loss", "0.09%"),
        ("loss", "2"),
        ("lost", "0.09%"),
        ("loss_ratio", "0.0009"),
        ("loss_ratio", "0.09%"),
        ("late%", "0.06"),
        ("late%", "0.06%"),
        ("late", "0.06%"),
        ("late_ratio", "0.0006"),
        ("loss%", "0.09"),
    ],
)
def test_a_number_may_have_the_unit_that_people_think_in(name: str, wanted: str) -> None:
    call = row(p50=5.0, lost=3, late=2, longest_interruption_ms=1000.0)
    assert meets(call, name, ">", wanted)
    assert not meets(call, name, "<", wanted)


def test_a_clock_time_is_read_as_one() -> None:
    call = row(duration_s=3723.0)
    assert meets(call, "dur", "=", "1:02:03")
    assert meets(call, "dur", "=", "62:03")


@pytest.mark.parametrize("sign", [">", ">=", "<", "<=", "=", "!="])
def test_a_call_without_a_sample_meets_no_comparison_of_numbers(sign: str) -> None:
    assert not meets(row(rtt_ms=kit.NO_SPREAD), "p95", sign, "5")


def test_no_sample_can_be_asked_for() -> None:
    silent, heard = row(rtt_ms=kit.NO_SPREAD, codec=None), row()
    for name in ("p95", "codec"):
        assert [meets(call, name, "=", "none") for call in (silent, heard)] == [True, False]
        assert [meets(call, name, "!=", "—") for call in (silent, heard)] == [False, True]


@pytest.mark.parametrize(
    ("name", "sign", "wanted", "expected"),
    [
        ("state", "=", "MEASURING", True),
        ("state", "=", "measur", False),
        ("state", "!=", "ended", True),
        ("state", "~", "sur", True),
        ("codec", "~", "alaw", False),
        ("channel", "=", "PJSIP/1001-01", True),
        ("channel", "=", "pjsip/1001-00000001", True),
        ("id", "=", "17", True),
        ("id", "=", "1f2e3d4c.17", True),
        ("mark", "=", "!", True),
        ("call-id", "=", "1@10.0.0.1", True),
        ("reason", "!=", "hangup", True),
        ("reason", "~", "hang", False),
        ("ports", "~", "21001", True),
    ],
)
def test_texts_are_compared_without_case_as_shown_or_whole(
    name: str, sign: str, wanted: str, expected: bool
) -> None:
    assert meets(row(where=kit.FAULTY, id="1f2e3d4c.17"), name, sign, wanted) is expected


def test_directions_are_columns_like_others() -> None:
    lost = row(loss_directions=model.LossDirections(outward=4, at_echo=0, back=1))
    assert meets(lost, "lost_outward", ">", "3")
    assert meets(lost, "lback", "=", "1")


@pytest.mark.parametrize(
    ("name", "sign", "wanted", "said"),
    [
        ("p955", ">", "1", "no column 'p955' (did you mean p95?); known are rtt p50"),
        ("zd1f", "=", "34@1.2.3.4", "a text to look for goes in quotes"),
        ("p95", ">", "", "p95 needs a number, like 12 or 1.5s: '' is none"),
        ("dur", ">", "long", "dur needs a number, like 90, 5m or 1:30"),
        ("lost", ">", "1.0.0", "needs a number"),
        ("lost", ">", "-1", "needs a number"),
        ("lost", ">", "nan", "needs a number"),
        ("lost", ">", "1e9", "needs a number"),
        ("lost", ">", "3ms", "lost has no unit 'ms': known are none"),
        ("p95", ">", "3parsec", "p95 has no unit 'parsec': known are us"),
        ("p95", ">", "3%", "p95 is no share: leave the % out"),
        ("loss_ratio", ">", "3", "loss_ratio is a share: write 3%"),
        ("loss", ">", "0.1", "loss counts whole packets or events: write 0.1% for a share"),
        ("dup", ">", "0.5", "dup counts whole packets or events"),
        ("p95", "~", "3", "p95 is a number: use > >= < <= = !="),
        ("state", ">", "up", "state is a text: use = != ~"),
        ("state", "=", "", "state= lacks a text"),
        ("state", "~", "", "state~ lacks a text"),
        ("p95", ">", "none", "none goes with = and != only"),
    ],
)
def test_what_makes_no_sense_is_said_with_what_would(
    name: str, sign: str, wanted: str, said: str
) -> None:
    with pytest.raises(CompareError) as caught:
        comparison(name, sign, wanted)
    assert said in str(caught.value)


def test_no_hint_of_percent_where_there_is_no_share() -> None:
    with pytest.raises(CompareError) as caught:
        comparison("dup", ">", "0.5")
    assert "%" not in str(caught.value)
