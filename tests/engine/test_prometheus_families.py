"""The verdict and the engine as families: one state of several, limits of now, info."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest
from prometheus_client import Metric

from ari_tui.engine.prometheus_families import STATES, engine_families, sla_families
from ari_tui.snapshot import model
from tests.ui.kit import a_call, a_document, an_sla

NOW = model.SlaNow(
    state="fail",
    seconds=60,
    clean_s=57.0,
    of_s=57,
    calls=40,
    tier="up to 100 calls",
    failing={"p95": 3},
    reasons=[],
    limits=model.SlaLimits(
        p50_ms=10.0, p95_ms=15.0, p99_ms=20.0, max_ms=22.0, late_ratio=0.001, loss_ratio=0.002
    ),
)
Samples = dict[tuple[str, ...], float]


def samples(families: Iterable[Metric]) -> Samples:
    """Return values by name and the labels' values."""
    return {
        (sample.name.removeprefix("ari_tui_"), *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.parametrize("state", STATES)
def test_one_state_is_1_and_the_others_are_there_as_0(state: str) -> None:
    now = msgspec.structs.replace(NOW, state=state)
    found = samples(sla_families(an_sla("pass", now=now)))
    assert {one: found["sla_state", one] for one in STATES} == {
        one: float(one == state) for one in STATES
    }
    assert found["sla_verdict", "pass"] == 1
    assert sum(found["sla_verdict", one] for one in STATES) == 1


def test_a_session_without_traffic_is_no_verdict_of_its_own() -> None:
    found = samples(sla_families(an_sla("inconclusive", state="no_traffic", now=NOW)))
    assert found["sla_verdict", "no_traffic"] == 1
    assert found["sla_verdict", "inconclusive"] == 0


def test_limits_are_those_of_the_tier_that_judges_now() -> None:
    found = samples(sla_families(an_sla(now=NOW)))
    assert {key[1]: found[key] for key in found if key[0] == "sla_limit_seconds"} == {
        "p50": 0.01,
        "p95": 0.015,
        "p99": 0.02,
        "max": 0.022,
    }
    assert found["sla_limit_ratio", "loss"] == 0.002
    assert found["sla_failing_calls", "p95"] == 3
    assert found["sla_failing_calls", "loss"] == 0


def test_seconds_violated_are_counters_by_rule() -> None:
    sla = an_sla(now=NOW)
    rules = [msgspec.structs.replace(rule, violated_s=7) for rule in sla.rules]
    found = samples(sla_families(msgspec.structs.replace(sla, rules=rules)))
    assert found["sla_violated_seconds_total", "loss"] == 7
    assert sum(key[0] == "sla_violated_seconds_total" for key in found) == len(sla.rules)


def test_the_engine_says_what_it_is_and_when_it_began() -> None:
    found = samples(engine_families(a_document([a_call(1)])))
    assert found["info", "0.1.0", "s1", "seed"] == 1
    assert found["start_time_seconds",] == 1_795_348_740
    assert found["calls_active",] == 1
    assert found["ports",] == 4000
    assert found["ports_in_use",] == 1


def test_an_asterisk_that_was_lost_is_down_and_one_that_was_not_asked_has_no_latency() -> None:
    document = a_document()
    lost = msgspec.structs.replace(document.asterisks[0], connected=False, latency_ms=None)
    found = samples(engine_families(msgspec.structs.replace(document, asterisks=[lost])))
    assert found["asterisk_up", "pbx1"] == 0
    assert ("asterisk_latency_seconds", "pbx1") not in found
