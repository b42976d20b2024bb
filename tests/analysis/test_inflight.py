from __future__ import annotations

import numpy as np
import pytest

from ari_tui.analysis.inflight import BACK, EMPTY, LOST, NEVER_SENT, SLOTS, UNDER_WAY, InFlight

TIMEOUT = 3_000


@pytest.fixture
def flight() -> InFlight:
    table = InFlight()
    table.grow(3)
    return table


def send(flight: InFlight, row: int, ext: int, at_ns: int, state: int = UNDER_WAY) -> None:
    slot = ext % SLOTS
    flight.ext[row, slot], flight.sent_ns[row, slot] = ext, at_ns
    flight.state[row, slot] = state


def test_what_is_exactly_as_old_as_the_time_out_is_still_awaited(flight: InFlight) -> None:
    send(flight, 0, 5, 1000)
    rows, _ = flight.expired(TIMEOUT, 1000 + TIMEOUT)
    assert len(rows) == 0
    rows, sent = flight.expired(TIMEOUT, 1001 + TIMEOUT)
    assert (rows.tolist(), sent.tolist()) == ([0], [1000])
    assert flight.state[0, 5] == LOST


def test_a_packet_is_given_up_once(flight: InFlight) -> None:
    send(flight, 1, 5, 1000)
    assert len(flight.expired(TIMEOUT, 10_000)[0]) == 1
    assert len(flight.expired(TIMEOUT, 20_000)[0]) == 0
    assert len(flight.give_up(1)[0]) == 0


@pytest.mark.parametrize("state", [EMPTY, NEVER_SENT, BACK, LOST])
def test_only_what_is_under_way_is_given_up(flight: InFlight, state: int) -> None:
    send(flight, 0, 5, 1000, state)
    assert len(flight.expired(TIMEOUT, 10_000)[0]) == 0
    assert len(flight.give_up(0)[0]) == 0
    assert flight.count(0) == flight.overdue(0, 1, 10_000) == 0
    assert flight.state[0, 5] == state


def test_giving_up_a_call_leaves_the_others(flight: InFlight) -> None:
    for row in range(3):
        send(flight, row, 7, 100 + row)
    rows, sent = flight.give_up(1)
    assert (rows.tolist(), sent.tolist()) == ([1], [101])
    assert [flight.count(row) for row in range(3)] == [1, 0, 1]


def test_overdue_are_those_older_than_the_age(flight: InFlight) -> None:
    for ext, at in enumerate([100, 200, 300]):
        send(flight, 0, ext, at)
    assert flight.count(0) == 3
    assert flight.overdue(0, 500, 700) == 1  # 200 is exactly as old
    assert flight.overdue(0, 500, 801) == 3


def test_packets_of_many_calls_expire_together(flight: InFlight) -> None:
    for row in range(3):
        for ext in range(SLOTS):
            send(flight, row, ext, 1000 * row + ext)
    rows, sent = flight.expired(TIMEOUT, 1500 + TIMEOUT)
    assert np.bincount(rows, minlength=3).tolist() == [1024, 500, 0]
    assert sent.max() < 1500
    assert [flight.count(row) for row in range(3)] == [0, 524, 1024]
