"""Builds a call's detail from the store. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ari_tui.analysis.records import Ints, Mask
from ari_tui.analysis.roundtrip.intervals import ASTERISK, BACK, OUT, coarsened
from ari_tui.analysis.series import NO_RTT, SECONDS
from ari_tui.analysis.sla.evidence import Limited
from ari_tui.analysis.store import Store
from ari_tui.analysis.stream.gaps import CallGaps, Classified
from ari_tui.building.figures import NS_PER_MS, NS_PER_US, skew_ppm, spread
from ari_tui.core.number_format import iso
from ari_tui.document.detail import CallDetail, DetailCourse, GapLine, Intervals
from ari_tui.document.live import Cells
from ari_tui.document.model import EventLine

_SECOND_NS: Final = 1_000_000_000


def detail_of(
    store: Store, number: int, call: str, *, until_ns: int, events: Sequence[EventLine]
) -> CallDetail:
    """Return the detail of call `number` in the store, whose id in documents is `call`.

    The course ends with the last whole second before `until_ns`. Only the call's own `events` are
    included.
    """
    row, second = store.row_of[number], until_ns // _SECOND_NS - 1
    course, reasons = _course(store, row, second)
    totals = store.call_totals(number, until_ns)
    floor_ns = store.echo_floor.at(row, until_ns)
    return CallDetail(
        time=iso(until_ns),
        call=call,
        last_second=second,
        course=course,
        intervals=Intervals(
            asterisk_ms=spread(store.intervals.of(row, ASTERISK), NS_PER_MS),
            out_us=spread(store.intervals.of(row, OUT), NS_PER_US),
            echo_ms=spread(totals.rtt, NS_PER_MS),
            back_us=spread(store.intervals.of(row, BACK), NS_PER_US),
        ),
        late_ms=store.late_ns / NS_PER_MS,
        echo_floor_ms=None if floor_ns is None else round(floor_ns / NS_PER_MS, 3),
        skew_ppm=skew_ppm(store, row, 1),
        rtt_histogram=coarsened(totals.rtt.counts),
        limited_by=[reason.words for reason in Limited if reasons & reason],
        gaps=_gaps(store.gaps.get(row) or CallGaps()),
        events=[line for line in events if line.call == call],
    )


def _course(store: Store, row: int, second: int) -> tuple[DetailCourse, int]:
    """Return a call's last SECONDS seconds, and the `Limited` bits set in them."""
    series = store.series
    wanted = np.arange(second - SECONDS + 1, second + 1)
    sums = series.of_seconds(np.array([row]), wanted)
    cells = wanted % SECONDS
    there = series.second[row, cells] == wanted
    trips, dwell = sums.rtt_count[0], np.where(there, series.dwell_max[row, cells], 0)
    arrival = np.where(there, series.asterisk_max[row, cells], 0)
    bits = np.where(there, series.limited[row, cells], 0)
    bits |= np.where(dwell > store.late_ns, Limited.DWELL, 0).astype(bits.dtype)
    of_all = [store.sla_evaluator.limited(second) for second in wanted.tolist()]
    bits |= np.where(there, of_all, 0).astype(bits.dtype)

    def cells_of(values: Ints, known: Mask, unit: int = 1) -> Cells:
        whole = (values // unit).tolist()
        return [v if k else None for v, k in zip(whole, known.tolist(), strict=True)]

    returned = trips > 0
    p95 = series.history(row, "rtt_p95", second, SECONDS)
    course = DetailCourse(
        sent=cells_of(sums.sent[0], there),
        lost=cells_of(sums.lost[0], there),
        late=cells_of(sums.late[0], there),
        rtt_min_us=cells_of(sums.rtt_min[0], returned & (sums.rtt_min[0] < NO_RTT), NS_PER_US),
        rtt_mean_us=cells_of(sums.rtt_sum[0] // np.maximum(trips, 1), returned, NS_PER_US),
        rtt_p95_us=[None if value is None else value // NS_PER_US for value in p95],
        rtt_max_us=cells_of(sums.rtt_max[0], returned, NS_PER_US),
        asterisk_max_us=cells_of(arrival, arrival > 0, NS_PER_US),
        dwell_max_us=cells_of(dwell, dwell > 0, NS_PER_US),
        limited=cells_of((bits > 0).astype(np.int64), there),
    )
    return course, int(np.bitwise_or.reduce(bits))


def _gaps(gaps: CallGaps) -> list[GapLine]:
    """Return the newest classified gaps, and the waiting ones as classified by now."""
    waiting = [gaps.classify(gap) for gap in gaps.waiting if gap.is_gap]
    judged = [_gap(found, settled=True) for found in gaps.judged]
    return judged + [_gap(found, settled=False) for found in waiting]


def _gap(found: Classified, *, settled: bool) -> GapLine:
    gap = found.gap
    return GapLine(
        time=iso(gap.to_ns),
        length_ms=round(gap.length_ns / NS_PER_MS, 3),
        kind=found.kind,
        missing=gap.missing,
        timestamp_ms=round(gap.timestamp_step_ns / NS_PER_MS, 3),
        interrupts=found.interrupts,
        settled=settled,
    )
