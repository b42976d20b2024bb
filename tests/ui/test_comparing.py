from typing import Any

import pytest

from ari_tui.snapshot import model
from ari_tui.ui.columns import COLUMNS
from ari_tui.ui.comparing import COMMON, NAMES, CompareError, comparison
from ari_tui.ui.rows import Row
from tests.ui import kit


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
    assert meets(row(p50=50.0, id="1f2e3d4c.17"), name, sign, wanted) is expected


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
