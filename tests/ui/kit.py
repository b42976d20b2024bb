"""Documents of made-up calls for the screen's tests: every number can be worked out by hand."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ari_tui.client.source import ActionError, Link
from ari_tui.document import model
from ari_tui.document.ended import EndedCalls
from ari_tui.document.live import SECONDS, AllCourse, CallCourse, History, Live
from ari_tui.document.where import Finding, Unknown, Where
from ari_tui.ui.frame import Frame
from ari_tui.ui.limits import Limits
from ari_tui.ui.view_state import Row

LAST_SECOND = 1_795_348_800  # 2026-11-22 12:00:00 UTC
NO_SPREAD = model.Spread(count=0, min=None, mean=None, p50=None, p95=None, p99=None, max=None)


def a_spread(p50: float, **changed: Any) -> model.Spread:
    """Return round trips around `p50` (ms): 1000 of them, p95 twice, p99 and max three times it."""
    made = model.Spread(
        count=1000, min=p50 / 2, mean=p50, p50=p50, p95=p50 * 2, p99=p50 * 3, max=p50 * 3
    )
    return msgspec.structs.replace(made, **changed)


def packets(**counted: int) -> model.Packets:
    """Return counters, all 0 but those named."""
    return model.Packets(**{**dict.fromkeys(model.Packets.__struct_fields__, 0), **counted})


def window(seconds: int, rtt: model.Spread = NO_SPREAD, **counted: int) -> model.Window:
    counts = {"sent": 50 * seconds, "returned": 50 * seconds, "lost": 0, "late": 0, **counted}
    whole = counts["returned"] + counts["lost"]
    return model.Window(
        seconds=seconds,
        rtt_ms=rtt,
        loss_ratio=counts["lost"] / whole if whole else None,
        late_ratio=counts["late"] / whole if whole else None,
        **counts,
    )


def figures(
    rtt: model.Spread, counted: model.Packets, windows: list[model.Window]
) -> dict[str, Any]:
    settled = counted.sent - counted.in_flight
    return {
        "packets": counted,
        "rtt_ms": rtt,
        "windows": windows,
        "loss_ratio": counted.lost / settled if settled else None,
        "late_ratio": counted.late_echo / settled if settled else None,
        "gone_ratio": counted.lost / settled if settled else None,
        "loss_runs": {},
        "loss_directions": None,
        "gaps": {},
        "missing_explained": 0,
        "loss_bursts": model.LossBursts(
            burst_ratio=None,
            bursts=0,
            mean_burst=None,
            burst_density=None,
            gaps=0,
            mean_gap=None,
            gap_density=None,
        ),
        "mos": model.Mos(session=4.4, now=4.4, worst_10s=4.3, plain=4.3, loss_from="half"),
        "longest_interruption_ms": None,
        "dead_air_s": 0.0,
        "rtt_histogram": None,
    }


ECHO_LOSS = "path to echo, outward: 5.1 % lost since 11:59:10 (proved)"
CLEAN = "no fault seen, 24 calls, 60 of 60 s"


def a_finding(text: str = ECHO_LOSS, **changed: Any) -> Finding:
    """Return a proved loss on the way to the echo server, of one call."""
    made = Finding(
        place="echo-out",
        what="lost",
        text=text,
        since="2026-11-22T11:59:10.000+00:00",
        seconds=48.0,
        calls=1,
        of_calls=24,
        evidence=["122 of 2400 packets that we sent never reached the echo server"],
        against=[],
        confidence="proved",
    )
    return msgspec.structs.replace(made, **changed)


def an_unknown(**changed: Any) -> Unknown:
    """Return a place that cannot be seen."""
    made = Unknown(place="caller-out", why="the far end sends no reports")
    return msgspec.structs.replace(made, **changed)


def a_where(
    *findings: Finding, line: str = "", unknown: Sequence[Unknown] = (), clean: bool | None = None
) -> Where:
    """Return a diagnosis: clean without findings and without trouble of unknown place."""
    trouble = [one.text for one in unknown if one.text is not None]
    return Where(
        line=line or next(iter([*(finding.text for finding in findings), *trouble]), CLEAN),
        findings=list(findings),
        unknown=list(unknown),
        clean=not findings and not trouble if clean is None else clean,
    )


FAULTY = a_where(a_finding())
LIKELY = a_where(a_finding(f"{ECHO_LOSS[:-8]}(likely)", confidence="likely"))


def a_call(
    number: int, *, p50: float = 5.0, lost: int = 0, late: int = 0, **changed: Any
) -> model.Call:
    """Return call `number` of PJSIP/10NN, up for a minute, 3000 packets sent, without a fault."""
    rtt = a_spread(p50)
    counted = packets(
        received=3000,
        sent=3000,
        returned=3000 - lost,
        delivered=3000 - lost,
        lost=lost,
        late_echo=late,
    )
    made = model.Call(
        id=f"call-{number}",
        mode="takeover",
        asterisk="pbx1",
        channel=f"PJSIP/{1000 + number}-{number:08x}",
        channel_id=f"1795348740.{number}",
        caller=f"Caller {number} {1000 + number}",
        call_id=f"{number}@10.0.0.1",
        linkedid=f"1795348740.{number}",
        state="measuring",
        reason=None,
        started_at="2026-11-22T11:59:00.000+00:00",
        ended_at=None,
        duration_s=60.0,
        bridge_technology="simple_bridge",
        codec="PCMU",
        ptime_ms=20.0,
        ssrc=f"0x{number:08x}",
        jitter_ms=model.Jitter(media=0.5, echo=0.6, hop=0.1),
        where=a_where(),
        ports=model.Ports(
            media_local=f"127.0.0.1:{21000 + number}",
            media_remote=f"127.0.0.1:{10000 + number}",
            echo_local=f"127.0.0.1:{40000 + number}",
            echo_remote="127.0.0.1:4000",
        ),
        **figures(
            rtt,
            counted,
            [window(10, rtt, lost=lost, late=late), window(60, rtt, lost=lost, late=late)],
        ),
    )
    return msgspec.structs.replace(made, **changed)


def a_rule(name: str, limit: float, verdict: str = "pass", **changed: Any) -> model.SlaRule:
    limits_ms = [limit] if name[0] in "pm" else []
    share = {"p50": 0.5, "p95": 0.05, "p99": 0.01, "max": 0.0}.get(name, limit)
    made = model.SlaRule(
        id=name,
        limit=share,
        limits_ms=limits_ms,
        actual=0.0,
        low=0.0,
        high=0.0001,
        verdict=verdict,
        violated_s=0,
        missing=None,
    )
    return msgspec.structs.replace(made, **changed)


def an_sla(verdict: str = "pass", **changed: Any) -> model.Sla:
    rules = [
        a_rule("p50", 8.0),
        a_rule("p95", 12.0),
        a_rule("p99", 18.0),
        a_rule("max", 22.0),
        a_rule("late", 0.001),
        a_rule("loss", 0.002),
    ]
    made = model.Sla(
        verdict=verdict,
        headline=f"{verdict.upper()} over 60 of 60 s",
        profile="seed",
        tier="≤30",
        clean_s=60.0,
        of_s=60,
        reasons=[],
        rules=rules,
    )
    return msgspec.structs.replace(made, **changed)


def a_document(calls: Sequence[model.Call] = (), **changed: Any) -> model.Document:
    """Return a document of these calls, written at LAST_SECOND + 1."""
    sent = sum(call.packets.sent for call in calls)
    lost = sum(call.packets.lost for call in calls)
    late = sum(call.packets.late_echo for call in calls)
    rtt = a_spread(5.0) if calls else NO_SPREAD
    active = sum(call.ended_at is None for call in calls)
    windows = [window(10, rtt), window(60, rtt)]
    made = model.Document(
        kind="interval",
        time="2026-11-22T12:00:01.000+00:00",
        session=model.Session(
            id="s1",
            host="jump",
            version="0.1.0",
            started_at="2026-11-22T11:59:00.000+00:00",
            ended_at=None,
            duration_s=61.0,
            end_reason=None,
        ),
        asterisks=[
            model.AsteriskState(
                id="pbx1",
                version="22.10.1",
                connected=True,
                url="http://pbx1:8088",
                latency_ms=1.5,
                events_lost_s=0.0,
            )
        ],
        sla=an_sla(),
        totals=model.Totals(
            calls=model.CallCounts(
                active=active,
                peak=len(calls),
                started=len(calls),
                ended=len(calls) - active,
                failed=0,
            ),
            **figures(
                rtt, packets(sent=sent, returned=sent - lost, lost=lost, late_echo=late), windows
            ),
        ),
        window=windows[0],
        calls=list(calls),
        instrument=model.Instrument(
            dwell_out_us=a_spread(50.0),
            dwell_back_us=a_spread(40.0),
            uncertain=0,
            socket_drops=0,
            log_overflow=0,
            log_fill=0.001,
            tick_lag_ms=1.0,
            ari_ms=1.5,
            limited_s=0.0,
            reasons=[],
            orphans=0,
            workers=1,
            worker_restarts=0,
            receive_buffer_bytes=2 << 20,
            ports_in_use=len(calls),
            ports_total=4000,
        ),
        injected=model.InjectedBy(echo=None, media=None),
        where=a_where(),
    )
    return msgspec.structs.replace(made, **changed)


def a_course(
    p95_ms: Sequence[float | None] = (5.0,), lost: Mapping[int, int] | None = None
) -> CallCourse:
    """Return five minutes of a call: `p95_ms` over and over, ending with its last value.

    `lost` says how many were lost so many seconds ago (0 is the last second).
    """
    p95 = [p95_ms[(i - SECONDS) % len(p95_ms)] for i in range(SECONDS)]
    losses = [0] * SECONDS
    for ago, count in (lost or {}).items():
        losses[-1 - ago] = count
    micros: list[int | None] = [None if ms is None else round(ms * 1000) for ms in p95]
    return CallCourse(
        sent=[50] * SECONDS,
        lost=list(losses),
        late=[0] * SECONDS,
        rtt_p95_us=micros,
        rtt_max_us=micros[:],
    )


def a_live(courses: Mapping[str, CallCourse], last_second: int = LAST_SECOND) -> Live:
    """Return five minutes of these calls, by id; all together had a p95 of 5 ms."""
    flat: list[int | None] = [5000] * SECONDS
    everything = AllCourse(
        sent=[50 * len(courses)] * SECONDS,
        lost=[0] * SECONDS,
        late=[0] * SECONDS,
        rtt_p50_us=[2500] * SECONDS,
        rtt_p95_us=flat,
        rtt_p99_us=[7500] * SECONDS,
        rtt_max_us=[7500] * SECONDS,
    )
    return Live(
        last_second=last_second,
        seconds=SECONDS,
        all=everything,
        calls=dict(courses),
        rtt_histogram=[[2000, 10], [4000, 500], [8000, 450], [16000, 40]],
    )


def a_history(courses: Mapping[str, CallCourse]) -> History:
    history = History()
    history.merge(a_live(courses))
    return history


def an_event(text: str, **changed: Any) -> model.EventLine:
    made = model.EventLine(
        time="2026-11-22T12:00:00.000+00:00",
        level="info",
        kind="call",
        call=None,
        channel=None,
        text=text,
    )
    return msgspec.structs.replace(made, **changed)


class FakeSource:
    """A source that is told what it has: a clock that stands still, answers set by the test."""

    def __init__(
        self, document: model.Document | None = None, history: History | None = None
    ) -> None:
        self.version = 1
        self.document = document
        self.history = history or History()
        self.events: deque[model.EventLine] = deque(maxlen=1000)
        self.ended = EndedCalls(2000)
        self.link = Link("live")
        self.address = "/run/ari-tui/test.sock"
        self.age_s = 0.4
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Any] = {}
        """By action; an exception is raised."""

    def give(self, document: model.Document, live: Live | None = None) -> None:
        """Hand over a newer document."""
        self.document = document
        if live is not None:
            self.history.merge(live)
        self.version += 1

    async def run(self) -> None:
        """Do nothing: the test is the engine."""

    async def changed(self) -> None:
        await asyncio.Event().wait()

    async def act(
        self, action: str, args: Mapping[str, Any] | None = None, *, timeout_s: float = 5.0
    ) -> Any:
        self.asked.append((action, dict(args or {})))
        answer = self.answers.get(action, "done")
        if isinstance(answer, ActionError):
            raise answer
        return answer


def a_frame(
    calls: Sequence[model.Call] = (),
    courses: Mapping[str, CallCourse] | None = None,
    **changed: Any,
) -> Frame:
    """Return a frame of these calls under the rules of `an_sla`; `changed` are fields of it."""
    document = changed.pop("document", None) or a_document(calls)
    made = Frame(
        document=document,
        history=a_history(courses or {}),
        events=[],
        limits=Limits.of(document.sla),
        link=Link("live"),
        age_s=0.4,
    )
    return made._replace(**changed)


def a_row(call: model.Call, course: CallCourse | None = None) -> Row:
    """Return the row of a call."""
    courses = {} if course is None else {call.id: course}
    return Row(call, a_history(courses).calls.get(call.id))
