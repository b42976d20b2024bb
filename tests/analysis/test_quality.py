"""The E-model against G.107's own figures, pooling, and the worst window."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.analysis import quality
from ari_tui.analysis.quality import Pool, Worst, mos, one_way_loss, worst_windows
from ari_tui.analysis.records import Ints

MS = 1_000_000


def directed(loss: float, *, rtt_ms: float = 0, settled: int = 10_000) -> Pool:
    """A pool that has lost this share outward and nothing on the way back."""
    lost = round(loss * settled)
    count = settled - lost
    return Pool(settled, lost, 0, round(rtt_ms * MS) * count, count, settled - lost)


def mos_at(pool: Pool, burst_ratio: float | None = None, *, concealed: bool = True) -> float:
    found = mos(pool, burst_ratio, concealed=concealed)
    assert found is not None
    return found.mos


@pytest.mark.parametrize(
    ("loss", "concealed", "plain"),
    [(0.0, 4.41, 4.41), (0.01, 4.33, 3.83), (0.02, 4.23, 3.26), (0.05, 3.92, 2.17)],
)
def test_random_one_way_loss_costs_what_the_check_table_says(
    loss: float, concealed: float, plain: float
) -> None:
    assert mos_at(directed(loss)) == pytest.approx(concealed, abs=0.005)
    assert mos_at(directed(loss), concealed=False) == pytest.approx(plain, abs=0.005)


@pytest.mark.parametrize(
    ("delay_ms", "idd"),
    [
        (0, 0),
        (100, 0),
        (150, 0.1635),  # X = 0.58496: 25 · (1.0065688 − 3 · 1.0000092 + 2)
        (200, 3.0444),  # X = 1: 25 · (1.1224620 − 3 · 1.0002285 + 2)
        (400, 24.0701),  # X = 2: 25 · (2.0051747 − 3 · 1.0141237 + 2)
    ],
)
def test_delay_costs_nothing_up_to_a_tenth_of_a_second(delay_ms: float, idd: float) -> None:
    assert float(quality.delay_impairment(delay_ms)) == pytest.approx(idd, abs=5e-4)


def test_the_delay_is_half_the_round_trip_a_packet_and_the_buffer() -> None:
    found = mos(directed(0, rtt_ms=300))
    assert found is not None
    assert found.delay_ms == pytest.approx(150 + 20 + 40)
    assert found.delay_impairment > 3


def test_a_bursty_loss_costs_more_and_one_below_random_counts_as_random() -> None:
    even, random, bursty = (mos_at(directed(0.05), ratio) for ratio in (0.5, 1.0, 2.0))
    assert bursty < random == even == mos_at(directed(0.05), None)
    found = mos(directed(0.05), 2.0)
    assert found is not None
    assert found.loss_impairment == pytest.approx(95 * 5 / (5 / 2 + 25.1))


def test_where_the_direction_is_known_the_worse_one_counts() -> None:
    outward = one_way_loss(Pool(1000, 110, reached=900))
    assert outward is not None
    assert outward.ratio == pytest.approx(0.1)
    assert outward.source == quality.OUTWARD
    back = one_way_loss(Pool(1000, 110, reached=990))
    assert back is not None
    assert back.ratio == pytest.approx(1 - 890 / 990)
    assert back.source == quality.BACK


def test_where_it_is_not_known_both_ways_share_the_loss() -> None:
    loss = one_way_loss(Pool(1000, 190))
    assert loss is not None
    assert loss.ratio == pytest.approx(0.1)  # 0.9 · 0.9 = 0.81
    assert loss.source == quality.HALVED


def test_discarded_packets_are_as_good_as_lost() -> None:
    assert one_way_loss(Pool(1000, 90, 100)) == one_way_loss(Pool(1000, 190))
    known = one_way_loss(Pool(1000, 0, 190, reached=1000))
    assert known is not None
    assert known.ratio == pytest.approx(0.1)


def test_counts_of_another_moment_make_no_negative_loss() -> None:
    for reached in (0, 940, 1001, 5000):
        loss = one_way_loss(Pool(1000, 50, reached=reached))
        assert loss is not None
        assert 0 <= loss.ratio <= 0.05 + 1e-12


def test_when_all_is_lost_quality_is_at_the_bottom_and_no_round_trip_adds_to_the_delay() -> None:
    for reached in (None, 0, 1000):
        found = mos(Pool(1000, 1000, reached=reached), concealed=False)
        assert found is not None
        assert found.loss.ratio == 1
        assert found.mos == 1
        assert found.delay_ms == 20 + 40


def test_without_packets_there_is_no_quality() -> None:
    assert mos(Pool()) is None


@given(st.floats(-50, 150))
def test_mos_stays_in_its_scale(rating: float) -> None:
    assert 1 <= float(quality.mos_of(rating)) <= 4.5


def test_mos_of_ratings_beyond_the_scale_are_its_ends() -> None:
    assert [float(quality.mos_of(r)) for r in (-20, 0, 100, 130)] == [1, 1, 4.5, 4.5]
    assert float(quality.mos_of(93.2)) == pytest.approx(4.409, abs=5e-4)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 2000), st.floats(0, 2000), st.floats(1, 5))
def test_more_loss_and_more_delay_never_sound_better(
    loss: float, more_loss: float, delay: float, more_delay: float, burst: float
) -> None:
    def rating(loss: float, delay: float) -> float:
        impaired = quality.loss_impairment(loss, burst) + quality.delay_impairment(delay)
        return float(quality.BASIC_RATING - impaired)

    best = rating(min(loss, more_loss), min(delay, more_delay))
    assert rating(max(loss, more_loss), max(delay, more_delay)) <= best + 1e-9


counts = st.integers(0, 10**6)
pools = st.builds(
    lambda settled, lost, rtt, known: Pool(
        settled, min(lost, settled), 0, rtt, 1, settled - min(lost, settled) if known else None
    ),
    counts,
    counts,
    counts,
    st.booleans(),
)


@given(pools, pools, pools)
def test_pooling_does_not_depend_on_order_or_grouping(a: Pool, b: Pool, c: Pool) -> None:
    assert a.plus(b).plus(c)[:5] == a.plus(b.plus(c))[:5] == c.plus(a).plus(b)[:5]
    if a.settled and b.settled:
        assert (a.plus(b).reached is None) == (a.reached is None or b.reached is None)


def test_a_pool_of_nothing_takes_no_direction_away() -> None:
    known = Pool(100, 5, reached=97)
    assert Pool().plus(known).reached == known.plus(Pool()).reached == 97
    assert known.plus(known).reached == 194


def test_the_pool_is_judged_not_the_mean_of_the_parts() -> None:
    good, bad = directed(0), directed(0.2)
    pooled = mos_at(good.plus(bad))
    assert pooled == pytest.approx(mos_at(directed(0.1)), abs=1e-9)
    assert abs(pooled - (mos_at(good) + mos_at(bad)) / 2) > 0.02


def seconds(losses: list[int], *, rtt_ms: float = 10) -> tuple[Ints, Ints, Ints, Ints]:
    gone = np.array(losses, dtype=np.int64)
    settled = np.full(len(gone), 50, dtype=np.int64)
    back = settled - gone
    return settled, gone, back * round(rtt_ms * MS), back


def worst(settled: Ints, gone: Ints, rtt: Ints, count: Ints) -> Worst | None:
    """Ask for the worst window of one call alone."""
    (found,) = worst_windows(settled[None], gone[None], rtt[None], count[None])
    return found


def test_the_worst_ten_seconds_are_found_where_the_loss_was() -> None:
    losses = [0] * 60
    losses[33:43] = [5] * 10
    found = worst(*seconds(losses))
    assert found is not None
    assert found.start == 33
    alone = mos(Pool(500, 50, 0, 450 * 10 * MS, 450))
    assert alone is not None
    assert found.mos == pytest.approx(alone.mos)
    assert found.mos < mos_at(Pool(3000, 50, 0, 2950 * 10 * MS, 2950))


def test_the_worst_ten_seconds_may_be_those_of_the_longest_delay() -> None:
    settled, gone, rtt, count = seconds([0] * 40)
    rtt[20:30] = 600 * MS * 50
    found = worst(settled, gone, rtt, count)
    assert found is not None
    assert found.start == 20


def test_a_second_of_total_loss_counts_though_it_has_no_round_trip() -> None:
    losses = [0] * 30
    losses[25] = 50
    settled, gone, rtt, count = seconds(losses)
    assert count[25] == 0
    found = worst(settled, gone, rtt, count)
    assert found is not None
    assert 16 <= found.start <= 20
    assert found.mos < 4.2


def test_a_call_shorter_than_the_window_is_one_window() -> None:
    found = worst(*seconds([0, 5, 0]))
    assert found is not None
    assert found.start == 0
    assert found.mos == pytest.approx(mos_at(Pool(150, 5, 0, 145 * 10 * MS, 145)))


def test_windows_with_next_to_no_packets_say_nothing() -> None:
    settled, gone, rtt, count = seconds([0] * 30)
    settled[10:22], rtt[10:22], count[10:22] = 0, 0, 0
    settled[15] = gone[15] = 2  # two packets in the middle of a silence, both lost
    found = worst(settled, gone, rtt, count)
    assert found is not None
    # the thinnest window that still speaks holds the two and one full second
    assert found.mos == pytest.approx(mos_at(Pool(52, 2, 0, 50 * 10 * MS, 50)))
    assert found.start in (9, 13)
    assert worst(settled[12:20], gone[12:20], rtt[12:20], count[12:20]) is None
    assert worst(*seconds([])) is None


def test_calls_are_judged_apart_and_each_like_alone() -> None:
    rng = np.random.default_rng(3)
    settled = np.full((20, 40), 50, dtype=np.int64)
    gone = rng.binomial(50, rng.random((20, 1)) * 0.2, (20, 40))
    count = settled - gone
    rtt = count * rng.integers(5 * MS, 300 * MS, (20, 40))
    together = worst_windows(settled, gone, rtt, count)
    for row, found in enumerate(together):
        assert found == worst(settled[row], gone[row], rtt[row], count[row])
        plain = min(
            mos_at(
                Pool(
                    500,
                    lost := int(gone[row, i : i + 10].sum()),
                    0,
                    int(rtt[row, i : i + 10].sum()),
                    500 - lost,
                )
            )
            for i in range(31)
        )
        assert found is not None
        assert math.isclose(found.mos, plain, rel_tol=1e-12)
