from __future__ import annotations

from itertools import pairwise

import pytest

from ari_tui.report.scales import bins_of, round_up, ticks, time_ticks


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (0.0, 1.0),
        (-3.0, 1.0),
        (1.0, 1.0),
        (1.1, 2.0),
        (20.0, 20.0),
        (21.0, 50.0),
        (0.03, 0.05),
        (51.0, 100.0),
    ],
)
def test_steps_are_one_two_or_five(value: float, rounded: float) -> None:
    assert round_up(value) == pytest.approx(rounded)


@pytest.mark.parametrize("top", [0.013, 1.0, 3.0, 19.9, 20.0, 317.0, 123456.0])
def test_ticks_reach_the_top_and_are_few(top: float) -> None:
    found = ticks(top, 5)
    assert found[0] == 0.0
    assert found[-2] < top <= found[-1] * (1 + 1e-9)
    assert 2 <= len(found) <= 7


def test_an_axis_of_nothing_has_two_ticks() -> None:
    assert ticks(0.0, 4) == [0.0, 1.0]


@pytest.mark.parametrize(
    ("duration", "step"),
    [(0.5, None), (8, 1), (60, 10), (61, 10), (3600, 600), (86400, 14400), (5e6, 518400)],
)
def test_times_stand_at_round_steps(duration: float, step: float | None) -> None:
    found = time_ticks(duration, 10)
    assert len(found) <= 11
    assert found == (
        [0.0] if step is None else [step * i for i in range(int(duration // step) + 1)]
    )


def test_bins_hold_every_packet_between_their_bounds_and_have_no_holes() -> None:
    histogram = [[1_000_000, 3], [1_010_000, 4], [8_000_000, 5]]
    found = bins_of(histogram)
    assert sum(one.packets for one in found) == 12
    assert all(a.high == pytest.approx(b.low) for a, b in pairwise(found))
    for upper_ns, count in histogram:
        home = [one for one in found if one.low < upper_ns / 1e6 <= one.high * (1 + 1e-9)]
        assert home[0].packets >= count
    assert found[0].high / found[0].low == pytest.approx(2 ** (1 / 8))
    assert len(bins_of(histogram, 1)) < len(found)


def test_no_packets_make_no_bins() -> None:
    assert bins_of([]) == []
    assert bins_of([[5, 0]]) == []
