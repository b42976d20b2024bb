"""."""

from __future__ import annotations

from ari_tui.analysis.sla.evaluator import EvidenceWindow
from ari_tui.analysis.sla.profiles import SEED_PROFILE
from ari_tui.document.live import AllCourse, Live
from ari_tui.session.loadtest.timeline import LoadStage, TimelineRecorder
from tests.report.kit import a_run

T = 1_795_348_800  # 2026-11-22 12:00:00 UTC


def live(last: int, *sent: int | None, lost: int = 0, p95_us: int | None = 9000) -> Live:
    n = len(sent)
    rtt = [None if one is None else p95_us for one in sent]
    return Live(
        last_second=last,
        seconds=n,
        calls={},
        rtt_histogram=[],
        all=AllCourse(
            sent=list(sent),
            lost=[lost] * n,
            late=[1] * n,
            rtt_p50_us=rtt,
            rtt_p95_us=rtt,
            rtt_p99_us=rtt,
            rtt_max_us=rtt,
        ),
    )


def test_seconds_told_again_are_written_over_and_the_rest_is_kept() -> None:
    keeper = TimelineRecorder()
    keeper.take(a_run(totals__calls__active=1), live(T + 1, 10, 20))
    keeper.take(a_run(totals__calls__active=2), live(T + 2, 20, 30, lost=4))
    course = keeper.seconds(T + 0.7, T + 2.2)
    assert [(one.at_s, one.calls, one.sent, one.lost) for one in course] == [
        (0.0, 0, 10, 0),
        (1.0, 1, 20, 4),
        (2.0, 2, 30, 4),
    ]
    assert course[0].p95_ms == 9.0


def test_a_course_has_no_gap_and_no_round_trip_is_null() -> None:
    keeper = TimelineRecorder()
    keeper.take(a_run(totals__calls__active=3), live(T, 10))
    keeper.take(a_run(totals__calls__active=3), live(T + 3, None, 10, p95_us=None))
    course = keeper.seconds(T, T + 3)
    assert [one.sent for one in course] == [10, 0, 0, 10]
    assert [one.calls for one in course] == [3, 3, 3, 3]
    assert [one.p95_ms for one in course] == [9.0, None, None, None]


def test_a_stage_keeps_its_peak_and_ends_once() -> None:
    stage = LoadStage(3, EvidenceWindow(SEED_PROFILE, 100))
    for up in (1, 3, 2):
        stage.note(up)
    stage.end()
    ended_ns, until = stage.ended_ns, stage.evidence_window.until_second
    stage.note(9)
    stage.end()
    assert (stage.reached, stage.ended_ns, stage.evidence_window.until_second) == (
        3,
        ended_ns,
        until,
    )
    assert ended_ns is not None
    assert until == ended_ns // 10**9
