"""The trial in virtual time: a scenario's log through the fold, as the engine does it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from ari_tui.analysis.fold import fold
from ari_tui.analysis.own_outages import DIED
from ari_tui.analysis.store import Store
from ari_tui.building.where import wheres_of
from ari_tui.document.where import Where
from tests.diagnosis.faults import Scenario
from tests.diagnosis.schedule import LOSS_TIMEOUT_MS, MS, Schedule, Told, ns

LOG_WAIT_MS = 5_000.0
"""As engine/live_analyzer.LOG_WAIT_NS."""


def fresh_store(scenario: Scenario) -> Store:
    """Return a store with the scenario's calls."""
    store = Store(
        loss_timeout_ns=round(LOSS_TIMEOUT_MS) * MS, late_ns=3 * MS, capacity=scenario.calls
    )
    for call in scenario.numbers:
        store.add_call(call)
    return store


def play(schedule: Schedule, store: Store) -> Iterator[int]:
    """Fold a schedule second by second; yield the time (ns) after each."""
    told, taken = schedule.told, 0
    stalls = schedule.stalls_of("engine")
    ends_ms = np.arange(1, schedule.scenario.seconds + 1) * 1000.0 + 120.0
    edges = np.searchsorted(schedule.logged_ns, [ns(at) for at in ends_ms]).tolist()
    start = 0
    for end_ms, end in zip(ends_ms.tolist(), edges, strict=True):
        while taken < len(told) and told[taken].known_ms < end_ms:
            take(store, told[taken])
            taken += 1
        # the log of a worker that stands still is complete only until it stopped
        stopped = [begin for begin, until in stalls if begin <= end_ms < until]
        complete_ms = max(min([end_ms, *stopped]), end_ms - LOG_WAIT_MS)
        fold(store, schedule.records[start:end], ns(complete_ms))
        start = end
        yield ns(end_ms)


def take(store: Store, fact: Told) -> None:
    """Feed a fact as the engine does."""
    if fact.what == "ping":
        store.outside.ping(*fact.args)
    elif fact.what == "leg":
        store.outside.leg_counts(*fact.args)
    elif fact.what == "report":
        store.take_report(*fact.args)
    elif fact.what == "digit":
        call, at_ns, duration_ns = fact.args
        store.gaps_of(store.row_of[call]).digit(at_ns, duration_ns)
    else:
        call, from_ns, until_ns = fact.args
        store.own_outage(call, from_ns, until_ns, DIED)


def ask(store: Store) -> tuple[Where, Mapping[int, Where]]:
    """Return the diagnosis of the session and of each call."""
    evidence = store.sla_evaluator.evidence
    return wheres_of(store, evidence.clean_s, evidence.of_s, {})
