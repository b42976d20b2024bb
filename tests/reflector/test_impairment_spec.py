from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_tui.core.errors import ConfigError
from ari_tui.reflector.impairment_spec import EXAMPLE, ImpairmentSpec, parse_impairment


def test_the_documented_example_is_read_whole() -> None:
    assert parse_impairment(EXAMPLE) == ImpairmentSpec(
        delay_ns=20_000_000, jitter_ns=5_000_000, loss=0.01, burst=3, duplicate=0.005, reorder=0.01
    )


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [("20ms", 20_000_000), ("1.5ms", 1_500_000), ("250us", 250_000), ("2s", 2 * 10**9), ("0", 0)],
)
def test_times_are_read_in_their_unit(text: str, nanoseconds: int) -> None:
    assert parse_impairment(f"delay={text}").delay_ns == nanoseconds


@pytest.mark.parametrize(
    ("text", "share"),
    [("5%", 0.05), ("0.05", 0.05), ("0.5 %", 0.005), (".5", 0.5), ("100%", 1.0), ("1", 1.0)],
)
def test_shares_are_percentages_or_fractions(text: str, share: float) -> None:
    assert parse_impairment(f"loss={text}").loss == share


def test_order_and_spaces_do_not_matter() -> None:
    assert parse_impairment(" burst = 3 , loss=1% ") == parse_impairment("loss=1%,burst=3")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "'' is not key=value"),
        ("loss", "'loss' is not key=value"),
        ("loss=", "'loss=' is not key=value"),
        ("loss=1%,", "'' is not key=value"),
        ("los=1%", "did you mean loss?"),
        ("wobble=1%", "unknown key 'wobble': allowed are delay, jitter, loss, burst, dup, reorder"),
        ("loss=1%,loss=2%", "loss is given twice"),
        ("delay=20", "delay=20: give a time with its unit"),
        ("delay=20min", "delay=20min: give a time"),
        ("delay=-1ms", "delay must lie between 0 and 10s, not -1ms"),
        ("jitter=11s", "jitter must lie between 0 and 10s, not 11s"),
        ("loss=-1%", "loss must lie between 0% and 100%"),
        ("loss=101%", "loss must lie between 0% and 100%"),
        ("loss=5", "loss=5: a fraction is at most 1; 5 in a hundred is 5%"),
        ("loss=nan", "loss=nan: give a percentage or a fraction"),
        ("loss=1e-3", "loss=1e-3: give a percentage or a fraction"),
        ("dup=1ms", "dup=1ms: give a percentage"),
        ("loss=1%,burst=0", "burst must be a whole number from 1"),
        ("loss=1%,burst=2.5", "burst=2.5: give a whole number"),
        ("loss=1%,burst=-3", "burst=-3: give a whole number"),
        ("burst=3", "burst is the length of a run of losses: give loss too"),
        ("loss=60%,dup=41%", "dup must be at most 0.4"),
        ("loss=60%,reorder=41%", "reorder must be at most 0.2"),
        ("reorder=51%", "reorder must be at most 0.5"),
    ],
)
def test_a_wrong_spec_is_refused_in_words_that_name_the_key(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=r"^impairment: ") as caught:
        parse_impairment(text)
    assert words in str(caught.value)
    assert caught.value.exit_code == 2


def test_shares_that_add_up_to_the_whole_are_allowed_despite_rounding() -> None:
    assert parse_impairment("loss=90%,dup=10%,reorder=5%").reorder == 0.05


@settings(deadline=None)
@given(st.text(alphabet="delayjitrosup=%,.0123456789- ", max_size=40))
def test_any_text_is_read_or_refused_with_a_configuration_error(text: str) -> None:
    try:
        spec = parse_impairment(text)
    except ConfigError as error:
        assert str(error).startswith("impairment: ")  # noqa: PT017  both outcomes are right
    else:
        assert isinstance(spec, ImpairmentSpec)


@pytest.mark.parametrize("text", [EXAMPLE, "delay=1.5s", "jitter=250us", "loss=12.5%,burst=2"])
def test_a_spec_prints_as_it_is_read(text: str) -> None:
    assert str(parse_impairment(text)) == text


def test_only_a_spec_that_asks_for_something_is_active() -> None:
    assert not ImpairmentSpec().active
    assert str(ImpairmentSpec()) == "none"
    assert parse_impairment("delay=1us").active
