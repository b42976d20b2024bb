"""."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from ari_tui.analysis.histogram import bucket_of, no_durations, percentiles, sparse
from ari_tui.analysis.records import Ints
from ari_tui.building.figures import spread
from ari_tui.document.model import Document, encode
from ari_tui.report.timeline import DocumentFigures, Timeline, timeline_of
from tests.report.kit import a_run, a_second
from tests.ui.kit import a_spread


def test_joined_points_add_up_and_keep_the_worst() -> None:
    points = [a_second(float(n), lost=n, max_ms=float(n) or None, calls=n) for n in range(5)]
    found = Timeline(points).coarsened(3)
    assert [(one.at_s, one.sent, one.lost, one.max_ms, one.calls) for one in found.points] == [
        (0.0, 200, 1, 1.0, 1),
        (2.0, 200, 5, 3.0, 3),
        (4.0, 100, 4, 4.0, 4),
    ]
    assert (found.step_s, found.joined, found.duration_s) == (2.0, 2, 6.0)
    assert Timeline(points).coarsened(5).points is points
    assert Timeline([]).coarsened(3).points == []


def test_the_point_of_a_time_is_found_and_gaps_have_none() -> None:
    timeline = Timeline([a_second(1.0), a_second(2.0), a_second(9.0)])
    found = [timeline.at(second) for second in (0.5, 1.0, 2.9, 5.0, 9.5, 12.0)]
    assert [one and one.at_s for one in found] == [None, 1.0, 2.0, None, 9.0, None]


def test_a_point_reaches_to_the_next_one_and_into_no_gap() -> None:
    timeline = Timeline([a_second(at) for at in (0.0, 0.4, 2.0, 4.0, 9.0)], step_s=2.0)
    assert timeline.slots() == [(0.0, 0.4), (0.4, 2.0), (2.0, 4.0), (4.0, 6.0), (9.0, 11.0)]
    assert Timeline([]).slots() == []


SHARES = (0.5, 0.95, 0.99)


def figures_of(at: float, sent: int, lost: int = 0, **fields: Any) -> DocumentFigures:
    """Return a document `at` seconds after the start; without a histogram if none is given."""
    document: Document = a_run(
        time=f"2026-11-22T12:00:{at:06.3f}+00:00",
        session__started_at="2026-11-22T12:00:00Z",
        totals__packets__sent=sent,
        totals__packets__lost=lost,
        window__rtt_ms=a_spread(4.0),
        **{
            "kind": "interval",
            "totals__rtt_histogram": None,
            "totals__packets__late_echo": 0,
            **fields,
        },
    )
    return msgspec.json.decode(encode(document), type=DocumentFigures)


def timed_figures(at: float, rtt_ns: Ints, **fields: Any) -> DocumentFigures:
    """Return a document whose session has seen these round trips."""
    seen = no_durations().plus(rtt_ns)
    return figures_of(
        at,
        len(rtt_ns),
        totals__rtt_histogram=sparse(seen.counts),
        totals__rtt_ms=spread(seen, 1_000_000),
        **fields,
    )


def test_documents_tell_what_came_since_the_one_before() -> None:
    documents = [
        figures_of(1, 100),
        figures_of(2, 250, window__seconds=10),
        figures_of(3, 250),
        figures_of(4, 260),
    ]
    timeline = timeline_of(documents)
    assert [(one.at_s, one.sent) for one in timeline.points] == [
        (0.0, 100),
        (1.0, 150),
        (2.0, 0),
        (3.0, 10),
    ]
    assert timeline.points[0].p95_ms == 8.0
    assert (timeline.step_s, timeline.rtt_over_s) == (1.0, 10.0)


def test_a_loss_is_drawn_where_it_was_sent_the_last_ones_too() -> None:
    documents = [figures_of(at, 100 * at, lost=5 if at >= 6 else 0) for at in range(1, 7)]
    end = figures_of(9, 600, lost=12, kind="final")
    timeline = timeline_of([*documents, end])
    # known in second 6, sent 3 s before; at the end all that was under way is booked
    assert [one.lost for one in timeline.points] == [0, 0, 5, 0, 0, 7]
    assert timeline.duration_s == 6.0


def test_losses_go_to_points_in_which_something_was_sent() -> None:
    documents = [figures_of(1, 100), figures_of(2, 100), figures_of(6, 100, lost=3)]
    assert [one.lost for one in timeline_of(documents).points] == [3, 0, 0]
    assert [one.lost for one in timeline_of([figures_of(1, 0, lost=3)]).points] == [0]


def test_a_lone_final_document_is_one_point() -> None:
    (point,) = timeline_of([figures_of(9, 600, kind="final")]).points
    assert point.sent == 600


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="Invalid isoformat"):
        timeline_of([msgspec.structs.replace(figures_of(1, 1), time="soon")])


def test_where_documents_hold_histograms_each_point_has_the_round_trips_of_its_own_time() -> None:
    rng = np.random.default_rng(6)
    parts: list[Ints] = [
        (rng.gamma(2.0, 3e6, 400) + floor).astype(np.int64) for floor in (20e6, 90e6, 4e6, 40e6)
    ]
    documents = [
        timed_figures(2.0 * i, np.concatenate(parts[:i])) for i in range(1, len(parts) + 1)
    ]
    timeline = timeline_of(documents)
    for point, own in zip(timeline.points, parts, strict=True):
        exact = np.sort(own) / 1e6
        ranks = [-(-len(own) * percent // 100) - 1 for percent in (50, 95, 99)]
        found = [point.p50_ms, point.p95_ms, point.p99_ms]
        assert found == pytest.approx([exact[rank] for rank in ranks], rel=0.008)
        counts = np.bincount(bucket_of(own), minlength=len(no_durations().counts))
        held = percentiles(counts, SHARES, int(own.min()), int(own.max()))
        assert found == pytest.approx([(value or 0) / 1e6 for value in held], rel=1e-4)
        assert point.max_ms == pytest.approx(exact[-1], rel=0.008)
    # the session's longest grew there: that is exact
    assert [timeline.points[i].max_ms for i in (0, 1)] == [
        pytest.approx(parts[i].max() / 1e6, abs=5e-4) for i in (0, 1)
    ]
    assert (timeline.step_s, timeline.rtt_over_s) == (2.0, 2.0)


def test_a_time_without_round_trips_has_none_though_the_window_still_does() -> None:
    rtt: Ints = np.full(50, 5_000_000)
    first, still = timeline_of([timed_figures(1, rtt), timed_figures(2, rtt)]).points
    assert (first.p50_ms, first.max_ms) == (5.0, 5.0)
    assert (still.p50_ms, still.p95_ms, still.p99_ms, still.max_ms) == (None,) * 4


def test_where_one_of_two_documents_holds_no_histogram_the_window_tells() -> None:
    rtt: Ints = np.full(50, 5_000_000)
    timeline = timeline_of([timed_figures(1, rtt), figures_of(2, 60), timed_figures(3, rtt)])
    assert [one.p95_ms for one in timeline.points] == [5.0, 8.0, 8.0]
    assert timeline.rtt_over_s == 10.0


def test_packets_sent_up_to_the_final_document_have_a_point_with_the_calls_before_it() -> None:
    documents = [figures_of(0.5, 10, totals__calls__active=3), figures_of(59, 3000, kind="final")]
    first, last = timeline_of(documents).points
    assert (last.at_s, last.sent, last.calls, last.p95_ms) == (0.5, 2990, 3, 8.0)
    assert first.sent == 10


def test_what_came_back_late_after_the_sending_had_ended_is_told_where_it_was_sent() -> None:
    late = {"totals__packets__late_echo": 9}
    documents = [
        figures_of(1, 100),
        figures_of(2, 200),
        figures_of(3, 201, **late),
        figures_of(4, 201, **late),
    ]
    assert [one.late for one in timeline_of(documents).points] == [0, 8, 1, 0]


def test_the_spacing_is_that_of_most_documents() -> None:
    documents = [figures_of(at, 10) for at in (0.3, 0.9, 2.9, 4.9, 6.9, 30.0)]
    assert timeline_of(documents).step_s == 2.0
