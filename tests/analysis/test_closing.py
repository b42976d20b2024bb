from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_tui.analysis.closing import close_all, close_until
from ari_tui.analysis.fold import fold
from ari_tui.analysis.notes import Interruption

Bench = Any


def test_zero_closes_nothing(bench: Bench) -> None:
    log = bench.log()
    log.media(0, 0)
    store = bench.store()
    fold(store, log.records(), 0)
    assert close_until(store, 0) == []
    assert (store.folded_until_ns, store.flight.count(0)) == (0, 1)


def test_a_gap_is_told_a_second_after_it_closed_and_once(bench: Bench) -> None:
    log = bench.log()
    for n, at in enumerate((0, 20, 520, 540)):
        log.media(at, n)
    found = bench.fold(log)
    end = bench.start_ns + 520 * bench.ms
    assert close_until(found.store, end + 1000 * bench.ms - 1) == []
    told = close_until(found.store, end + 1000 * bench.ms)
    assert told == [Interruption(0, end, 500 * bench.ms, 1, "delayed")]
    assert close_until(found.store, end + 2000 * bench.ms) == []
    assert found.store.call_totals(1, 0).gaps["delayed"] == 1


def test_closing_all_judges_gaps_and_seconds_and_leaves_what_is_under_way(bench: Bench) -> None:
    log = bench.log()
    for n in range(50):
        log.media(20 * n + (500 if n == 49 else 0), n)
        if n < 45:
            log.echo(20 * n + 10, n)
    found = bench.fold(log)
    notes = close_all(found.store, bench.start_ns + 2000 * bench.ms)
    assert [type(note) for note in notes] == [Interruption]
    assert (found["in_flight"], found["lost"]) == (5, 0)
    assert found.store.sla_evaluator.evidence.of_s == 2
    assert found.store.losses.pattern(0).settled == 45


@pytest.mark.parametrize(("timeout_ms", "lost"), [(3000, 0), (3001, 1)])
def test_what_is_overdue_is_lost(bench: Bench, timeout_ms: int, lost: int) -> None:
    log = bench.log()
    log.media(0, 0, dwell_us=0)
    found = bench.fold(log)
    close_until(found.store, bench.start_ns + timeout_ms * bench.ms)
    assert found["lost"] == lost


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    lost=st.sets(st.integers(0, 1999), max_size=300),
    overtaken=st.sets(st.integers(1, 1999), max_size=40),
    cuts=st.lists(st.integers(0, 5000), max_size=8),
)
def test_however_the_log_is_cut_runs_and_evidence_are_the_same(
    bench_type: Bench, lost: set[int], overtaken: set[int], cuts: list[int]
) -> None:
    log = bench_type.log()
    for n in range(2000):  # 40 s: the ring of slots comes round
        at = 20 * n + (70 if n in overtaken else 0)
        log.media(at, n + 65_000, dwell_us=4000 if n % 400 == 7 else 50)
        if n not in lost:
            log.echo(at + 5, n + 65_000)
    whole = bench_type.fold(log, until_ms=46_000).store
    cut = bench_type.fold(log, until_ms=46_000, cuts=tuple(cuts)).store
    for name in whole.losses.COLUMNS:
        assert np.array_equal(getattr(whole.losses, name), getattr(cut.losses, name)), name
    assert whole.losses.pattern(0).settled == 2000
    assert whole.losses.pattern(0).lost == len(lost)
    for name, value in vars(whole.sla_evaluator.evidence).items():
        if name not in ("profile", "_thresholds"):
            assert np.array_equal(value, getattr(cut.sla_evaluator.evidence, name)), name
    assert whole.call_totals(1, 0).gaps == cut.call_totals(1, 0).gaps
