"""Pings that tell the stalls of Asterisk from those of its callers, and from our own."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from ari_tui.analysis.diagnosis.outside import OutsideFacts, Pings
from ari_tui.ari.client import PINGS_OUTSTANDING, AriClient, Pinger
from ari_tui.ari.endpoint import AriEndpoint
from ari_tui.ari.models import AsteriskInfo
from ari_tui.engine.asterisk_pings import AsteriskPings
from ari_tui.engine.asterisk_watch import AsteriskWatch
from ari_tui.engine.event_log import EventLog
from tests.engine.kit import Pbx, until


class Pinged:
    """Pings of a simulated Asterisk that run without an engine."""

    def __init__(self, pbx: Pbx) -> None:
        config = pbx.sim.config
        self.pbx, self.facts, self.events = pbx, OutsideFacts(), EventLog()
        self.connected = True
        endpoint = AriEndpoint(pbx.sim.url, config.user, config.password)
        self.client = AriClient(pbx.sim.url, config.user, config.password)
        self.watch = AsteriskWatch(
            self.client, self.facts, EventLog(), info=AsteriskInfo(), gone=lambda _: 0
        )
        self.pings = AsteriskPings(
            Pinger(endpoint),
            self.facts,
            self.events,
            watch=self.watch,
            connected=lambda: self.connected,
        )

    @property
    def good(self) -> int:
        return sum(one.good for one in self._seconds())

    @property
    def failed(self) -> int:
        return sum(one.failed for one in self._seconds())

    @property
    def asked(self) -> int:
        return sum("asterisk/ping" in path for _, path in self.pbx.faults.requests)

    def _seconds(self) -> list[Pings]:
        now = time.time_ns() // 1_000_000_000
        found = [self.facts.pings_of(second) for second in range(now - 60, now + 1)]
        return [one for one in found if one is not None]


@contextlib.asynccontextmanager
async def pinged(pbx: Pbx) -> AsyncIterator[Pinged]:
    one = Pinged(pbx)
    running = asyncio.create_task(one.pings.run())
    try:
        yield one
    finally:
        running.cancel()
        await one.pings.close()
        await one.watch.close()
        await one.client.close()


async def test_every_ping_is_told_with_its_time_and_a_quick_one_is_no_event(pbx: Pbx) -> None:
    async with pinged(pbx) as one:
        await until(lambda: one.good >= 6)
        figures = one.pings.figures
    assert one.failed == 0
    assert figures is not None
    assert 0 < figures.median <= figures.longest
    assert list(one.events.lines) == []


async def test_a_ping_that_others_overtake_is_late_by_its_connection_alone(pbx: Pbx) -> None:
    async with pinged(pbx) as one:
        await until(lambda: one.good >= 6)
        rule, good = pbx.faults.add("GET", "asterisk/ping", "mute", times=1), one.good
        await until(lambda: rule.hits)
        begun = time.monotonic()
        await until(lambda: one.good >= good + 6)  # it keeps none from being sent and answered
        held_ms = (time.monotonic() - begun) * 1000
        pbx.faults.released.set()
        await until(lambda: one.good >= good + 12)
        figures = one.pings.figures
    assert list(one.events.lines) == []
    assert one.failed == 0
    assert figures is not None
    assert figures.longest < held_ms


async def test_an_asterisk_that_answers_none_for_a_while_has_stalled(pbx: Pbx) -> None:
    async with pinged(pbx) as one:
        await until(lambda: one.good >= 6)
        rule = pbx.faults.add("GET", "asterisk/ping", "mute")
        await until(lambda: rule.hits >= 4)  # the first, those after it, and the next at its time
        rule.times = rule.hits
        pbx.faults.released.set()  # they are refused now, which is an answer too
        await until(lambda: one.events.lines)
    (told,) = one.events.lines
    assert told.kind == "asterisk_stalled"
    assert told.text.startswith("Asterisk answered its ping only after ")
    assert one.failed == 0


async def test_an_asterisk_that_answers_nothing_gets_few_connections_and_fails_its_pings(
    pbx: Pbx,
) -> None:
    async with pinged(pbx) as one:
        await until(lambda: one.good >= 6)
        asked = one.asked
        pbx.faults.add("GET", "asterisk/ping", "mute")
        await until(lambda: one.failed >= 1)
        assert one.asked - asked == PINGS_OUTSTANDING
    (told,) = one.events.lines
    assert told.text.startswith("Asterisk does not answer its ping, though its event stream is up")


async def test_failed_pings_of_an_asterisk_that_is_known_to_be_away_are_no_event(pbx: Pbx) -> None:
    async with pinged(pbx) as one:
        one.connected = False
        await pbx.control.go_away()
        await until(lambda: one.failed >= 2)
        await pbx.control.come_back()
        await until(lambda: one.good >= 1)
    assert list(one.events.lines) == []


async def test_a_stall_of_our_own_event_loop_is_not_asterisks(pbx: Pbx) -> None:
    async with pinged(pbx) as one:
        await until(lambda: one.good >= 6)
        # the answer waits while a ping is under way and our loop stands still
        rule = pbx.faults.add("GET", "asterisk/ping", "mute")
        asked = one.asked
        await until(lambda: one.asked > asked)
        rule.times = rule.hits
        time.sleep(0.4)  # noqa: ASYNC251  the fault itself: a loop that is blocked
        good = one.good
        pbx.faults.released.set()
        await until(lambda: one.good >= good + 4)
    assert list(one.events.lines) == []
    figures = one.pings.figures
    assert figures is not None
    assert figures.longest < 400
