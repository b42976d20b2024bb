"""A profile proposed from measurements: the floor of the path plus a budget.

The floor is the shortest round trip. An RTT limit is the floor plus a budget: what was measured
above the floor, times a headroom. A share's limit is the upper exact bound of the measured share,
times the headroom. All are rounded up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, NamedTuple

from ari_tui.analysis.nearest_rank import nearest_rank
from ari_tui.analysis.sla.profiles import Profile, Tier
from ari_tui.core.binomial import upper_bound
from ari_tui.core.number_format import percent_significant

FEWEST: Final = 1000
"""The fewest round trips for a proposal: 1 % of them are ten."""
_LEAST_BUDGET_MS: Final = 1.0
_LARGEST_SHARE: Final = 0.5
_TENS: Final = 10
_SHARES: Final = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


class PathSample(NamedTuple):
    """The measurements of a path."""

    seconds: float
    calls: int
    """Most calls up at once."""
    settled: int
    lost: int
    late: int
    histogram: Mapping[int, int]
    """Round trips by the middle of their bucket (µs)."""
    shortest_ms: float
    longest_ms: float
    limited_s: float
    """Limited seconds, of `seconds`."""


class Proposal(NamedTuple):
    """A profile, and the reason for each limit by its key."""

    profile: Profile
    reasons: dict[str, str]


def propose(sample: PathSample, name: str, headroom: float) -> Proposal:
    """Propose a profile; `headroom` ≥ 1. Raises ValueError, with a text for people."""
    trips = sum(sample.histogram.values())
    if trips < FEWEST:
        raise ValueError(f"{trips:,} round trips in {sample.seconds:.0f} s: {FEWEST:,} are needed")
    floor = sample.shortest_ms
    percentiles = {
        key: min(_percentile(sample.histogram, share), sample.longest_ms)
        for key, share in _SHARES.items()
    }
    limits = {f"{key}_ms": _limit_ms(floor, ms, headroom) for key, ms in percentiles.items()}
    tier = Tier(calls_up_to=-(-max(sample.calls, 1) // _TENS) * _TENS, **limits)
    longest = _limit_ms(floor, sample.longest_ms, headroom)
    late, lost = (_share(k, sample.settled, headroom) for k in (sample.late, sample.lost))
    profile = Profile(name=name, tiers=(tier,), max_ms=longest, late_ratio=late, loss_ratio=lost)
    measured = ", ".join(f"{key} {ms:.1f}" for key, ms in percentiles.items())
    reasons = {
        "tiers": f"{measured} ms with up to {sample.calls} calls, "
        f"floor {floor:.1f} ms plus {headroom:g} times what lies above it",
        "max_ms": f"the longest of {trips:,} round trips took {sample.longest_ms:.1f} ms; "
        "a longer watch sees a longer one",
        "late_ratio": _why(sample.late, sample.settled, "late", headroom),
        "loss_ratio": _why(sample.lost, sample.settled, "lost", headroom),
    }
    return Proposal(profile, reasons)


def _percentile(histogram: Mapping[int, int], share: float) -> float:
    """Return the nearest-rank percentile (ms): the middle of its bucket."""
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
    """Return the limit of a share, rounded up to 1, 2 or 5 times a power of ten."""
    exact = min(headroom * upper_bound(k, n), _LARGEST_SHARE)
    unit = 10.0 ** math.floor(math.log10(exact))
    digit = next(step for step in (1, 2, 5, 10) if step * unit >= exact * (1 - 1e-9))
    return float(f"{digit * unit:.1g}")


def _why(k: int, n: int, what: str, headroom: float) -> str:
    most = percent_significant(upper_bound(k, n), 3)
    return f"{k:,} of {n:,} packets {what}, which may be up to {most}; times {headroom:g}"
