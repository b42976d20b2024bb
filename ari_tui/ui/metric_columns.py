"""The columns that are made of the one metric table, with their windows, forms and limits."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from ari_tui.snapshot.metrics import METRICS, Metric
from ari_tui.ui import forms
from ari_tui.ui.column import Column, Judge, Value
from ari_tui.ui.frame import WindowLength
from ari_tui.ui.limits import Grade, Limits, grade, late_grade, loss_grade, window_of

if TYPE_CHECKING:
    from ari_tui.ui.rows import Row  # for annotations alone: rows sorts by columns

WINDOWED: Final = {
    "packets_sent": "sent",
    "packets_returned": "returned",
    "packets_lost": "lost",
    "packets_late_echo": "late",
    "loss_ratio": "loss_ratio",
    "late_ratio": "late_ratio",
    "rtt_count": "rtt_ms.count",
    "rtt_min_ms": "rtt_ms.min",
    "rtt_mean_ms": "rtt_ms.mean",
    "rtt_p50_ms": "rtt_ms.p50",
    "rtt_p99_ms": "rtt_ms.p99",
    "rtt_max_ms": "rtt_ms.max",
}
"""Metrics that a document has for windows too, and their places in `model.Window`."""

_LIMITED: Final = {
    "rtt_p50_ms": ("rtt_p50_ms", "p50_ms"),
    "rtt_p95_ms": ("rtt_p95_ms", "p95_ms"),
    "rtt_p99_ms": ("rtt_p99_ms", "p99_ms"),
    "rtt_max_ms": ("rtt_max_ms", "max_ms"),
    "packets_late_echo": ("late_ratio", "late_ratio"),
    "late_ratio": ("late_ratio", "late_ratio"),
    "packets_lost": ("loss_ratio", "loss_ratio"),
    "loss_ratio": ("loss_ratio", "loss_ratio"),
}
"""Columns with a limit: the metric that it is compared with, and the limit's name."""

_SHARE_GRADES: Final = {"late_ratio": late_grade, "loss_ratio": loss_grade}

_ALARMING: Final = {"packets_overdue", "packets_interruptions", "longest_interruption_ms"}
"""Without a limit, but worth a look when there are any."""

SHARES: Final = {
    "loss_ratio",
    "late_ratio",
    "gone_ratio",
    "loss_burst_density",
    "loss_gap_density",
}
"""Columns whose value is a share, shown in percent."""
_MEASURES: Final = {"loss_burst_ratio", "loss_mean_burst", "loss_mean_gap"}


def tenths(value: float) -> float:
    """Return what is seen of a figure with one decimal: rows sort by it."""
    return round(value, 1)


def _metric_value(metric: Metric) -> Callable[[Row, WindowLength], Value]:
    place = WINDOWED.get(metric.id)
    if metric.id == "rtt_p95_ms":
        return lambda row, window: worst_p95_ms(row, window) if window else metric.value(row.call)
    if place is None:
        return lambda row, _: metric.value(row.call)
    of_window = attrgetter(place)

    def value(row: Row, window: WindowLength) -> Value:
        if not window:
            return metric.value(row.call)
        found = window_of(row.call, window)
        return None if found is None else of_window(found)

    return value


def worst_p95_ms(row: Row, window: WindowLength) -> float | None:
    """Return the worst second's p95 (ms) of the last `window` seconds: windows hold none."""
    if row.course is None:
        return None
    known = [us for us in row.course.tail("rtt_p95_us", window) if us is not None]
    return max(known) / 1000 if known else None


def _judge_of(metric: Metric) -> Judge | None:
    if metric.id in _ALARMING:
        return lambda row, _window, _limits: "near" if metric.value(row.call) else "none"
    if metric.id not in _LIMITED:
        return None
    source, limit = _LIMITED[metric.id]
    if source in _SHARE_GRADES:
        of_share = _SHARE_GRADES[source]
        return lambda row, window, limits: of_share(row.call, limits, window)
    value = _metric_value(next(found for found in METRICS if found.id == source))

    def judge(row: Row, window: WindowLength, limits: Limits) -> Grade:
        if window and source == "rtt_p95_ms":
            return "none"  # one bad second breaks no rule
        found = value(row, window)
        return "none" if isinstance(found, str) else grade(found, getattr(limits, limit))

    return judge


def _form_of(metric: Metric) -> tuple[Callable[[float], str], int]:
    """Return how a metric is written, and how wide that can be."""
    if metric.id == "longest_interruption_ms":
        return forms.span_ms, 4
    if metric.unit == "ms":
        return forms.milliseconds, 4
    if metric.unit == "s":
        return forms.seconds, 4
    if metric.id in SHARES:
        return forms.percent, 6
    if metric.id in _MEASURES or metric.id.startswith("mos"):
        return forms.number, 4
    return forms.count, 4


def _of_metric(metric: Metric) -> Column:
    form, width = _form_of(metric)
    return Column(
        metric.id,
        metric.label,
        max(width, len(metric.label)),
        "right",
        metric.help,
        _metric_value(metric),
        unit=metric.unit,
        form=form,
        order=tenths if form is forms.milliseconds else None,
        judge=_judge_of(metric),
        numeric=True,
        whole=form is forms.count,
        window_label="P95s" if metric.id == "rtt_p95_ms" else "",
    )


METRIC_COLUMNS: Final = tuple(_of_metric(metric) for metric in METRICS)
