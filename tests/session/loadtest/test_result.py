from __future__ import annotations

import msgspec
import pytest

from ari_tui.analysis.sla.evaluator import EvidenceWindow
from ari_tui.analysis.sla.evidence import Evidence
from ari_tui.analysis.sla.profiles import SEED_PROFILE
from ari_tui.building.sla import sla_of
from ari_tui.document.live import AllCourse, Live
from ari_tui.document.load_test import decode_load
from ari_tui.document.model import LoadProgress, Sla, encode
from ari_tui.session.loadtest.result import judge, spread_of
from ari_tui.session.loadtest.timeline import LoadStage, TimelineRecorder
from tests.report.kit import a_run
from tests.session.loadtest.kit import load


def progress(**changes: int) -> LoadProgress:
    numbers = {"target": 0, "up": 0, "under_way": 0, "started": 9, "good": 9, "failed": 0, "cut": 0}
    return LoadProgress(
        phase="over",
        failed_at={"answered": 2} if "failed" in changes else {},
        cps=0.0,
        elapsed_s=1.0,
        duration_s=1.0,
        **{**numbers, **changes},
    )


def sla(verdict: str) -> Sla:
    return msgspec.structs.replace(
        sla_of(Evidence(SEED_PROFILE)), verdict=verdict, headline=verdict
    )


@pytest.mark.parametrize(
    ("verdicts", "worst"),
    [
        (("pass",), "pass"),
        (("pass", "inconclusive"), "inconclusive"),
        (("fail", "inconclusive", "pass"), "fail"),
    ],
)
def test_the_worst_verdict_counts(verdicts: tuple[str, ...], worst: str) -> None:
    assert judge([sla(one) for one in verdicts], progress(), 0) == (worst, [f"SLA: {worst}"])


def test_more_failed_calls_than_may_fail_the_test_and_say_where() -> None:
    verdict, reasons = judge([sla("pass")], progress(failed=2, good=7), 1)
    assert verdict == "fail"
    assert reasons[0] == "2 of 9 calls failed (2 at answered), allowed are 1"
    assert judge([sla("pass")], progress(failed=2, good=7), 2)[0] == "pass"


@pytest.mark.parametrize(
    ("clean_s", "failed_at", "expected"),
    [
        (40.0, {"held": 2}, "fail"),
        (30.0, {"held": 2}, "fail"),
        (29.9, {"held": 2}, "inconclusive"),
        (1.0, {"held": 1, "answered": 1}, "fail"),
    ],
)
def test_media_that_broke_off_prove_little_while_the_machine_starved_us(
    clean_s: float, failed_at: dict[str, int], expected: str
) -> None:
    whole = msgspec.structs.replace(sla("pass"), clean_s=clean_s, of_s=60)
    found = msgspec.structs.replace(progress(failed=2, good=7), failed_at=failed_at)
    verdict, reasons = judge([whole], found, 0)
    assert verdict == expected
    assert reasons[0].startswith("2 of 9 calls failed")
    assert ("could be judged" in reasons[1]) is (expected == "inconclusive")


@pytest.mark.parametrize(("count", "p50", "p95"), [(1, 1, 1), (2, 1, 2), (100, 50, 95)])
def test_percentiles_are_by_nearest_rank(count: int, p50: float, p95: float) -> None:
    spread = spread_of([float(value) for value in range(count, 0, -1)])
    assert (spread.p50, spread.p95, spread.max, spread.count) == (p50, p95, count, count)
    assert spread.mean == (count + 1) / 2


async def test_a_report_read_back_is_the_report() -> None:
    async with load(calls=1, duration_s=1.2, variables=("PIN=s3cr3t",)) as run:
        report = await run.ended()
    data = encode(report)
    assert data.startswith(b'{"schema":"ari-tui.loadtest/1"')
    assert decode_load(data) == report
    assert b"s3cr3t" not in data
    sent = sum(second.sent for second in report.course)
    # the second in which the test ends may not be over when its course is told
    assert 0 < sent <= report.document.totals.packets.sent
    assert report.environment.asterisk == report.document.asterisks[0].version


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
    recorder = TimelineRecorder()
    recorder.take(a_run(totals__calls__active=1), live(T + 1, 10, 20))
    recorder.take(a_run(totals__calls__active=2), live(T + 2, 20, 30, lost=4))
    course = recorder.seconds(T + 0.7, T + 2.2)
    assert [(one.at_s, one.calls, one.sent, one.lost) for one in course] == [
        (0.0, 0, 10, 0),
        (1.0, 1, 20, 4),
        (2.0, 2, 30, 4),
    ]
    assert course[0].p95_ms == 9.0


def test_a_course_has_no_gap_and_no_round_trip_is_null() -> None:
    recorder = TimelineRecorder()
    recorder.take(a_run(totals__calls__active=3), live(T, 10))
    recorder.take(a_run(totals__calls__active=3), live(T + 3, None, 10, p95_us=None))
    course = recorder.seconds(T, T + 3)
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
