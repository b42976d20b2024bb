from __future__ import annotations

import numpy as np
import pytest

from ari_tui.analysis.closing import cpu_stolen
from ari_tui.analysis.fold import fold
from ari_tui.analysis.records import RECORD_DTYPE
from ari_tui.analysis.store import Store
from ari_tui.analysis.stream.gaps import Gap
from ari_tui.building.detail import detail_of
from ari_tui.core.number_format import iso
from ari_tui.document.detail import CallDetail
from ari_tui.document.live import SECONDS
from ari_tui.document.model import EventLine
from ari_tui.wire import record as r

SECOND_NS = 1_000_000_000
START_NS = 1_700_000_000_000_000_000
MS = 1_000_000


def detail(
    store: Store, call: int = 1, *, after_s: int = 1, events: tuple[EventLine, ...] = ()
) -> CallDetail:
    until_ns = START_NS + after_s * SECOND_NS
    return detail_of(store, call, f"s.{call}", until_ns=until_ns, events=events)


def test_the_course_ends_with_the_last_whole_second(store: Store) -> None:
    course = detail(store).course
    assert detail(store).last_second == START_NS // SECOND_NS
    assert len(course.sent) == SECONDS
    assert course.sent[-1] == 10
    assert course.sent[:-1] == [None] * (SECONDS - 1)
    times = (course.rtt_min_us, course.rtt_mean_us, course.rtt_p95_us, course.rtt_max_us)
    assert [cells[-1] for cells in times] == [10_000] * 4
    assert (course.dwell_max_us[-1], course.lost[-1], course.limited[-1]) == (50, 0, 0)
    assert detail(store, after_s=2).course.sent[-2:] == [10, None]


def test_intervals_tell_whose_the_time_was(store: Store) -> None:
    found = detail(store).intervals
    assert (found.out_us.min, found.out_us.max, found.back_us.max) == (50.0, 50.0, 50.0)
    assert (found.echo_ms.p50, found.echo_ms.count) == (10.0, 9)
    assert (found.asterisk_ms.max, found.asterisk_ms.count) == (0.0, 10)
    assert [upper for upper, count in detail(store).rtt_histogram if count] == [10_486]


def test_a_call_without_packets_has_no_samples(store: Store) -> None:
    found = detail(store, call=2)
    assert (found.intervals.asterisk_ms.p50, found.intervals.out_us.count) == (None, 0)
    assert (found.rtt_histogram, found.gaps, found.echo_floor_ms, found.skew_ppm) == (
        [],
        [],
        None,
        None,
    )
    assert set(found.course.sent) == {None}


def test_a_long_stay_with_us_limits_its_second(store: Store) -> None:
    store.series.dwell_max[store.row_of[1], START_NS // SECOND_NS % SECONDS] = 4 * MS
    found = detail(store)
    assert (found.course.limited[-1], found.limited_by) == (1, ["delay in this engine"])
    assert found.late_ms == 3.0


def test_a_second_limited_for_all_calls_is_limited_in_each_ones_course(store: Store) -> None:
    cpu_stolen(store, START_NS // SECOND_NS)
    found = detail(store)
    told = ["stolen CPU or a stall of this machine"]
    assert (found.course.limited[-1], found.limited_by) == (1, told)


def test_gaps_are_told_with_what_moved_and_whether_they_are_settled(store: Store) -> None:
    gaps = store.gaps_of(store.row_of[1])
    missing = Gap(START_NS, START_NS + 300 * MS, 5, 0, False, False, 10)
    hidden = Gap(START_NS, START_NS + 3000 * MS, 1, 3020 * MS, False, False, 20)
    gaps.judge(None, lambda _: 0)
    gaps.waiting.append(missing)
    gaps.judge(None, lambda _: 0)
    gaps.waiting.append(hidden)
    first, second = detail(store).gaps
    assert (first.kind, first.missing, first.interrupts, first.settled) == (
        "missing",
        4,
        True,
        True,
    )
    assert (first.time, first.length_ms) == (iso(START_NS + 300 * MS), 300.0)
    assert (second.kind, second.timestamp_ms, second.settled) == ("hidden", 3020.0, False)
    assert len(gaps.waiting) == 1


@pytest.mark.parametrize("call", ["s.1", "s.2"])
def test_only_the_calls_own_events_are_told(store: Store, call: str) -> None:
    lines = tuple(
        EventLine(time=iso(START_NS), level="info", kind="k", call=whose, channel=None, text="t")
        for whose in ("s.1", "s.2", None)
    )
    found = detail(store, int(call[-1]), events=lines)
    assert [line.call for line in found.events] == [call]


def test_nothing_changes_by_being_looked_at(store: Store) -> None:
    before = detail(store)
    assert detail(store) == before


def test_a_skew_is_told_once_ten_seconds_have_been_seen() -> None:
    store = Store(loss_timeout_ns=3_000 * MS, late_ns=3 * MS)
    store.add_call(1)
    log = np.zeros(50 * 20, dtype=RECORD_DTYPE)
    n = np.arange(len(log))
    log["kind"], log["sequence"], log["timestamp"] = r.KIND_MEDIA_IN, n, n * 160
    # the sender's clock runs 100 ppm slow: its packets come ever later
    log["rx_ns"] = START_NS + n * 20 * MS + n * 2000
    log["tx_ns"] = log["rx_ns"] + 50_000
    log["ssrc"], log["call"] = 7, 1
    fold(store, log[:400], int(log["rx_ns"][399]))
    assert detail(store, after_s=9).skew_ppm is None
    fold(store, log[400:], int(log["rx_ns"][-1]))
    assert detail(store, after_s=21).skew_ppm == pytest.approx(100, abs=2)
