"""Runs and load tests made by hand, to draw reports from; hostile names among them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import msgspec

from ari_tui.document import load_test, model
from ari_tui.report.report_input import ReportInput, input_of_load_test
from tests.report.conftest import blank, changed
from tests.ui.kit import NO_SPREAD, a_call, a_document, a_spread

STARTED = "2026-11-22T11:59:00.000+00:00"
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' style='x",
    "a\x1b[2Jb",
    "\u202egnp",
    "]]><!--",
    "&amp;lt;",
    "</style></title></svg>",
)


def a_rule(name: str, verdict: str = "pass", **fields: Any) -> model.SlaRule:
    made = model.SlaRule(
        id=name,
        limit=0.01,
        limits_ms=[18.0],
        actual=0.004,
        low=0.003,
        high=0.006,
        verdict=verdict,
        violated_s=0,
        missing=None,
    )
    return msgspec.structs.replace(made, **fields)


RULES = [
    a_rule("p99"),
    a_rule(
        "loss", "fail", limit=0.002, limits_ms=[], actual=0.01, low=0.008, high=0.013, violated_s=7
    ),
    a_rule("max", limit=0.0, limits_ms=[22.0], actual=0.0, low=None, high=None),
]


def a_run(**fields: Any) -> model.Document:
    """Return the final document of two calls; `__` in a keyword stands for the dot of a path."""
    made = a_document([a_call(1), a_call(2, lost=30)])
    made = changed(made, "kind", "final")
    made = changed(made, "sla.rules", RULES)
    made = changed(
        made, "totals.rtt_histogram", [[4_000_000, 10], [8_000_000, 900], [40_000_000, 1]]
    )
    for path, value in fields.items():
        made = changed(made, path.replace("__", "."), value)
    assert isinstance(made, model.Document)
    return made


def a_second(at_s: float, **fields: Any) -> load_test.LoadSecond:
    made = load_test.LoadSecond(
        at_s=at_s,
        calls=2,
        sent=100,
        lost=0,
        late=0,
        p50_ms=5.0,
        p95_ms=10.0,
        p99_ms=15.0,
        max_ms=16.0,
    )
    return msgspec.structs.replace(made, **fields)


def a_load_call(number: int, **fields: Any) -> load_test.LoadCall:
    made = load_test.LoadCall(
        number=number,
        endpoint="Local/tone@lab",
        tier=2,
        channel=f"Local/tone@lab-{number};1",
        channel_id=f"c-{number}",
        call_id=f"s.{number}",
        sip_call_id=None,
        started_at=STARTED,
        step="media_back",
        outcome="good",
        failed_at=None,
        reason=None,
        hint=None,
        set_up_ms={"accepted": 2.0, "answered": 30.0},
        held_s=8.0,
        sent=400,
        returned=400,
        lost=0,
        late=0,
        rtt_ms=a_spread(5.0),
        mos=4.4,
    )
    return msgspec.structs.replace(made, **fields)


def a_failed_call(number: int, **fields: Any) -> load_test.LoadCall:
    return a_load_call(
        number,
        step="accepted",
        outcome="failed",
        failed_at="answered",
        reason="busy (cause 17)",
        hint="fewer at once",
        sent=0,
        returned=0,
        rtt_ms=NO_SPREAD,
        mos=None,
        held_s=0.0,
        **fields,
    )


def a_load_report(**fields: Any) -> load_test.LoadReport:
    """Return a load test of two good calls and one that was busy."""
    document = a_run()
    set_up = {"accepted": a_spread(2.0), "answered": a_spread(30.0)}
    calls = [a_load_call(1), a_load_call(2, lost=8, returned=392, mos=4.1), a_failed_call(3)]
    tiers = [
        load_test.LoadTier(
            calls=size,
            reached=size,
            started_at=STARTED,
            duration_s=5.0,
            sla=document.sla,
            set_up_ms=set_up,
            good=1,
            failed=0,
            cut=0,
        )
        for size in (1, 2)
    ]
    made = msgspec.structs.replace(
        blank(load_test.LoadReport),
        started_at=STARTED,
        ended_at="2026-11-22T11:59:10.000+00:00",
        duration_s=10.0,
        end_reason="load test done",
        verdict="fail",
        reasons=["1 of 3 calls failed (1 at answered), allowed are 0"],
        success_ratio=2 / 3,
        calls_per_s=1.5,
        set_up_ms=set_up,
        tiers=tiers,
        calls=calls,
        document=document,
        course=[a_second(float(at)) for at in range(10)],
    )
    made = changed(made, "plan.endpoints", ["Local/tone@lab"])
    made = changed(made, "progress.good", 2)
    made = changed(made, "progress.failed", 1)
    for path, value in fields.items():
        made = changed(made, path.replace("__", "."), value)
    assert isinstance(made, load_test.LoadReport)
    return made


def a_report_input(**fields: Any) -> ReportInput:
    return input_of_load_test(a_load_report(**fields))


def a_hostile_report_input(name: str) -> ReportInput:
    """Return a load test whose every text from outside is this one."""
    document = a_run(
        session__host=name,
        session__id=name,
        session__end_reason=name,
        sla__profile=name,
        sla__tier=name,
        sla__reasons=[name],
        calls=[a_call(1, channel=name, caller=name, state=name, id=name)],
    )
    return a_report_input(
        document=document,
        reasons=[name],
        end_reason=name,
        plan__endpoints=[name],
        plan__caller_id=name,
        plan__variables=[name],
        environment__host=name,
        environment__os=name,
        environment__asterisk=name,
        calls=[
            a_load_call(1, channel=name, outcome="good"),
            msgspec.structs.replace(a_failed_call(2, channel=name), reason=name, hint=name),
        ],
    )


class Page(HTMLParser):
    """What stands on a page: every element with its attributes, and all text; proves that each
    element is closed by its own end.
    """

    VOID = ("meta",)

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())
