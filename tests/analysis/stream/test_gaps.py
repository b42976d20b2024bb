from __future__ import annotations

from typing import Any

import pytest

from ari_tui.analysis.stream.gaps import (
    DELAYED,
    DTMF,
    ENGINE,
    EXPLAINED,
    EXPLANATION_WAIT_NS,
    HIDDEN,
    HOLD,
    JUMP_NS,
    KEPT,
    KINDS,
    MISSING,
    NOISE,
    STALLED,
    CallGaps,
    Gap,
)

MS = 1_000_000
AT = 1_700_000_000_000_000_000


def gap(length_ms: float = 300, *, step: int = 1, moved_ns: int = 0, **more: Any) -> Gap:
    end = AT + round(length_ms * MS)
    found = Gap(AT, end, step, moved_ns, marker=False, noise=False, last_ext=100)
    return found._replace(**more)


def none_came(_: Gap) -> int:
    return 0


@pytest.mark.parametrize(
    ("one", "kind"),
    [
        (gap(), DELAYED),
        (gap(step=2, moved_ns=JUMP_NS, marker=True), MISSING),
        (gap(moved_ns=JUMP_NS), HIDDEN),
        (gap(moved_ns=JUMP_NS, marker=True), STALLED),
        (gap(moved_ns=JUMP_NS - 1, marker=True), DELAYED),
        (gap(step=9, noise=True), NOISE),
    ],
)
def test_a_gap_is_told_by_what_moved(one: Gap, kind: str) -> None:
    assert CallGaps().kind_of(one) == kind


@pytest.mark.parametrize(
    ("one", "is_gap"),
    [
        (gap(200), False),
        (gap(200.001), True),
        (gap(20, step=2), True),
        (gap(20, moved_ns=JUMP_NS), True),
        (gap(20, moved_ns=JUMP_NS - 1), False),
        (gap(20, step=-3), False),
    ],
)
def test_a_step_is_a_gap_when_something_moved_more_than_it_should(one: Gap, is_gap: bool) -> None:
    assert one.is_gap is is_gap


@pytest.mark.parametrize(
    ("ended_ms", "kind"),
    [
        (300, DTMF),
        (100, DTMF),  # 200 ms of slack behind it
        (99, DELAYED),
        (400, DTMF),  # 200 ms of digit and 200 ms of slack before it
        (401, DELAYED),
    ],
)
def test_a_digit_explains_the_gap_that_lies_within_its_slack(ended_ms: int, kind: str) -> None:
    gaps = CallGaps()
    gaps.digit(AT + ended_ms * MS, 200 * MS)
    assert gaps.kind_of(gap(300)) == kind


def test_hold_explains_while_it_lasts_and_no_longer() -> None:
    gaps = CallGaps()
    gaps.unhold(AT)  # without a hold it says nothing
    assert gaps.kind_of(gap()) == DELAYED
    gaps.hold(AT)
    assert gaps.kind_of(gap(3_600_000)) == HOLD
    gaps.unhold(AT + 500 * MS)
    assert gaps.kind_of(gap(700)) == HOLD
    assert gaps.kind_of(gap(701)) == DELAYED


def test_a_gap_waits_a_second_for_what_explains_it() -> None:
    gaps = CallGaps()
    gaps.waiting = [gap(300, step=6), gap(900)]
    ready = gaps.waiting[0].to_ns + EXPLANATION_WAIT_NS
    assert gaps.judge(ready - 1, none_came) == []
    gaps.digit(AT + 290 * MS, 250 * MS)
    (found,) = gaps.judge(ready, none_came)
    assert (found.kind, found.interrupts, gaps.missing_explained) == (DTMF, False, 5)
    (last,) = gaps.judge(None, none_came)
    assert (last.kind, last.interrupts, gaps.waiting) == (DELAYED, True, [])
    assert gaps.counts == {**dict.fromkeys(KINDS, 0), DTMF: 1, DELAYED: 1}


def test_packets_that_came_after_all_make_no_gap() -> None:
    gaps = CallGaps()
    gaps.waiting = [gap(20, step=4), gap(20, step=5)]
    (found,) = gaps.judge(None, lambda one: 3)
    assert (found.gap.missing, found.kind) == (1, MISSING)


def test_equal_gaps_are_each_counted() -> None:
    gaps = CallGaps()
    gaps.waiting = [gap()] * (KEPT + 1)
    assert len(gaps.judge(None, none_came)) == KEPT + 1
    assert (gaps.counts[DELAYED], len(gaps.judged)) == (KEPT + 1, KEPT)


def test_what_is_explained_never_interrupts() -> None:
    assert {DTMF, HOLD, NOISE, ENGINE} == EXPLAINED
    gaps = CallGaps()
    gaps.waiting = [gap(5000, noise=True)]
    assert not gaps.judge(None, none_came)[0].interrupts


def test_overtaken_packets_make_no_gap_in_the_log_either(bench: Any) -> None:
    log = bench.log()
    for at, seq in [(0, 0), (20, 1), (40, 4), (41, 2), (42, 3), (60, 5), (80, 7)]:
        log.media(at, seq)
    for cuts in ((), (3,), (4, 5)):
        counts = bench.fold(log, until_ms=1500, cuts=cuts).store.gaps[0].counts
        assert counts == {**dict.fromkeys(KINDS, 0), MISSING: 1}  # 6 alone


@pytest.mark.parametrize(("what", "interruptions"), [("hold", 0), ("", 1)])
def test_a_silence_that_goes_on_is_no_interruption_on_hold(
    bench: Any, what: str, interruptions: int
) -> None:
    log = bench.log()
    for n in range(10):
        log.media(20 * n, n)
    found = bench.fold(log)
    if what:
        found.store.gaps_of(0).hold(bench.start_ns + 180 * MS)
    found.store.folded_until_ns = bench.start_ns + 5000 * MS
    assert found["interruptions"] == interruptions
    assert bool(found.store.call_totals(1, 0).dead_air_ns) is bool(interruptions)


def test_a_digit_of_telephone_events_is_no_gap(bench: Any) -> None:
    log = bench.log()
    for n in range(40):
        event = 10 <= n < 30  # one timestamp for 400 ms
        log.media(20 * n, n, ts=160 * (10 if event else n), pt=101 if event else 0)
    found = bench.fold(log, until_ms=2500)
    assert sum(found.store.call_totals(1, 0).gaps.values()) == 0
    assert found["reanchors"] == 0
