"""Calls added up: counters and histograms exactly, what is unknown stays unknown."""

from __future__ import annotations

import numpy as np
import pytest

from ari_tui.analysis import counters as c
from ari_tui.analysis import histogram
from ari_tui.analysis.roundtrip.direction import Directions
from ari_tui.analysis.roundtrip.loss_runs import LossRuns
from ari_tui.analysis.stream.gaps import KINDS
from ari_tui.analysis.totals import CallTotals, merge


def call(
    *, lost: int = 0, directions: Directions | None = None, rtt_ns: tuple[int, ...] = ()
) -> CallTotals:
    counters = np.arange(c.COUNT, dtype=np.int64)
    counters[c.LOST] = lost
    rtt = histogram.no_durations()
    if rtt_ns:
        rtt = rtt.plus(np.array(rtt_ns, dtype=np.int64))
    runs = LossRuns()
    runs.grow(1)
    runs.fold(np.zeros(20 + lost, dtype=np.int64), np.arange(20 + lost) >= 20)
    gaps = {**dict.fromkeys(KINDS, 0), "dtmf": 1}
    return CallTotals(counters, 2, 1, rtt, 300, 700, runs.pattern(0), directions, gaps, 3)


def test_nothing_adds_up_to_nothing() -> None:
    nothing = merge([])
    assert (nothing.counters.sum(), nothing.rtt.number, nothing.dead_air_ns) == (0, 0, 0)
    assert nothing.directions is None
    assert nothing.losses.settled == 0


def test_counts_add_up_and_extremes_stay_extremes() -> None:
    both = merge([call(rtt_ns=(5_000, 9_000)), call(lost=2, rtt_ns=(1_000,))])
    assert both.counters[c.SENT] == 2 * c.SENT
    assert (both.in_flight, both.overdue) == (4, 2)
    assert (both.rtt.minimum, both.rtt.maximum, both.rtt.total, both.rtt.number) == (
        1_000,
        9_000,
        15_000,
        3,
    )
    assert (both.longest_gap_ns, both.dead_air_ns) == (300, 1400)
    assert (both.losses.lost, both.losses.named_runs()["2"]) == (2, 1)
    assert (both.gaps["dtmf"], both.missing_explained) == (2, 6)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([call(), call()], None),
        ([call(directions=Directions(1, 2, 3), lost=6), call()], Directions(1, 2, 3)),
        ([call(directions=Directions(1, 2, 3), lost=6), call(lost=1)], None),
        (
            [call(directions=Directions(1, 0, 0)), call(directions=Directions(0, 0, 4))],
            Directions(1, 0, 4),
        ),
    ],
)
def test_directions_are_known_where_every_loss_has_one(
    parts: list[CallTotals], expected: Directions | None
) -> None:
    assert merge(parts).directions == expected
