"""How numbers read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.ui import number_format as forms
from ari_tui.ui.widgets import pane_figures as f
from tests.ui.widgets.frames import a_bad_frame


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
    assert f.ms(value) == shown


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
    assert f.percent(share) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.4, "0s"), (59.9, "59s"), (192, "3m12s"), (3780, "1h03m"), (187_200, "2d04h")],
)
def test_lengths_of_time_have_two_units(seconds: float, shown: str) -> None:
    assert f.length(seconds) == shown


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
    assert f.count(number) == shown


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        (None, ""),
        ("up to 30 calls", "≤30"),
        ("up to 30 and 100 calls (120 seen)", "≤30/100"),
        ("gold", "gold"),
    ],
)
def test_a_tier_is_told_in_short(label: str | None, shown: str) -> None:
    assert f.tier(label) == shown


@pytest.mark.parametrize(
    ("value", "part"),
    [(5.0, ("x", "ok")), (9.0, ("x~", "near")), (11.0, ("x!", "fail")), (None, ("x", ""))],
)
def test_a_mark_stands_beside_every_colour(value: float | None, part: tuple[str, str]) -> None:
    assert f.graded("x", value, 10.0) == part


def test_the_headline_is_of_the_window_that_is_shown() -> None:
    frame = a_bad_frame()
    assert f.Headline(frame).rtt.p95 == 16.8
    assert f.Headline(frame).window == ""
    ten = f.Headline(frame._replace(window=10))
    assert (ten.rtt.p95, ten.loss_ratio, ten.window) == (10.0, 0.0, "10s")


def test_times_of_day_are_those_of_the_document() -> None:
    assert f.clock("2026-11-22T12:04:31.123+00:00") == "12:04:31"
    assert f.of_day(1_795_348_800 + 3661) == "13:01:01"


def test_silence_has_tenths_while_it_is_short() -> None:
    assert (f.silence(1.44), f.silence(75.0)) == ("1.4s", "1m15s")


@given(st.integers(3600, 99 * 86400))
def test_from_an_hour_on_cells_and_panes_tell_the_same_time(seconds: int) -> None:
    assert f.length(seconds) == forms.duration(seconds)


@given(st.integers(0, 10**12))
def test_a_pane_counts_a_figure_more_than_a_cell(number: int) -> None:
    pane, cell = f.count(number), forms.count(number)
    assert len(pane) >= len(cell)
    assert pane[-1] == cell[-1] or number < 10_000
