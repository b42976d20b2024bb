from operator import attrgetter
from typing import Any

import pytest

from ari_tui.snapshot.metrics import METRICS
from ari_tui.ui import metric_columns
from ari_tui.ui.frame import WindowLength
from ari_tui.ui.metric_columns import METRIC_COLUMNS, SHARES, WINDOWED
from tests.ui import kit

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


def test_shares_are_metrics() -> None:
    assert OF.keys() >= SHARES
    assert all(not OF[name].whole for name in SHARES)


def test_rows_are_sorted_by_what_is_seen() -> None:
    assert metric_columns.tenths(5.04) == metric_columns.tenths(4.96) == 5.0
    seen = {OF["rtt_mean_ms"].key(kit.a_row(kit.a_call(1, p50=p50))) for p50 in (5.04, 4.96)}
    assert seen == {5.0}
