import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.wire.sequence import SEQUENCE_BITS, TIMESTAMP_BITS, signed_difference, unwrap

BITS = st.sampled_from([SEQUENCE_BITS, TIMESTAMP_BITS])


@pytest.mark.parametrize(
    ("later", "earlier", "difference"),
    [
        (1, 0, 1),
        (0, 1, -1),
        (0, 65_535, 1),
        (65_535, 0, -1),
        (32_767, 0, 32_767),
        (32_768, 0, -32_768),
        (0, 32_768, -32_768),
        (7, 7, 0),
    ],
)
def test_differences_of_sequence_numbers_by_hand(later: int, earlier: int, difference: int) -> None:
    assert signed_difference(later, earlier, SEQUENCE_BITS) == difference


def test_a_timestamp_across_its_wrap_is_one_packet_further() -> None:
    before, after = (1 << 32) - 80, 80
    assert signed_difference(after, before, TIMESTAMP_BITS) == 160
    assert unwrap(after, before, TIMESTAMP_BITS) == (1 << 32) + 80


@given(bits=BITS, start=st.integers(0, 1 << 40), data=st.data())
def test_a_walk_of_less_than_half_a_circle_a_step_unwraps_to_itself(
    bits: int, start: int, data: st.DataObject
) -> None:
    half = 1 << (bits - 1)
    steps = data.draw(st.lists(st.integers(-half, half - 1), max_size=30))
    reference = true = start
    for step in steps:
        true += step
        reference = unwrap(true % (1 << bits), reference, bits)
        assert reference == true


@given(bits=BITS, value=st.integers(min_value=0), reference=st.integers(-(1 << 50), 1 << 50))
def test_an_unwrapped_value_ends_in_the_value_and_is_the_nearest(
    bits: int, value: int, reference: int
) -> None:
    value %= 1 << bits
    extended = unwrap(value, reference, bits)
    assert extended % (1 << bits) == value
    assert -(1 << (bits - 1)) <= extended - reference < 1 << (bits - 1)


def test_a_day_of_packets_goes_round_many_times() -> None:
    reference = 65_000
    for true in range(65_000, 65_000 + 200_000, 97):
        reference = unwrap(true & 0xFFFF, reference, SEQUENCE_BITS)
        assert reference == true
