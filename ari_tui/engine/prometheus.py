"""The newest snapshot as Prometheus families, by prometheus-client; names from the metric table.

All times are seconds, Prometheus' base unit. Nobody is named: calls have a number at most, and
that only with `http.per_call_metrics`, since each call then leaves series of its own behind.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from ari_tui.analysis.ladder import Rungs
from ari_tui.engine.prometheus_families import engine_families, sla_families
from ari_tui.snapshot.metrics import COUNTER, METRICS
from ari_tui.snapshot.model import Document

PER_CALL: Final = (
    "packets_received",
    "packets_sent",
    "packets_returned",
    "packets_lost",
    "packets_late_echo",
    "packets_interruptions",
    "rtt_p50_ms",
    "rtt_p95_ms",
    "rtt_p99_ms",
    "rtt_max_ms",
    "mos_now",
)
"""Ids of the metrics that each call has series of, where they are asked for."""


class _SnapshotCollector(Collector):
    def __init__(
        self, newest: Callable[[], Document], round_trips: Callable[[], Rungs], per_call: bool
    ) -> None:
        self._newest, self._round_trips, self._per_call = newest, round_trips, per_call

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        document = self._newest()
        yield from _totals(document)
        yield _histogram(self._round_trips())
        yield from sla_families(document.sla)
        yield from engine_families(document)
        if self._per_call:
            yield from _calls(document)


def _totals(document: Document) -> Iterable[Metric]:
    for metric in METRICS:
        value = metric.prometheus_value(document.totals)
        family = CounterMetricFamily if metric.kind == COUNTER else GaugeMetricFamily
        found = family(metric.prometheus_name, metric.help)
        if value is not None:
            found.add_metric([], value)
        yield found


def _histogram(rungs: Rungs) -> Metric:
    upper = [*(str(bound / 1e9) for bound in rungs.upper_ns), "+Inf"]
    buckets = list(zip(upper, itertools.accumulate(rungs.counts), strict=True))
    family = HistogramMetricFamily("ari_tui_rtt_seconds", "Round trips; each SLA limit is a bound")
    family.add_metric([], buckets, rungs.sum_ns / 1e9)
    return family


def _calls(document: Document) -> Iterable[Metric]:
    metrics = [metric for metric in METRICS if metric.id in PER_CALL]
    for metric in metrics:
        kind = CounterMetricFamily if metric.kind == COUNTER else GaugeMetricFamily
        name = metric.prometheus_name.replace("ari_tui_", "ari_tui_call_", 1)
        family = kind(name, f"{metric.help}, by call", labels=["call"])
        for call in document.calls:
            value = metric.prometheus_value(call)
            if value is not None:
                family.add_metric([call.id], value)
        yield family


def renderer(
    newest: Callable[[], Document], round_trips: Callable[[], Rungs], *, per_call: bool = False
) -> Callable[[], bytes]:
    """Return a function that renders the newest document in Prometheus' text format.

    `round_trips` are those that the newest document tells of; with `per_call`, the calls that it
    holds have series of their own.
    """
    registry = CollectorRegistry()
    registry.register(_SnapshotCollector(newest, round_trips, per_call))
    return lambda: generate_latest(registry)
