"""What is in dashboards/, and /metrics itself, judged by a real Prometheus that scrapes a demo."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ari_tui.analysis.histogram import CumulativeBuckets
from ari_tui.analysis.sla.profiles import SEED_PROFILE
from ari_tui.engine.http.prometheus import PER_CALL
from tests.processes import until
from tests.prometheus import (
    DASHBOARDS,
    JOB,
    Prometheus,
    demo,
    fetch,
    needs_prometheus,
    prometheus,
    promtool,
)
from tests.schemas import decode

pytestmark = pytest.mark.system
CALLS = 4
TOKEN = "a-token-of-the-tests"
UP = f'up{{job="{JOB}"}}'


def panels() -> Iterator[dict[str, Any]]:
    """Yield the panels of the dashboard that are no rows, folded ones included."""
    board = json.loads((DASHBOARDS / "ari-tui.json").read_text(encoding="utf-8"))
    for panel in board["panels"]:
        yield from panel["panels"] if panel["type"] == "row" else [panel]
        assert panel["type"] != "row" or panel["collapsed"] or not panel["panels"]


def expressions() -> dict[str, list[str]]:
    """Return the dashboard's expressions by panel, with its variables filled in."""
    filled = {"$__rate_interval": "5s", "$instance": ".*"}
    found = {}
    for panel in panels():
        texts = [target["expr"] for target in panel["targets"]]
        for name, value in filled.items():
            texts = [text.replace(name, value) for text in texts]
        assert not any("$" in text for text in texts), texts
        assert panel["title"] not in found
        found[panel["title"]] = texts
    return found


class Watched(NamedTuple):
    engine: str
    prometheus: Prometheus


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A demo whose echo server delays and loses, and a Prometheus that has seen all it tells."""
    folder = tmp_path_factory.mktemp("watched")
    impaired = ("--calls", str(CALLS), "--impair", "delay=5ms,jitter=3ms,loss=3%", "--seed", "11")
    variables = {
        "ARI_TUI_HTTP_PER_CALL_METRICS": "true",
        "ARI_TUI_MEDIA_LOSS_TIMEOUT_MS": "500",
        "ARI_TUI_HTTP_TOKEN": TOKEN,
    }
    with (
        demo(folder, *impaired, **variables) as engine,
        prometheus(folder, [engine]) as found,
    ):
        found.until("rate(ari_tui_packets_lost_total[5s]) > 0")
        found.until(f"count(ari_tui_call_mos_now) == {CALLS}")
        yield Watched(engine, found)


@needs_prometheus
def test_the_engine_is_up_and_its_text_is_clean(watched: Watched) -> None:
    watched.prometheus.until(f"{UP} == 1")
    promtool("check", "metrics", stdin=fetch(f"http://{watched.engine}/metrics"))


@needs_prometheus
def test_a_percentile_by_promql_is_within_one_bucket_of_ours(watched: Watched) -> None:
    upper_s = [
        0.0,
        *(ns / 1e9 for ns in CumulativeBuckets(SEED_PROFILE).read().upper_ns),
        float("inf"),
    ]

    def bucket(value_s: float | None) -> int:
        assert value_s is not None
        return next(i for i, (_, above) in enumerate(pairwise(upper_s)) if value_s <= above)

    # of one scrape, so of one document
    (sample,) = watched.prometheus.query("timestamp(ari_tui_rtt_p95_seconds)")
    at_s = float(sample["value"][1])
    for share, name in (("0.5", "p50"), ("0.95", "p95"), ("0.99", "p99")):
        ours = watched.prometheus.value(f"ari_tui_rtt_{name}_seconds", at_s)
        theirs = watched.prometheus.value(
            f"histogram_quantile({share}, ari_tui_rtt_seconds_bucket)", at_s
        )
        assert abs(bucket(ours) - bucket(theirs)) <= 1, (name, ours, theirs)
    same = "ari_tui_rtt_seconds_count == ignoring(le) ari_tui_rtt_count_total"
    assert watched.prometheus.value(same, at_s) is not None


@needs_prometheus
def test_series_are_as_many_as_are_told_and_a_call_adds_its_own_and_no_more(
    watched: Watched,
) -> None:
    page = fetch(f"http://{watched.engine}/metrics").decode()
    told = {
        sample.name for family in text_string_to_metric_families(page) for sample in family.samples
    }
    (sample,) = watched.prometheus.query("timestamp(ari_tui_info)")
    at_s = float(sample["value"][1])
    series = watched.prometheus.query(f'{{__name__=~"ari_tui_.+",job="{JOB}"}}', at_s)
    assert {one["metric"]["__name__"] for one in series} == told
    of_calls = [one["metric"]["call"] for one in series if "call" in one["metric"]]
    assert len(set(of_calls)) == CALLS
    assert len(of_calls) == CALLS * len(PER_CALL)
    # so many, however many calls there are
    assert len(series) - len(of_calls) < 200


@needs_prometheus
@pytest.mark.parametrize("title", expressions())
def test_every_panel_of_the_dashboard_has_something_to_show(title: str, watched: Watched) -> None:
    for expression in expressions()[title]:
        if "[1h]" in expression or "[1m]" in expression:
            # Prometheus has not run for so long: two samples are enough for it
            watched.prometheus.until(expression)
        assert watched.prometheus.query(expression), expression


@needs_prometheus
def test_every_alert_is_evaluated_and_asks_for_metrics_that_there_are(watched: Watched) -> None:
    promtool("check", "rules", str(DASHBOARDS / "alerts.yml"))

    def rules() -> list[dict[str, Any]]:
        (group,) = watched.prometheus.api("rules")["groups"]
        found: list[dict[str, Any]] = group["rules"]
        return found

    until(lambda: all(rule["health"] != "unknown" for rule in rules()), "rules evaluated")
    page = fetch(f"http://{watched.engine}/metrics").decode()
    exported = set(re.findall(r"^(\w+)", page, re.MULTILINE))
    for rule in rules():
        assert (rule["health"], rule.get("lastError", "")) == ("ok", ""), rule
        assert set(re.findall(r"ari_tui_\w+", rule["query"])) <= exported, rule["query"]
    assert {rule["name"] for rule in rules()} == ALERTS.keys()


@needs_prometheus
def test_what_is_scraped_is_what_the_snapshot_says(watched: Watched) -> None:
    document = decode(fetch(f"http://{watched.engine}/snapshot", TOKEN))
    assert document.totals.calls.active == CALLS
    assert watched.prometheus.value("ari_tui_calls_active") == CALLS
    assert document.sla.now is not None
    limit = watched.prometheus.value('ari_tui_sla_limit_seconds{rule="p95"}')
    assert limit == document.sla.now.limits.p95_ms / 1000 == 0.012


HEALTHY = {
    "up": "1+0",
    "ari_tui_asterisk_up": "1+0",
    'ari_tui_sla_state{state="fail"}': "0+0",
    'ari_tui_sla_state{state="no_traffic"}': "0+0",
    'ari_tui_sla_failing_calls{rule="loss"}': "0+0",
    'ari_tui_fault_calls{place="echo-out"}': "0+0",
    "ari_tui_packets_received_total": "0+750",
    "ari_tui_packets_sent_total": "0+750",
    "ari_tui_packets_returned_total": "0+750",
    "ari_tui_calls_active": "1+0",
    "ari_tui_calls_failed_total": "0+0",
    "ari_tui_dead_air_seconds": "3+0",
    "ari_tui_ports_in_use": "10+0",
    "ari_tui_ports": "100+0",
    "ari_tui_limited_seconds": "40+0",
    "ari_tui_log_overflow_total": "0+0",
    "ari_tui_worker_restarts_total": "0+0",
}
"""How an engine that is well tells it: the first sample, and what each one adds to it."""
ALERTS = {
    "AriTuiDown": {"up": "0+0"},
    "AriTuiAsteriskLost": {"ari_tui_asterisk_up": "0+0"},
    "AriTuiSlaFailing": {
        'ari_tui_sla_state{state="fail"}': "1+0",
        'ari_tui_sla_failing_calls{rule="loss"}': "2+0",
    },
    "AriTuiFault": {'ari_tui_fault_calls{place="echo-out"}': "2+0"},
    "AriTuiEchoSilent": {"ari_tui_packets_returned_total": "100+0"},
    "AriTuiCallsWithoutPackets": {
        "ari_tui_packets_received_total": "100+0",
        "ari_tui_packets_sent_total": "100+0",
        "ari_tui_packets_returned_total": "100+0",
    },
    "AriTuiDeadAir": {"ari_tui_dead_air_seconds": "0+1"},
    "AriTuiCallsFail": {"ari_tui_calls_failed_total": "0+1"},
    "AriTuiPortsShort": {"ari_tui_ports_in_use": "91+0"},
    "AriTuiTooBusy": {"ari_tui_limited_seconds": "0+5"},
    "AriTuiLosesRecords": {"ari_tui_worker_restarts_total": "0+1"},
    "AriTuiNoTraffic": {'ari_tui_sla_state{state="no_traffic"}': "1+0"},
}
"""What is not well, by the alert that it raises."""
SLOW = "AriTuiNoTraffic"
"""The one that waits for an hour."""


def scenario(changes: dict[str, str], fires: list[str], minutes: int = 12) -> dict[str, Any]:
    """Return a unit test for promtool: after so many minutes these alerts fire and no other."""
    labels = f'job="{JOB}", instance="e"'

    def series(name: str) -> str:
        return f"{name[:-1]}, {labels}}}" if name.endswith("}") else f"{name}{{{labels}}}"

    return {
        "interval": "15s",
        "input_series": [
            {
                "series": series(name),
                "values": f"{step}x{4 * minutes}",
            }
            for name, step in {**HEALTHY, **changes}.items()
        ],
        "promql_expr_test": [
            {
                "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": f"{minutes}m",
                "exp_samples": [
                    {"labels": f'{{alertname="{name}"}}', "value": 1} for name in fires
                ],
            }
        ],
    }


@needs_prometheus
def test_each_alert_is_raised_by_what_it_is_about_and_by_nothing_else(tmp_path: Path) -> None:
    tests = [scenario({}, [])]
    for name, changes in ALERTS.items():
        fires = [] if name == SLOW else [name]
        tests.append(scenario(changes, fires))
    tests.append(scenario(ALERTS[SLOW], [SLOW], minutes=61))
    run_scenarios(tmp_path, tests)


@needs_prometheus
def test_a_failing_service_level_names_the_rules_that_fail(tmp_path: Path) -> None:
    failing = scenario(ALERTS["AriTuiSlaFailing"], ["AriTuiSlaFailing"])
    failing["alert_rule_test"] = [
        {
            "alertname": "AriTuiSlaFailing",
            "eval_time": "10m",
            "exp_alerts": [
                {
                    "exp_labels": {
                        "severity": "critical",
                        "state": "fail",
                        "instance": "e",
                        "job": JOB,
                    },
                    "exp_annotations": {
                        "summary": "calls measured by e break the service level",
                        "description": "loss: 2 calls. Judged by the last minute; `/sla` says why.",
                    },
                }
            ],
        }
    ]
    run_scenarios(tmp_path, [failing])


def run_scenarios(folder: Path, tests: list[dict[str, Any]]) -> None:
    file = folder / "tests.yml"
    rules = str(DASHBOARDS / "alerts.yml")
    file.write_text(
        json.dumps({"rule_files": [rules], "evaluation_interval": "15s", "tests": tests})
    )
    promtool("test", "rules", str(file))
