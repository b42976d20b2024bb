"""Limits of one's own from what was measured: the floor of the path plus a budget.

The floor is the shortest round trip, which nothing on the path can beat. What was measured above
it, times a headroom, is the budget. A share's limit is what the evidence cannot rule out (its upper
exact bound), times the headroom. All are rounded up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, NamedTuple

from ari_tui.analysis.binomial import upper_bound
from ari_tui.analysis.nearest_rank import nearest_rank
from ari_tui.analysis.sla.profiles import Profile, Tier
from ari_tui.core.number_format import percent_significant

FEWEST: Final = 1000
"""Round trips below which nothing is proposed: 1 % of them are ten."""
_LEAST_BUDGET_MS: Final = 1.0
_LARGEST_SHARE: Final = 0.5
_TENS: Final = 10
_SHARES: Final = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


class PathSample(NamedTuple):
    """What was seen of a path."""

    seconds: float
    calls: int
    """At most up at once."""
    settled: int
    lost: int
    late: int
    histogram: Mapping[int, int]
    """Round trips by the middle of their bucket (µs)."""
    shortest_ms: float
    longest_ms: float
    limited_s: float
    """Of the seconds: those in which the instrument was limited."""


class Proposal(NamedTuple):
    """A profile, and by its keys why each limit is what it is."""

    profile: Profile
    reasons: dict[str, str]


def propose(watched: PathSample, name: str, headroom: float) -> Proposal:
    """Propose a profile; `headroom` ≥ 1 multiplies the budgets. Raises ValueError in words."""
    trips = sum(watched.histogram.values())
    if trips < FEWEST:
        raise ValueError(f"{trips:,} round trips in {watched.seconds:.0f} s: {FEWEST:,} are needed")
    floor = watched.shortest_ms
    seen = {
        name: min(_percentile(watched.histogram, share), watched.longest_ms)
        for name, share in _SHARES.items()
    }
    limits = {name: _limit_ms(floor, value, headroom) for name, value in seen.items()}
    longest = _limit_ms(floor, watched.longest_ms, headroom)
    calls = -(-max(watched.calls, 1) // _TENS) * _TENS
    tier = Tier(calls_up_to=calls, p50_ms=limits["p50"], p95_ms=limits["p95"], p99_ms=limits["p99"])
    late, lost = (_share(k, watched.settled, headroom) for k in (watched.late, watched.lost))
    profile = Profile(name=name, tiers=(tier,), max_ms=longest, late_ratio=late, loss_ratio=lost)
    measured = ", ".join(f"{name} {value:.1f}" for name, value in seen.items())
    reasons = {
        "tiers": f"{measured} ms with up to {watched.calls} calls, "
        f"floor {floor:.1f} ms plus {headroom:g} times what lies above it",
        "max_ms": f"the longest of {trips:,} round trips took {watched.longest_ms:.1f} ms; "
        "a longer watch sees a longer one",
        "late_ratio": _why(watched.late, watched.settled, "late", headroom),
        "loss_ratio": _why(watched.lost, watched.settled, "lost", headroom),
    }
    return Proposal(profile, reasons)


def _percentile(histogram: Mapping[int, int], share: float) -> float:
    """Return the nearest-rank percentile in ms, as the middle of its bucket."""
    left = nearest_rank(share, sum(histogram.values()))
    for middle_us in sorted(histogram):
        left -= histogram[middle_us]
        if left <= 0:
            return middle_us / 1000
    raise ValueError("no round trips")


def _limit_ms(floor_ms: float, seen_ms: float, headroom: float) -> float:
    """Return floor plus budget, rounded up to half a millisecond."""
    budget = max(headroom * (seen_ms - floor_ms), _LEAST_BUDGET_MS)
    return math.ceil(2 * (floor_ms + budget) - 1e-9) / 2


def _share(k: int, n: int, headroom: float) -> float:
    """Return the limit of a share: rounded up to one, two or five of some decimal place."""
    wanted = min(headroom * upper_bound(k, n), _LARGEST_SHARE)
    unit = 10.0 ** math.floor(math.log10(wanted))
    whole = next(step for step in (1, 2, 5, 10) if step * unit >= wanted * (1 - 1e-9))
    return float(f"{whole * unit:.1g}")


def _why(k: int, n: int, what: str, headroom: float) -> str:
    most = percent_significant(upper_bound(k, n), 3)
    return f"{k:,} of {n:,} packets {what}, which may be up to {most}; times {headroom:g}"
