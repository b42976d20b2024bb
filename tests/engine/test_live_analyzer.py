"""What the fold notes, in the words of events."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import pytest

from ari_tui.analysis.own_outages import STOPPED
from ari_tui.analysis.sla.evidence import Limited
from ari_tui.analysis.store import Store
from ari_tui.core.stolen_cpu import StolenCpu
from ari_tui.engine import live_analyzer
from ari_tui.engine.call_manager import CallManager
from ari_tui.engine.event_log import EventLog
from ari_tui.engine.live_analyzer import CLOCK_STEP_NS, LOG_WAIT_NS, LiveAnalyzer, read_clocks
from ari_tui.engine.worker_pool import WorkerPool
from ari_tui.wire.record import (
    FLAG_ECHO_LEG,
    FLAG_REFUSED,
    KIND_ECHO_IN,
    KIND_MEDIA_IN,
    KIND_SEND_ERROR,
    KIND_STALL,
    pack,
)
from tests.engine.kit import EchoRun, Pbx, engine, texts, until

NOW = 10**18
MS = 1_000_000


class Logs:
    """Packet logs of workers that stand still."""

    def __init__(self) -> None:
        self.waiting: list[bytes] = []
        self.complete_ns: int | None = None
        self.log_overflow = 0
        self.silent: dict[int, int] = {}

    def away(self, now_ns: int) -> dict[int, int]:
        return self.silent

    def read_logs(self) -> list[bytes]:
        found, self.waiting = self.waiting, []
        return found

    def complete_until_ns(self, now_ns: int, patience_ns: int) -> int:
        assert patience_ns == LOG_WAIT_NS
        return now_ns if self.complete_ns is None else self.complete_ns


class Named:
    """A call as the events name it."""

    def __init__(self, number: int) -> None:
        self.id = f"s.{number}"

    class machine:  # noqa: N801  stands in for an attribute
        class caller:  # noqa: N801
            name = "PJSIP/1"


class Calls:
    def __init__(self, count: int) -> None:
        self.calls = {number: Named(number) for number in range(1, count + 1)}


class Clock:
    """Stands in for the clocks: each read is the next tick."""

    def __init__(self, ticks: Iterator[int]) -> None:
        self.time_ns = self.monotonic_ns = lambda: next(ticks)


class Bench:
    def __init__(self, calls: int = 1) -> None:
        self.store = Store(loss_timeout_ns=1000 * MS, late_ns=3 * MS)
        for number in range(1, calls + 1):
            self.store.add_call(number)
        self.logs, self.events = Logs(), EventLog()
        pool, manager = cast("WorkerPool", self.logs), cast("CallManager", Calls(calls))
        self.analyzer = LiveAnalyzer(self.store, pool, manager, self.events, "127.0.0.1:4000")

    def fold(self, records: Sequence[bytes] = (), at_ms: int = 0) -> None:
        self.logs.waiting.append(b"".join(records))
        self.analyzer.fold(NOW + at_ms * MS)

    def told(self, kind: str) -> list[str]:
        return texts([line for line in self.events.lines if line.kind == kind])


def media(
    sequence: int,
    at_ms: int,
    *,
    call: int = 1,
    ssrc: int = 0xABC,
    flags: int = 0,
    kind: int = KIND_MEDIA_IN,
) -> bytes:
    at = NOW + at_ms * MS
    return pack(
        rx_ns=at,
        tx_ns=at + 1000,
        bracket_ns=500,
        timestamp=160 * sequence,
        ssrc=ssrc,
        call=call,
        sequence=sequence,
        length=172,
        kind=kind,
        flags=flags,
        ttl=64,
    )


def back(sequence: int, at_ms: int, *, call: int = 1, ssrc: int = 0xABC) -> bytes:
    return media(sequence, at_ms, call=call, ssrc=ssrc, kind=KIND_ECHO_IN)


def test_the_first_stream_and_every_other_is_told_with_its_ssrc() -> None:
    bench = Bench()
    bench.fold([media(1, 0), media(2, 20), media(700, 40, ssrc=5), media(701, 60, ssrc=5)])
    assert bench.told("stream") == [
        "RTP stream 0x00000abc",
        "RTP stream 0x00000005 (was 0x00000abc)",
    ]
    (first, _) = (line for line in bench.events.lines if line.kind == "stream")
    assert (first.call, first.channel) == ("s.1", "PJSIP/1")


def test_an_interruption_is_told_with_its_length_and_what_is_missing() -> None:
    bench = Bench()
    bench.fold([*(media(n, 20 * n) for n in range(5)), media(35, 700), media(36, 720)])
    assert bench.told("interruption") == []  # what explains it may still be told
    bench.fold(at_ms=1800)
    (text,) = bench.told("interruption")
    assert text == "no RTP for 620 ms, 30 packets missing (missing)"


def test_an_interruption_that_the_end_finds_waiting_is_told_at_the_end() -> None:
    bench = Bench()
    bench.fold([*(media(n, 20 * n) for n in range(5)), media(35, 700)])
    bench.analyzer.close_all(NOW + 720 * MS)
    assert len(bench.told("interruption")) == 1


def flow(bench: Bench, first_s: int, end_s: int) -> None:
    """Let packets go and come back for some whole seconds of the clock."""
    for n in range(50 * first_s, 50 * end_s):
        bench.logs.waiting.append(media(n, 20 * n) + back(n, 20 * n + 1))
        if n % 50 == 49:
            bench.fold(at_ms=20 * n + 10)


def limited_s(bench: Bench, reason: Limited) -> float:
    """Close every book; return the seconds that a reason has limited."""
    bench.fold(at_ms=60_000)
    return bench.store.sla_evaluator.evidence.limited_s(reason)


def test_a_clock_that_drifts_as_clocks_do_is_not_told() -> None:
    bench = Bench()
    for pulse in range(100):
        # 500 ppm is as fast as a clock is slewed
        bench.analyzer.check_clock(NOW + pulse * 250_125_000, pulse * 250 * MS)
    assert bench.told("clock") == []


@pytest.mark.parametrize(("step_ms", "seconds"), [(300, 3), (-300, 2), (5000, 4)])
def test_a_step_of_the_clock_limits_the_seconds_around_it_on_both_sides(
    step_ms: int, seconds: int
) -> None:
    bench = Bench()
    flow(bench, 0, 10)
    bench.analyzer.check_clock(NOW + 10_500 * MS, 777)
    bench.analyzer.check_clock(NOW + (10_750 + step_ms) * MS, 777 + 250 * MS)
    bench.analyzer.check_clock(NOW + (11_000 + step_ms) * MS, 777 + 500 * MS)
    flow(bench, 10, 20)
    (text,) = bench.told("clock")
    assert text.startswith(f"the clock was set by {step_ms:+.1f} ms")
    assert limited_s(bench, Limited.CLOCK_STEP) == seconds
    evidence = bench.store.sla_evaluator.evidence
    assert (evidence.of_s, evidence.clean_s) == (20, 20 - seconds)


def test_both_clocks_are_read_at_one_moment() -> None:
    before_ns = time.time_ns() - time.monotonic_ns()
    one, other = read_clocks(), read_clocks()
    assert other.monotonic_ns > one.monotonic_ns
    assert abs(one.realtime_ns - one.monotonic_ns - before_ns) < CLOCK_STEP_NS


def test_an_interruption_between_the_two_reads_is_no_step(monkeypatch: pytest.MonkeyPatch) -> None:
    # monotonic, realtime, monotonic: five times; the machine stops within all but the third
    ticks = iter(
        [0, 50, 50 * MS, 60, 90 * MS, 90 * MS, 100, 105, 110, 120, 130, 99 * MS, 140, 150, 98 * MS]
    )
    monkeypatch.setattr(live_analyzer, "time", Clock(ticks))
    assert read_clocks() == (105, 105)


def test_an_overflow_of_the_log_is_told_and_limits_every_second_since_the_last_look() -> None:
    bench = Bench()
    flow(bench, 0, 10)
    bench.logs.log_overflow = 1234
    late = [media(n, 20 * n) + back(n, 20 * n + 1) for n in range(500, 670)]
    bench.fold(late, at_ms=13_400)
    bench.fold(at_ms=13_600)
    assert bench.told("overflow") == ["packet log overflowed: 1234 records are missing"]
    flow(bench, 14, 20)
    assert limited_s(bench, Limited.LOG_OVERFLOW) == 6  # 8 to 13


def test_an_echo_server_that_refuses_is_told_once_for_all_calls() -> None:
    bench = Bench(calls=3)
    for second in range(3):
        bench.fold(
            [
                *(
                    media(n, 20 * n, call=call, flags=FLAG_REFUSED)
                    for n in range(50 * second, 50 * second + 50)
                    for call in (1, 2, 3)
                ),
            ],
            at_ms=1000 * second,
        )
    (text,) = bench.told("echo_refused")
    assert text.startswith("echo server 127.0.0.1:4000 refuses packets: nothing listens there")
    assert "\n" not in text
    assert [line.call for line in bench.events.lines if line.kind == "echo_refused"] == [None]


def test_a_refusal_met_by_a_receive_is_told_too() -> None:
    bench = Bench()
    refused = pack(rx_ns=NOW, call=1, kind=KIND_SEND_ERROR, flags=FLAG_ECHO_LEG, errno=111)
    bench.fold([media(1, 0), refused])
    assert len(bench.told("echo_refused")) == 1


def test_books_are_closed_only_once_every_log_is_in() -> None:
    bench = Bench(calls=2)
    bench.logs.waiting = [media(1, 0), media(1, 0, call=2)]
    bench.analyzer.fold(NOW + 10 * MS)
    # the second worker's log holds the return of what the first log's time would give up
    bench.logs.waiting = [media(90, 1990), back(1, 5, call=2)]
    bench.analyzer.fold(NOW + 2000 * MS)
    totals = bench.store.call_totals(2, 0)
    assert totals.rtt.number == 1
    assert bench.store.call_totals(1, 0).in_flight == 1  # the new one; the old one is lost


def test_a_log_that_is_not_complete_keeps_books_open() -> None:
    bench = Bench()
    bench.fold([media(1, 0)])
    bench.logs.complete_ns = NOW + 900 * MS
    bench.fold(at_ms=3000)
    assert bench.store.call_totals(1, 0).in_flight == 1
    bench.logs.complete_ns = None
    bench.fold(at_ms=3000)
    assert bench.store.call_totals(1, 0).in_flight == 0


def test_notes_of_calls_that_have_left_are_dropped() -> None:
    bench = Bench()
    bench.analyzer._calls.calls.clear()
    bench.fold([media(1, 0)])
    assert list(bench.events.lines) == []


async def test_silence_on_the_wire_becomes_an_event_of_its_call(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        await run.up(1)
        phone = pbx.sim.callers.present[0].phone
        assert phone is not None
        phone.on_hold = True  # and no event tells of it
        held_ns = time.time_ns()
        await until(lambda: time.time_ns() - held_ns > 350 * MS)
        phone.on_hold = False
        await until(lambda: run.events("interruption"))
        line = run.events("interruption")[0]
        assert line.call == f"{run.parts.session}.1"
        assert line.text.startswith("no RTP for ")
        await run.end()
    assert run.final.totals.packets.interruptions >= 1  # a stall of the machine may be another


def test_a_second_whose_cpu_was_stolen_is_limited_for_all_calls_and_told(tmp_path: Path) -> None:
    bench, stat = Bench(), tmp_path / "stat"
    stat.write_text("cpu0 1 1 1 1 1 1 1 0 0 0\n")
    bench.analyzer._stolen = StolenCpu(str(stat))
    flow(bench, 0, 10)
    bench.analyzer.check_machine(NOW + 9_100 * MS)
    stat.write_text("cpu0 1 1 1 1 1 1 1 9 0 0\n")
    for at_ms in (9_350, 9_600, 9_850):
        bench.analyzer.check_machine(NOW + at_ms * MS)
    assert limited_s(bench, Limited.MACHINE) == 1
    assert len(bench.told("machine")) == 1


def test_a_worker_that_stands_still_limits_its_calls_while_it_does_and_is_told_at_its_end() -> None:
    bench = Bench(calls=2)
    flow(bench, 0, 5)
    for at_ms in range(5_250, 9_000, 250):
        bench.logs.silent, bench.logs.complete_ns = {1: NOW + 5_000 * MS}, NOW + 5_000 * MS
        bench.fold(at_ms=at_ms)
    assert bench.store.own_outages.down == {1: NOW + 5_000 * MS}
    bench.logs.silent, bench.logs.complete_ns = {}, None
    bench.fold([pack(rx_ns=NOW + 9_000 * MS, call=1, kind=KIND_STALL, aux=4_000_000)], 9_000)
    assert not bench.store.own_outages.down
    assert bench.told("worker") == [
        "a media worker stood still for 4.0 s: those seconds are left out"
    ]
    (outage,) = bench.store.own_outages
    assert (outage.call, outage.until_ns - outage.from_ns) == (1, 4_000 * MS)


def test_an_outage_whose_end_found_no_room_in_the_log_ends_all_the_same() -> None:
    bench = Bench()
    flow(bench, 0, 5)
    bench.logs.silent = {1: NOW + 5_000 * MS}
    bench.fold(at_ms=6_500)
    bench.logs.silent = {}
    bench.fold(at_ms=6_750)
    assert not bench.store.own_outages.down
    (outage,) = bench.store.own_outages
    assert outage.what == STOPPED
