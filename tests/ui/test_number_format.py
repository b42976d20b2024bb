from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.core.number_format import DASH
from ari_tui.ui import number_format as forms


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        (forms.milliseconds, 0.0, "0.0"),
        (forms.milliseconds, 99.94, "99.9"),
        (forms.milliseconds, 99.95, "100"),
        (forms.milliseconds, 2999.4, "2999"),
        (forms.milliseconds, 9999.5, "10s"),
        (forms.span_ms, 350, "0.3s"),
        (forms.span_ms, 12_340, "12s"),
        (forms.seconds, 9.95, "10s"),
        (forms.seconds, 180, "3m"),
        (forms.seconds, 9000, "2h"),
        (forms.duration, 0.9, "0:00"),
        (forms.duration, 192.7, "3:12"),
        (forms.duration, 3599.9, "59:59"),
        (forms.duration, 3720, "1h02m"),
        (forms.duration, 86_399, "23h59m"),
        (forms.duration, 183_600, "2d03h"),
        (forms.count, 0, "0"),
        (forms.count, 9999, "9999"),
        (forms.count, 10_000, "10k"),
        (forms.count, 999_499, "999k"),
        (forms.count, 999_500, "1.0M"),
        (forms.count, 12_345_678, "12M"),
        (forms.count, 999_499_999, "999M"),
        (forms.count, 1_234_567_890, "1.2G"),
        (forms.percent, 0.0, "0.00%"),
        (forms.percent, 0.00004, "<.01%"),
        (forms.percent, 0.0004, "0.04%"),
        (forms.percent, 0.09996, "10.0%"),
        (forms.percent, 1.0, "100%"),
        (forms.number, 4.412, "4.41"),
        (forms.number, 12.34, "12.3"),
        (forms.number, 123.4, "123"),
    ],
)
def test_figures_are_written_in_few_cells(
    form: Callable[[float], str], value: float, expected: str
) -> None:
    assert form(value) == expected


@pytest.mark.parametrize(
    ("form", "width"),
    [
        (forms.milliseconds, 4),
        (forms.span_ms, 4),
        (forms.seconds, 4),
        (forms.duration, 6),
        (forms.count, 4),
        (forms.number, 4),
    ],
)
@given(value=st.floats(0, 1e15))
def test_no_figure_outgrows_its_cells(
    form: Callable[[float], str], width: int, value: float
) -> None:
    assert 1 <= len(form(value)) <= width


def test_a_call_that_is_up_for_a_hundred_days_keeps_to_its_cells() -> None:
    assert forms.duration(123 * 86400 + 5 * 3600) == "99d05h"


@given(value=st.floats(0, 1))
def test_no_share_outgrows_its_cells_and_none_is_shown_for_none_alone(value: float) -> None:
    assert len(forms.percent(value)) <= 6
    assert (forms.percent(value) == "0.00%") == (value == 0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("PJSIP/1001-0000000a", "PJSIP/1001-0a"),
        ("PJSIP/1001-00000000", "PJSIP/1001-00"),
        ("PJSIP/trunk-00012345", "PJSIP/trunk-12345"),
        ("PJSIP/a-12345678", "PJSIP/a-12345678"),
        ("Local/100@ctx-00000007;2", "Local/100@ctx-07;2"),
        ("PJSIP/00-000001", "PJSIP/00-01"),
        ("UnicastRTP/127.0.0.1:4500-0x7f", "UnicastRTP/127.0.0.1:4500-0x7f"),
        ("", ""),
    ],
)
def test_a_channel_goes_without_the_zeros_of_its_serial_number(name: str, expected: str) -> None:
    assert forms.channel(name) == expected


def test_a_long_name_keeps_both_its_ends() -> None:
    assert forms.middle_cut("PJSIP/carrier-west-0a", 16) == "PJSIP/ca…west-0a"
    assert forms.middle_cut("PJSIP/1001-0a", 16) == "PJSIP/1001-0a"


@given(text=st.text(max_size=40), width=st.integers(1, 30))
def test_a_cut_is_never_longer_than_asked(text: str, width: int) -> None:
    cut = forms.middle_cut(text, width)
    assert len(cut) == min(len(text), width)


def test_our_own_signs_have_ascii_twins() -> None:
    assert forms.plain_ascii(DASH) == "-"
    assert forms.plain_ascii("PJSIP/ca…west-0a") == "PJSIP/ca~west-0a"
