"""/metrics: text that Prometheus reads, names that it accepts, and nobody's name in it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

import msgspec
import numpy as np
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from ari_tui.analysis import counters
from ari_tui.analysis.histogram import CumulativeBuckets
from ari_tui.analysis.sla.profiles import SEED_PROFILE
from ari_tui.analysis.store import Store
from ari_tui.document import model
from ari_tui.document.metrics import COUNTER, METRICS
from ari_tui.document.model import CallerLegTotals, Document, PingTimes
from ari_tui.document.where import PLACES
from ari_tui.engine.http.prometheus import PER_CALL, STATES, engine_families, renderer, sla_families
from tests.engine.kit import call_facts, document
from tests.ui.kit import a_call, a_document, a_finding, a_where, an_sla

EMPTY = CumulativeBuckets(SEED_PROFILE).read


def text_of(found: Document, *, per_call: bool = False) -> bytes:
    return renderer(lambda: found, EMPTY, per_call=per_call)()


def families_of(text: bytes) -> dict[str, Metric]:
    return {found.name: found for found in text_string_to_metric_families(text.decode())}


def value_of(text: bytes, name: str, **labels: str) -> float | None:
    for family in families_of(text).values():
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return float(sample.value)
    return None


def test_the_text_parses_and_every_metric_of_the_table_is_in_it() -> None:
    families = families_of(text_of(document()))
    for metric in METRICS:
        family = families[metric.prometheus_name]
        assert family.type == ("counter" if metric.kind == COUNTER else "gauge")
        assert family.documentation == metric.help


def test_names_are_legal_in_base_units_and_counters_end_in_total() -> None:
    for family in families_of(text_of(a_document([a_call(1)]), per_call=True)).values():
        assert family.documentation
        assert not re.search(r"_(ms|us|s|percent)(_|$)", family.name), family.name
        for sample in family.samples:
            assert re.fullmatch(r"ari_tui_[a-z0-9_]+", sample.name)
            assert sample.name.endswith("_total") == (family.type == "counter"), sample.name


def test_numbers_are_those_of_the_newest_document_and_no_sample_is_no_line() -> None:
    store = Store(loss_timeout_ns=10**9, late_ns=3_000_000)
    row = store.add_call(1)
    render = renderer(lambda: document(call_facts(1), store=store), EMPTY)
    assert value_of(render(), "ari_tui_packets_sent_total") == 0
    assert value_of(render(), "ari_tui_rtt_p99_seconds") is None
    assert value_of(render(), "ari_tui_loss_ratio") is None
    store.counters[row, counters.SENT] = store.counters[row, counters.LOST] = 7
    assert value_of(render(), "ari_tui_packets_sent_total") == 7
    assert value_of(render(), "ari_tui_loss_ratio") == 1
    assert value_of(render(), "ari_tui_calls_active") == 1
    assert value_of(render(), "ari_tui_asterisk_up") == 1


def test_times_are_seconds() -> None:
    text = text_of(a_document([a_call(1)]))
    assert value_of(text, "ari_tui_rtt_p95_seconds") == 0.01
    assert value_of(text, "ari_tui_window_rtt_max_seconds", window="60s") == 0.015
    assert value_of(text, "ari_tui_asterisk_latency_seconds", asterisk="pbx1") == 0.0015
    assert value_of(text, "ari_tui_own_delay_seconds", way="out", percentile="p99") == 150e-6


def test_round_trips_are_a_histogram_whose_bounds_are_the_limits() -> None:
    buckets = CumulativeBuckets(SEED_PROFILE)
    buckets.book(np.array([8_000_000, 8_000_001, 25_000_000, 10**10], dtype=np.int64))
    text = renderer(document, buckets.read)()
    assert families_of(text)["ari_tui_rtt_seconds"].type == "histogram"
    counts = {
        bound: value_of(text, "ari_tui_rtt_seconds_bucket", le=bound)
        for bound in ("0.0001", "0.008", "0.01", "0.022", "0.03", "3.0", "+Inf")
    }
    assert counts == {
        "0.0001": 0,
        "0.008": 1,
        "0.01": 2,
        "0.022": 2,
        "0.03": 3,
        "3.0": 3,
        "+Inf": 4,
    }
    assert value_of(text, "ari_tui_rtt_seconds_count") == 4
    found = value_of(text, "ari_tui_rtt_seconds_sum")
    assert found is not None
    assert math.isclose(found, 10.041000001)
    limits = {limit / 1000 for limit in SEED_PROFILE.thresholds_ms()}
    assert all(
        value_of(text, "ari_tui_rtt_seconds_bucket", le=str(limit)) is not None for limit in limits
    )


def test_calls_have_series_only_when_asked_and_then_as_many_as_said() -> None:
    found = a_document([a_call(number) for number in range(1, 11)])
    plain, each = text_of(found), text_of(found, per_call=True)
    assert b"call-3" not in plain
    series = {
        name: len(family.samples)
        for name, family in families_of(each).items()
        if name.startswith("ari_tui_call_")
    }
    assert series == {
        metric.prometheus_name.replace("ari_tui_", "ari_tui_call_"): 10
        for metric in METRICS
        if metric.id in PER_CALL
    }
    assert set(PER_CALL) <= {metric.id for metric in METRICS}
    assert len(each.splitlines()) - len(plain.splitlines()) == len(PER_CALL) * (10 + 2)
    assert value_of(each, "ari_tui_call_rtt_p50_seconds", call="call-3") == 0.005


def test_no_caller_is_named() -> None:
    store = Store(loss_timeout_ns=10**9, late_ns=3_000_000)
    store.add_call(1)
    found = document(call_facts(1, caller="Secret Ann 4711"), store=store)
    for per_call in (False, True):
        text = text_of(found, per_call=per_call)
        assert b"Ann" not in text
        assert b"4711" not in text
        assert b"PJSIP" not in text


def test_what_is_told_changes_with_the_document() -> None:
    found = [a_document([a_call(1)])]
    render = renderer(lambda: found[-1], EMPTY)
    assert value_of(render(), "ari_tui_draining") == 0
    session = msgspec.structs.replace(found[0].session, draining=True)
    found.append(msgspec.structs.replace(found[0], session=session))
    assert value_of(render(), "ari_tui_draining") == 1


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


def test_pings_and_restarts_of_an_asterisk_and_losses_on_the_callers_legs_are_told() -> None:
    document = a_document()
    asterisk = msgspec.structs.replace(
        document.asterisks[0], restarts=2, ping_ms=PingTimes(median=1.0, longest=250.0)
    )
    legs = CallerLegTotals(received=1000, lost_in=7, sent=500, lost_out=3)
    totals = msgspec.structs.replace(document.totals, caller_legs=legs)
    text = text_of(msgspec.structs.replace(document, asterisks=[asterisk], totals=totals))
    assert value_of(text, "ari_tui_asterisk_ping_seconds", asterisk="pbx1") == 0.001
    assert value_of(text, "ari_tui_asterisk_ping_longest_seconds", asterisk="pbx1") == 0.25
    assert value_of(text, "ari_tui_asterisk_restarts_total", asterisk="pbx1") == 2
    assert value_of(text, "ari_tui_caller_leg_lost_total", way="in") == 7
    assert value_of(text, "ari_tui_caller_leg_lost_total", way="out") == 3
    assert value_of(text, "ari_tui_caller_leg_packets_total", way="out") == 500


def test_every_place_has_the_number_of_calls_that_are_up_with_a_fault_there() -> None:
    echo, engine = a_finding(), a_finding("this engine: late", place="engine")
    ended = "2026-11-22T12:00:00.000+00:00"
    calls = [
        a_call(1, where=a_where(echo, engine)),
        a_call(2, where=a_where(echo, a_finding("and delay"))),
        a_call(3, where=a_where(echo), ended_at=ended),
        a_call(4, where=a_where()),
        a_call(5),
    ]
    text = text_of(a_document(calls))
    shown = {place: value_of(text, "ari_tui_fault_calls", place=place) for place in PLACES}
    assert shown == {**dict.fromkeys(PLACES, 0.0), "echo-out": 2.0, "engine": 1.0}
