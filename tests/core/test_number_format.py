from __future__ import annotations

import pytest

from ari_tui.core import number_format as units


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
    assert units.percent(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "—"), (0.423, "0.42"), (8.2, "8.20"), (21.34, "21.3"), (1240.0, "1,240")],
)
def test_milliseconds_have_the_digits_that_tell(value: float | None, text: str) -> None:
    assert units.ms(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(8.52, "8.5 s"), (65, "1:05 min"), (3600, "1:00:00 h")]
)
def test_lengths_of_time_carry_their_unit(seconds: float, text: str) -> None:
    assert units.span(seconds) == text


def test_times_are_told_in_utc_and_what_is_none_is_told_as_it_is() -> None:
    assert units.moment("2026-11-22T11:59:00.123+00:00") == "2026-11-22 11:59:00 UTC"
    assert units.moment("2026-11-22T11:59:00Z") == "2026-11-22 11:59:00 UTC"
    assert units.moment("soon\x1b[2J") == "soon"


def test_a_time_is_seconds_since_1970_and_what_is_none_is_refused() -> None:
    assert units.unix_seconds("2026-11-22T12:00:00Z") == 1_795_348_800
    assert units.unix_seconds("2026-11-22T12:00:00.250+00:00") == 1_795_348_800.25
    with pytest.raises(ValueError, match="Invalid isoformat"):
        units.unix_seconds("soon")


def test_limits_have_the_digits_that_they_have_and_numbers_their_commas() -> None:
    assert (units.share(0.002), units.share(0.5)) == ("0.2 %", "50 %")
    assert (units.number(12345), units.number(4.4, 2), units.number(None)) == (
        "12,345",
        "4.40",
        "—",
    )
