"""Converts the store's integers to the document's figures: ratios, percentiles, units."""

from __future__ import annotations

import numpy as np

from ari_tui.analysis import counters as c
from ari_tui.analysis import histogram
from ari_tui.analysis.histogram import Distribution
from ari_tui.analysis.roundtrip.loss_runs import LossPattern
from ari_tui.analysis.store import Store
from ari_tui.analysis.totals import CallTotals
from ari_tui.document.model import LossBursts, LossDirections, Mos, Packets, Spread, Window

NS_PER_MS = 1_000_000
NS_PER_US = 1_000
SKEW_BLOCKS = 10
"""Whole seconds needed for a clock skew."""


def rounded(value: float | None, decimals: int) -> float | None:
    """Return a rounded value; None for None."""
    return None if value is None else round(value, decimals)


def spread(distribution: Distribution, unit_ns: int) -> Spread:
    """Summarize a distribution in units of `unit_ns`, to three decimals; None without samples."""
    if not distribution.number:
        return Spread(count=0, min=None, mean=None, p50=None, p95=None, p99=None, max=None)
    low, high = distribution.minimum, distribution.maximum
    p50, p95, p99 = histogram.percentiles(distribution.counts, (0.5, 0.95, 0.99), low, high)

    def scaled(value: float | None) -> float | None:
        return None if value is None else round(value / unit_ns, 3)

    return Spread(
        count=distribution.number,
        min=scaled(low),
        mean=scaled(distribution.total / distribution.number),
        p50=scaled(p50),
        p95=scaled(p95),
        p99=scaled(p99),
        max=scaled(high),
    )


def named_counters(totals: CallTotals) -> dict[str, int]:
    """Return the counters by name."""
    return dict(zip(c.NAMES, (int(value) for value in totals.counters), strict=True))


def packets(totals: CallTotals) -> Packets:
    """Return the packet counts of a document."""
    named = named_counters(totals)
    return Packets(in_flight=totals.in_flight, overdue=totals.overdue, **named)


def skew_ppm(store: Store, row: int, decimals: int) -> float | None:
    """Return the clock skew of a call's media, the slope of its delay floor, in ppm.

    None below SKEW_BLOCKS whole seconds.
    """
    floor = store.media_floor
    blocks = np.count_nonzero(~np.isnan(floor.mins[row]))
    return round(float(floor.slope[row]) * 1e6, decimals) if blocks >= SKEW_BLOCKS else None


def ratio(part: int, whole: int) -> float | None:
    """Return a share to eight decimals; None of an empty whole."""
    return round(part / whole, 8) if whole > 0 else None


def figures(
    totals: CallTotals, *, histograms: bool, mos: Mos, windows: list[Window]
) -> dict[str, object]:
    """Return the fields of `model.Figures`. Ratios divide by settled packets (sent − in flight)."""
    counted = packets(totals)
    settled = counted.sent - counted.in_flight
    longest, found = totals.longest_gap_ns, totals.directions
    return {
        "packets": counted,
        "loss_ratio": ratio(counted.lost, settled),
        "late_ratio": ratio(counted.late_echo, settled),
        "gone_ratio": ratio(counted.lost + counted.discarded, settled),
        "rtt_ms": spread(totals.rtt, NS_PER_MS),
        "loss_runs": totals.losses.named_runs(),
        "loss_bursts": _bursts(totals.losses),
        "loss_directions": None if found is None else LossDirections(**found._asdict()),
        "mos": mos,
        "gaps": totals.gaps,
        "missing_explained": totals.missing_explained,
        "windows": windows,
        "longest_interruption_ms": round(longest / NS_PER_MS, 3) if longest else None,
        "dead_air_s": round(totals.dead_air_ns / 1e9, 3),
        "rtt_histogram": histogram.sparse(totals.rtt.counts) if histograms else None,
    }


def _bursts(losses: LossPattern) -> LossBursts:
    return LossBursts(
        burst_ratio=rounded(losses.burst_ratio, 4),
        bursts=losses.bursts,
        mean_burst=rounded(losses.mean_burst, 4),
        burst_density=rounded(losses.burst_density, 4),
        gaps=losses.gaps,
        mean_gap=rounded(losses.mean_gap, 4),
        gap_density=rounded(losses.gap_density, 4),
    )
