"""Impaired calls that fail by each rule in turn: by it, by what it implies, and by no other.

Two minutes of one call, judged by the original's limits for up to 30 calls: p50 8, p95 12, p99 18,
max 22 ms, late 0.1 %, lost 0.2 %. The packets that are out of line are spread evenly.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ari_tui.analysis.sla.verdict import Verdict, judge
from tests.analysis.conftest import Bench

PACKETS = 6000
Course = Callable[[int], "float | None"]
"""The round trip (ms) of each packet, by its number; None is lost."""


def always(rtt_ms: float) -> Course:
    return lambda _: rtt_ms


def every(nth: int, special_ms: float | None, *, else_ms: float = 5.0) -> Course:
    return lambda packet: special_ms if packet % nth == nth // 2 else else_ms


def one(special_ms: float | None) -> Course:
    return every(PACKETS, special_ms)


def judged(bench: Bench, course: Course) -> Verdict:
    log = bench.log()
    for packet in range(PACKETS):
        log.media(20.0 * packet, packet)
        rtt_ms = course(packet)
        if rtt_ms is not None:
            log.echo(20.0 * packet + 0.05 + rtt_ms, packet)
    measured = bench.fold(log, until_ms=20.0 * PACKETS + 10_000)
    assert measured["sent"] == PACKETS
    return judge(measured.store.sla_evaluator.evidence)


def test_without_an_impairment_every_rule_passes(bench: Bench) -> None:
    found = judged(bench, always(5.0))
    assert {rule.id: rule.verdict for rule in found.rules} == dict.fromkeys(
        ("p50", "p95", "p99", "late", "loss", "max"), "pass"
    )


@pytest.mark.parametrize(
    ("course", "failing"),
    [
        pytest.param(always(10.0), {"p50"}, id="a longer way is no lateness: its floor is higher"),
        # what lies above 12 ms where half lies below 8 is more than 3 ms above the floor: late
        pytest.param(every(10, 13.0, else_ms=7.0), {"p95", "late"}, id="a tenth above p95"),
        pytest.param(every(50, 19.0, else_ms=7.0), {"p99", "late"}, id="one in fifty above p99"),
        pytest.param(one(23.0), {"max"}, id="one packet above max"),
        pytest.param(every(100, 9.0), {"late"}, id="late, within every limit of round trips"),
        pytest.param(every(100, None), {"loss"}, id="one in a hundred lost"),
        # round trips that break a limit break those below it
        pytest.param(always(13.0), {"p50", "p95"}, id="all above p95"),
        pytest.param(always(19.0), {"p50", "p95", "p99"}, id="all above p99"),
        pytest.param(always(23.0), {"p50", "p95", "p99", "max"}, id="all above max"),
    ],
)
def test_each_impairment_fails_by_its_rule_and_what_that_implies_alone(
    course: Course, failing: set[str], bench: Bench
) -> None:
    found = judged(bench, course)
    verdicts = {rule.id: rule.verdict for rule in found.rules}
    assert {name for name, verdict in verdicts.items() if verdict == "fail"} == failing
    assert {name for name, verdict in verdicts.items() if verdict == "pass"} == (
        verdicts.keys() - failing
    )
    assert found.verdict == "fail"
    assert {reason.partition(":")[0] for reason in found.reasons} == failing


def test_one_lost_packet_in_two_minutes_is_within_every_limit(bench: Bench) -> None:
    assert judged(bench, one(None)).verdict == "pass"
