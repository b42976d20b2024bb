"""."""

from operator import attrgetter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.ari.call_machine import HUNG_UP_HERE, RELEASED_HERE
from ari_tui.ari.hangup import HUNG_UP_BY_CALLER
from ari_tui.document import model
from ari_tui.document.metrics import METRICS
from ari_tui.document.where import NOTHING_YET, PLACES
from ari_tui.ui import columns
from ari_tui.ui.columns import (
    BY_ID,
    COLUMNS,
    METRIC_COLUMNS,
    SHARES,
    WIDE,
    WINDOWED,
    chosen,
    columns_width,
    fitting,
)
from ari_tui.ui.frame import WindowLength
from ari_tui.ui.view_state import NARROW
from tests.ui import kit


def cell(name: str, call: model.Call) -> str:
    return BY_ID[name].text(kit.a_row(call), kit.a_frame())


def test_ids_are_unique_and_labels_fit_their_columns() -> None:
    assert len(BY_ID) == len(COLUMNS)
    for column in COLUMNS:
        assert len(column.label) <= column.width
        assert len(column.window_label) <= column.width
        assert column.help


def test_labels_tell_columns_apart() -> None:
    labels = [column.label for column in COLUMNS]
    assert len(set(labels)) == len(labels)


def test_every_column_shows_a_call_that_has_just_come_and_nothing_is_known_of() -> None:
    call = kit.a_call(
        1,
        packets=kit.packets(),
        rtt_ms=kit.NO_SPREAD,
        windows=[],
        loss_ratio=None,
        late_ratio=None,
        gone_ratio=None,
        call_id=None,
        linkedid=None,
        bridge_technology=None,
        codec=None,
        ptime_ms=None,
        ssrc=None,
        channel="",
        caller="",
        jitter_ms=model.Jitter(media=None, echo=None, hop=None),
        mos=model.Mos(session=None, now=None, worst_10s=None, plain=None, loss_from=None),
        ports=model.Ports(media_local=None, media_remote=None, echo_local=None, echo_remote=None),
    )
    row = kit.a_row(call)
    for column in COLUMNS:
        for window in (0, 10, 60):
            frame = kit.a_frame(window=window)
            assert column.text(row, frame)
            assert column.grade(row, frame) in ("ok", "none")
    for name in ("codec", "channel", "ports", "jitter", "rtt_mean_ms", "burst", "lost_outward"):
        assert cell(name, call) == "—"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mark", "~"),
        ("where", "echo out~"),
        ("channel", "PJSIP/1001-01"),
        ("id", "17"),
        ("caller", "Caller 1 1001"),
        ("duration", "1:00"),
        ("state", "measuring"),
        ("codec", "PCMU"),
        ("ports", "21001/40001"),
        ("asterisk", "pbx1"),
        ("call_id", "1@10.0.0.1"),
        ("jitter", "0.5"),
        ("jitter_hop", "0.1"),
        ("burst", "10+"),
        ("lost_outward", "2"),
        ("lost_at_echo", "3"),
        ("lost_back", "4"),
        ("caller_loss_in", "1.00%"),
        ("caller_loss_out", "—"),
        ("ptime", "20"),
        ("bridge", "simple_bridge"),
        ("reason", "—"),
        ("mode", "takeover"),
        ("ssrc", "0x00000001"),
        ("linkedid", "1795348740.1"),
        ("jitter_echo", "0.6"),
    ],
)
def test_what_a_call_is_called_is_shown_in_its_columns(name: str, expected: str) -> None:
    call = kit.a_call(
        1,
        p50=5.0,
        lost=12,
        id="1f2e3d4c.17",
        where=kit.LIKELY,
        loss_runs={"1": 2, "3": 1, "9": 0, "10+": 1},
        loss_directions=model.LossDirections(outward=2, at_echo=3, back=4),
        caller_leg=model.CallerLeg(time="", lost_in_ratio=0.01, lost_out_ratio=None),
    )
    assert cell(name, call) == expected


@pytest.mark.parametrize("reason", [HUNG_UP_BY_CALLER, HUNG_UP_HERE, RELEASED_HERE])
def test_who_ended_a_call_is_said_uncut_in_the_column_of_reasons(reason: str) -> None:
    assert cell("reason", kit.a_call(1, state="ended", reason=reason)) == reason
    assert len(reason) <= BY_ID["reason"].width


def test_the_longest_run_of_losses_is_that_which_happened() -> None:
    assert cell("burst", kit.a_call(1, loss_runs={"1": 2, "3": 1, "10+": 0})) == "3"
    assert cell("burst", kit.a_call(1, loss_runs={})) == "0"


def test_a_channel_too_long_for_its_column_keeps_endpoint_and_serial_number() -> None:
    shown = cell("channel", kit.a_call(1, channel="PJSIP/carrier-west-0000002a"))
    assert shown == "PJSIP/ca…west-2a"
    assert len(shown) == BY_ID["channel"].width


def test_numbers_of_calls_are_sorted_as_numbers() -> None:
    keys = [BY_ID["id"].key(kit.a_row(kit.a_call(1, id=name))) for name in ("s.9", "s.10", "odd")]
    assert keys == [9, 10, -1]


def test_marks_are_sorted_by_how_bad_they_are() -> None:
    found = (kit.a_where(), None, kit.LIKELY, kit.FAULTY)
    rows = [kit.a_row(kit.a_call(1, where=where)) for where in found]
    assert [BY_ID["mark"].key(row) for row in rows] == [0, 1, 2, 3]
    grades = [BY_ID["mark"].grade(row, kit.a_frame()) for row in rows]
    assert grades == ["ok", "none", "near", "fail"]


def test_the_place_of_a_call_stands_in_short_with_its_mark() -> None:
    unknown = kit.a_where(unknown=[kit.an_unknown(text="a silence of 3 s")])
    shown = [
        cell("where", kit.a_call(1, where=where))
        for where in (kit.FAULTY, kit.LIKELY, unknown, kit.a_where(), NOTHING_YET, None)
    ]
    assert shown == ["echo out!", "echo out~", "not known~", "clean", "—", "—"]
    finding = kit.a_finding(place="a place of a later version")
    assert cell("where", kit.a_call(1, where=kit.a_where(finding))) == "a place of!"


def test_every_place_fits_its_column_with_a_mark() -> None:
    column = BY_ID["where"]
    cells = [
        cell("where", kit.a_call(1, where=kit.a_where(kit.a_finding(place=place))))
        for place in PLACES
    ]
    assert all(len(text) <= column.width for text in cells)
    assert len(set(cells)) == len(PLACES)


def test_places_are_sorted_along_the_path_after_the_clean_calls() -> None:
    places = [kit.a_where(kit.a_finding(place=place)) for place in PLACES]
    unknown = kit.a_where(unknown=[kit.an_unknown(text="a silence of 3 s")])
    rows = [kit.a_row(kit.a_call(1, where=where)) for where in (kit.a_where(), unknown, *places)]
    keys = [BY_ID["where"].key(row) for row in rows]
    assert keys == list(range(len(PLACES) + 2))


def test_the_narrow_set_leaves_12_seconds_of_sparkline_at_80() -> None:
    assert fitting(chosen(NARROW), 80, 12) == chosen(NARROW)


def test_a_narrow_screen_loses_columns_from_the_right() -> None:
    kept = fitting(chosen(WIDE), 60, 10)
    assert kept == chosen(WIDE)[: len(kept)]
    assert columns_width(kept) + 1 + 10 <= 60
    assert columns_width(chosen(WIDE)[: len(kept) + 1]) + 1 + 10 > 60


def test_mark_and_channel_stay_however_little_room_there_is() -> None:
    assert [column.id for column in fitting(chosen(NARROW), 1, 10)] == ["mark", "channel"]
    assert fitting([], 80) == []


@given(
    names=st.lists(st.sampled_from(sorted(BY_ID)), unique=True),
    width=st.integers(0, 250),
    spark_min=st.integers(0, 60),
)
def test_what_fits_fits(names: list[str], width: int, spark_min: int) -> None:
    kept = fitting(chosen(names), width, spark_min)
    assert kept == chosen(names)[: len(kept)]
    needed = columns_width(kept) + (spark_min + 1 if spark_min else 0)
    assert needed <= width or len(kept) <= 2


def test_a_column_chosen_twice_is_shown_once_and_an_unknown_one_is_refused() -> None:
    assert [column.id for column in chosen(["mark", "id", "mark"])] == ["mark", "id"]
    with pytest.raises(KeyError):
        chosen(["nonsense"])


OF = {column.id: column for column in METRIC_COLUMNS}


def spread_window(seconds: int, **counted: int) -> Any:
    return kit.window(seconds, kit.a_spread(float(seconds)), **counted)


CALL = kit.a_call(
    1,
    p50=5.0,
    lost=30,
    late=6,
    windows=[spread_window(10, lost=1, late=2), spread_window(60, lost=3, late=4)],
)
ROW = kit.a_row(CALL, kit.a_course([5.0, 9.0, 14.5, 6.0]))


def text(name: str, window: WindowLength = 0) -> str:
    return OF[name].text(ROW, kit.a_frame(window=window))


def test_every_metric_has_a_column_with_its_id_label_help_and_value() -> None:
    assert [column.id for column in METRIC_COLUMNS] == [metric.id for metric in METRICS]
    for metric in METRICS:
        column = OF[metric.id]
        assert (column.label, column.help, column.unit) == (metric.label, metric.help, metric.unit)
        assert column.value(ROW, 0) == metric.value(CALL)
        assert column.numeric


def test_every_windowed_metric_is_read_from_the_window() -> None:
    assert WINDOWED.keys() <= OF.keys()
    for name, place in WINDOWED.items():
        for window in CALL.windows:
            assert window.seconds in (10, 60)
            found = OF[name].value(ROW, 10 if window.seconds == 10 else 60)
            assert found == attrgetter(place)(window)


@pytest.mark.parametrize(
    ("name", "session", "last_10_s"),
    [
        ("rtt_mean_ms", "5.0", "10.0"),
        ("rtt_max_ms", "15.0", "30.0"),
        ("packets_lost", "30", "1"),
        ("packets_late_echo", "6", "2"),
        ("loss_ratio", "1.00%", "0.20%"),
        ("packets_received", "3000", "3000"),
        ("mos", "4.40", "4.40"),
    ],
)
def test_what_a_window_has_is_the_windows_and_the_rest_the_sessions(
    name: str, session: str, last_10_s: str
) -> None:
    assert (text(name), text(name, 10)) == (session, last_10_s)


def test_p95_of_a_window_is_the_worst_second_and_says_so() -> None:
    assert OF["rtt_p95_ms"].heading(10) == "P95s"
    assert text("rtt_p95_ms") == "10.0"
    assert text("rtt_p95_ms", 10) == "14.5"


def test_p95_of_a_window_looks_at_its_own_seconds_only() -> None:
    p95 = [30.0] * 240 + [7.0] * 60
    row = kit.a_row(CALL, kit.a_course(p95))
    assert OF["rtt_p95_ms"].value(row, 60) == 7.0


def test_without_a_course_there_is_no_worst_second() -> None:
    assert OF["rtt_p95_ms"].value(kit.a_row(CALL), 10) is None
    assert OF["rtt_p95_ms"].value(kit.a_row(CALL, kit.a_course([None])), 10) is None


def test_a_document_without_the_window_has_no_sample() -> None:
    assert OF["packets_lost"].value(kit.a_row(kit.a_call(1, windows=[])), 10) is None


def test_counts_are_graded_by_their_share() -> None:
    frame = kit.a_frame()
    assert OF["packets_lost"].grade(ROW, frame) == "fail"  # 30 of 3000, limit 0.2 %
    assert OF["packets_late_echo"].grade(ROW, frame) == "near"  # too few to prove it
    assert OF["packets_lost"].grade(ROW, frame._replace(window=60)) == "ok"  # 3 of 3003


@pytest.mark.parametrize(
    ("p50", "expected"),
    [
        (3.0, ["ok", "ok", "ok", "ok"]),
        (5.5, ["ok", "near", "near", "ok"]),
        (7.0, ["near", "fail", "fail", "near"]),
        (8.5, ["fail", "fail", "fail", "fail"]),
    ],
)
def test_percentiles_are_graded_by_their_limits(p50: float, expected: list[str]) -> None:
    row, frame = kit.a_row(kit.a_call(1, p50=p50)), kit.a_frame()
    names = ("rtt_p50_ms", "rtt_p95_ms", "rtt_p99_ms", "rtt_max_ms")
    assert [OF[name].grade(row, frame) for name in names] == expected


def test_a_worst_second_is_no_verdict() -> None:
    frame = kit.a_frame(window=10)
    assert OF["rtt_p95_ms"].grade(kit.a_row(CALL, kit.a_course([50.0])), frame) == "none"


def test_interruptions_have_no_limit_but_are_shown_as_near_one() -> None:
    quiet, frame = kit.a_row(kit.a_call(1)), kit.a_frame()
    loud = kit.a_row(kit.a_call(1, longest_interruption_ms=1234.0))
    assert OF["longest_interruption_ms"].grade(quiet, frame) == "none"
    assert OF["longest_interruption_ms"].grade(loud, frame) == "near"
    assert OF["longest_interruption_ms"].text(loud, frame) == "1.2s"


def test_shares_are_columns_of_percent() -> None:
    assert BY_ID.keys() >= SHARES
    assert all(not BY_ID[name].whole for name in SHARES)


def test_rows_are_sorted_by_what_is_seen() -> None:
    assert columns.tenths(5.04) == columns.tenths(4.96) == 5.0
    seen = {OF["rtt_mean_ms"].key(kit.a_row(kit.a_call(1, p50=p50))) for p50 in (5.04, 4.96)}
    assert seen == {5.0}
