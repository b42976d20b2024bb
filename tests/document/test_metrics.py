from __future__ import annotations

import re
import types
from collections.abc import Iterator
from typing import Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

from ari_tui.analysis.store import Store
from ari_tui.building.build import EngineFacts, build
from ari_tui.building.sla import Listener
from ari_tui.document.metrics import COUNTER, GAUGE, METRICS, Metric
from ari_tui.document.model import Figures

UNITS = {"_ms": "ms", "_seconds": "s"}


def numeric_leaves(struct: type, prefix: str = "") -> Iterator[str]:
    for name, hint in get_type_hints(struct).items():
        kinds = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
        if any(kind in (int, float) for kind in kinds):
            yield prefix + name
        elif isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            yield from numeric_leaves(hint, f"{prefix}{name}.")


def test_every_number_of_the_figures_is_a_metric_exactly_once() -> None:
    leaves = sorted(numeric_leaves(Figures))
    assert len(leaves) > 30
    assert sorted(metric.path for metric in METRICS) == leaves


def test_ids_and_labels_are_not_used_twice() -> None:
    for names in ([m.id for m in METRICS], [m.label for m in METRICS]):
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.id)
def test_names_are_legal_for_prometheus_and_say_their_unit(metric: Metric) -> None:
    assert re.fullmatch(r"ari_tui_[a-z][a-z0-9_]*", metric.prometheus_name)
    assert not metric.prometheus_name.endswith("_total")  # the library adds it to counters
    units = [unit for ending, unit in UNITS.items() if metric.id.endswith(ending)]
    assert metric.unit == (units[0] if units else "")
    assert metric.kind in (COUNTER, GAUGE)
    assert metric.help
    assert not metric.help.endswith(".")
    assert "\n" not in metric.help


def test_what_may_fall_is_no_counter() -> None:
    kinds = {metric.path: metric.kind for metric in METRICS}
    falling = (
        "packets.in_flight",
        "packets.overdue",
        "packets.upstream_missing",
        "loss_ratio",
        "rtt_ms.p99",
        "rtt_ms.min",
    )
    assert {kinds[path] for path in falling} == {GAUGE}
    assert {kinds[f"packets.{name}"] for name in ("sent", "returned", "lost")} == {COUNTER}


def test_values_are_those_of_the_document(store: Store, engine_facts: EngineFacts) -> None:
    document = build(store, engine_facts, Listener())
    found = {metric.id: metric.value(document.totals) for metric in METRICS}
    assert (found["packets_sent"], found["packets_in_flight"]) == (10, 1)
    assert (found["rtt_p50_ms"], found["loss_ratio"]) == (10.0, 0.0)
    silent = {metric.id: metric.value(document.calls[1]) for metric in METRICS}
    assert silent["rtt_p50_ms"] is silent["loss_ratio"] is None
    assert silent["packets_sent"] == 0


def test_a_path_to_something_else_than_a_number_is_an_error(
    store: Store, engine_facts: EngineFacts
) -> None:
    totals = build(store, engine_facts, Listener()).totals
    with pytest.raises(TypeError, match="rtt_ms is no number"):
        Metric("x", "X", "", "x", "rtt_ms").value(totals)
    with pytest.raises(AttributeError):
        Metric("x", "X", "", "x", "packets.nothing").value(totals)
