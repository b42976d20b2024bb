"""The trial's own log and facts: what the books say must be what was done to the packets."""

from __future__ import annotations

import numpy as np
import pytest

from ari_tui.analysis import counters as c
from ari_tui.analysis.store import Store
from tests.diagnosis.faults import SINGLES, Fault, Scenario, pairs, singles
from tests.diagnosis.schedule import Schedule, held, jitter, last_tick, ns, runs
from tests.diagnosis.trial import fresh_store, play


def played(
    *faults: Fault, calls: int = 6, transcoded: bool = False, reports: bool = True
) -> tuple[Schedule, Store]:
    scenario = Scenario(
        "test", faults, calls=calls, seconds=40, transcoded=transcoded, reports=reports
    )
    schedule = Schedule(scenario)
    store = fresh_store(scenario)
    for _ in play(schedule, store):
        pass
    return schedule, store


def total(store: Store, counter: int) -> int:
    totals = (store.call_totals(call, store.folded_until_ns) for call in store.row_of)
    return sum(int(one.counters[counter]) for one in totals)


def jitter_of(store: Store, from_s: float, until_s: float) -> int:
    """Return the largest jitter (ns) that Asterisk told of any caller's leg in a time."""
    readings = (one for call in store.row_of for one in store.outside.readings_of(call))
    within = (one for one in readings if ns(from_s * 1e3) <= one.at_ns < ns(until_s * 1e3))
    return max(one.counts.jitter_in_ns or 0 for one in within)


def test_without_a_fault_nothing_is_missing_lost_late_or_limited() -> None:
    schedule, store = played()
    assert total(store, c.SENT) > 5000
    for counter in (c.UPSTREAM_MISSING, c.LOST, c.LATE_MEDIA, c.LATE_ECHO, c.SOCKET_DROPS):
        assert total(store, counter) == 0
    readings = store.outside.readings_of(1)
    assert len(readings) > 15
    assert readings[-1].counts.lost_in == readings[-1].counts.lost_out == 0
    assert schedule.happened["sent"] == len(schedule.call)


def test_losses_before_asterisk_are_holes_and_stand_in_its_counts_at_the_next_report() -> None:
    _, store = played(Fault("caller-in", "loss", 0.05), calls=1)
    missing = total(store, c.UPSTREAM_MISSING)
    assert missing > 20
    counted = [reading.counts.lost_in for reading in store.outside.readings_of(1)]
    assert counted == sorted(counted)
    assert 0 < counted[-1] <= missing
    assert len(set(counted)) <= 40_000 // 4_900 + 1  # it moves with the reports only


def test_transcoding_hides_the_same_losses_from_the_sequence() -> None:
    _, store = played(Fault("caller-in", "loss", 0.05), transcoded=True)
    assert total(store, c.UPSTREAM_MISSING) == 0
    assert store.outside.readings_of(1)[-1].counts.lost_in > 10


def test_losses_behind_asterisk_do_not_stand_in_its_counts() -> None:
    schedule, store = played(Fault("asterisk-engine", "loss", 0.05))
    missing = total(store, c.UPSTREAM_MISSING)
    assert missing == pytest.approx(schedule.happened["asterisk-engine lost"], abs=6)
    assert store.outside.readings_of(1)[-1].counts.lost_in == 0


@pytest.mark.parametrize(
    ("fault", "outward", "at_echo", "back"),
    [
        (Fault("echo-out", "loss", 0.05), True, False, False),
        (Fault("echo-server", "failed", 0.05), False, True, False),
        (Fault("echo-back", "loss", 0.05), False, False, True),
    ],
)
def test_the_echo_servers_counts_give_the_direction_that_was_hit(
    fault: Fault, outward: bool, at_echo: bool, back: bool
) -> None:
    schedule, store = played(fault)
    lost = sum(schedule.happened[f"{name} lost"] for name in ("echo-out", "echo-back"))
    lost += schedule.happened["echo failed"]
    totals = [store.call_totals(call, store.folded_until_ns) for call in store.row_of]
    assert total(store, c.LOST) + sum(one.in_flight for one in totals) == lost > 200
    found = [store.directions[row].newest for row in store.row_of.values()]
    sums = np.array([one for one in found if one is not None]).sum(axis=0)
    assert (sums > 0).tolist() == [outward, at_echo, back]


def test_the_phone_counts_what_the_echo_path_lost_and_what_its_own_leg_lost() -> None:
    _, echo = played(Fault("echo-out", "loss", 0.05))
    _, leg = played(Fault("caller-out", "loss", 0.05))
    _, silent = played(Fault("caller-out", "loss", 0.05), reports=False)
    counts = [store.outside.readings_of(1)[-1].counts.lost_out for store in (echo, leg, silent)]
    assert counts[0] is not None
    assert counts[0] > 5
    assert counts[1] is not None
    assert counts[1] > 5
    assert counts[2] is None


def test_only_a_stalled_asterisk_delays_the_pings() -> None:
    for place, stalled in (("asterisk", True), ("caller-in", False)):
        schedule, store = played(Fault(place, "stall", 300.0, every_s=3))
        pings = [fact.args for fact in schedule.told if fact.what == "ping"]
        assert (max(took for _, took in pings) > 80_000_000) == stalled
        assert total(store, c.LATE_MEDIA) > 100
        before, after = jitter_of(store, 0, 20), jitter_of(store, 20, 40)
        assert after > 5 * before  # it falls by half in 11 packets: a reading sees what is left


def test_a_stalled_worker_stamps_in_time_and_sends_late() -> None:
    _, store = played(Fault("engine", "stall", 250.0, every_s=3))
    assert total(store, c.LATE_MEDIA) == 0
    assert store.dwell_spread("out").maximum > 200_000_000


def test_drops_at_our_socket_are_counted() -> None:
    schedule, store = played(Fault("engine", "drops", 0.05))
    assert total(store, c.SOCKET_DROPS) == pytest.approx(schedule.happened["dropped"], abs=30)


def test_refusals_come_while_the_echo_server_is_down_and_its_counts_start_anew() -> None:
    schedule, store = played(Fault("echo-server", "down", 4000.0))
    assert total(store, c.ECHO_REFUSED) == int(schedule.refused.sum()) > 100
    received = [one.args[1].received for one in schedule.told if one.what == "report"]
    assert min(np.diff(received)) < -500


def test_the_same_seed_gives_the_same_log_and_another_another() -> None:
    logs = [
        Schedule(Scenario("x", SINGLES[:1], seed=seed, seconds=30)).records.tobytes()
        for seed in (1, 1, 2)
    ]
    assert logs[0] == logs[1] != logs[2]


def test_what_is_held_comes_at_the_end_of_the_window_in_its_order() -> None:
    times = np.array([0.0, 10.0, 20.0, 30.0])
    assert held(times, [(5.0, 25.0)], 0.5).tolist() == [0.0, 25.0, 25.5, 30.0]


def test_runs_have_their_length_and_keep_the_share() -> None:
    lost = runs(np.random.default_rng(1), 100_000, 0.06, 3)
    assert 0.055 < lost.mean() < 0.065
    assert np.diff(np.flatnonzero(np.diff(lost.astype(int)))).min() >= 1


def test_the_jitter_is_that_of_rfc_3550() -> None:
    assert jitter(np.array([0.0, 36.0]), np.array([0.0, 20.0])) == [0.0, 1.0]


def test_reports_tick_every_4900_ms_from_the_phase_of_the_call() -> None:
    assert [last_tick(at, 100.0) for at in (0.0, 4_999.0, 5_001.0, 9_901.0)] == [
        *(0.0, 0.0, 5_000.0, 9_900.0)
    ]


def test_every_place_stands_in_the_trial_alone_and_in_pairs() -> None:
    alone = {fault.place for scenario in singles(1) for fault in scenario.faults}
    assert len(alone) == 9
    assert len(pairs(1)) == 9 * 8 // 2
