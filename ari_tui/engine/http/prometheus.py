"""The newest snapshot as Prometheus families, by prometheus-client; names from the metric table.

All times are seconds, Prometheus' base unit. No callers are named: calls appear by their id, and
only with `http.per_call_metrics`, since each call then adds series of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from ari_tui.analysis.histogram import BucketCounts
from ari_tui.document.metrics import COUNTER, METRICS
from ari_tui.document.model import Call, CallerLegTotals, Document, Instrument, Sla
from ari_tui.document.where import PLACES

STATES: Final = ("pass", "fail", "inconclusive", "no_traffic")
_RTT_RULES: Final = ("p50", "p95", "p99", "max")


Values = Mapping[str, float | None]


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"ari_tui_{name}", text, value=value)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"ari_tui_{name}", text, value=value)


def _filled(family: CounterMetricFamily | GaugeMetricFamily, values: Values) -> Metric:
    for key, value in values.items():
        if value is not None:
            family.add_metric([key], value)
    return family


def _gauges(name: str, text: str, label: str, values: Values) -> Metric:
    return _filled(GaugeMetricFamily(f"ari_tui_{name}", text, labels=[label]), values)


def _counters(name: str, text: str, label: str, values: Values) -> Metric:
    return _filled(CounterMetricFamily(f"ari_tui_{name}", text, labels=[label]), values)


def _one_of(name: str, text: str, label: str, found: str) -> Metric:
    """Return a family of which the series of one state is 1 and the others' are 0."""
    return _gauges(name, text, label, {**dict.fromkeys(STATES, 0.0), found: 1.0})


def sla_families(sla: Sla) -> Iterable[Metric]:
    """Yield the state of the SLA, and the limits that apply now."""
    now = sla.now
    whole = sla.state or sla.verdict
    state = whole if now is None else now.state
    yield _one_of(
        "sla_state", "Verdict on the last minute: 1 for the one that holds", "state", state
    )
    text = "Verdict on the whole session: 1 for the one that holds"
    yield _one_of("sla_verdict", text, "verdict", whole)
    violated = {rule.id: rule.violated_s for rule in sla.rules}
    text = "Seconds that alone would break the rule"
    yield _counters("sla_violated_seconds", text, "rule", violated)
    yield _gauge("sla_judged_seconds", "Seconds with packets in the session", sla.of_s)
    yield _gauge(
        "sla_clean_seconds", "Seconds of them that were judged, as a share of calls", sla.clean_s
    )
    if now is None:
        return
    failing = {rule: now.failing.get(rule, 0) for rule in (*_RTT_RULES, "late", "loss")}
    text = "Calls beyond the limit of a rule that fails in the last minute"
    yield _gauges("sla_failing_calls", text, "rule", failing)
    limits = {rule: getattr(now.limits, f"{rule}_ms") / 1000 for rule in _RTT_RULES}
    yield _gauges(
        "sla_limit_seconds", "Limit in force for the number of calls that are up", "rule", limits
    )
    ratios = {"late": now.limits.late_ratio, "loss": now.limits.loss_ratio}
    yield _gauges("sla_limit_ratio", "Share of packets that may be late or lost", "rule", ratios)


def engine_families(document: Document) -> Iterable[Metric]:
    """Yield what the engine is, how many calls it has, and what it is connected to."""
    session, calls = document.session, document.totals.calls
    about = {"version": session.version, "session": session.id, "profile": document.sla.profile}
    yield InfoMetricFamily(
        "ari_tui", "Version, session and SLA profile of this engine", value=about
    )
    started = datetime.fromisoformat(session.started_at).timestamp()
    yield _gauge("start_time_seconds", "When the session began, since 1970", started)
    yield _gauge(
        "draining", "Whether the engine drains: it takes no new calls", float(session.draining)
    )
    yield _gauge("calls_active", "Calls being measured", calls.active)
    yield _gauge("calls_peak", "Most calls measured at once", calls.peak)
    for name in ("started", "ended", "failed"):
        yield _counter(f"calls_{name}", f"Calls {name}", getattr(calls, name))
    yield from _asterisks(document)
    longest = {f"{w.seconds}s": _seconds(w.rtt_ms.max) for w in document.totals.windows}
    yield _gauges(
        "window_rtt_max_seconds", "Longest round trip in the last seconds", "window", longest
    )
    yield from _instrument(document.instrument)


def fault_family(calls: Iterable[Call]) -> Metric:
    """Return how many of the calls that are up have a finding at each place; 0 for none."""
    found = dict.fromkeys(PLACES, 0)
    for call in calls:
        if call.where is not None and call.ended_at is None:
            for place in {finding.place for finding in call.where.findings} & found.keys():
                found[place] += 1
    return _gauges("fault_calls", "Calls up with a fault at the place", "place", found)


def _seconds(value_ms: float | None) -> float | None:
    return None if value_ms is None else value_ms / 1000


def _asterisks(document: Document) -> Iterable[Metric]:
    found = document.asterisks
    up = {one.id: float(one.connected) for one in found}
    yield _gauges("asterisk_up", "Whether the event stream is connected", "asterisk", up)
    latency, text = "asterisk_latency_seconds", "Median round trip of requests"
    yield _gauges(latency, text, "asterisk", {one.id: _seconds(one.latency_ms) for one in found})
    pings = {one.id: one.ping_ms for one in found if one.ping_ms is not None}
    ping, text = "asterisk_ping_seconds", "What it took to answer pings, median of the last minute"
    yield _gauges(ping, text, "asterisk", {of: _seconds(one.median) for of, one in pings.items()})
    longest, text = "asterisk_ping_longest_seconds", "The longest of them"
    yield _gauges(
        longest, text, "asterisk", {of: _seconds(one.longest) for of, one in pings.items()}
    )
    restarts, text = "asterisk_restarts", "How often Asterisk was restarted since we know it"
    yield _counters(restarts, text, "asterisk", {one.id: one.restarts for one in found})
    lost, text = "asterisk_events_lost_seconds", "How long the event stream was away"
    yield _counters(lost, text, "asterisk", {one.id: one.events_lost_s for one in found})


def _instrument(instrument: Instrument) -> Iterable[Metric]:
    text, labels = "Delay in this program, session", ["way", "percentile"]
    dwell = GaugeMetricFamily("ari_tui_own_delay_seconds", text, labels=labels)
    for way, spread in (("out", instrument.dwell_out_us), ("back", instrument.dwell_back_us)):
        for percentile in ("p50", "p99", "max"):
            value = getattr(spread, percentile)
            if value is not None:
                dwell.add_metric([way, percentile], value / 1e6)
    yield dwell
    limited, lag_s = instrument.limited_s, instrument.tick_lag_ms / 1000
    yield _gauge(
        "limited_seconds", "Seconds left out of the verdict because this program was slow", limited
    )
    yield _counter(
        "log_overflow", "Records dropped because the packet log was full", instrument.log_overflow
    )
    yield _gauge("log_fill_ratio", "How full the packet log is", instrument.log_fill)
    yield _gauge("tick_lag_seconds", "How late the engine's tick ran", lag_s)
    yield _gauge("workers", "Processes that forward packets", instrument.workers)
    yield _counter("worker_restarts", "Workers that had to be replaced", instrument.worker_restarts)
    yield _gauge("ports_in_use", "Media ports that calls hold", instrument.ports_in_use)
    yield _gauge("ports", "Media ports that there are", instrument.ports_total)


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
"""Ids of the metrics that each call has series of, with `per_call_metrics`."""


class _SnapshotCollector(Collector):
    def __init__(
        self,
        newest: Callable[[], Document],
        round_trips: Callable[[], BucketCounts],
        per_call: bool,
    ) -> None:
        self._newest, self._round_trips, self._per_call = newest, round_trips, per_call

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        document = self._newest()
        yield from _totals(document)
        yield _histogram(self._round_trips())
        yield from sla_families(document.sla)
        yield fault_family(document.calls)
        yield from engine_families(document)
        if self._per_call:
            yield from _calls(document)


def _totals(document: Document) -> Iterable[Metric]:
    for metric in METRICS:
        family = CounterMetricFamily if metric.kind == COUNTER else GaugeMetricFamily
        value = metric.prometheus_value(document.totals)
        yield family(metric.prometheus_name, metric.help, value=value)
    if document.totals.caller_legs is not None:
        yield from _caller_legs(document.totals.caller_legs)


def _caller_legs(legs: CallerLegTotals) -> Iterable[Metric]:
    text = "Packets on the callers' legs as Asterisk counts them: received in, reported on out"
    yield _counters("caller_leg_packets", text, "way", {"in": legs.received, "out": legs.sent})
    text = "Lost of them: before Asterisk, and to the caller by its RTCP reports"
    yield _counters("caller_leg_lost", text, "way", {"in": legs.lost_in, "out": legs.lost_out})


def _histogram(bucket_counts: BucketCounts) -> Metric:
    upper = [*(str(bound / 1e9) for bound in bucket_counts.upper_ns), "+Inf"]
    buckets = list(zip(upper, itertools.accumulate(bucket_counts.counts), strict=True))
    family = HistogramMetricFamily("ari_tui_rtt_seconds", "Round trips; each SLA limit is a bound")
    family.add_metric([], buckets, bucket_counts.sum_ns / 1e9)
    return family


def _calls(document: Document) -> Iterable[Metric]:
    for metric in METRICS:
        if metric.id not in PER_CALL:
            continue
        kind = CounterMetricFamily if metric.kind == COUNTER else GaugeMetricFamily
        name = metric.prometheus_name.replace("ari_tui_", "ari_tui_call_", 1)
        family = kind(name, f"{metric.help}, by call", labels=["call"])
        yield _filled(family, {call.id: metric.prometheus_value(call) for call in document.calls})


def renderer(
    newest: Callable[[], Document],
    round_trips: Callable[[], BucketCounts],
    *,
    per_call: bool = False,
) -> Callable[[], bytes]:
    """Return a function that renders the newest document in Prometheus' text format.

    `round_trips` returns those of the newest document; with `per_call`, its calls have series of
    their own.
    """
    registry = CollectorRegistry()
    registry.register(_SnapshotCollector(newest, round_trips, per_call))
    return lambda: generate_latest(registry)
