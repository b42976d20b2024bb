"""The totals of a call, as read from the store, and their sum over many calls."""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

import numpy as np

from ari_tui.analysis import counters as c
from ari_tui.analysis import histogram
from ari_tui.analysis.records import Ints
from ari_tui.analysis.roundtrip.direction import Directions
from ari_tui.analysis.roundtrip.loss_runs import NO_LOSSES, LossPattern
from ari_tui.analysis.stream.gaps import KINDS


class CallTotals(NamedTuple):
    """The totals of one call, or of many added up."""

    counters: Ints
    in_flight: int
    overdue: int
    rtt: histogram.Distribution
    longest_gap_ns: int
    dead_air_ns: int
    losses: LossPattern
    directions: Directions | None
    """Where packets were lost; None unless our own echo server reports it for every call."""
    gaps: dict[str, int]
    """Gaps in what Asterisk sent, by kind."""
    missing_explained: int
    """Of `upstream_missing`: packets that a digit, hold, comfort noise or our outage explains."""


def merge(parts: list[CallTotals]) -> CallTotals:
    """Add calls up: counters and histograms by sum, minima and maxima by minimum and maximum."""
    if not parts:
        nothing = np.zeros(c.COUNT, dtype=np.int64)
        none = dict.fromkeys(KINDS, 0)
        return CallTotals(nothing, 0, 0, histogram.no_durations(), 0, 0, NO_LOSSES, None, none, 0)
    rtt = [part.rtt for part in parts]
    return CallTotals(
        np.sum([part.counters for part in parts], axis=0),
        sum(part.in_flight for part in parts),
        sum(part.overdue for part in parts),
        histogram.Distribution(
            np.sum([d.counts for d in rtt], axis=0),
            min(d.minimum for d in rtt),
            max(d.maximum for d in rtt),
            sum(d.total for d in rtt),
            sum(d.number for d in rtt),
        ),
        max(part.longest_gap_ns for part in parts),
        sum(part.dead_air_ns for part in parts),
        reduce(LossPattern.plus, (part.losses for part in parts)),
        _merged_directions(parts),
        {kind: sum(part.gaps[kind] for part in parts) for kind in KINDS},
        sum(part.missing_explained for part in parts),
    )


def _merged_directions(parts: list[CallTotals]) -> Directions | None:
    """Add directions up; None where none is known, or a call with losses has none."""
    known = [part.directions for part in parts if part.directions is not None]
    incomplete = any(part.counters[c.LOST] for part in parts if part.directions is None)
    return None if incomplete or not known else reduce(Directions.plus, known)
