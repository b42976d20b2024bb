"""The SLA of now, as a document tells it: from packets in a store to the state and its limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ari_tui.analysis.closing import close_until
from ari_tui.analysis.sla_evidence import Limited
from ari_tui.analysis.store import Store
from ari_tui.snapshot.judgement import sla_of
from ari_tui.snapshot.standing import standing_of

MS = 1_000_000
SECOND_NS = 1000 * MS
FIRST = 1_700_000_000


class House:
    """A store whose calls send 50 packets a second, at times given by hand."""

    def __init__(self, calls: int = 1) -> None:
        self.store = Store(loss_timeout_ns=3 * SECOND_NS, late_ns=3 * MS)
        self.rows = [self.store.add_call(number) for number in range(1, calls + 1)]
        self.second = FIRST

    def send(self, seconds: int, *, lost: int = 0, rtt_ms: int = 5, of: int | None = None) -> None:
        """Have the first `of` calls send; `lost` of each one's 50 packets are, in each second."""
        for _ in range(seconds):
            at = np.full(50, self.second * SECOND_NS)
            for row in self.rows[:of]:
                owners = np.full(50, row)
                self.store.book("sent", owners, at)
                self.store.book("returned", owners[lost:], at[lost:])
                self.store.book_lost(owners[:lost], at[:lost])
                self.store.series.book_rtt(
                    owners[lost:], at[lost:], np.full(50 - lost, rtt_ms * MS)
                )
            self.second += 1

    def now(self) -> Any:
        close_until(self.store, self.second * SECOND_NS)
        return standing_of(self.store, self.second - 1)


def test_before_the_first_packet_there_is_no_traffic_and_the_limits_are_the_first_tiers() -> None:
    now = House().now()
    assert (now.state, now.calls, now.of_s, now.failing) == ("no_traffic", 0, 0, {})
    assert now.tier == "up to 30 calls"
    assert (now.limits.p50_ms, now.limits.p99_ms, now.limits.max_ms) == (8.0, 18.0, 22.0)
    assert (now.limits.late_ratio, now.limits.loss_ratio) == (0.001, 0.002)


def test_packets_that_are_not_settled_yet_are_traffic_but_no_evidence() -> None:
    house = House()
    house.send(2)
    now = house.now()
    assert (now.state, now.of_s) == ("inconclusive", 0)
    assert sla_of(house.store.jury.evidence, now).state == "inconclusive"


def test_a_minute_of_enough_calls_passes_and_is_not_moved_by_what_was_before() -> None:
    house = House(calls=3)
    house.send(30, lost=25)
    assert house.now().state == "fail"
    house.send(70)
    now = house.now()
    assert (now.state, now.of_s, now.clean_s, now.failing) == ("pass", 60, 60.0, {})
    sla = sla_of(house.store.jury.evidence, now)
    assert (sla.verdict, sla.state) == ("fail", "fail")


def test_what_fails_now_is_told_with_how_many_calls_are_affected() -> None:
    house = House(calls=4)
    house.send(60)
    house.send(20, lost=2)
    now = house.now()
    assert now.state == "fail"
    assert now.failing == {"loss": 4}
    assert now.reasons[0].startswith("loss: ")


def test_when_the_calls_have_gone_silent_for_a_minute_there_is_no_traffic() -> None:
    house = House(calls=3)
    house.send(70)
    house.second += 62  # 59 of them and the 3 s in which losses are still awaited
    assert house.now().state == "inconclusive"
    house.second += 1
    now = house.now()
    assert (now.state, now.calls) == ("no_traffic", 0)
    sla = sla_of(house.store.jury.evidence, now)
    assert (sla.verdict, sla.state) == ("pass", "pass")


def test_the_tier_and_its_limits_follow_the_calls_up_now() -> None:
    house = House(calls=31)
    house.send(10)
    assert house.now().tier == "up to 100 calls"
    house.send(4, of=30)
    now = house.now()
    assert (now.calls, now.tier, now.limits.p95_ms) == (30, "up to 30 calls", 12.0)
    # the session has met both tiers
    assert sla_of(house.store.jury.evidence, now).rules[1].limits_ms == [12.0, 15.0]


def test_above_the_last_tier_that_is_said() -> None:
    house = House(calls=151)
    house.send(4)
    now = house.now()
    assert (now.calls, now.tier, now.limits.p95_ms) == (151, "up to 150 calls (above)", 18.0)


@pytest.mark.parametrize(("lost", "state"), [(0, "inconclusive"), (50, "inconclusive")])
def test_a_minute_that_was_mostly_limited_by_ourselves_blames_nobody(lost: int, state: str) -> None:
    house = House()
    for second in range(FIRST, FIRST + 40):
        house.store.jury.limit_all(second, Limited.CLOCK_STEP)
    house.send(60, lost=lost)
    now = house.now()
    assert (now.state, now.failing) == (state, {})
    assert "limited by a step of the clock" in now.reasons[0]


def test_without_the_last_minute_a_session_without_packets_has_no_traffic() -> None:
    assert sla_of(House().store.jury.evidence).state == "no_traffic"
