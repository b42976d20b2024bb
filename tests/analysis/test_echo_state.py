from __future__ import annotations

from typing import Any

import numpy as np

from ari_tui.analysis.echo_state import EchoLeg


def test_a_fresh_row_knows_no_round_trip() -> None:
    leg = EchoLeg()
    leg.grow(2)
    assert leg.rtt_count.tolist() == [0, 0]
    assert leg.rtt_min.tolist() == [np.iinfo(np.int64).max] * 2
    assert leg.order_max.tolist() == [-1, -1]


def test_extremes_sum_and_number_are_those_of_the_round_trips(bench: Any) -> None:
    log = bench.log()
    for n, rtt in enumerate((7, 30, 12)):
        log.media(20 * n, n)
        log.echo(20 * n + 0.05 + rtt, n)
    leg = bench.fold(log).store.echo
    assert (leg.rtt_min[0], leg.rtt_max[0]) == (7 * bench.ms, 30 * bench.ms)
    assert (leg.rtt_sum[0], leg.rtt_count[0]) == (49 * bench.ms, 3)
    leg.clear(0)
    assert (leg.rtt_count[0], leg.rtt[0].sum()) == (0, 0)
