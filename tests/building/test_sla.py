"""."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ari_tui.analysis import counters as c
from ari_tui.analysis import quality
from ari_tui.analysis.closing import close_until
from ari_tui.analysis.quality import Pool
from ari_tui.analysis.roundtrip.direction import Directions
from ari_tui.analysis.sla.evidence import Evidence, Limited, Second
from ari_tui.analysis.sla.profiles import SEED_PROFILE
from ari_tui.analysis.store import Store
from ari_tui.analysis.totals import CallTotals, merge
from ari_tui.building.sla import Listener, pool_of, sla_now_of, sla_of

MS = 1_000_000
FIRST = 1_700_000_000


def evidence(seconds: int, *, lost: int = 0, limited: int = 0, per_second: int = 50) -> Evidence:
    """Seconds of one call; `lost` packets in the first, the last `limited` limited by dwell."""
    found, limits = Evidence(SEED_PROFILE), len(SEED_PROFILE.thresholds_ns())
    for second in range(seconds):
        gone = lost if second == 0 else 0
        values = [per_second, 0, gone, per_second - gone]
        settled, late, missing, trips = (np.array([value]) for value in values)
        bits = np.array([int(Limited.DWELL) if second >= seconds - limited else 0])
        above = np.zeros((1, limits), dtype=np.int64)
        found.add(1, Second(settled, late, missing, trips, above, bits))
    return found


def test_thin_evidence_is_inconclusive_and_says_what_is_missing() -> None:
    sla = sla_of(evidence(10))
    assert (sla.verdict, sla.clean_s, sla.of_s) == ("inconclusive", 10.0, 10)
    late = next(rule for rule in sla.rules if rule.id == "late")
    # no late packet shows 0.1 % after ln 0.025 / ln 0.999 = 3,687.0 packets: 3,688
    assert late.missing == "500 of about 3,700 packets needed"
    assert late.missing in sla.headline


@pytest.mark.parametrize(("packets", "verdict"), [(3687, "inconclusive"), (3688, "pass")])
def test_just_enough_passes(packets: int, verdict: str) -> None:
    sla = sla_of(evidence(1, per_second=packets))
    assert sla.verdict == verdict
    assert {rule.missing for rule in sla.rules if rule.verdict == "pass"} == {None}


def test_a_failure_names_its_rule_with_bounds() -> None:
    sla = sla_of(evidence(80, lost=40))
    assert sla.verdict == "fail"
    assert sla.headline == "FAIL over 80 of 80 s: loss: 1%, allowed 0.2%"
    (failed,) = [rule for rule in sla.rules if rule.verdict == "fail"]
    assert failed.id == "loss"
    assert failed.low is not None
    assert failed.high is not None
    assert failed.limit < failed.low < 0.01 < failed.high


def test_mostly_limited_seconds_judge_nothing() -> None:
    sla = sla_of(evidence(60, lost=40, limited=31))
    assert (sla.verdict, sla.clean_s) == ("inconclusive", 29.0)
    assert sla.headline == "inconclusive, 31 of 60 s limited by delay in this engine"


def test_limits_are_decimals_as_they_read_back() -> None:
    sla = sla_of(evidence(1))
    assert all(type(limit) is float for rule in sla.rules for limit in rule.limits_ms)


def totals(directions: Directions | None = None, **counted: int) -> CallTotals:
    counters = np.zeros(c.COUNT, dtype=np.int64)
    for name, value in counted.items():
        counters[c.NAMES.index(name)] = value
    return merge([])._replace(counters=counters, directions=directions, in_flight=5)


def test_a_pool_counts_what_is_settled_and_what_reached_the_echo_server() -> None:
    found = pool_of(totals(Directions(7, 1, 2), sent=105, lost=10, discarded=3))
    assert (found.settled, found.lost, found.discarded, found.reached) == (100, 10, 3, 93)
    assert pool_of(totals(sent=105)).reached is None


def test_without_packets_there_is_no_quality() -> None:
    found = Listener().mos_of(totals(sent=5), Pool(), None)
    assert [found.session, found.now, found.worst_10s, found.plain, found.loss_from] == [None] * 5


@pytest.fixture
def two_calls() -> Store:
    """Two calls of 100 s; the second loses half of seconds 40 to 49."""
    store = Store(loss_timeout_ns=3_000 * MS, late_ns=3 * MS)
    for call in (1, 2):
        row = store.add_call(call)
        store.media.started[row] = True
        for second in range(100):
            book(store, row, second, 25 if call == 2 and 40 <= second < 50 else 0)
    return store


def book(store: Store, row: int, second: int, lost: int) -> None:
    at = np.full(50, (FIRST + second) * 1000 * MS, dtype=np.int64)
    rows = np.full(50, row, dtype=np.int64)
    store.series.book("sent", rows, at)
    store.series.book("lost", rows[:lost], at[:lost])
    store.series.book_rtt(rows[lost:], at[lost:], np.full(50 - lost, 10 * MS))


def test_the_worst_ten_seconds_are_kept_when_they_have_passed(two_calls: Store) -> None:
    listener, empty = Listener(), totals(sent=5)
    worst: Any = quality.mos(Pool(500, 250, 0, 2500 * MS, 250))
    best: Any = quality.mos(Pool(500, 0, 0, 5000 * MS, 500))

    def heard(number: int | None) -> float | None:
        return listener.mos_of(empty, Pool(), number).worst_10s

    listener.listen(two_calls, FIRST + 35)
    assert heard(1) == heard(2) == heard(None) == round(best.mos, 2)
    for second in range(36, 100):
        listener.listen(two_calls, FIRST + second)
    assert heard(1) == round(best.mos, 2)
    assert heard(2) == heard(None) == round(worst.mos, 2)
    two_calls.retire_call(2)
    listener.listen(two_calls, FIRST + 99)
    assert (heard(2), heard(None)) == (None, round(worst.mos, 2))


SECOND_NS = 1000 * MS


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
        return sla_now_of(self.store, self.second - 1)


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
    assert sla_of(house.store.sla_evaluator.evidence, now).state == "inconclusive"


def test_a_minute_of_enough_calls_passes_and_is_not_moved_by_what_was_before() -> None:
    house = House(calls=3)
    house.send(30, lost=25)
    assert house.now().state == "fail"
    house.send(70)
    now = house.now()
    assert (now.state, now.of_s, now.clean_s, now.failing) == ("pass", 60, 60.0, {})
    sla = sla_of(house.store.sla_evaluator.evidence, now)
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
    sla = sla_of(house.store.sla_evaluator.evidence, now)
    assert (sla.verdict, sla.state) == ("pass", "pass")


def test_the_tier_and_its_limits_follow_the_calls_up_now() -> None:
    house = House(calls=31)
    house.send(10)
    assert house.now().tier == "up to 100 calls"
    house.send(4, of=30)
    now = house.now()
    assert (now.calls, now.tier, now.limits.p95_ms) == (30, "up to 30 calls", 12.0)
    # the session has met both tiers
    assert sla_of(house.store.sla_evaluator.evidence, now).rules[1].limits_ms == [12.0, 15.0]


def test_above_the_last_tier_that_is_said() -> None:
    house = House(calls=151)
    house.send(4)
    now = house.now()
    assert (now.calls, now.tier, now.limits.p95_ms) == (151, "up to 150 calls (above)", 18.0)


@pytest.mark.parametrize(("lost", "state"), [(0, "inconclusive"), (50, "inconclusive")])
def test_a_minute_that_was_mostly_limited_by_ourselves_blames_nobody(lost: int, state: str) -> None:
    house = House()
    for second in range(FIRST, FIRST + 40):
        house.store.sla_evaluator.limit_all(second, Limited.CLOCK_STEP)
    house.send(60, lost=lost)
    now = house.now()
    assert (now.state, now.failing) == (state, {})
    assert "limited by a step of the clock" in now.reasons[0]


def test_without_the_last_minute_a_session_without_packets_has_no_traffic() -> None:
    assert sla_of(House().store.sla_evaluator.evidence).state == "no_traffic"
