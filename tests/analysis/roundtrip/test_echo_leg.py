from __future__ import annotations

from typing import Any

import pytest

from ari_tui.wire import record as r

Bench = Any


def test_a_return_that_could_not_be_sent_on_is_returned_and_not_delivered(bench: Bench) -> None:
    log = bench.log()
    for n in range(10):
        log.media(20 * n, n)
        log.echo(20 * n + 5, n, sent=n < 7)
    found = bench.fold(log)
    assert (found["returned"], found["delivered"]) == (10, 7)


def test_a_packet_that_was_never_sent_is_foreign(bench: Bench) -> None:
    log = bench.log()
    log.media(0, 10)
    log.media(20, 11, failed=True)
    log.echo(21, 11)  # its send failed
    log.echo(22, 12)  # not seen from Asterisk yet
    log.echo(23, 9)  # older than the stream
    log.echo(24, 10, ssrc=9)
    found = bench.fold(log)
    assert (found["foreign"], found["returned"], found["in_flight"]) == (4, 0, 1)


def test_an_echo_before_any_media_is_foreign(bench: Bench) -> None:
    log = bench.log()
    log.echo(0, 0, ssrc=0)
    assert bench.fold(log)["foreign"] == 1


def test_packets_of_the_stream_before_are_known_when_they_come_back(bench: Bench) -> None:
    log = bench.log()
    for n in range(5):
        log.media(20 * n, n, ssrc=1)
    for n in range(5, 10):
        log.media(20 * n, n, ssrc=2)
    for n in range(10):
        log.echo(200 + n, n, ssrc=1 if n < 5 else 2)
    found = bench.fold(log)
    # the first packet of SSRC 2 is foreign, once
    assert (found["returned"], found["sent"], found["foreign"]) == (9, 9, 1)
    assert found["reordered_echo"] == 0


def test_two_changes_within_a_round_trip_leave_the_oldest_stream_unknown(bench: Bench) -> None:
    # a known limit: one stream back is remembered, what came before is lost and its return foreign
    log = bench.log()
    for ssrc in (1, 2, 3):
        for n in range(5):
            log.media(100 * ssrc + 20 * n, n, ssrc=ssrc)
            log.echo(100 * ssrc + 20 * n + 900, n, ssrc=ssrc)
    found = bench.fold(log, until_ms=9000)
    assert (found["sent"], found["returned"], found["lost"]) == (13, 8, 5)
    assert found["foreign"] == 5 + 2


@pytest.mark.parametrize("back_ms", [2999.0, 3000.0])
def test_within_the_time_out_a_packet_is_back(bench: Bench, back_ms: float) -> None:
    log = bench.log()
    log.media(0, 0)
    log.echo(back_ms + 0.05, 0)
    found = bench.fold(log)
    assert (found["returned"], found["lost"]) == (1, 0)


def test_every_further_copy_of_a_late_return_is_a_duplicate(bench: Bench) -> None:
    log = bench.log()
    log.media(0, 0)
    for at in (3500, 3600, 3700):
        log.echo(at, 0)
    for cuts in ((), (1,), (1, 2, 3)):
        found = bench.fold(log, cuts=cuts)
        assert (found["returned_late"], found["duplicates_echo"], found["lost"]) == (1, 2, 1)
        assert (found["returned"], found.rtt().number) == (0, 0)


def test_the_hops_jitter_does_not_hold_the_callers(bench: Bench) -> None:
    log = bench.log()
    for n in range(200):
        at = 20 * n + 7 * (n % 2)
        log.media(at, n)
        log.echo(at + 0.05 + 10, n)
    found = bench.fold(log).store
    assert found.echo.hop_jitter_ns[0] == 0
    assert found.echo.jitter_ns[0] == pytest.approx(7e6, rel=0.01)
    assert found.media.jitter_ns[0] == pytest.approx(7e6, rel=0.01)


def test_the_hops_jitter_is_that_of_its_round_trips(bench: Bench) -> None:
    log = bench.log()
    for n in range(300):
        log.media(20 * n, n)
        log.echo(20 * n + 0.05 + 10 + 4 * (n % 2), n)
    found = bench.fold(log).store
    assert found.echo.hop_jitter_ns[0] == pytest.approx(4e6, rel=0.01)
    assert found.media.jitter_ns[0] == 0


def test_a_digit_does_not_disturb_the_jitter_of_the_way_back(bench: Bench) -> None:
    log = bench.log()
    for n in range(100):
        event = 80 <= n < 90
        ts = 160 * (80 if event else n)
        log.media(20 * n, n, ts=ts, pt=101 if event else 0)
        log.echo(20 * n + 10, n, ts=ts)
    records = log.records()
    digit = (records["kind"] == r.KIND_ECHO_IN) & (records["sequence"] // 10 == 8)
    assert digit.sum() == 10
    log.rows = [
        (*row[:8], 101, *row[9:]) if is_digit else row
        for row, is_digit in zip(records.tolist(), digit, strict=True)
    ]
    assert bench.fold(log).store.echo.jitter_ns[0] == 0


def test_a_codec_changed_in_mid_call_keeps_its_jitter_measured(bench: Bench) -> None:
    log = bench.log()
    for n in range(200):
        log.media(20 * n, n, pt=8 if n >= 100 else 0)
        log.echo(20 * n + 10 + (5 * (n % 2) if n >= 100 else 0), n)
    found = bench.fold(log)
    assert found.store.echo.jitter_ns[0] == pytest.approx(5e6, rel=0.01)


def test_reordering_is_told_by_the_order_of_sending(bench: Bench) -> None:
    log = bench.log()
    for n in range(6):
        log.media(20 * n, n)
    for at, seq in [(200, 0), (201, 3), (202, 1), (203, 2), (204, 4), (205, 5), (206, 2)]:
        log.echo(at, seq)
    for cuts in ((), (8,), (7, 8, 9, 10)):
        found = bench.fold(log, cuts=cuts)
        assert (found["reordered_echo"], found["duplicates_echo"]) == (2, 1)


def test_a_clock_set_back_while_a_packet_is_under_way_leaves_no_round_trip(bench: Bench) -> None:
    log = bench.log()
    log.media(0, 0)
    log.media(20, 1)
    log.echo(-500, 0)
    as_logged = log.records()[[1, 2, 0]]
    log.records = lambda: as_logged
    found = bench.fold(log)
    assert (found["returned"], found["uncertain"], found.rtt().number) == (1, 1, 0)
