"""Exact binomial bounds: against exact sums, tables, and their own symmetry."""

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.core.binomial import exceeds, lower_bound, packets_needed, upper_bound

TAIL = 0.025


def at_most(k: int, n: int, share: float) -> Fraction:
    """P(X ≤ k) of a binomial, without rounding."""
    p = Fraction(share)
    return sum(
        (math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1)), start=Fraction(0)
    )


def at_most_of_many(k: int, n: int, share: float) -> float:
    """The same for large n: term by term with 40 digits."""
    with localcontext() as context:
        context.prec = 40
        p = Decimal(share)
        term = total = (1 - p) ** n
        odds = p / (1 - p)
        for i in range(k):
            term *= odds * (n - i) / (i + 1)
            total += term
        return float(total)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 20, 61])
def test_each_end_leaves_a_tail_of_two_and_a_half_percent(n: int) -> None:
    for k in range(n + 1):
        if k < n:
            assert float(at_most(k, n, upper_bound(k, n))) == pytest.approx(TAIL, rel=1e-9)
        if k > 0:
            above = 1 - at_most(k - 1, n, lower_bound(k, n))
            assert float(above) == pytest.approx(TAIL, rel=1e-9)


@pytest.mark.parametrize(
    ("k", "n"), [(1, 10**5), (300, 10**5), (5000, 10**5), (1000, 10**6), (9, 10**8), (20000, 10**8)]
)
def test_the_tails_are_right_for_many_trials(k: int, n: int) -> None:
    assert at_most_of_many(k, n, upper_bound(k, n)) == pytest.approx(TAIL, rel=1e-5)
    assert 1 - at_most_of_many(k - 1, n, lower_bound(k, n)) == pytest.approx(TAIL, rel=1e-5)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.30849710),
        (5, 10, 0.18708603, 0.81291397),
        (10, 10, 0.69150290, 1.0),
        (7, 50, 0.05819170, 0.26739600),  # the example in SciPy's documentation of binomtest
        (9, 24, 0.1879929, 0.5940636),  # as R's binom.test gives it
    ],
)
def test_tabulated_intervals_are_met(k: int, n: int, low: float, high: float) -> None:
    assert lower_bound(k, n) == pytest.approx(low, abs=5e-7)
    assert upper_bound(k, n) == pytest.approx(high, abs=5e-7)


@pytest.mark.parametrize(
    ("k", "low", "high"),  # Garwood's exact limits of a Poisson count, 95 %
    [(0, 0.0, 3.689), (1, 0.0253, 5.572), (5, 1.623, 11.668), (10, 4.795, 18.390)],
)
def test_rare_hits_in_a_hundred_million_are_a_poisson_count(
    k: int, low: float, high: float
) -> None:
    n = 10**8
    assert lower_bound(k, n) * n == pytest.approx(low, abs=6e-4)
    assert upper_bound(k, n) * n == pytest.approx(high, abs=6e-4)


def test_half_of_a_hundred_million_is_a_normal_interval() -> None:
    n = 10**8
    half_width = 1.959964 * math.sqrt(0.25 / n)
    assert 0.5 - lower_bound(n // 2, n) == pytest.approx(half_width, rel=1e-3)
    assert upper_bound(n // 2, n) - 0.5 == pytest.approx(half_width, rel=1e-3)


def test_no_trials_allow_every_share() -> None:
    assert (lower_bound(0, 0), upper_bound(0, 0)) == (0.0, 1.0)


def test_another_confidence_gives_what_r_gives() -> None:  # binom.test(1, 1497, conf.level = 0.9)
    assert lower_bound(1, 1497, 0.9) == pytest.approx(3.426347e-5, rel=1e-6)
    assert upper_bound(1, 1497, 0.9) == pytest.approx(3.164954e-3, rel=1e-6)


def test_more_confidence_makes_the_interval_wider() -> None:
    assert lower_bound(3, 50, 0.99) < lower_bound(3, 50, 0.95) < lower_bound(3, 50, 0.5)
    assert upper_bound(3, 50, 0.99) > upper_bound(3, 50, 0.95) > upper_bound(3, 50, 0.5)


@given(st.integers(1, 10**7).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_seen_and_mirrors(case: tuple[int, int]) -> None:
    k, n = case
    low, high = lower_bound(k, n), upper_bound(k, n)
    assert 0 <= low <= k / n <= high <= 1
    assert low == pytest.approx(1 - upper_bound(n - k, n), rel=1e-7, abs=1e-12)


@given(st.integers(2, 10**5).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n))))
def test_another_hit_raises_both_ends_and_another_miss_lowers_them(case: tuple[int, int]) -> None:
    k, n = case
    assert lower_bound(k, n) < lower_bound(k + 1, n)
    assert upper_bound(k, n) <= upper_bound(k + 1, n)
    assert lower_bound(k, n + 1) <= lower_bound(k, n)
    assert upper_bound(k, n + 1) < upper_bound(k, n)


@pytest.mark.parametrize(
    ("k", "n", "confidence", "words"),
    [
        (-1, 5, 0.95, "-1 of 5"),
        (6, 5, 0.95, "6 of 5"),
        (1, 5, 1.0, "confidence of 1.0"),
        (1, 5, 0.0, "confidence of 0.0"),
    ],
)
def test_what_is_no_share_is_refused(k: int, n: int, confidence: float, words: str) -> None:
    for bound in (lower_bound, upper_bound):
        with pytest.raises(ValueError, match=words):
            bound(k, n, confidence)


def test_clean_packets_needed_follow_the_closed_form() -> None:
    needed = packets_needed(0.001)
    assert needed == 3688  # a one-sided 95 % bound would take the rule of three's 2,995
    assert 0.999**needed <= TAIL < 0.999 ** (needed - 1)
    assert packets_needed(0.001, 0.90) == 2995
    assert upper_bound(0, needed) <= 0.001 < upper_bound(0, needed - 1)


@pytest.mark.parametrize(("k", "n"), [(1, 1250), (1, 2000), (3, 5000), (9, 10000)])
def test_at_a_rate_below_the_limit_the_number_needed_passes_and_fewer_do_not(
    k: int, n: int
) -> None:
    assert upper_bound(k, n) > 0.001
    needed = packets_needed(0.001, 0.95, k, n)
    assert needed is not None
    assert needed > n
    more = round(needed * k / n)  # a hit more or less is what "about" is for
    assert upper_bound(max(0, more - 1), needed) <= 0.001
    assert upper_bound(more + 1, needed) > 0.001


@pytest.mark.parametrize(("k", "n"), [(1, 100), (2, 1500), (12, 10000)])
def test_at_a_rate_above_the_limit_the_number_needed_fails_and_fewer_do_not(k: int, n: int) -> None:
    assert lower_bound(k, n) < 0.001
    needed = packets_needed(0.001, 0.95, k, n)
    assert needed is not None
    assert needed > n
    more = round(needed * k / n)
    assert lower_bound(more + 1, needed) > 0.001
    assert lower_bound(max(0, more - 1), needed) <= 0.001


def test_what_has_been_told_needs_no_more() -> None:
    assert packets_needed(0.001, 0.95, 0, 5000) == 5000
    assert packets_needed(0.001, 0.95, 1, 20000) == 20000
    assert packets_needed(0.001, 0.95, 50, 1000) == 1000


def test_a_rate_right_at_its_limit_is_never_told_apart() -> None:
    assert packets_needed(0.001, 0.95, 1, 1000) is None
    assert packets_needed(0.001, 0.95, 100_001, 100_000_000) is None


@pytest.mark.parametrize("limit", [0.0, 1.0, -0.1])
def test_a_limit_that_no_evidence_could_meet_is_refused(limit: float) -> None:
    with pytest.raises(ValueError, match="limit"):
        packets_needed(limit)


@pytest.mark.parametrize("whole", [1, 10, 500, 3000, 180_000])
@pytest.mark.parametrize("limit", [0.001, 0.002, 0.3, 0.99])
def test_a_share_exceeds_a_limit_exactly_where_its_lower_bound_does(
    whole: int, limit: float
) -> None:
    about = int(whole * limit)
    for part in range(max(0, about - 5), min(whole, about + 200) + 1):
        assert exceeds(part, whole, limit) == (lower_bound(part, whole) > limit), part


def test_no_hit_exceeds_nothing_and_any_hit_exceeds_a_limit_of_zero() -> None:
    assert not exceeds(0, 100, 0.0)
    assert not exceeds(0, 0, 0.5)
    assert exceeds(1, 100, 0.0)
    assert not exceeds(100, 100, 1.0)
