from __future__ import annotations

import pytest

from ari_tui.report.html.distributions import gauge, histogram, set_up_times
from tests.report.kit import Page, a_rule, a_run
from tests.ui.kit import NO_SPREAD, a_spread


def bars(page: Page) -> list[str]:
    found = [str(one.get("class")) for tag, one in page.elements if tag == "rect"]
    return [name for name in found if name.startswith("bar")]


def test_a_histogram_shows_every_bin_and_what_is_above_the_limit() -> None:
    shown = histogram(
        a_run(totals__rtt_histogram=[[4_000_000, 10], [4_500_000, 3], [40_000_000, 1]])
    )
    assert shown is not None
    page = Page(shown)
    assert bars(page) == ["bar ", "bar ", "bar over"]
    assert "above the limit of 22 ms" in page.texts
    told = [text for text in page.texts if text.endswith("packets")]
    assert sum(int(text.split("· ")[1].split()[0]) for text in told) == 14


def test_all_within_the_limit_needs_no_second_colour() -> None:
    shown = histogram(a_run(totals__rtt_histogram=[[4_000_000, 10]]))
    assert shown is not None
    assert bars(Page(shown)) == ["bar "]
    assert "above the limit" not in shown


def test_percentiles_are_marked_a_row_each() -> None:
    run = a_run(
        totals__rtt_ms=a_spread(5.0), totals__rtt_histogram=[[5_000_000, 1], [15_000_000, 1]]
    )
    shown = histogram(run)
    assert shown is not None
    page = Page(shown)
    assert {"p50 5.00 ms", "p95 10.0 ms", "p99 15.0 ms"} <= set(page.texts)
    heights = [
        one["y"] for tag, one in page.elements if (one.get("class") or "").startswith("mark-name")
    ]
    assert len(set(heights)) == 3


@pytest.mark.parametrize("nothing", [None, []])
def test_without_a_histogram_there_is_no_chart(nothing: list[list[int]] | None) -> None:
    assert histogram(a_run(totals__rtt_histogram=nothing)) is None


def test_extremes_many_decades_apart_are_drawn() -> None:
    shown = histogram(a_run(totals__rtt_histogram=[[1, 1], [30_000_000_000, 1_000_000]]))
    assert shown is not None
    labels = [text for text in Page(shown).texts if text.endswith(" ms") and "·" not in text]
    assert 5 <= len(labels) <= 16


def test_set_up_times_come_in_the_order_of_their_steps() -> None:
    times = {"media_back": a_spread(90.0), "accepted": a_spread(2.0), "ringing": NO_SPREAD}
    shown = set_up_times(times)
    assert shown is not None
    page = Page(shown)
    told = [
        text for text in page.texts if text in ("accepted", "ringing", "media back from the echo")
    ]
    assert told == ["accepted", "media back from the echo"]
    assert "median 90.0, p95 180, longest 270 ms" in page.texts


def test_no_step_that_was_reached_makes_no_chart() -> None:
    assert set_up_times({}) is None
    assert set_up_times({"ringing": NO_SPREAD}) is None


@pytest.mark.parametrize(
    ("low", "high", "left", "right"),
    [(0.0, 0.002, 0, 15), (0.005, 0.015, 37.5, 112.5), (0.3, 0.5, 145, 150), (0.0, 0.9, 0, 150)],
)
def test_evidence_lies_left_or_right_of_its_limit(
    low: float, high: float, left: float, right: float
) -> None:
    shown = gauge(a_rule("p99", limit=0.01, low=low, high=high))
    assert shown is not None
    ranges = [one for _, one in Page(shown).elements if one.get("class") == "range"]
    x, width = float(str(ranges[0]["x"])), float(str(ranges[0]["width"]))
    assert (x, x + width) == (left, right)


def test_a_rule_without_bounds_has_no_gauge() -> None:
    assert gauge(a_rule("max", low=None, high=None)) is None
    assert gauge(a_rule("loss", limit=0.0)) is None
