import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.wire.sequence import SEQUENCE_BITS, TIMESTAMP_BITS, signed_difference

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


@given(bits=BITS, start=st.integers(0, 1 << 40), data=st.data())
def test_a_step_of_less_than_half_a_circle_is_told_wherever_it_starts(
    bits: int, start: int, data: st.DataObject
) -> None:
    half, circle = 1 << (bits - 1), 1 << bits
    step = data.draw(st.integers(-half, half - 1))
    assert signed_difference((start + step) % circle, start % circle, bits) == step


@given(bits=BITS, later=st.integers(min_value=0), earlier=st.integers(min_value=0))
def test_a_difference_leads_from_one_to_the_other_by_the_shorter_way(
    bits: int, later: int, earlier: int
) -> None:
    later, earlier = later % (1 << bits), earlier % (1 << bits)
    difference = signed_difference(later, earlier, bits)
    assert (earlier + difference) % (1 << bits) == later
    assert -(1 << (bits - 1)) <= difference < 1 << (bits - 1)


def test_a_day_of_packets_goes_round_many_times() -> None:
    reached = 65_000
    for true in range(65_000, 65_000 + 200_000, 97):
        reached += signed_difference(true & 0xFFFF, reached & 0xFFFF, SEQUENCE_BITS)
        assert reached == true
