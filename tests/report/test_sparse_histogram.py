from __future__ import annotations

import numpy as np
import pytest

from ari_tui.analysis import histogram
from ari_tui.analysis.roundtrip.intervals import coarsened
from ari_tui.report import sparse_histogram


def test_buckets_are_those_of_the_engine() -> None:
    assert sparse_histogram.PER_OCTAVE == histogram.PER_OCTAVE
    for bucket in range(1 + 10 * histogram.PER_OCTAVE, histogram.BUCKETS, 7):
        upper = int(histogram.UPPER_NS[bucket])
        assert sparse_histogram.lower(upper) == histogram.LOWER_NS[bucket]
        middle = (histogram.LOWER_NS[bucket] + histogram.UPPER_NS[bucket]) / 2
        assert sparse_histogram.middle(upper) == middle


@pytest.mark.parametrize("upper", [1, 2, 3])
def test_the_smallest_buckets_have_a_middle_too(upper: int) -> None:
    assert 0 <= sparse_histogram.middle(upper) <= upper


def test_percentiles_are_those_of_the_engine() -> None:
    values = np.random.default_rng(1).gamma(2.0, 4e6, 5000).astype(np.int64)
    counts = histogram.no_durations().plus(values).counts
    shares = (0.001, 0.5, 0.95, 0.99, 1.0)
    # no extremes given, so none is kept to
    wanted = histogram.percentiles(counts, shares[:-1], 0, 10**12)
    found = sparse_histogram.percentiles(histogram.sparse(counts), shares)
    assert found[:-1] == pytest.approx(wanted, abs=1)
    assert found[-1] == pytest.approx(values.max(), rel=0.008)


def test_a_rank_is_the_nearest_and_not_the_next() -> None:
    twenty = [[1024 + 16 * i, 1] for i in range(1, 21)]
    assert sparse_histogram.percentiles(twenty, (0.95,)) == [sparse_histogram.middle(twenty[18][0])]
    with pytest.raises(ValueError, match="no values"):
        sparse_histogram.percentiles([], (0.5,))


def test_a_difference_holds_what_has_come_and_nothing_else() -> None:
    older, newer = [[8, 3], [16, 1]], [[8, 3], [12, 4], [16, 2]]
    assert sparse_histogram.since(newer, older) == [[12, 4], [16, 1]]
    assert sparse_histogram.since(newer, []) == newer
    assert sparse_histogram.since(older, newer) == []


def test_coarse_buckets_are_spread_without_losing_any() -> None:
    values = np.random.default_rng(2).gamma(2.0, 4e6, 999).astype(np.int64) + 10**6
    told_us = coarsened(histogram.no_durations().plus(values).counts)
    coarse = [[upper_us * 1000, count] for upper_us, count in told_us]
    slices = sparse_histogram.spread_evenly(coarse, 8, 8)
    assert sum(count for _, count in slices) == 999
    for i in range(1, len(coarse)):
        low, upper = coarse[i - 1][0], coarse[i][0]
        # the edges are told to the microsecond
        assert sparse_histogram.lower(upper, 8) == pytest.approx(low, abs=1000)
        assert sum(n for at, n in slices if low < at < upper) == coarse[i][1]
    at_most = [round(at) for at, count in slices for _ in range(count)]
    exact = np.sort(values)
    for percent in (50, 95, 99):
        rank = -(-999 * percent // 100) - 1
        assert at_most[rank] == pytest.approx(exact[rank], rel=0.03)
