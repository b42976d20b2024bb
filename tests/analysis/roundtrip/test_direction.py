from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ari_tui.analysis import counters as c
from ari_tui.analysis.roundtrip.direction import CallDirection, Directions, EchoReport
from ari_tui.analysis.roundtrip.in_flight import BACK, BACK_LATE, IN_FLIGHT, LOST, InFlight

ASKED = 10_000


def report(received: int, failed: int = 0, *, asked: int = ASKED, dwell: int = 0) -> EchoReport:
    return EchoReport(asked, 1, received, failed, dwell)


def counted(sent: int, lost: int) -> Any:
    counters = np.zeros(c.COUNT, dtype=np.int64)
    counters[c.SENT], counters[c.LOST] = sent, lost
    return counters


def flight_of(*packets: tuple[int, int]) -> InFlight:
    """Packets by time of sending and state."""
    flight = InFlight()
    flight.grow(1)
    for ext, (sent_ns, state) in enumerate(packets):
        flight.ext[0, ext], flight.sent_ns[0, ext], flight.state[0, ext] = ext, sent_ns, state
    return flight


def test_three_ways_to_be_lost_add_up_to_the_lost() -> None:
    direction = CallDirection()
    direction.take(report(received=90, failed=3))
    direction.settle(0, counted(100, 18), flight_of(), ASKED)
    assert direction.newest == Directions(outward=10, at_echo=3, back=5)


def test_packets_sent_after_the_query_do_not_count() -> None:
    direction = CallDirection()
    direction.take(report(received=2))
    flight = flight_of(
        (1, LOST),
        (2, BACK),
        (ASKED - 1, LOST),
        (ASKED, LOST),
        (ASKED + 1, BACK),
        (ASKED + 2, IN_FLIGHT),
        (ASKED + 3, BACK_LATE),
    )
    direction.settle(0, counted(7, 4), flight, ASKED)
    assert direction.newest == Directions(outward=1, at_echo=0, back=1)


def test_a_report_waits_until_what_was_sent_before_it_is_settled() -> None:
    direction = CallDirection()
    direction.take(report(received=5))
    direction.settle(0, counted(5, 0), flight_of(), ASKED - 1)
    assert len(direction.waiting) == 1
    direction.settle(0, counted(5, 0), flight_of(), ASKED)
    assert direction.newest == Directions(0, 0, 0)
    assert direction.waiting == []


def test_the_newest_of_several_ripe_reports_counts() -> None:
    direction = CallDirection()
    for asked, received in ((1, 1), (2, 8), (20_000, 99)):
        direction.take(report(received, asked=asked))
    direction.settle(0, counted(10, 2), flight_of(), ASKED)
    assert direction.newest == Directions(2, 0, 0)
    assert [one.asked_ns for one in direction.waiting] == [20_000]


def test_copies_that_were_sent_before_the_query_are_among_the_received() -> None:
    direction = CallDirection()
    direction.copy(ASKED - 1)
    direction.copy(ASKED)
    direction.take(report(received=9))  # 8 packets and a copy
    direction.settle(0, counted(10, 2), flight_of(), ASKED)
    assert direction.newest == Directions(2, 0, 0)


def test_a_copy_lost_where_its_original_was_not_tells_nothing() -> None:
    direction = CallDirection()
    direction.copy(1)
    direction.take(report(received=10))  # sent 10 and a copy, nothing lost
    direction.settle(0, counted(10, 0), flight_of(), ASKED)
    assert direction.newest is None


@pytest.mark.parametrize(("dwells", "grown"), [((0,), [False]), ((5, 5, 6), [True, False, True])])
def test_a_dwell_that_grew_is_told(dwells: tuple[int, ...], grown: list[bool]) -> None:
    direction = CallDirection()
    assert [direction.take(report(1, dwell=dwell)) for dwell in dwells] == grown


def test_a_report_of_another_stream_or_of_a_second_epoch_is_left(bench: Any) -> None:
    log = bench.log()
    for n in range(3):
        log.media(20 * n, n, ssrc=7)
    store = bench.fold(log).store
    store.take_report(1, report(3))
    store.take_report(9, report(3))
    assert store.directions == {}
    store.take_report(1, report(3)._replace(ssrc=7))
    assert len(store.directions[0].waiting) == 1
    store.media.epochs[0] = 2
    store.take_report(1, report(3)._replace(ssrc=7))
    assert len(store.directions[0].waiting) == 1


def settled(direction: CallDirection, *reports: tuple[int, int, int, int, int]) -> None:
    """Settle reports one by one: asked, received and drops there, sent and lost here."""
    for asked, received, drops, sent, lost in reports:
        direction.take(report(received, asked=asked)._replace(socket_drops=drops))
        direction.settle(0, counted(sent, lost), flight_of(), asked)


def test_losses_are_split_from_report_to_report() -> None:
    direction = CallDirection()
    settled(direction, (10, 50, 0, 50, 0), (20, 95, 0, 100, 5), (30, 145, 0, 150, 12))
    assert [(one.from_ns, one.until_ns, one.lost) for one in direction.intervals] == [
        (0, 10, Directions(0, 0, 0)),
        (10, 20, Directions(5, 0, 0)),
        (20, 30, Directions(0, 0, 7)),
    ]


def test_what_the_servers_own_socket_dropped_is_its_loss() -> None:
    direction = CallDirection()
    settled(direction, (10, 50, 3, 50, 0), (20, 92, 8, 100, 8), (30, 140, 8, 150, 10))
    assert [one.lost for one in direction.intervals] == [
        Directions(0, 0, 0),
        Directions(3, 5, 0),
        Directions(2, 0, 0),
    ]
    assert direction.newest == Directions(5, 5, 0)


def test_a_restarted_server_is_counted_from_its_beginning_on() -> None:
    direction = CallDirection()
    settled(direction, (10, 48, 9, 50, 2))
    settled(direction, (20, 10, 0, 100, 42))  # 40 lost while it was not there
    assert direction.newest == Directions(2, 0, 0)
    settled(direction, (30, 57, 0, 150, 46))
    assert direction.newest == Directions(5, 0, 1)
    assert direction.intervals[-1] == (20, 30, Directions(3, 0, 1))
