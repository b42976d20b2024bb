"""Records by their kind, of streams that go on."""

from __future__ import annotations

from typing import Any

from ari_tui.analysis.events import Refused
from ari_tui.wire import record as r

Bench = Any


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
