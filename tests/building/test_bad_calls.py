"""Which calls a final document names as bad, and in which order."""

from __future__ import annotations

from typing import Any

import msgspec

from ari_tui.building.bad_calls import bad_calls
from ari_tui.document.model import Call, Sla
from ari_tui.document.where import Finding, Unknown, Where
from tests.ui import kit

SLA: Sla = kit.an_sla(
    rules=[kit.a_rule("p99", 20.0), kit.a_rule("late", 0.001), kit.a_rule("loss", 0.002)]
)


def a_finding(confidence: str) -> Finding:
    return Finding(
        place="echo-path",
        what="lost",
        text="the path to the echo server: 5 % lost",
        since="2026-11-22T12:00:00.000+00:00",
        seconds=3.0,
        calls=1,
        of_calls=1,
        evidence=[],
        against=[],
        confidence=confidence,
    )


def where(*findings: Finding, **changed: Any) -> Where:
    made = Where(line="", findings=list(findings), unknown=[], clean=not findings)
    return msgspec.structs.replace(made, **changed)


def a_call(number: int, **changed: Any) -> Call:
    """Return a call whose round trips are within every limit."""
    return kit.a_call(number, **{"p50": 3.0, **changed})


def names(*calls: Call) -> list[str]:
    return [call.id for call in bad_calls(calls, SLA).calls]


def test_good_calls_are_not_named() -> None:
    assert names(a_call(1), msgspec.structs.replace(a_call(2), where=where())) == []


def test_the_worst_figure_comes_first() -> None:
    lossy = a_call(1, lost=30)
    lossier = a_call(2, lost=270)
    slow = a_call(3, p50=7.0)  # p99 is three times that
    assert names(slow, lossy, lossier) == ["call-2", "call-1", "call-3"]


def test_a_share_that_chance_explains_is_not_bad() -> None:
    assert names(a_call(1, lost=8)) == []
    assert names(a_call(1, lost=30)) == ["call-1"]


def test_what_the_diagnosis_proves_goes_before_what_is_likely_and_before_figures() -> None:
    proved = msgspec.structs.replace(a_call(1), where=where(a_finding("proved")))
    likely = msgspec.structs.replace(a_call(2), where=where(a_finding("likely")))
    trouble = Unknown(place="caller-in", why="not told apart", text="12 lost before the engine")
    unknown = msgspec.structs.replace(a_call(3), where=where(unknown=[trouble], clean=False))
    lossy = a_call(4, lost=270)
    found = names(lossy, likely, proved, unknown)
    assert (found[0], found[-1]) == ("call-1", "call-4")
    assert set(found[1:3]) == {"call-2", "call-3"}


def test_what_just_cannot_be_seen_makes_no_call_bad() -> None:
    blind = where(unknown=[Unknown(place="caller-out", why="no RTCP reports")])
    assert names(msgspec.structs.replace(a_call(1), where=blind)) == []


def test_a_call_that_failed_is_named() -> None:
    failed = msgspec.structs.replace(a_call(1), state="failed", reason="no RTP port left")
    assert names(failed) == ["call-1"]


def test_only_the_worst_are_named_and_the_others_counted_each_once() -> None:
    calls = [a_call(n, lost=100 + 10 * n) for n in range(1, 8)]
    found = bad_calls([*calls, *calls], SLA, most=3)
    assert [call.id for call in found.calls] == ["call-7", "call-6", "call-5"]
    assert found.more == 4
