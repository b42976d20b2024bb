from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.core import number_format as text_of
from ari_tui.ui import number_format as cells


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "—"),
        (0.0, "0.00 %"),
        (0.0004, "0.04 %"),
        (0.00001, "0.0010 %"),
        (1e-9, "under 0.0001 %"),
        (1.0, "100.00 %"),
    ],
)
def test_shares_are_percents_and_small_ones_are_no_zero(value: float | None, text: str) -> None:
    assert text_of.percent_precise(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "—"), (0.423, "0.42"), (8.2, "8.20"), (21.34, "21.3"), (1240.0, "1,240")],
)
def test_milliseconds_have_the_digits_that_tell(value: float | None, text: str) -> None:
    assert text_of.ms(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(8.52, "8.5 s"), (65, "1:05 min"), (3600, "1:00:00 h")]
)
def test_lengths_of_time_carry_their_unit(seconds: float, text: str) -> None:
    assert text_of.span(seconds) == text


def test_times_are_in_utc_and_other_text_is_unchanged() -> None:
    assert text_of.moment("2026-11-22T11:59:00.123+00:00") == "2026-11-22 11:59:00 UTC"
    assert text_of.moment("2026-11-22T11:59:00Z") == "2026-11-22 11:59:00 UTC"
    assert text_of.moment("soon\x1b[2J") == "soon"


def test_a_time_is_seconds_since_1970_and_what_is_none_is_refused() -> None:
    assert text_of.unix_seconds("2026-11-22T12:00:00Z") == 1_795_348_800
    assert text_of.unix_seconds("2026-11-22T12:00:00.250+00:00") == 1_795_348_800.25
    with pytest.raises(ValueError, match="Invalid isoformat"):
        text_of.unix_seconds("soon")


def test_limits_have_the_digits_that_they_have_and_numbers_their_commas() -> None:
    assert (
        text_of.percent_significant(0.002, unit=" %"),
        text_of.percent_significant(0.5, unit=" %"),
    ) == ("0.2 %", "50 %")
    assert (text_of.grouped(12345), text_of.grouped(4.4, 2), text_of.grouped(None)) == (
        "12,345",
        "4.40",
        "—",
    )


@given(value=st.floats(0, 999e9), signs=st.integers(4, 9))
def test_a_number_in_thousands_takes_its_signs_and_is_as_near_as_they_allow(
    value: float, signs: int
) -> None:
    text = text_of.thousands(value, signs)
    assert len(text) <= signs
    unit = {"k": 1e3, "M": 1e6, "G": 1e9}.get(text[-1], 1)
    number = text.rstrip("kMG")
    step = 10 ** -len(number.partition(".")[2])
    assert abs(float(number) - value / unit) <= step * 0.50001


@given(value=st.floats(0, 99), signs=st.integers(3, 8))
def test_no_more_decimals_than_fit_and_no_fewer(value: float, signs: int) -> None:
    text = text_of.fitted(value, signs)
    assert len(text) == signs or (signs == 3 and value >= 9.95)
    assert len(text) <= signs


@pytest.mark.parametrize(
    ("whole_s", "expected"),
    [(3600, "1h00m"), (86_399, "23h59m"), (86_400, "1d00h"), (10_000_000, "115d17h")],
)
def test_a_long_time_is_shown_in_its_two_largest_units(whole_s: int, expected: str) -> None:
    assert text_of.two_units(whole_s) == expected


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "—"),
        (0.0, "0.00"),
        (0.214, "0.21"),
        (0.994, "0.99"),
        (0.996, "1.0"),
        (9.84, "9.8"),
        (99.96, "100"),
        (132.4, "132"),
    ],
)
def test_milliseconds_have_two_or_three_figures(value: float | None, shown: str) -> None:
    assert text_of.ms_short(value) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (None, "—"),
        (0.0, "0.00%"),
        (0.000001, "<0.01%"),
        (0.0002, "0.02%"),
        (0.0213, "2.13%"),
        (0.5, "50.0%"),
        (1.0, "100.0%"),
    ],
)
def test_a_share_that_is_something_never_reads_as_nothing(share: float | None, shown: str) -> None:
    assert text_of.percent_short(share) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.4, "0s"), (59.9, "59s"), (192, "3m12s"), (3780, "1h03m"), (187_200, "2d04h")],
)
def test_lengths_of_time_have_two_units(seconds: float, shown: str) -> None:
    assert text_of.span_short(seconds) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (9999, "9999"),
        (10_000, "10.0k"),
        (12_345, "12.3k"),
        (999_600, "1.00M"),
        (1_234_567, "1.23M"),
        (5_000_000_000, "5.00G"),
        (10**13, "10000G"),
    ],
)
def test_counts_take_few_signs(number: int, shown: str) -> None:
    assert text_of.thousands(number) == shown


def test_times_of_day_are_those_of_the_document() -> None:
    assert text_of.time_of_day("2026-11-22T12:04:31.123+00:00") == "12:04:31"
    assert text_of.time_of_day(1_795_348_800 + 3661) == "13:01:01"


def test_silence_has_tenths_while_it_is_short() -> None:
    assert (text_of.span_short(1.44, tenths=True), text_of.span_short(75.0, tenths=True)) == (
        "1.4s",
        "1m15s",
    )


@given(st.integers(3600, 99 * 86400))
def test_from_an_hour_on_cells_and_panes_tell_the_same_time(seconds: int) -> None:
    assert text_of.span_short(seconds) == cells.duration(seconds)


@given(st.integers(0, 10**12))
def test_a_pane_counts_a_figure_more_than_a_cell(number: int) -> None:
    pane, cell = text_of.thousands(number), cells.count(number)
    assert len(pane) >= len(cell)
    assert pane[-1] == cell[-1] or number < 10_000


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
    assert text_of.ms_three_digits(value) == text


def test_no_sample_is_a_dash() -> None:
    assert (text_of.fixed(None), text_of.fixed(0), text_of.fixed(1.234, 1, "ms")) == (
        "—",
        "0",
        "1.2ms",
    )
    assert (text_of.percent(None), text_of.percent(0.0004)) == ("—", "0.04%")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (65.4, "1:05"), (3599.6, "1:00:00"), (7322, "2:02:02")]
)
def test_times_read_as_clocks(seconds: float, text: str) -> None:
    assert text_of.clock(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.5, "0.5"), (20.0, "20"), (1500, "1.5k"), (2e6, "2M")]
)
def test_labels_are_short(value: float, text: str) -> None:
    assert text_of.tick(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "—"), (0.0, "0.0ms"), (8.24, "8.2ms"), (12345.67, "12345.7ms")]
)
def test_durations_have_one_decimal_and_no_sample_is_a_dash(value: float, text: str) -> None:
    assert text_of.fixed(value, 1, "ms") == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "—"), (0.0, "0.00%"), (0.0004, "0.04%"), (1.0, "100.00%")]
)
def test_shares_are_percents_and_no_sample_is_a_dash(value: float, text: str) -> None:
    assert text_of.percent(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0%"), (1, "100%"), (0.00105, "0.105%"), (0.023, "2.3%"), (3e-8, "<0.0001%")],
)
def test_shares_read_in_percent(share: float, text: str) -> None:
    assert text_of.percent_significant(share, 3, least=1e-6) == text


@pytest.mark.parametrize("figures", range(1, 7))
@pytest.mark.parametrize(
    "share", [0.995, *(m * 10.0**e for m in (1, 1.5, 4.96, 9.9999) for e in range(-9, 1))]
)
def test_a_share_has_its_figures_and_never_an_exponent(share: float, figures: int) -> None:
    text = text_of.percent_significant(share, figures)
    assert re.fullmatch(r"\d+(\.\d*[1-9])?%", text)
    shown = share * 100
    unit = 10.0 ** (math.floor(math.log10(shown)) + 1 - figures)
    assert abs(float(text[:-1]) - shown) <= unit * 0.5001
