"""Details of made-up calls for the tests of the detail screen: every number is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from rich.cells import cell_len
from rich.text import Text

from ari_tui.document import detail as d
from ari_tui.document import model
from ari_tui.document.live import SECONDS, Cells
from ari_tui.ui.widgets.detail_view import DetailView
from tests.ui.kit import LAST_SECOND, a_call, a_document, an_event
from tests.ui.widgets.frames import a_frame

HOSTILE = "\x1b[31m[bold]\u202eevil\u200b\n日本語の名前" + "x" * 300
WIDTHS = (*range(1, 60, 3), 40, 80, 100, 129, 130, 200)


def a_spread_of(p50: float, p99: float, **changed: Any) -> model.Spread:
    made = model.Spread(
        count=1000, min=p50 / 2, mean=p50, p50=p50, p95=(p50 + p99) / 2, p99=p99, max=p99 * 2
    )
    return msgspec.structs.replace(made, **changed)


def a_course_of(up_s: int = 60, **changed: Cells) -> d.DetailCourse:
    """Return a call up for the last `up_s` seconds: 50 packets each, mean 5, p95 8, max 11 ms."""

    def cells(value: int) -> Cells:
        return [None] * (SECONDS - up_s) + [value] * up_s

    made = d.DetailCourse(
        sent=cells(50),
        lost=cells(0),
        late=cells(0),
        rtt_min_us=cells(4000),
        rtt_mean_us=cells(5000),
        rtt_p95_us=cells(8000),
        rtt_max_us=cells(11000),
        asterisk_max_us=cells(900),
        dwell_max_us=cells(300),
        limited=cells(0),
    )
    return msgspec.structs.replace(made, **changed)


def last(values: Sequence[int | None], quiet: int = 0, up_s: int = 60) -> Cells:
    """Return a row of cells that ends with `values`."""
    before = up_s - len(values)
    return [None] * (SECONDS - up_s) + [quiet] * before + list(values)


def a_detail(**changed: Any) -> d.CallDetail:
    made = d.CallDetail(
        time="2026-11-22T12:00:01.000+00:00",
        call="call-1",
        last_second=LAST_SECOND,
        course=a_course_of(),
        intervals=d.Intervals(
            asterisk_ms=a_spread_of(0.4, 1.2),
            out_us=a_spread_of(48.0, 140.0),
            echo_ms=a_spread_of(5.0, 9.0),
            back_us=a_spread_of(41.0, 120.0),
        ),
        late_ms=3.0,
        echo_floor_ms=4.2,
        skew_ppm=-12.3,
        rtt_histogram=[[4719, 10], [5243, 900], [5767, 89], [6291, 1]],
        limited_by=[],
        gaps=[],
        events=[an_event("up, simple_bridge", call="call-1")],
    )
    return msgspec.structs.replace(made, **changed)


def a_gap(**changed: Any) -> d.GapLine:
    made = d.GapLine(
        time="2026-11-22T11:59:40.100+00:00",
        length_ms=420.0,
        kind="missing",
        missing=20,
        timestamp_ms=0.0,
        interrupts=True,
        settled=True,
    )
    return msgspec.structs.replace(made, **changed)


def statistics(**changed: Any) -> d.CallerStatistics:
    """Return Asterisk's view of a clean leg; fields of `rtp` are changed by their names."""
    rtp = d.RtpFigures(
        received=3000,
        sent=2990,
        received_lost=0,
        sent_lost=0,
        received_jitter_ms=0.31,
        sent_jitter_ms=0.62,
        rtt_ms=None,
        local_ssrc=1,
        remote_ssrc=2,
    )
    own = {name: changed.pop(name) for name in list(changed) if name in rtp.__struct_fields__}
    made = d.CallerStatistics(
        time="2026-11-22T12:00:00.000+00:00",
        channel="PJSIP/1001-00000001",
        state="Up",
        bridge="simple_bridge",
        members=2,
        rtp=msgspec.structs.replace(rtp, **own),
        note=None,
    )
    return msgspec.structs.replace(made, **changed)


def counted(call: model.Call, **counters: int) -> model.Call:
    """Return a call with some counters changed."""
    return msgspec.structs.replace(call, packets=msgspec.structs.replace(call.packets, **counters))


def a_view(
    call: model.Call | None = None, *, ascii_only: bool = False, **changed: Any
) -> DetailView:
    """Return a view of a quiet call, its detail known."""
    call = call or a_call(1, p50=4.0, state="up")
    document = a_document([call])
    frame = a_frame(document, ascii=ascii_only)
    return DetailView(frame=frame, call=call, detail=a_detail())._replace(**changed)


def plain(lines: Sequence[Text]) -> str:
    return "\n".join(line.plain.rstrip() for line in lines)


def assert_fits(lines: Sequence[Text], width: int, *, ascii_only: bool = False) -> None:
    """Nothing is wider than the box, and no line holds what a terminal would obey."""
    for line in lines:
        assert cell_len(line.plain) <= width, line.plain
        assert line.plain.isprintable(), repr(line.plain)
        assert line.plain.isascii() or not ascii_only, line.plain
