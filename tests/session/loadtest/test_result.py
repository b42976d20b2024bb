from __future__ import annotations

import msgspec
import pytest

from ari_tui.analysis.sla.evidence import Evidence
from ari_tui.analysis.sla.profiles import SEED_PROFILE
from ari_tui.building.sla import sla_of
from ari_tui.document.load_test import decode_load
from ari_tui.document.model import LoadProgress, Sla, encode
from ari_tui.session.loadtest.result import judge, spread_of
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
    assert reasons[0] == "2 of 9 calls failed (2 at answered); 1 may"
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
    assert ("prove little" in reasons[1]) is (expected == "inconclusive")


@pytest.mark.parametrize(("count", "p50", "p95"), [(1, 1, 1), (2, 1, 2), (100, 50, 95)])
def test_percentiles_are_by_nearest_rank(count: int, p50: float, p95: float) -> None:
    spread = spread_of([float(value) for value in range(count, 0, -1)])
    assert (spread.p50, spread.p95, spread.max, spread.count) == (p50, p95, count, count)
    assert spread.mean == (count + 1) / 2
    assert spread_of([]).mean is None


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
