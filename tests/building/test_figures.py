from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ari_tui.analysis import counters as c
from ari_tui.analysis import histogram
from ari_tui.analysis.histogram import Distribution
from ari_tui.analysis.totals import CallTotals, merge
from ari_tui.building import figures as source
from ari_tui.building.figures import NS_PER_MS, packets, ratio, spread
from ari_tui.document.model import Figures, Mos, Packets, Spread

MOS = Mos(session=None, now=None, worst_10s=None, plain=None, loss_from=None)


def figures(of: CallTotals, *, histograms: bool = False) -> dict[str, object]:
    return source.figures(of, histograms=histograms, mos=MOS, windows=[])


def distribution(values_ns: list[int]) -> Distribution:
    empty = Distribution(np.zeros(histogram.BUCKETS, dtype=np.int64), 2**63 - 1, 0, 0, 0)
    return empty.plus(np.array(values_ns, dtype=np.int64)) if values_ns else empty


def totals(**changed: Any) -> CallTotals:
    counters = np.zeros(c.COUNT, dtype=np.int64)
    for name in set(changed) & set(c.NAMES):
        counters[c.NAMES.index(name)] = changed.pop(name)
    return merge([])._replace(counters=counters, **changed)


def test_no_samples_have_a_count_and_nothing_else() -> None:
    found = spread(distribution([]), NS_PER_MS)
    assert found == Spread(count=0, min=None, mean=None, p50=None, p95=None, p99=None, max=None)


def test_extremes_and_mean_are_exact_and_percentiles_within_one_percent() -> None:
    values = [n * 1_000_003 for n in range(1, 101)]
    found = spread(distribution(values), NS_PER_MS)
    assert (found.min, found.max, found.count) == (1.0, 100.0, 100)
    assert found.mean == pytest.approx(50.5, abs=0.001)
    assert [found.p50, found.p95, found.p99] == pytest.approx([50, 95, 99], rel=0.01)


def test_a_sample_of_nothing_at_all_is_zero_and_not_null() -> None:
    found = spread(distribution([0, 0]), NS_PER_MS)
    assert (found.min, found.p50, found.max) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("part", "whole", "share"),
    [
        (0, 0, None),
        (5, 0, None),
        (0, 5, 0.0),
        (1, 3, 0.33333333),
        (5, 5, 1.0),
        (0, -1, None),
    ],
)
def test_a_share_of_nothing_is_none(part: int, whole: int, share: float | None) -> None:
    assert ratio(part, whole) == share


def test_ratios_divide_by_what_is_settled() -> None:
    found = figures(totals(sent=110, returned=90, lost=10, late_echo=5, discarded=2, in_flight=10))
    assert (found["loss_ratio"], found["late_ratio"], found["gone_ratio"]) == (0.1, 0.05, 0.12)


def test_while_all_is_under_way_there_is_no_ratio() -> None:
    found = figures(totals(sent=7, in_flight=7), histograms=False)
    assert (found["loss_ratio"], found["late_ratio"]) == (None, None)


def test_every_counter_is_found_under_its_name_as_a_plain_integer() -> None:
    values = {name: place + 1 for place, name in enumerate(c.NAMES)}
    found = packets(totals(**values, in_flight=77, overdue=7))
    assert isinstance(found, Packets)
    for name, value in {**values, "in_flight": 77, "overdue": 7}.items():
        assert getattr(found, name) == value
        assert type(getattr(found, name)) is int


def test_the_figures_are_the_documents_fields() -> None:
    assert set(figures(totals(), histograms=False)) == set(Figures.__struct_fields__)


def test_no_interruption_has_no_length() -> None:
    assert figures(totals(), histograms=False)["longest_interruption_ms"] is None
    found = figures(
        totals(longest_gap_ns=300_400_000, dead_air_ns=10**9),
        histograms=False,
    )
    assert (found["longest_interruption_ms"], found["dead_air_s"]) == (300.4, 1.0)


def test_histograms_come_only_when_asked_for() -> None:
    assert figures(totals(), histograms=False)["rtt_histogram"] is None
    assert figures(totals(), histograms=True)["rtt_histogram"] == []
