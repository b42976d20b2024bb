"""Round trips by exact bounds: what equals a limit meets it, and every limit is a bound."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.analysis.ladder import STEPS_MS, Ladder
from ari_tui.analysis.sla_profiles import SEED_PROFILE, Profile, Tier

MS = 1_000_000


def ns(*values: int) -> npt.NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def test_what_equals_a_bound_meets_it_and_what_is_above_does_not() -> None:
    ladder = Ladder(SEED_PROFILE)
    ladder.book(ns(8 * MS, 8 * MS + 1, 9 * MS))
    rungs = ladder.read()
    at = rungs.upper_ns.index(8 * MS)
    assert rungs.counts[at] == 1
    assert rungs.counts[at + 1] == 2
    assert rungs.upper_ns[at + 1] == 10 * MS
    assert rungs.sum_ns == 25 * MS + 1


def test_every_limit_of_the_profile_is_a_bound_once() -> None:
    odd = Profile(
        name="odd",
        tiers=(Tier(calls_up_to=1, p50_ms=1, p95_ms=7.3, p99_ms=9.9),),
        max_ms=41.5,
        late_ratio=0.01,
        loss_ratio=0.01,
    )
    upper = Ladder(odd).read().upper_ns
    assert {1 * MS, 7_300_000, 9_900_000, 41_500_000} <= set(upper)
    assert list(upper) == sorted(set(upper))
    assert len(upper) == len(STEPS_MS) + 3


def test_nothing_booked_is_nothing_counted() -> None:
    ladder = Ladder(SEED_PROFILE)
    ladder.book(ns())
    assert sum(ladder.read().counts) == 0
    assert ladder.read().sum_ns == 0


@given(st.lists(st.lists(st.integers(0, 10**11), max_size=30), max_size=5))
def test_the_counts_are_those_of_the_raw_values(batches: list[list[int]]) -> None:
    ladder = Ladder(SEED_PROFILE)
    for batch in batches:
        ladder.book(ns(*batch))
    rungs, values = ladder.read(), [value for batch in batches for value in batch]
    cumulative = np.cumsum(rungs.counts).tolist()
    assert cumulative[-1] == len(values)
    for upper, count in zip(rungs.upper_ns, cumulative, strict=False):
        assert count == sum(value <= upper for value in values)
    assert rungs.sum_ns == sum(values)
