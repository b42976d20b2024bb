"""Histograms against raw values: numpy's inverted_cdf is the nearest rank."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_tui.analysis import histogram as h
from ari_tui.analysis.histogram import STEPS_MS, CumulativeBuckets
from ari_tui.analysis.nearest_rank import nearest_rank
from ari_tui.analysis.sla.profiles import SEED_PROFILE, Profile, Tier

SHARES = (0.0, 0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0)


def counted(values: list[int] | np.ndarray) -> np.ndarray:
    counts = np.zeros(h.BUCKETS, dtype=np.int64)
    h.add(counts, np.asarray(values, dtype=np.int64))
    return counts


def exact(values: list[int] | np.ndarray) -> list[int]:
    return [int(np.percentile(values, 100 * share, method="inverted_cdf")) for share in SHARES]


@settings(max_examples=200)
@given(st.lists(st.integers(1, 2**35 - 1), min_size=1, max_size=300))
def test_percentiles_lie_within_one_percent_of_those_of_the_raw_values(values: list[int]) -> None:
    found = h.percentiles(counted(values), SHARES, min(values), max(values))
    for got, want in zip(found, exact(values), strict=True):
        assert got == pytest.approx(want, rel=0.01, abs=1)


@pytest.mark.parametrize("seed", range(4))
def test_percentiles_hold_for_a_hundred_thousand_round_trips(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = (8e6 + rng.lognormal(13, 1.5, 100_000)).astype(np.int64)
    found = h.percentiles(counted(values), SHARES, int(values.min()), int(values.max()))
    assert found == pytest.approx(exact(values), rel=0.01)


@given(st.lists(st.integers(0, 2**36), min_size=1, max_size=50), st.integers(0, 50))
def test_histograms_merge_to_that_of_the_whole(values: list[int], cut: int) -> None:
    assert np.array_equal(counted(values[:cut]) + counted(values[cut:]), counted(values))


def test_the_largest_is_exact_and_no_percentile_lies_outside_the_extremes() -> None:
    values = [1_000_003, 1_000_007, 1_000_009]
    found = h.percentiles(counted(values), (0.0, 0.5, 1.0), min(values), max(values))
    assert found[-1] == 1_000_009
    assert all(v is not None and 1_000_003 <= v <= 1_000_009 for v in found)


def test_no_samples_have_no_percentiles() -> None:
    assert h.percentiles(counted([]), (0.5, 0.99), 0, 0) == [None, None]


@pytest.mark.parametrize(
    ("number", "share", "rank"),
    [(20, 0.95, 19), (20, 0.9, 18), (7, 0.5, 4), (30, 0.7, 21), (32, 0.99, 32), (1, 0.01, 1)],
)
def test_ranks_are_not_shifted_by_floating_point(number: int, share: float, rank: int) -> None:
    values = [2**n for n in range(1, number + 1)]  # so far apart that the rank is read off
    (found,) = h.percentiles(counted(values), (share,), values[0], values[-1])
    assert found == pytest.approx(2**rank, rel=0.01, abs=1)


@given(st.integers(1, 2**35 - 1))
def test_a_value_lies_within_the_bounds_of_its_bucket(value: int) -> None:
    bucket = int(h.bucket_of(np.array([value]))[0])
    assert h.LOWER_NS[bucket] <= value < h.UPPER_NS[bucket]
    middle = (h.LOWER_NS[bucket] + h.UPPER_NS[bucket]) / 2
    assert abs(middle - value) <= 0.0079 * value


@pytest.mark.parametrize(
    ("value", "bucket"),
    [
        (-5, 0),
        (0, 0),
        (1, 1),
        (2, 65),
        (3, 97),
        (4, 129),
        (2**35 - 1, h.BUCKETS - 1),
        (2**35, h.BUCKETS - 1),
        (2**62, h.BUCKETS - 1),
    ],
)
def test_values_at_the_edges_have_a_bucket(value: int, bucket: int) -> None:
    assert h.bucket_of(np.array([value])).tolist() == [bucket]


def test_buckets_join_without_gap_or_overlap() -> None:
    assert np.array_equal(h.UPPER_NS[:-1], h.LOWER_NS[1:])
    assert (np.diff(h.UPPER_NS) > 0).all()
    assert h.UPPER_NS[-1] == 2**35


@given(st.lists(st.integers(1, 2**35 - 1), max_size=50))
def test_published_pairs_are_in_order_and_hold_every_value(values: list[int]) -> None:
    pairs = h.sparse(counted(values))
    uppers = [upper for upper, _ in pairs]
    assert uppers == sorted(set(uppers))
    assert sum(count for _, count in pairs) == len(values)
    for upper, _ in pairs:
        below = sum(count for bound, count in pairs if bound <= upper)
        assert below == sum(value < upper for value in values)


def test_counts_beyond_32_bits_do_not_wrap_in_a_percentile() -> None:
    counts = np.zeros(h.BUCKETS, dtype=np.uint32)
    counts[100], counts[2000] = 4_000_000_000, 4_000_000_000
    low, high = int(h.LOWER_NS[100]), int(h.UPPER_NS[2000])
    p25, p75 = h.percentiles(counts, (0.25, 0.75), low, high)
    assert p25 is not None
    assert p75 is not None
    assert h.LOWER_NS[100] - 1 <= p25 < h.UPPER_NS[100]
    assert h.LOWER_NS[2000] - 1 <= p75 < h.UPPER_NS[2000]


MS = 1_000_000


def ns(*values: int) -> npt.NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def test_what_equals_a_bound_meets_it_and_what_is_above_does_not() -> None:
    buckets = CumulativeBuckets(SEED_PROFILE)
    buckets.book(ns(8 * MS, 8 * MS + 1, 9 * MS))
    bucket_counts = buckets.read()
    at = bucket_counts.upper_ns.index(8 * MS)
    assert bucket_counts.counts[at] == 1
    assert bucket_counts.counts[at + 1] == 2
    assert bucket_counts.upper_ns[at + 1] == 10 * MS
    assert bucket_counts.sum_ns == 25 * MS + 1


def test_every_limit_of_the_profile_is_a_bound_once() -> None:
    odd = Profile(
        name="odd",
        tiers=(Tier(calls_up_to=1, p50_ms=1, p95_ms=7.3, p99_ms=9.9),),
        max_ms=41.5,
        late_ratio=0.01,
        loss_ratio=0.01,
    )
    upper = CumulativeBuckets(odd).read().upper_ns
    assert {1 * MS, 7_300_000, 9_900_000, 41_500_000} <= set(upper)
    assert list(upper) == sorted(set(upper))
    assert len(upper) == len(STEPS_MS) + 3


def test_nothing_booked_is_nothing_counted() -> None:
    buckets = CumulativeBuckets(SEED_PROFILE)
    buckets.book(ns())
    assert sum(buckets.read().counts) == 0
    assert buckets.read().sum_ns == 0


@given(st.lists(st.lists(st.integers(0, 10**11), max_size=30), max_size=5))
def test_the_counts_are_those_of_the_raw_values(batches: list[list[int]]) -> None:
    buckets = CumulativeBuckets(SEED_PROFILE)
    for batch in batches:
        buckets.book(ns(*batch))
    bucket_counts, values = buckets.read(), [value for batch in batches for value in batch]
    cumulative = np.cumsum(bucket_counts.counts).tolist()
    assert cumulative[-1] == len(values)
    for upper, count in zip(bucket_counts.upper_ns, cumulative, strict=False):
        assert count == sum(value <= upper for value in values)
    assert bucket_counts.sum_ns == sum(values)


@pytest.mark.parametrize(
    ("share", "total", "rank"),
    [
        (0.5, 1, 1),
        (0.5, 4, 2),
        (0.5, 5, 3),
        (0.95, 20, 19),
        (0.95, 21, 20),
        (0.99, 100, 99),
        (0.99, 101, 100),
        (0.999, 1000, 999),
        (1.0, 7, 7),
        (0.0, 7, 1),
    ],
)
def test_the_rank_is_the_share_of_all_rounded_up(share: float, total: int, rank: int) -> None:
    assert nearest_rank(share, total) == rank


def test_a_share_that_is_no_binary_fraction_is_not_rounded_beyond_its_rank() -> None:
    assert 0.07 * 100 > 7  # what a product of floats would round up to 8
    assert nearest_rank(0.07, 100) == 7
