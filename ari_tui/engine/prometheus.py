"""The newest snapshot as Prometheus families, by prometheus-client; names from the metric table."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ari_tui.snapshot.metrics import COUNTER, METRICS
from ari_tui.snapshot.model import Document


class _SnapshotCollector(Collector):
    def __init__(self, newest: Callable[[], Document]) -> None:
        self._newest = newest

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        document = self._newest()
        for metric in METRICS:
            value = metric.value(document.totals)
            family = CounterMetricFamily if metric.kind == COUNTER else GaugeMetricFamily
            found = family(metric.prometheus_name, metric.help)
            if value is not None:
                found.add_metric([], value)
            yield found
        yield from _engine(document)


def _engine(document: Document) -> Iterable[Metric]:
    calls, instrument = document.totals.calls, document.instrument
    yield GaugeMetricFamily("ari_tui_calls_active", "Calls being measured", value=calls.active)
    for name, value in (
        ("started", calls.started),
        ("ended", calls.ended),
        ("failed", calls.failed),
    ):
        yield CounterMetricFamily(f"ari_tui_calls_{name}", f"Calls {name}", value=value)
    up = GaugeMetricFamily(
        "ari_tui_asterisk_up", "Whether the event stream stands", labels=["asterisk"]
    )
    for asterisk in document.asterisks:
        up.add_metric([asterisk.id], float(asterisk.connected))
    yield up
    yield CounterMetricFamily(
        "ari_tui_log_overflow", "Records that found no room", value=instrument.log_overflow
    )
    yield GaugeMetricFamily(
        "ari_tui_tick_lag_ms", "How late the engine's tick ran", value=instrument.tick_lag_ms
    )


def renderer(newest: Callable[[], Document]) -> Callable[[], bytes]:
    """Return a function that renders the newest document in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_SnapshotCollector(newest))
    return lambda: generate_latest(registry)
