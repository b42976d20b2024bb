from __future__ import annotations

from typing import Any

import pytest

from ari_tui.document.load_test import LoadSecond
from ari_tui.report.html.charts import TimelineCharts, key
from ari_tui.report.html.svg import Tick
from ari_tui.report.timeline import Timeline
from tests.report.kit import Page, a_run, a_second

LIMITS = a_run()


def charts(points: list[LoadSecond], **fields: Any) -> TimelineCharts:
    return TimelineCharts(Timeline(points, **fields), LIMITS)


def figures(points: list[LoadSecond], **fields: Any) -> list[Page]:
    return [Page(figure) for figure in charts(points, **fields).figures()]


def classes(page: Page, tag: str) -> list[str]:
    return [str(one.get("class")) for name, one in page.elements if name == tag]


def test_four_charts_share_the_time_and_tell_every_second() -> None:
    pages = figures([a_second(float(at), sent=100 + at) for at in range(10)])
    assert [page.texts[0] for page in pages] == [
        "Calls up",
        "Round trip, ms",
        "Lost packets, %",
        "Late packets, %",
    ]
    for page in pages:
        assert page.tags.count("title") == 10
    assert "0:03 · 2 calls up" in pages[0].texts
    assert "0:03 · median 5.00, p95 10.0, p99 15.0, longest 16.0 ms" in pages[1].texts
    assert "0:03 · 0 of 103 packets" in pages[2].texts


def test_seconds_above_the_limit_are_marked_and_counted() -> None:
    points = [a_second(0.0), a_second(1.0, sent=1000, lost=2), a_second(2.0, sent=1000, lost=3)]
    lost = figures(points)[2]
    assert [name for name in classes(lost, "rect") if "bar" in name] == ["bar ", "bar over"]
    assert "limit 0.2 %" in lost.texts
    assert "1 of 3 points above it" in lost.texts


def test_a_limit_far_above_is_told_and_not_drawn() -> None:
    low = [a_second(float(at), p99_ms=1.0, p95_ms=0.9, p50_ms=0.5, max_ms=1.2) for at in range(5)]
    rtt = figures(low)[1]
    assert "Limits above this chart: p99 18 ms, max 22 ms" in rtt.texts
    assert not [name for name in classes(rtt, "line") if name.startswith("limit")]
    near = figures([a_second(0.0)])[1]
    assert "limit max: 22 ms" in near.texts


def test_a_rare_far_maximum_does_not_flatten_the_rest() -> None:
    points = [a_second(float(at)) for at in range(30)]
    points[7] = a_second(7.0, max_ms=900.0)
    rtt = figures(points)[1]
    assert "▲ 1 point above, up to 900 ms" in rtt.texts
    assert len([name for name in classes(rtt, "path") if name.startswith("arrow")]) == 1


def test_maxima_that_are_usual_are_within_the_chart() -> None:
    rtt = figures([a_second(float(at), max_ms=60.0) for at in range(30)])[1]
    assert not [text for text in rtt.texts if "above, up to" in text]


def test_where_nothing_was_sent_at_all_calls_alone_are_drawn() -> None:
    assert len(figures([a_second(0.0, sent=0), a_second(1.0, sent=0)])) == 1
    assert len(figures([a_second(0.0, sent=0), a_second(1.0)])) == 4


def test_silence_is_drawn_as_nothing() -> None:
    silent = {"sent": 0, "p50_ms": None, "p95_ms": None, "p99_ms": None, "max_ms": None}
    pages = figures(
        [
            *(a_second(float(at), **silent) for at in range(3)),
            a_second(3.0, **{**silent, "sent": 9}),
        ]
    )
    assert "0:01 · no round trip" in pages[1].texts
    assert not [name for name in classes(pages[1], "path") if name.startswith("line")]
    assert not [name for name in classes(pages[2], "rect") if "bar" in name]


def test_a_day_is_drawn_with_few_points_and_says_that_the_worst_is_shown() -> None:
    points = [a_second(float(at)) for at in range(86_400)]
    points[50_000] = a_second(50_000.0, p99_ms=17.5)
    shown = charts(points)
    assert "A point is 270 s; of joined seconds the worst is drawn" in shown.note
    rtt = Page(list(shown.figures())[1])
    assert rtt.tags.count("title") == 320
    assert [text for text in rtt.texts if "p99 17.5" in text]


def test_the_note_tells_what_rolling_windows_mean() -> None:
    assert charts([a_second(0.0)]).note == (
        "A point is 1 second. Times are since the start. Point at a chart to read it."
    )
    note = charts([a_second(0.0)], rtt_over_s=10.0).note
    assert "Round trips are those of the last 10 s at each point" in note
    assert "Losses" not in note
    own = charts([a_second(0.0)], step_s=2.0, rtt_over_s=2.0, losses_moved_s=3.0).note
    assert own.startswith("A point is 2 s. Losses are drawn 3 s before they became known. Times")


def test_points_are_as_wide_as_the_time_they_tell_of() -> None:
    points = [a_second(at, lost=5) for at in (0.0, 0.5, 2.5, 4.5)]
    lost = figures(points, step_s=2.0)[2]
    bars = [one for tag, one in lost.elements if tag == "rect" and one["class"] == "bar over"]
    first, *rest = [float(bar["width"] or 0) for bar in bars]
    assert all(3.9 < width / first < 4.1 for width in rest)


def test_the_beginning_of_a_tier_is_marked() -> None:
    timeline = Timeline([a_second(float(at)) for at in range(10)])
    shown = TimelineCharts(timeline, LIMITS, [Tick(4.0, "30 calls")])
    assert "30 calls" in Page(next(shown.figures())).texts


@pytest.mark.parametrize("shape", ["", "round"])
def test_a_legend_shows_a_sample(shape: str) -> None:
    page = Page(key("k50", "median", shape))
    assert page.text == "median"
    assert page.elements[1][1] == ({"class": shape} if shape else {})
