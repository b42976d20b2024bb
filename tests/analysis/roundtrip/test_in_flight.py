from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ari_tui.analysis.roundtrip.in_flight import (
    BACK,
    BACK_LATE,
    EMPTY,
    IN_FLIGHT,
    LOST,
    NEVER_SENT,
    SLOTS,
    InFlight,
)

TIMEOUT = 3_000


@pytest.fixture
def flight() -> InFlight:
    table = InFlight()
    table.grow(3)
    return table


def send(flight: InFlight, row: int, ext: int, at_ns: int, state: int = IN_FLIGHT) -> None:
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


NEVER = 1 << 62
fates = st.sampled_from([BACK, LOST, BACK_LATE, NEVER_SENT, EMPTY])


@example(fate=[BACK, BACK], held_up={0: 51}, closings=[51], first=0)
@settings(max_examples=100, deadline=None)
@given(
    fate=st.lists(fates, min_size=1, max_size=200),
    held_up=st.dictionaries(st.integers(0, 199), st.integers(0, 900)),
    closings=st.lists(st.integers(0, 16_000), max_size=6),
    first=st.integers(0, 3 * SLOTS),
)
def test_packets_settle_once_in_sequence_however_often_books_are_closed(
    fate: list[int], held_up: dict[int, int], closings: list[int], first: int
) -> None:
    flight = InFlight()
    flight.grow(1)
    flight.settled_to[0] = first
    # ms; one that is held up is overtaken by others; EMPTY never came
    times = {i: 50 * i + held_up.get(i, 0) for i, state in enumerate(fate) if state != EMPTY}
    settled: list[bool] = []
    placed: set[int] = set()
    row = np.zeros(1, dtype=np.int64)
    for now in [*sorted(closings), NEVER]:
        for i, at in times.items():
            if at < now:
                known = fate[i] == NEVER_SENT or at < now - TIMEOUT
                send(flight, 0, first + i, at, fate[i] if known else IN_FLIGHT)
                placed.add(i)
        top = np.array([first + max(placed, default=-1)])
        owners, lost = flight.settle(row, top, now - TIMEOUT if now < NEVER else NEVER)
        assert not owners.any()
        settled += lost.tolist()
    expected = [state in (LOST, BACK_LATE) for state in fate if state not in (EMPTY, NEVER_SENT)]
    assert settled == expected


def test_what_was_sent_since_is_counted_with_its_lost(flight: InFlight) -> None:
    for ext, (at, state) in enumerate(
        [(10, LOST), (20, BACK), (20, LOST), (30, IN_FLIGHT), (40, BACK_LATE), (50, NEVER_SENT)]
    ):
        send(flight, 0, ext, at, state)
    assert flight.since(0, 20) == (4, 2)
    assert flight.since(1, 0) == (0, 0)
