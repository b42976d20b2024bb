"""Frames for the tests of panes: a quiet one, a bad one, and an empty one."""

from __future__ import annotations

from typing import Any

import msgspec
from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult

from ari_tui.client.source import Link
from ari_tui.document import model
from ari_tui.document.live import SECONDS, AllCourse, Cells, History
from ari_tui.ui.frame import Frame
from ari_tui.ui.limits import Limits
from ari_tui.ui.themed_app import ThemedApp
from ari_tui.ui.themes import Themes
from ari_tui.ui.widgets.pane import Pane
from tests.ui import kit
from tests.ui.kit import a_call, a_course, a_document, a_rule, an_event, an_sla

SIZES = [
    (width, height)
    for width in (*range(1, 25), *range(30, 201, 17), 80, 200)
    for height in (1, 2, 3, 4, 5, 8, 12, 50)
]
HOSTILE = "\x1b[31m[bold]\u202eevil\u200b\n日本語の名前" + "x" * 300


def a_frame(document: model.Document | None = None, **changed: Any) -> Frame:
    """Return a live frame of two quiet calls."""
    calls = [a_call(1), a_call(2)]
    document = document or a_document(calls)
    made = Frame(
        document=document,
        history=kit.a_history({call.id: a_course() for call in calls}),
        events=[an_event("call up", channel="PJSIP/1001-00000001")],
        limits=Limits.of(document.sla),
        link=Link("live"),
        age_s=0.4,
    )
    return made._replace(**changed)


def changed(struct: Any, path: str, **values: Any) -> Any:
    """Return a copy of a document with fields of a part of it (`totals.packets`) changed."""
    if not path:
        return msgspec.structs.replace(struct, **values)
    name, _, rest = path.partition(".")
    return msgspec.structs.replace(struct, **{name: changed(getattr(struct, name), rest, **values)})


def a_bad_document(name: str = "pbx1") -> model.Document:
    """Return a document in which nothing is well, with texts from outside called `name`."""
    rules = [
        a_rule("p50", 10.0),
        a_rule("p95", 15.0, "fail", actual=0.08, violated_s=9),
        a_rule("p99", 20.0, "inconclusive", actual=0.01, missing="1,240 of about 3,000"),
        a_rule("max", 22.0, "fail", actual=4.0, violated_s=4),
        a_rule("late", 0.001, "fail", actual=0.0213),
        a_rule("loss", 0.002, actual=0.0017),
    ]
    reasons = ["p95: 8% above 15 ms, allowed 5%", "max: 4 s above 22 ms, allowed 0 s", name]
    document = a_document(
        [a_call(1, p50=9.0, lost=40, late=70)],
        sla=an_sla(
            "fail",
            rules=rules,
            reasons=reasons,
            clean_s=54.0,
            tier="up to 100 calls",
        ),
    )
    document = changed(
        document,
        "totals",
        rtt_ms=kit.a_spread(9.3, p95=16.8, p99=19.4, max=31.2),
        packets=kit.packets(
            sent=123_456, returned=123_246, lost=210, interruptions=3, late_echo=2630
        ),
        loss_ratio=0.0017,
        late_ratio=0.0213,
        loss_runs={"1": 44, "2": 12, "3": 5, "7": 1, "10+": 3},
        dead_air_s=2.31,
        longest_interruption_ms=1480.0,
        loss_directions=model.LossDirections(outward=180, at_echo=2, back=28),
    )
    document = changed(document, "totals.calls", active=32, peak=40, started=57, failed=2)
    document = changed(
        document,
        "instrument",
        socket_drops=12,
        limited_s=6.0,
        worker_restarts=1,
        reasons=[f"6 of 60 s limited by drops at our socket {name}"],
    )
    away = msgspec.structs.replace(document.asterisks[0], id=name, connected=False)
    document = changed(document, "", asterisks=[away])
    draining: model.Document = changed(document, "session", draining=True)
    return draining


def a_bad_history() -> History:
    """Return five minutes that got worse: a hump over the limit, an outage, losses."""
    hump: Cells = [6000 + 40 * i for i in range(SECONDS)]
    hump[200:220] = [15_000 + 600 * i for i in range(20)]
    hump[240:250] = [None] * 10
    lost: Cells = [0] * SECONDS
    lost[205], lost[290] = 3, 1
    late: Cells = [None if p95 is None else 2 * (p95 > 15_000) for p95 in hump]
    live = kit.a_live({"call-1": a_course()})
    everything = AllCourse(
        sent=[1600] * SECONDS,
        lost=lost,
        late=late,
        rtt_p95_us=hump,
        rtt_p99_us=hump,
        rtt_p50_us=[None if v is None else v * 2 // 3 for v in hump],
        rtt_max_us=[None if v is None else v * 5 // 4 for v in hump],
    )
    history = History()
    history.merge(msgspec.structs.replace(live, all=everything, rtt_histogram=a_hump()))
    return history


def a_hump() -> list[list[int]]:
    """Return a histogram with a body around 6 ms and a tail up to 31 ms, as the engine has it."""
    edges = [int(2**k * (1 + i / 8) / 1000) for k in range(20, 25) for i in range(1, 9)]
    counts = [int(60_000 * 0.5 ** (abs(edge - 6000) / 900)) for edge in edges]
    return [[e, n or (e > 28_000)] for e, n in zip(edges, counts, strict=True) if n or e > 28_000]


def a_bad_frame(name: str = "pbx1", **changes: Any) -> Frame:
    """Return a frame that has lost its engine while everything went wrong."""
    document = a_bad_document(name)
    events = [
        an_event("call taken over", channel="PJSIP/1001-00000001"),
        an_event("path floor moved +5 ms", level="warning", channel=name),
        an_event(f"Asterisk {name}: connection lost", level="error"),
    ]
    made = a_frame(
        document,
        history=a_bad_history(),
        events=events,
        link=Link("lost", name),
        age_s=75.0,
        limits=Limits.of(document.sla),
    )
    return made._replace(**changes)


def an_empty_frame(**changes: Any) -> Frame:
    """Return the frame of an engine that has just begun."""
    sla = an_sla("inconclusive", tier=None, clean_s=0.0, of_s=0, rules=[], reasons=["no packets"])
    document = a_document(sla=sla, asterisks=[])
    made = a_frame(document, history=History(), events=[], limits=Limits())
    return made._replace(**changes)


FRAMES = {
    "quiet": a_frame(),
    "bad": a_bad_frame(),
    "hostile": a_bad_frame(HOSTILE),
    "empty": an_empty_frame(),
    "windowed": a_bad_frame(window=10, frozen_s=12.0),
}


def assert_fits(text: Text, width: int, height: int, *, ascii_only: bool = False) -> None:
    """Fail unless a text stays in its box, is free of controls and, where asked, is ASCII."""
    lines = text.plain.split("\n")
    assert len(lines) <= height
    assert max(map(cell_len, lines)) <= width
    assert all(char.isprintable() for line in lines for char in line)
    if ascii_only:
        text.plain.encode("ascii")


def assert_fits_everywhere(lines: Any) -> None:
    """Fail unless a pane's function stays in every box, whatever the frame."""
    drawn = [*FRAMES.values(), *(FRAMES[n]._replace(ascii=True) for n in ("hostile", "windowed"))]
    for frame in drawn:
        for width, height in SIZES:
            assert_fits(lines(frame, width, height), width, height, ascii_only=frame.ascii)


def style_of(text: Text, part: str) -> str:
    """Return the name of the style of a part of a text, "" for none."""
    start = text.plain.index(part)
    found = [s.style for s in text.spans if s.start <= start and start + len(part) <= s.end]
    return str(found[-1]) if found else ""


class PaneApp(ThemedApp[None]):
    """Shows panes, one below the other."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, *panes: Pane, theme: str = "dark", plain_output: bool = False) -> None:
        super().__init__(Themes.load(), theme, plain_output=plain_output)
        self.panes = panes

    def compose(self) -> ComposeResult:
        yield from self.panes
