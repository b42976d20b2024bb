"""Holds of the echo server, as its replies tell them: hand-made logs with hand-made replies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_tui.analysis import counters as c
from ari_tui.analysis.diagnosis.outside import Outage
from ari_tui.analysis.fold import fold
from ari_tui.analysis.roundtrip.direction import EchoReport
from ari_tui.analysis.roundtrip.echo_holds import CallHolds, Told, Trip, key_of
from ari_tui.analysis.sla.evidence import Limited
from ari_tui.analysis.store import Store
from ari_tui.wire.status import MOST_HOLDS, Hold, Holds

MS, SECOND_NS = 1_000_000, 1_000_000_000
START_NS = 1_700_000_000_000_000_000
PATH_MS = 5
PACKETS = 300
"""Six seconds."""


class Server:
    """An echo server by hand: it keeps what it held, and replies."""

    def __init__(self, store: Store, *, ssrc: int = 1) -> None:
        self.store, self.ssrc = store, ssrc
        self.kept: list[Hold] = []
        self.overwritten = 0
        self.run, self.stream = 7, 1

    def hold(self, sequence: int, ms: float, *, uncertain: bool = False) -> None:
        self.kept.append(Hold(sequence & 0xFFFF, round(ms * 1000), uncertain))

    def reply(self, at_ms: float, *, dwell_ms: float = 99) -> None:
        """Reply to queries of `at_ms`, until the engine has everything."""
        row = self.store.row_of[1]
        for _ in range(9):
            wanted = self.store.holds.of(row).index_of(self.ssrc)
            first = max(wanted if wanted <= len(self.kept) else 0, self.overwritten)
            entries = tuple(self.kept[first : first + MOST_HOLDS])
            holds = Holds(self.run, len(self.kept), first, 0, entries, self.stream)
            at_ns = START_NS + round(at_ms * MS)
            report = EchoReport(at_ns, self.ssrc, 0, 0, round(dwell_ms * MS), holds)
            self.store.take_report(1, report)
            if self.store.holds.of(row).index_of(self.ssrc) >= holds.total:
                return


def telling_store() -> Store:
    store = Store(loss_timeout_ns=3 * SECOND_NS, late_ns=3 * MS, capacity=1)
    store.add_call(1)
    store.holds.told = None
    return store


def log_of(bench: Any, held_ms: dict[int, float], *, first: int = 0) -> Any:
    log = bench.log()
    for n in range(PACKETS):
        log.media(20 * n, n + first, dwell_us=0)
        log.echo(20 * n + PATH_MS + n % 3 * 0.01 + held_ms.get(n, 0), n + first)
    return log.records()


def run(store: Store, records: Any, replies: dict[int, Any] | None = None) -> None:
    """Fold four times a second; `replies` are made at their milliseconds."""
    begun = 0
    for tick in range(1, 4 * 11):
        now_ns = START_NS + tick * 250 * MS
        for at_ms, reply in (replies or {}).items():
            if (tick - 1) * 250 < at_ms <= tick * 250:
                reply(at_ms)
        end = int(np.searchsorted(records["rx_ns"], now_ns))
        fold(store, records[begun:end], now_ns)
        begun = end


def count(store: Store, counter: int) -> int:
    return int(store.counters[0, counter])


def limited_s(store: Store, reason: Limited = Limited.ECHO_DWELL) -> int:
    return store.sla_evaluator.evidence.limited_call_s[reason]


def cell(store: Store, name: str, second: int) -> int:
    start = START_NS // SECOND_NS
    found = store.evidence.of_second(np.array([0]), start + second)
    return int(found[name][0])


@settings(max_examples=10, deadline=None)
@given(
    st.dictionaries(st.integers(0, PACKETS - 1), st.floats(0.6, 60), max_size=80),
    st.integers(0, 65_535),
    st.integers(1, 999),
)
def test_a_held_packet_measures_as_if_it_had_not_been_held(
    bench_type: Any, held_ms: dict[int, float], first: int, phase_ms: int
) -> None:
    # no return crosses into the next second, where it would count
    held_ms = {n: ms for n, ms in held_ms.items() if 20 * n % 1000 + PATH_MS + ms < 990}
    plain, held = telling_store(), telling_store()
    plain.holds.told = False
    run(plain, log_of(bench_type, {}, first=first))
    server = Server(held)

    def reply(at_ms: int) -> None:
        server.kept = [
            Hold((n + first) & 0xFFFF, round(ms * 1000), False)
            for n, ms in sorted(held_ms.items())
            if 20 * n + PATH_MS + ms <= at_ms
        ]
        server.reply(at_ms)

    run(
        held,
        log_of(bench_type, held_ms, first=first),
        {s * 1000 + phase_ms: reply for s in range(9)},
    )
    assert not held.holds.of(0).waiting
    assert count(held, c.LATE_ECHO) == count(held, c.DISCARDED) == count(held, c.UNCERTAIN) == 0
    # told to the microsecond
    assert abs(held.echo.rtt_max[0] - plain.echo.rtt_max[0]) <= 1000
    assert abs(held.echo.rtt_sum[0] - plain.echo.rtt_sum[0]) <= 1000 * len(held_ms)
    assert held.echo.rtt_count[0] == PACKETS
    for name in ("rtt_count", "late", "sent", "second", "above", "limited"):
        assert np.array_equal(getattr(held.series, name), getattr(plain.series, name)), name
    for name in ("rtt_p95", "rtt_min", "rtt_max"):
        mine, others = (getattr(s.series, name).astype(np.int64) for s in (held, plain))
        assert np.abs(mine - others).max() <= 1000, name
    verdicts = [store.sla_evaluator.evidence for store in (held, plain)]
    assert np.array_equal(verdicts[0].violations, verdicts[1].violations)
    assert np.array_equal(verdicts[0].trials, verdicts[1].trials)
    assert verdicts[0].clean_call_s == verdicts[1].clean_call_s == 6
    long = sum(round(ms * 1000) > 10_000 for ms in held_ms.values())
    assert sum(cell(held, "hold_late", s) for s in range(6)) == long
    late = sum(round(ms * 1000) > 3000 for ms in held_ms.values())
    # with 0.02 ms that the path varies by
    explained = held.holds.totals.explained_late
    assert late <= explained <= sum(ms > 2.97 for ms in held_ms.values())


def test_what_the_hold_explains_is_told_by_second_and_in_total(bench: Any) -> None:
    store = telling_store()
    server = Server(store)
    held_ms: dict[int, float] = {60: 12, 61: 50, 62: 1, 63: 8}

    def reply(at_ms: int) -> None:
        if at_ms == 1300 and not server.kept:
            for n, ms in held_ms.items():
                server.hold(n, ms)
        server.reply(at_ms)

    run(store, log_of(bench, held_ms), {300: reply, 1300: reply, 2300: reply, 3300: reply})
    found = {
        name: cell(store, name, 1) for name in store.evidence.COLUMNS if name.startswith("hold")
    }
    assert found == {"hold_late": 2, "hold_long": 1, "hold_explained": 3, "hold_max": 50 * MS}
    assert store.holds.totals.explained_late == 3
    assert store.holds.totals.spread.number == 4
    assert store.holds.totals.spread.maximum == 50 * MS


def test_a_late_round_trip_is_counted_only_once_it_is_covered(bench: Any) -> None:
    store = telling_store()
    records = log_of(bench, {10: 30})
    until_ns = START_NS + 500 * MS
    end = int(np.searchsorted(records["rx_ns"], until_ns))
    fold(store, records[:end], until_ns)
    assert count(store, c.RETURNED) == count(store, c.SENT)
    assert (count(store, c.LATE_ECHO), int(store.echo.rtt_count[0])) == (0, end // 2 - 1)
    Server(store).reply(200)  # asked before the packet came back: says nothing of it
    fold(store, records[:0], until_ns)
    assert count(store, c.LATE_ECHO) == 0
    Server(store).reply(300)  # asked after that: it was not held
    fold(store, records[:0], until_ns)
    assert (count(store, c.LATE_ECHO), int(store.echo.rtt_count[0])) == (1, end // 2)


def test_after_the_clock_was_set_back_round_trips_wait_as_before() -> None:
    holds, nothing = CallHolds(), Holds(7, 0, 0, 0, ())
    holds.take(1, START_NS + 3600 * SECOND_NS, nothing, 3 * MS)
    holds.take(1, START_NS, nothing, 3 * MS)
    holds.wait(key_of(1, 3), Trip(START_NS + MS, 9 * MS, START_NS - 8 * MS))
    assert list(holds.release(0, START_NS + 2 * MS)) == []
    holds.take(1, START_NS + 2 * MS, nothing, 3 * MS)
    assert [one.covered for one in holds.release(0, START_NS + 2 * MS)] == [True]


def test_without_an_answer_it_is_booked_as_it_is_two_seconds_later(bench: Any) -> None:
    store = telling_store()
    records = log_of(bench, {9: 30})  # back at 215 ms
    fold(store, records, START_NS + 2214 * MS)
    assert count(store, c.LATE_ECHO) == 0
    fold(store, records[:0], START_NS + 2215 * MS)
    assert count(store, c.LATE_ECHO) == 1
    assert store.holds.totals.as_it_is == 1
    assert limited_s(store) == 0


def test_a_round_trip_that_waits_is_in_the_evidence_of_its_second(bench: Any) -> None:
    store = telling_store()
    run(store, log_of(bench, {49: 14}))  # sent and back at the very end of the first second
    assert store.sla_evaluator.evidence.trials.tolist() == [PACKETS] * 6
    assert store.series.late[0, START_NS // SECOND_NS % 300] == 1
    assert store.sla_evaluator.evidence.violations[3] == 1


def test_an_echo_server_that_tells_no_holds_makes_nothing_wait(bench: Any) -> None:
    store = telling_store()
    store.holds.told = False
    records = log_of(bench, {10: 30})
    fold(store, records, START_NS + SECOND_NS)
    assert count(store, c.LATE_ECHO) == 1
    assert not store.holds.calls


@pytest.mark.parametrize(("dwell_ms", "limited"), [(30, 1), (2, 0)])
def test_an_answer_that_comes_too_late_limits_the_second_of_a_long_hold(
    bench: Any, dwell_ms: float, limited: int
) -> None:
    store = telling_store()
    server = Server(store)
    server.hold(60, dwell_ms)

    def reply(at_ms: int) -> None:
        server.reply(at_ms, dwell_ms=dwell_ms)

    run(store, log_of(bench, {60: dwell_ms}), {3400: reply})
    assert count(store, c.LATE_ECHO) == limited  # as it was
    assert limited_s(store) == limited


def test_a_ring_that_was_overrun_limits_the_seconds_it_does_not_tell(bench: Any) -> None:
    store = telling_store()
    server = Server(store)

    def overrun(at_ms: int) -> None:
        for n in range(110, 150):
            server.hold(n, 9)
        server.overwritten = 30
        server.reply(at_ms)

    held_ms = dict.fromkeys(range(110, 150), 9.0)
    run(store, log_of(bench, held_ms), {1050: server.reply, 3010: overrun, 4010: server.reply})
    assert count(store, c.LATE_ECHO) == 30
    assert store.holds.totals.explained_late == 10
    assert limited_s(store) == 3  # from the last answer to this one
    assert store.sla_evaluator.evidence.violations[3] == 0


def test_told_holds_limit_nothing_however_long(bench: Any) -> None:
    store = telling_store()
    server = Server(store)
    server.hold(20, 80)
    run(store, log_of(bench, {20: 80}), {900: server.reply, 1900: server.reply})
    assert (limited_s(store), count(store, c.LATE_ECHO)) == (0, 0)


def test_the_dwell_of_a_server_that_tells_no_holds_limits_as_it_did() -> None:
    store = telling_store()
    store.media.ssrc[0], store.media.epochs[0] = 1, 1
    store.take_report(1, EchoReport(START_NS, 1, 0, 0, 9 * MS))
    assert np.count_nonzero(store.series.limited[0]) == 2


def test_an_uncertain_hold_leaves_the_packet_out_of_rtt_and_lateness(bench: Any) -> None:
    store = telling_store()
    server = Server(store)
    server.hold(10, 1, uncertain=True)
    run(store, log_of(bench, {10: 30}), {900: server.reply})
    assert (count(store, c.UNCERTAIN), count(store, c.LATE_ECHO)) == (1, 0)
    assert int(store.echo.rtt_count[0]) == PACKETS - 1
    assert store.holds.totals.uncertain == 1


def test_a_hold_longer_than_its_round_trip_is_uncertain(bench: Any) -> None:
    store = telling_store()
    server = Server(store)
    server.hold(10, 400)  # the server's clock was set
    run(store, log_of(bench, {10: 30}), {900: server.reply})
    assert (count(store, c.UNCERTAIN), count(store, c.LATE_ECHO)) == (1, 0)
    assert store.echo.rtt_min[0] >= PATH_MS * MS


def test_a_restarted_server_tells_its_holds_from_the_first_on(bench: Any) -> None:
    store = telling_store()
    server = Server(store)
    for n in (10, 11):
        server.hold(n, 9)

    def restarted(at_ms: int) -> None:
        server.kept.clear()
        server.run = 8
        server.hold(80, 9)
        server.reply(at_ms)

    run(store, log_of(bench, {10: 9, 11: 9, 80: 9}), {900: server.reply, 1900: restarted})
    assert count(store, c.LATE_ECHO) == 0
    assert store.holds.totals.explained_late == 3


def test_a_stream_that_comes_from_another_port_is_told_from_its_first_hold_on(bench: Any) -> None:
    store = telling_store()
    server = Server(store)
    server.hold(10, 9)

    def from_another_port(at_ms: int) -> None:
        server.kept.clear()
        server.stream = 2
        for n in (80, 81, 82):
            server.hold(n, 9)
        server.reply(at_ms)

    held_ms = dict.fromkeys((10, 80, 81, 82), 9.0)
    run(store, log_of(bench, held_ms), {900: server.reply, 1900: from_another_port})
    assert count(store, c.LATE_ECHO) == 0
    assert store.holds.totals.explained_late == 4


def test_holds_of_another_stream_are_not_taken_for_those_of_this_one(bench: Any) -> None:
    store = telling_store()
    other = Server(store, ssrc=2)
    other.hold(10, 30)
    mine = Server(store)
    run(store, log_of(bench, {10: 30}), {900: other.reply, 901: mine.reply})
    assert count(store, c.LATE_ECHO) == 1


def test_a_call_that_ends_has_its_waiting_round_trips_booked(bench: Any) -> None:
    store = telling_store()
    fold(store, log_of(bench, {PACKETS - 1: 30}), START_NS + 6 * SECOND_NS)
    store.retire_call(1)
    retired = store.retired_totals()
    assert (retired.rtt.number, int(retired.counters[c.LATE_ECHO])) == (PACKETS, 1)
    assert not store.holds.calls


def test_what_is_never_asked_for_is_forgotten() -> None:
    holds, told = CallHolds(), Holds(7, 1, 0, 0, (Hold(3, 900, False),))

    def released_after(seconds: int) -> list[Told | None]:
        now_ns = START_NS + seconds * SECOND_NS
        list(holds.release(0, now_ns))
        holds.wait(key_of(1, 3), Trip(now_ns, 9 * MS, now_ns - 9 * MS))
        return [one.told for one in holds.release(0, now_ns + SECOND_NS)]

    holds.take(1, START_NS, told, 3 * MS)
    assert released_after(4) == [Told(900_000, False, START_NS)]
    holds = CallHolds()
    holds.take(1, START_NS, told, 3 * MS)
    assert released_after(6) == []


def outages(store: Store) -> list[Outage]:
    return list(store.outside.echo_outages)


def test_a_server_that_stood_still_is_known_by_the_packets_that_it_held_too_long(
    bench: Any,
) -> None:
    store = telling_store()
    log = bench.log()
    for n in range(PACKETS):
        stopped = 50 <= n < 250  # from 1000 to 5000 ms: lost, or back in time
        log.media(20 * n, n, dwell_us=0)
        log.echo(5000 + PATH_MS + n / 1000 if stopped else 20 * n + PATH_MS, n)
    server = Server(store)

    def reply(at_ms: int) -> None:
        for n in range(50, 250):
            server.hold(n, 5000 - 20 * n + n / 1000)
        server.reply(at_ms)

    run(store, log.records(), {900: server.reply, 5040: reply})
    assert count(store, c.LOST) == 51  # over 3 s
    assert count(store, c.LATE_ECHO) == 0
    (stop,) = outages(store)
    assert (stop.what, stop.from_ns) == ("stopped", START_NS + SECOND_NS)
    # with the packets that were returned one after another
    assert stop.until_ns is not None
    assert 0 <= stop.until_ns - (START_NS + 5 * SECOND_NS) < MS


def test_what_several_calls_tell_of_one_stop_is_one() -> None:
    store = telling_store()
    for from_ns, until_ns in ((10, 50), (12, 51), (9, 50), (80, 90)):
        store.outside.echo_stopped(from_ns, until_ns)
    assert outages(store) == [Outage("stopped", 9, 51), Outage("stopped", 80, 90)]


def test_a_hold_under_a_second_is_no_stop(bench: Any) -> None:
    store = telling_store()
    server = Server(store)
    server.hold(20, 900)
    run(store, log_of(bench, {20: 900}), {1900: server.reply})
    assert outages(store) == []
