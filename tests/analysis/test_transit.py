from __future__ import annotations

from typing import Any

import pytest

from ari_tui.analysis.events import Reanchored
from ari_tui.analysis.transit import HELD

Bench = Any


def jumping(bench: Bench, first: int, end: int, by: int, count: int = 300) -> Any:
    log = bench.log()
    for n in range(count):
        log.media(20 * n, n, ts=160 * n + 100_000 + (by if first <= n < end else 0))
    return log


@pytest.mark.parametrize("by", [8000, -8000])
@pytest.mark.parametrize("cuts", [(), (200, 201, 202, 203, 204), (202,)])
def test_a_jump_that_holds_moves_the_anchor_once(
    bench: Bench, by: int, cuts: tuple[int, ...]
) -> None:
    found = bench.fold(jumping(bench, 200, 300, by), cuts=cuts)
    assert (found["reanchors"], found["late_media"], found["baseline_steps"]) == (1, 0, 0)
    at = bench.start_ns + 20 * (200 + HELD - 1) * bench.ms
    (note,) = [note for note in found.notes if isinstance(note, Reanchored)]
    assert note == Reanchored(0, at, -by * 125_000)


@pytest.mark.parametrize(("packets", "reanchors"), [(HELD - 1, 0), (HELD, 2)])
def test_a_jump_must_hold_for_five_packets(bench: Bench, packets: int, reanchors: int) -> None:
    found = bench.fold(jumping(bench, 200, 200 + packets, 8000))
    assert (found["reanchors"], found["late_media"]) == (reanchors, 0)


def test_a_jump_of_80_ms_is_judged_as_it_stands(bench: Bench) -> None:
    found = bench.fold(jumping(bench, 200, 203, -640))
    assert (found["reanchors"], found["late_media"]) == (0, 3)


def test_after_the_anchor_has_moved_lateness_is_judged_from_there(bench: Bench) -> None:
    log = bench.log()
    for n in range(400):
        late = 9 if n == 300 else 0
        log.media(20 * n + late, n, ts=160 * n + (8000 if n >= 200 else 0))
    found = bench.fold(log)
    assert (found["reanchors"], found["late_media"], found["late_fixed_anchor"]) == (1, 1, 1)


def test_the_original_formula_goes_by_the_first_packet(bench: Bench) -> None:
    log = bench.log()
    for n in range(200):
        log.media(20 * n + (10 if n == 0 else 3.001 + 10 if n >= 150 else 0), n)
    assert bench.fold(log)["late_fixed_anchor"] == 50
