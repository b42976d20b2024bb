"""Hand-made schedules with answers worked out by hand, and the fold against a plain one."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_tui.analysis import counters as c
from ari_tui.analysis.fold import fold
from ari_tui.analysis.notes import (
    Interruption,
    Moved,
    NewStream,
    Note,
    Reanchored,
    Refused,
    Stalled,
)
from ari_tui.wire import record as r

Bench = Any


def plain_call(
    log: Any, packets: int, *, rtt_ms: float = 10.0, first_seq: int = 100, call: int = 1
) -> None:
    for n in range(packets):
        log.media(20 * n, first_seq + n, call=call)
        log.echo(20 * n + 0.05 + rtt_ms, first_seq + n, call=call)


def test_a_plain_call_returns_every_packet_with_its_rtt(bench: Bench) -> None:
    log = bench.log()
    plain_call(log, 500)
    found = bench.fold(log)
    assert [found[n] for n in ("received", "sent", "returned", "delivered")] == [500] * 4
    assert [found[n] for n in ("lost", "in_flight", "late_echo", "reordered_echo")] == [0] * 4
    assert (found.rtt().minimum, found.rtt().maximum) == (10_000_000, 10_000_000)
    assert found.rtt().number == 500


@pytest.mark.parametrize("first_seq", [65_400, 65_535, 0])
def test_a_wrap_of_the_sequence_is_no_loss(bench: Bench, first_seq: int) -> None:
    log = bench.log()
    plain_call(log, 300, first_seq=first_seq)
    found = bench.fold(log)
    assert found["sent"] == found["returned"] == 300
    assert found["upstream_missing"] == found["lost"] == found["reordered_media"] == 0


def test_a_wrap_of_the_timestamp_is_no_lateness(bench: Bench) -> None:
    log = bench.log()
    for n in range(200):
        log.media(20 * n, n, ts=2**32 - 8000 + 160 * n)
        log.echo(20 * n + 5, n, ts=2**32 - 8000 + 160 * n)
    found = bench.fold(log)
    assert found["late_media"] == 0
    assert found.store.media.jitter_ns[0] == 0
    assert found.store.echo.jitter_ns[0] == 0


def test_a_packet_that_does_not_come_back_is_under_way_and_then_lost(bench: Bench) -> None:
    log = bench.log()
    for n in range(10):
        log.media(20 * n, n)
        if n != 4:
            log.echo(20 * n + 8, n)
    assert (bench.fold(log)["in_flight"], bench.fold(log)["lost"]) == (1, 0)
    later = bench.fold(log, until_ms=80 + 3000.1)
    assert (later["in_flight"], later["lost"], later["returned"]) == (0, 1, 9)
    second = bench.start_ns // 10**9
    assert later.store.series.history(0, "lost", second, 1) == [1]


def test_a_return_after_the_time_out_stays_lost(bench: Bench) -> None:
    log = bench.log()
    log.media(0, 1)
    log.media(20, 2)
    log.echo(2000, 2)
    log.echo(3050.1, 1)
    found = bench.fold(log)
    assert (found["lost"], found["returned_late"], found["returned"]) == (1, 1, 1)
    assert found["sent"] == found["returned"] + found["lost"] + found["in_flight"]


def test_a_return_after_the_books_were_closed_is_not_counted_twice(bench: Bench) -> None:
    log = bench.log()
    log.media(0, 1)
    log.media(4000, 2)
    log.echo(4001, 1)
    log.echo(4002, 1)
    found = bench.fold(log, cuts=(1, 2))
    assert (found["lost"], found["returned_late"], found["duplicates_echo"]) == (1, 1, 1)


def test_duplicates_on_either_leg_are_counted_and_do_not_touch_the_rtt(bench: Bench) -> None:
    log = bench.log()
    for n in range(20):
        log.media(20 * n, n)
        log.echo(20 * n + 10, n)
    log.media(101, 5)
    log.echo(111, 5)
    found = bench.fold(log)
    assert (found["duplicates_media"], found["duplicates_echo"]) == (1, 1)
    assert (found["received"], found["sent"], found["returned"]) == (21, 20, 20)
    assert found.rtt().maximum == 10_000_000 - 50_000


def test_reordering_is_no_loss_and_counts_first_copies_only(bench: Bench) -> None:
    log = bench.log()
    for at, seq in [(0, 0), (20, 1), (40, 3), (41, 2), (60, 4), (61, 2)]:
        log.media(at, seq)
    found = bench.fold(log)
    assert (found["reordered_media"], found["duplicates_media"]) == (1, 1)
    assert (found["sent"], found["upstream_missing"]) == (5, 0)


def test_reordering_before_us_is_not_charged_to_the_echo_path(bench: Bench) -> None:
    log = bench.log()
    for at, seq in [(0, 0), (20, 2), (21, 1), (40, 3)]:
        log.media(at, seq)
        log.echo(at + 5, seq)
    found = bench.fold(log)
    assert (found["reordered_media"], found["reordered_echo"]) == (1, 0)


def test_packets_missing_from_asterisk_are_upstream_missing(bench: Bench) -> None:
    log = bench.log()
    for n in [0, 1, 2, 7, 8, 9]:
        log.media(20 * n, n)
        log.echo(20 * n + 3, n)
    found = bench.fold(log)
    assert (found["upstream_missing"], found["sent"], found["lost"]) == (4, 6, 0)


def test_a_new_ssrc_takes_over_with_its_second_packet_in_a_row(bench: Bench) -> None:
    log = bench.log()
    for n in range(10):
        log.media(20 * n, n, ssrc=1)
        log.echo(20 * n + 30, n, ssrc=1)
    for n in range(10, 20):
        log.media(20 * n, 40_000 + n, ts=7 + 160 * n, ssrc=2)
        log.echo(20 * n + 30, 40_000 + n, ts=7 + 160 * n, ssrc=2)
    found = bench.fold(log)
    # the first of SSRC 2 was forwarded unmeasured, and is not counted again on its way back
    assert (found["received"], found["sent"], found["returned"]) == (20, 19, 19)
    assert (found["ssrc_changes"], found["foreign"]) == (1, 1)
    assert (found["lost"], found["in_flight"], found["upstream_missing"]) == (0, 0, 0)
    assert [n.ssrc for n in found.notes if isinstance(n, NewStream)] == [1, 2]


def test_two_interleaved_ssrcs_leave_the_current_one_in_place(bench: Bench) -> None:
    log = bench.log()
    for n in range(50):
        log.media(20 * n, n, ssrc=1)
        log.media(20 * n + 10, 9000 + n, ssrc=2)
    found = bench.fold(log)
    assert (found["sent"], found["foreign"], found["ssrc_changes"]) == (50, 50, 0)


def test_a_packet_of_another_stream_counts_once_and_not_there_and_back(bench: Bench) -> None:
    log = bench.log()
    for n in range(50):
        log.media(20 * n, n, ssrc=1)
        log.media(20 * n + 10, 9000 + n, ssrc=2)
        log.echo(20 * n + 60, n, ssrc=1)
        log.echo(20 * n + 70, 9000 + n, ssrc=2)
        log.echo(20 * n + 71, 9500 + n, ssrc=2)  # of the same stream, and never sent
    found = bench.fold(log)
    assert (found["sent"], found["returned"], found["received"]) == (50, 50, 100)
    assert found["foreign"] == 50 + 50


def test_a_call_whose_row_was_used_before_knows_no_foreign_packets_of_it(bench: Bench) -> None:
    log = bench.log()
    log.media(0, 0, ssrc=1)
    log.media(5, 9000, ssrc=2)
    found = bench.fold(log)
    found.store.retire_call(1)
    found.store.add_call(2)
    later = bench.log()
    later.echo(10, 9000, ssrc=2, call=2)
    records = later.records()
    fold(found.store, records, int(records["rx_ns"].max()))
    assert found.of(2, "foreign") == 1


@pytest.mark.parametrize("cuts", [(), (1,), (2,), (3,), (1, 2, 3, 4)])
def test_what_came_before_a_stranger_left_is_not_its_return(
    bench: Bench, cuts: tuple[int, ...]
) -> None:
    log = bench.log()
    log.media(0, 0, ssrc=1)
    log.echo(1, 9000, ssrc=2)  # never sent until now
    log.media(2, 9000, ssrc=2)
    log.echo(3, 9000, ssrc=2)
    log.media(4, 9512, ssrc=2)  # takes its place
    log.echo(5, 9000, ssrc=2)
    assert bench.fold(log, cuts=cuts)["foreign"] == 1 + 1 + 1 + 1


@settings(max_examples=60, deadline=None)
@given(
    packets=st.lists(
        st.tuples(
            st.sampled_from([1, 1, 1, 2, 3, 514]),  # SSRC
            st.sampled_from([0, 0, 0, 512, 1024]),  # how far its sequence is ahead: same slots
            st.sampled_from([0, 0, 1, 2]),  # how often it comes back
            st.sampled_from([1, 5, 30, 300]),  # and when (ms)
        ),
        min_size=1,
        max_size=80,
    ),
    cuts=st.lists(st.integers(0, 400), max_size=8),
)
def test_foreign_packets_count_the_same_however_the_log_is_cut(
    bench_class: Bench, packets: list[tuple[int, int, int, int]], cuts: list[int]
) -> None:
    log = bench_class.log()
    for n, (ssrc, ahead, returns, after_ms) in enumerate(packets):
        sequence = n // 2 + ahead
        log.media(100 + 10 * n, sequence, ts=160 * n, ssrc=ssrc)
        for again in range(returns):
            log.echo(100.1 + 10 * n + after_ms + again, sequence, ts=160 * n, ssrc=ssrc)
    whole, cut = bench_class.fold(log), bench_class.fold(log, cuts=tuple(cuts))
    one_by_one = bench_class.fold(log, cuts=tuple(range(len(log.rows))))
    assert np.array_equal(whole.store.counters, cut.store.counters)
    assert np.array_equal(whole.store.counters, one_by_one.store.counters)


def test_a_restart_of_the_sequence_begins_a_new_epoch(bench: Bench) -> None:
    log = bench.log()
    for n in range(10):
        log.media(20 * n, 5000 + n)
        log.echo(20 * n + 5, 5000 + n)
    for n in range(10, 20):
        log.media(20 * n, 50_000 + n, ts=160 * n)
        log.echo(20 * n + 5, 50_000 + n, ts=160 * n)
    found = bench.fold(log)
    assert (found["upstream_missing"], found["lost"], found["ssrc_changes"]) == (0, 0, 0)
    assert found["sent"] == found["returned"] == 19


def test_a_stall_of_the_path_makes_every_delayed_packet_late(bench: Bench) -> None:
    log = bench.log()
    for n in range(300):
        arrival = 20.0 * n
        if 3000 <= arrival < 3080:
            arrival = 3080 + 0.01 * n
        log.media(arrival, n)
        log.echo(arrival + 5, n)
    found = bench.fold(log)
    # sent at 3000, 3020, 3040, 3060 and all held until 3080: 80, 60, 40, 20 ms late
    assert found["late_media"] == 4
    assert found["late_echo"] == 0


def test_a_skewed_clock_is_no_lateness_over_ten_minutes(bench: Bench) -> None:
    log = bench.log()
    for n in range(30_000):
        log.media(20 * n * (1 + 200e-6), n)
    found = bench.fold(log)
    # 200 ppm over 600 s are 120 ms: a fixed floor would call nearly all late
    assert found["late_media"] == 0
    assert found["baseline_steps"] == 0
    assert found.store.media_floor.slope[0] == pytest.approx(200e-6, abs=5e-6)


@pytest.mark.parametrize(("by_ms", "late"), [(5.0, True), (-5.0, False)])
def test_a_path_change_moves_the_floor_and_is_told(bench: Bench, by_ms: float, late: bool) -> None:
    log = bench.log()
    for n in range(1000):
        rtt = 20.0 + (by_ms if n >= 500 else 0)
        log.media(20 * n, n)
        log.echo(20 * n + rtt, n)
    found = bench.fold(log)
    assert found["baseline_steps"] == 1
    # upwards the packets count as late until two whole blocks have passed, then no more
    assert (100 <= found["late_echo"] <= 200) == late
    assert (found["late_echo"] == 0) == (not late)


def test_silence_from_asterisk_is_an_interruption(bench: Bench) -> None:
    log = bench.log()
    for n in range(100):
        log.media(20 * n, n)
    for n in range(100, 200):  # as Asterisk hides an outage: the sequence goes on
        log.media(20 * n + 3000, n, ts=160 * (n + 150))
    found = bench.fold(log)
    assert (found["interruptions"], found["upstream_missing"]) == (1, 0)
    totals = found.store.call_totals(1, bench.start_ns)
    assert totals.longest_gap_ns == totals.dead_air_ns == 3020 * bench.ms
    assert [n.gap_ns for n in found.notes if isinstance(n, Interruption)] == [3020 * bench.ms]


def test_dead_air_counts_across_a_change_of_ssrc(bench: Bench) -> None:
    log = bench.log()
    for n in range(10):
        log.media(20 * n, n, ssrc=1)
    for n in range(10, 20):
        log.media(20 * n + 1000, n, ssrc=2)
    assert bench.fold(log)["interruptions"] == 1


def test_an_uncertain_departure_is_a_return_but_no_sample(bench: Bench) -> None:
    log = bench.log()
    for n in range(10):
        log.media(20 * n, n, bracket_ns=600_000 if n == 3 else 400_000)
        log.echo(20 * n + 5, n)
    found = bench.fold(log)
    assert (found["returned"], found["uncertain"], found.rtt().number) == (10, 1, 9)


def test_records_of_a_call_that_has_left_are_passed_over(bench: Bench) -> None:
    log = bench.log()
    log.media(0, 0, call=1)
    log.media(1, 0, call=77)
    found = bench.fold(log)
    assert (found["sent"], found.store.orphans) == (1, 1)


def test_what_is_under_way_when_a_call_leaves_is_lost_and_the_totals_keep_it(bench: Bench) -> None:
    log = bench.log()
    plain_call(log, 10)
    log.media(400, 110)
    found = bench.fold(log)
    found.store.retire_call(1)
    totals = found.store.retired_totals()
    assert (totals.counters[c.SENT], totals.counters[c.RETURNED], totals.counters[c.LOST]) == (
        11,
        10,
        1,
    )
    found.store.add_call(2)
    assert found.store.call_totals(2, 0).counters.sum() == 0


def test_jitter_follows_the_formula_of_rfc_3550(bench: Bench) -> None:
    arrivals = [0, 20, 45, 60, 80, 99, 130, 140]
    log = bench.log()
    expected = 0.0
    for n, at in enumerate(arrivals):
        log.media(at, n)
        if n:
            difference = abs((at - arrivals[n - 1]) - 20) * bench.ms
            expected += (difference - expected) / 16
    assert bench.fold(log).store.media.jitter_ns[0] == pytest.approx(expected)


# -- the fold against a plain one ---------------------------------------------------------------


class PlainFold:
    """The same books kept packet by packet, with dictionaries."""

    def __init__(self, timeout_ns: int) -> None:
        self.timeout_ns = timeout_ns
        self.sent: dict[int, tuple[int, int]] = {}
        self.seen: set[int] = set()
        self.back: set[int] = set()
        self.late: set[int] = set()
        self.count = dict.fromkeys(c.NAMES, 0)
        self.newest = self.newest_order = -1

    def media(self, key: int, tx: int) -> None:
        self.count["received"] += 1
        if key in self.seen:
            self.count["duplicates_media"] += 1
            return
        self.seen.add(key)
        self.count["reordered_media"] += key < self.newest
        self.newest = max(self.newest, key)
        self.sent[key] = (tx, len(self.sent))
        self.count["sent"] += 1

    def echo(self, key: int, rx: int) -> None:
        if key not in self.sent:
            self.count["foreign"] += 1
        elif key in self.back or key in self.late:
            self.count["duplicates_echo"] += 1
        elif rx - self.sent[key][0] > self.timeout_ns:
            self.late.add(key)
            self.count["returned_late"] += 1
        else:
            self.back.add(key)
            self.count["returned"] += 1
            order = self.sent[key][1]
            self.count["reordered_echo"] += order < self.newest_order
            self.newest_order = max(self.newest_order, order)


packets = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 0, 0, 1, 2, 5]),  # how far the packet is displaced upstream
        st.sampled_from([1, 5, 5, 30, 90, 2999, 3100]),  # its way there and back, ms
        st.booleans(),  # it comes back at all
        st.sampled_from([0, 0, 0, 1]),  # a duplicate upstream
        st.sampled_from([0, 0, 0, 1]),  # a duplicate on the way back
    ),
    min_size=1,
    max_size=250,
)


@settings(max_examples=60, deadline=None)
@given(packets=packets, first=st.integers(0, 65535), cuts=st.lists(st.integers(0, 900), max_size=6))
def test_any_schedule_counts_as_the_plain_fold_does_however_it_is_cut(
    bench_class: Bench, packets: list[tuple[int, int, bool, int, int]], first: int, cuts: list[int]
) -> None:
    log = bench_class.log()
    for n, (shift, trip, back, again, again_back) in enumerate(packets):
        at = 20 * n + 20 * shift + (0.001 * n if shift else 0)
        log.media(at, first + n, ts=160 * n)
        if again:
            log.media(at + 1, first + n, ts=160 * n)
        if back:
            log.echo(at + 0.05 + trip, first + n, ts=160 * n)
            if again_back:
                log.echo(at + 0.05 + trip + 2, first + n, ts=160 * n)
    records = log.records()
    plain = PlainFold(3000 * bench_class.ms)
    base = int(records["timestamp"][0]) // 160
    for record in records:
        key = int(record["timestamp"]) // 160 - base
        if record["kind"] == r.KIND_MEDIA_IN:
            plain.media(key, int(record["tx_ns"]))
        else:
            plain.echo(key, int(record["rx_ns"]))
    found = bench_class.fold(log, cuts=tuple(cuts), until_ms=20 * 250 + 10_000)
    plain.count["lost"] = plain.count["sent"] - plain.count["returned"]
    names = [
        "received",
        "sent",
        "returned",
        "lost",
        "returned_late",
        "foreign",
        "duplicates_media",
        "duplicates_echo",
        "reordered_media",
        "reordered_echo",
    ]
    assert {n: found[n] for n in names} == {n: plain.count[n] for n in names}
    assert found["in_flight"] == 0
    whole = bench_class.fold(log, until_ms=20 * 250 + 10_000)
    assert np.array_equal(found.store.counters, whole.store.counters)
    assert np.array_equal(found.store.echo.rtt, whole.store.echo.rtt)
    assert np.array_equal(found.store.series.rtt_p95, whole.store.series.rtt_p95)
    assert found.store.media.jitter_ns[0] == pytest.approx(whole.store.media.jitter_ns[0])


@pytest.fixture(scope="module")
def bench_class(request: pytest.FixtureRequest) -> Bench:
    """The builder as a module's fixture, so that hypothesis may use it for many examples."""
    return request.getfixturevalue("bench_type")


def test_many_calls_at_once_keep_apart(bench: Bench) -> None:
    log = bench.log()
    for call in range(1, 41):
        for n in range(60):
            log.media(20 * n + call * 0.3, call * 1000 + n, ssrc=call, call=call)
            if n % call:
                log.echo(20 * n + call * 0.3 + call, call * 1000 + n, ssrc=call, call=call)
    found = bench.fold(log, calls=40, until_ms=20_000)
    for call in range(1, 41):
        expected = sum(1 for n in range(60) if n % call)
        assert found.of(call, "returned") == expected
        assert found.of(call, "lost") == 60 - expected


def test_silence_that_lasts_is_an_interruption_before_it_ends(bench: Bench) -> None:
    log = bench.log()
    plain_call(log, 50)  # the last packet comes at 980 ms
    assert bench.fold(log, until_ms=1100)["interruptions"] == 0
    silent = bench.fold(log, until_ms=5980)
    totals = silent.store.call_totals(1, bench.start_ns)
    assert silent["interruptions"] == 1
    assert totals.longest_gap_ns == totals.dead_air_ns == 5000 * bench.ms


def test_silence_before_the_end_of_a_call_counts_up_to_its_end(bench: Bench) -> None:
    log = bench.log()
    plain_call(log, 50)
    found = bench.fold(log, until_ms=20_000)
    found.store.media.closed_ns[0] = bench.start_ns + 2980 * bench.ms
    assert found.store.call_totals(1, bench.start_ns).dead_air_ns == 2000 * bench.ms
    found.store.retire_call(1)
    assert found.store.retired_totals().dead_air_ns == 2000 * bench.ms


def test_a_send_that_failed_is_received_and_not_sent(bench: Bench) -> None:
    log = bench.log()
    for n in range(10):
        log.media(20 * n, n, failed=n >= 5)
    found = bench.fold(log, until_ms=10_000)
    assert (found["received"], found["sent"], found["send_errors"]) == (10, 5, 5)
    assert (found["lost"], found["upstream_missing"]) == (5, 0)


def test_refusals_by_the_echo_host_are_told_apart_from_refusals_by_asterisk(bench: Bench) -> None:
    log = bench.log()
    log.media(0, 0, flags=r.FLAG_REFUSED)
    log.other(10, r.KIND_SEND_ERROR, errno=111, flags=r.FLAG_ECHO_LEG)
    log.other(11, r.KIND_SEND_ERROR, errno=111)
    found = bench.fold(log)
    assert (found["echo_refused"], found["send_errors"]) == (2, 1)
    assert sum(isinstance(note, Refused) for note in found.notes) == 2


def test_socket_drops_are_counted_by_their_growth_on_each_leg(bench: Bench) -> None:
    log = bench.log()
    for at, flags, drops in [(0, 0, 5), (1, r.FLAG_ECHO_LEG, 3), (2, 0, 9)]:
        log.other(at, r.KIND_SOCKET_REPORT, aux=drops, flags=flags)
    assert bench.fold(log)["socket_drops"] == 12


def test_malformed_and_foreign_datagrams_are_counted(bench: Bench) -> None:
    log = bench.log()
    log.other(0, r.KIND_MALFORMED)
    log.other(1, r.KIND_FOREIGN)
    found = bench.fold(log)
    assert (found["malformed"], found["foreign"], found["received"]) == (1, 1, 0)


def test_every_note_names_its_call_and_its_time_first() -> None:
    kinds = get_args(Note)
    assert set(kinds) == {Interruption, Moved, NewStream, Reanchored, Refused, Stalled}
    for kind in kinds:
        assert kind._fields[:2] == ("row", "at_ns")


def test_notes_of_different_kinds_are_told_apart_by_type(bench: Any) -> None:
    log = bench.log()
    for n in range(10):
        log.media(20 * n, n, ssrc=5)
    log.media(1000, 10, ssrc=5)
    notes = bench.fold(log, until_ms=2000).notes  # a gap is judged a second after it closed
    assert notes == [
        NewStream(0, bench.start_ns, 5, None),
        Interruption(0, bench.start_ns + 1000 * bench.ms, 820 * bench.ms, 1, "delayed"),
    ]


def test_a_note_cannot_be_changed() -> None:
    note = Refused(1, 2)
    with pytest.raises(AttributeError):
        note.row = 3  # type: ignore[misc]  # which is the point
