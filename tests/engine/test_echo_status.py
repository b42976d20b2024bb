"""What the echo server is asked, version by version, and what its silence is taken for."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple, cast

import pytest

from ari_tui.analysis.diagnosis.outside import Outage
from ari_tui.analysis.store import Store
from ari_tui.engine.echo_status import EchoStatus
from ari_tui.engine.echo_watch import SILENT_NS, EchoWatch
from ari_tui.engine.worker_pool import WorkerPool
from ari_tui.relay.control import StreamReport
from ari_tui.wire.status import Hold, Holds, StatusCounters

SECOND_NS = 1_000_000_000
START_NS = 1_700_000_000 * SECOND_NS
NONE = StatusCounters(*[0] * 10)


class Query(NamedTuple):
    call: int
    ssrc: int
    holds_from: int | None


class Assignments(dict[int, object]):
    """Calls in a worker that notes what it is to ask."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Query] = []

    async def query(self, call: int, ssrc: int, holds_from: int | None = None) -> None:
        self.asked.append(Query(call, ssrc, holds_from))


class Pool:
    def __init__(self) -> None:
        self.assignments = Assignments()


class Rig:
    """Calls whose packets are two columns of the store, and the events that come of them."""

    def __init__(self, calls: int = 1) -> None:
        self.store = Store(loss_timeout_ns=3 * SECOND_NS, late_ns=3_000_000)
        self.events: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.watch = EchoWatch(self.store, self._event, "192.0.2.7:4000")
        pool = Pool()
        self.assignments = pool.assignments
        self.status = EchoStatus(cast("WorkerPool", pool), self.store, self.watch)
        for number in range(1, calls + 1):
            row = self.store.add_call(number)
            self.store.media.started[row], self.store.media.ssrc[row] = True, 100 + number
            self.store.media.epochs[row] = 1
            self.assignments[number] = object()

    def _event(self, level: str, kind: str, text: str) -> None:
        self.events.append((level, kind))
        self.texts.append(text)

    async def round(self) -> list[int | None]:
        """Ask once; return from which hold on, None for a query of version 1."""
        self.assignments.asked.clear()
        self.status.ask()
        for _ in range(4):
            await asyncio.sleep(0)
        return [query.holds_from for query in self.assignments.asked]

    def reply(self, at_s: float, holds: Holds | None, *, received: int = 0, call: int = 1) -> None:
        counters = NONE._replace(received=received)
        at_ns = START_NS + round(at_s * SECOND_NS)
        self.status.take_report(StreamReport(call, 100 + call, at_ns, counters, holds))

    def tick(self, sent_s: float, back_s: float | None) -> None:
        """Let packets be sent and come back until these times."""
        self.store.media.last_rx[0] = START_NS + round(sent_s * SECOND_NS)
        if back_s is not None:
            self.store.echo.last_rx[0] = START_NS + round(back_s * SECOND_NS)
        self.watch.tick()


def told(total: int, first: int, count: int, *, server: int = 7) -> Holds:
    entries = tuple(Hold(first + n, 900, False) for n in range(count))
    return Holds(server, total, first, 0, entries)


async def test_a_server_that_tells_holds_is_asked_for_them_alone() -> None:
    rig = Rig()
    assert await rig.round() == [0, None]  # not known yet: both ways
    rig.reply(1, told(0, 0, 0))
    assert await rig.round() == [0]
    rig.reply(2, told(3, 0, 3))
    assert await rig.round() == [3]
    assert rig.store.holds.told is True


@pytest.mark.parametrize("answers", [True, False])
async def test_one_that_does_not_is_asked_the_old_way_and_nothing_waits_for_it(
    answers: bool,
) -> None:
    rig = Rig()
    for second in range(4):
        assert await rig.round() == [0, None]
        if answers:
            rig.reply(second, None, received=50 * second)
    assert await rig.round() == [None]
    assert rig.store.holds.told is False


async def test_it_is_asked_again_now_and_then_whether_it_can_by_now() -> None:
    rig = Rig()
    asked = [await rig.round() for _ in range(70)]
    assert [0, None] in asked[10:40]
    assert [None] in asked[10:40]
    rig.reply(70, told(0, 0, 0))
    assert await rig.round() == [0]


async def test_a_server_that_was_replaced_by_an_older_one_is_asked_the_old_way() -> None:
    rig = Rig()
    rig.reply(0, told(0, 0, 0))
    asked = [await rig.round() for _ in range(20)]
    assert asked[0] == [0]
    assert asked[-1] == [None]


async def test_more_holds_are_asked_for_at_once_a_bounded_number_of_times() -> None:
    rig = Rig()
    await rig.round()
    rig.assignments.asked.clear()
    for n in range(20):
        rig.reply(1 + n / 1000, told(99_999, 40 * n, 40))
        for _ in range(4):
            await asyncio.sleep(0)
    assert [query.holds_from for query in rig.assignments.asked] == [40 * (n + 1) for n in range(8)]
    assert len(rig.store.directions[0].waiting) == 1  # the first answer only


async def test_between_the_rounds_only_calls_are_asked_about_that_wait() -> None:
    rig = Rig(calls=3)
    rig.reply(0, told(0, 0, 0))
    rig.store.holds.of(1).waiting[5] = cast("Any", object())
    rig.assignments.asked.clear()
    rig.status.ask_waiting()
    for _ in range(4):
        await asyncio.sleep(0)
    assert [query.call for query in rig.assignments.asked] == [2]


def test_silence_is_told_within_three_seconds_and_its_end_with_its_length() -> None:
    rig = Rig()
    for quarter in range(4 * 3):
        rig.tick(quarter / 4, quarter / 4 - 0.02)
    assert rig.events == []
    first_s = None
    for quarter in range(4 * 3, 4 * 8):
        rig.tick(quarter / 4, None)
        if rig.events and first_s is None:
            first_s = quarter / 4
    assert rig.events == [("error", "echo_silent")]
    assert first_s is not None
    assert SILENT_NS / SECOND_NS <= first_s - 2.73 <= 3
    assert "192.0.2.7:4000 has returned nothing since 22:13:22" in rig.texts[0]
    assert "--allow" in rig.texts[0]
    assert list(rig.store.outside.echo_outages) == [
        Outage("silent", START_NS + 2_730_000_000, None)
    ]
    rig.tick(8, 7.98)
    assert rig.events[1:] == [("info", "echo_back")]
    assert "after 5.2 s of silence" in rig.texts[1]  # from 2.73 to 7.98
    assert rig.store.outside.echo_outages[-1].until_ns == START_NS + 7_980_000_000


def test_a_server_that_never_answered_is_silent_from_the_first_packet_on() -> None:
    rig = Rig()
    for quarter in range(12):
        rig.tick(10 + quarter / 4, None)
    assert rig.events == [("error", "echo_silent")]
    assert rig.store.outside.echo_outages[-1].from_ns == START_NS + 10 * SECOND_NS


def test_a_pause_between_calls_is_no_silence() -> None:
    rig = Rig()
    rig.tick(1, 0.98)
    rig.tick(100, None)  # the first packet of the next call
    rig.tick(100.25, 100.24)
    assert rig.events == []


def test_answers_alone_are_a_sign_of_life() -> None:
    rig = Rig()
    for quarter in range(16):
        rig.tick(quarter / 4, None)
        if quarter % 4 == 0:
            rig.reply(quarter / 4 + 0.01, told(0, 0, 0))
    assert rig.events == []


def test_packets_that_do_not_leave_us_are_no_silence_of_the_server() -> None:
    rig = Rig()
    rig.tick(1, 0.98)
    for _ in range(40):
        rig.tick(1.5, None)  # a worker that stands still
    assert rig.events == []


def test_refused_packets_tell_that_nothing_listens() -> None:
    rig = Rig()
    rig.tick(1, 0.98)
    for quarter in range(12):
        rig.store.counters[0, 23] += 1  # ECHO_REFUSED
        rig.tick(1.25 + quarter / 4, None)
    assert rig.events == [("error", "echo_silent")]
    assert "nothing listens there" in rig.texts[0]
    assert rig.store.outside.echo_outages[-1].what == "refused"


def test_another_run_of_the_server_is_told_once_for_all_calls() -> None:
    rig = Rig(calls=2)
    for call in (1, 2):
        rig.reply(1, told(0, 0, 0), received=50, call=call)
    for call in (1, 2):
        rig.reply(2.5, told(0, 0, 0, server=8), received=10, call=call)
    assert rig.events == [("warning", "echo_restarted")]
    assert list(rig.store.outside.echo_outages) == [
        Outage("restarted", START_NS + SECOND_NS, START_NS + 2_500_000_000)
    ]


def test_the_silence_around_a_restart_was_that() -> None:
    rig = Rig()
    rig.reply(0, told(0, 0, 0))
    rig.tick(0.5, 0.4)
    for quarter in range(3, 20):
        rig.tick(quarter / 4, None)
    rig.tick(5, 4.9)
    rig.reply(5.5, told(0, 0, 0, server=8))
    kinds = [kind for _, kind in rig.events]
    assert kinds == ["echo_silent", "echo_back", "echo_restarted"]
    assert list(rig.store.outside.echo_outages) == [
        Outage("restarted", START_NS + 400_000_000, START_NS + 5_500_000_000)
    ]


def test_an_older_server_is_known_to_be_restarted_by_its_counters() -> None:
    rig = Rig()
    rig.reply(1, None, received=50)
    rig.reply(2, None, received=100)
    rig.reply(3, None, received=20)
    assert rig.events == [("warning", "echo_restarted")]
    rig.reply(90, None, received=5)  # forgotten while it was idle
    assert len(rig.events) == 1
