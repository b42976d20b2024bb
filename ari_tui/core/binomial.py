"""Exact bounds on a share from k hits in n trials (Clopper and Pearson, Biometrika 26, 1934).

The interval is two-sided, as in R's `binom.test` and SciPy's `proportion_ci`: at 95 % each bound
is wrong with a probability of at most 2.5 %. A verdict uses one bound at a time, so that is also
the probability of a wrong pass, and of a wrong failure. This assumes independent trials; losses in
bursts are weaker evidence than their number suggests.

The bounds are quantiles of beta distributions: the regularized incomplete beta function by its
continued fraction (DLMF 8.17.22), inverted by Newton's method. Pure Python, without numpy.
"""

from __future__ import annotations

import math
from typing import Final

CONFIDENCE: Final = 0.95
MOST_PACKETS: Final = 10**9
"""The limit of `packets_needed`: eight months of one call, a day and a half of 150."""
_PRECISION: Final = 1e-15
_FRACTION_TERMS: Final = 1_000_000
"""About the square root of the larger parameter is needed: 10 000 at n = 10**8."""


def lower_bound(k: int, n: int, confidence: float = CONFIDENCE) -> float:
    """Return the lower bound for k hits in n trials; 0 without trials.

    `confidence` is that of the two-sided interval (0.90 makes this a one-sided 95 % bound).
    Raises ValueError unless 0 ≤ k ≤ n and 0 < confidence < 1.
    """
    tail = _tail_of(k, n, confidence)
    return 0.0 if k == 0 else _beta_quantile(tail, k, n - k + 1)


def upper_bound(k: int, n: int, confidence: float = CONFIDENCE) -> float:
    """Return the upper bound for k hits in n trials; 1 without trials.

    `confidence` and errors as in `lower_bound`.
    """
    tail = _tail_of(k, n, confidence)
    return 1.0 if k == n else _beta_quantile(1 - tail, k + 1, n - k)


def exceeds(k: int, n: int, limit: float, confidence: float = CONFIDENCE) -> bool:
    """Return whether k hits in n trials prove a share above the limit: `lower_bound` is above it.

    It costs one incomplete beta function, where a bound costs dozens. `confidence` and errors as
    in `lower_bound`.
    """
    tail = _tail_of(k, n, confidence)
    if k == 0 or limit >= 1:
        return False
    return limit <= 0 or _beta_share(k, n - k + 1, limit) < tail


def packets_needed(
    limit: float, confidence: float = CONFIDENCE, violations: int = 0, trials: int = 0
) -> int | None:
    """Return about how many trials a verdict needs on a share with a limit (0 < limit < 1).

    Assumes the rate so far (`violations` of `trials`; 0 without trials), and counts until the
    upper bound meets the limit or, for a rate above it, the lower bound breaks it. None when the
    rate is so near the limit that MOST_PACKETS are not enough.
    """
    tail = _tail_of(violations, trials, confidence)
    if not 0 < limit < 1:
        raise ValueError(f"a limit of {limit} is not a share between 0 and 1")
    if violations == 0:
        return max(trials, math.ceil(math.log(tail) / math.log1p(-limit)))
    rate = violations / trials
    if _decides(MOST_PACKETS, rate, limit, tail):
        return _fewest_that_decide(trials, rate, limit, tail)
    return None


def _tail_of(k: int, n: int, confidence: float) -> float:
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is not a share")
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} is not between 0 and 1")
    return (1 - confidence) / 2


def _decides(trials: int, rate: float, limit: float, tail: float) -> bool:
    """Return whether `trials` at a constant rate (hits need not be whole) decide the verdict."""
    hits = rate * trials
    if rate < limit:  # P(at most `hits` | limit) ≤ tail, equivalent to: upper bound ≤ limit
        return _beta_share(trials - hits, hits + 1, 1 - limit) <= tail
    if rate > limit:  # P(at least `hits` | limit) < tail, equivalent to: lower bound > limit
        return _beta_share(hits, trials - hits + 1, limit) < tail
    return False


def _fewest_that_decide(trials: int, rate: float, limit: float, tail: float) -> int:
    enough = max(trials, 1)
    while not _decides(enough, rate, limit, tail):
        enough *= 2
    short = max(trials - 1, enough // 2 if enough > trials else 0)
    while enough - short > 1:
        middle = (short + enough) // 2
        if _decides(middle, rate, limit, tail):
            enough = middle
        else:
            short = middle
    return min(enough, MOST_PACKETS)


def _beta_quantile(share: float, a: int, b: int) -> float:
    """Return the x for which I_x(a, b) is `share`; integers a, b ≥ 1."""
    if a == 1:
        return -math.expm1(math.log1p(-share) / b)
    if b == 1:
        return math.exp(math.log(share) / a)
    # the mode is the inflection point: from there Newton's method does not overshoot
    x = (a - 1) / (a + b - 2)
    for _ in range(60):
        density = math.exp(_log_front(a, b, x) - math.log(x) - math.log1p(-x))
        step = (_beta_share(a, b, x) - share) / density
        x -= step
        if abs(step) <= 1e-12 * x:
            break
    return x


def _beta_share(a: float, b: float, x: float) -> float:
    """Return the regularized incomplete beta function I_x(a, b), for 0 < x < 1 and a, b > 0."""
    front = math.exp(_log_front(a, b, x))
    if x < (a + 1) / (a + b + 2):  # the fraction converges fast; otherwise by symmetry
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, 1 - x) / b


def _log_front(a: float, b: float, x: float) -> float:
    """Return the logarithm of x^a (1 − x)^b / B(a, b)."""
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return scale + a * math.log(x) + b * math.log1p(-x)


def _fraction(a: float, b: float, x: float) -> float:
    """Return the continued fraction of I_x(a, b), by the modified Lentz method."""
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _FRACTION_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1 / (1 + even * d), 1 + even / c
        value *= c * d
        d, c = 1 / (1 + odd * d), 1 + odd / c
        change = c * d
        value *= change
        if abs(change - 1) < _PRECISION:
            return value
    raise ArithmeticError(f"the incomplete beta function at {x} for {a}, {b} does not converge")
