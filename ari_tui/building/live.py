"""Builds the live data that `/stream` sends with a document (`document/live.py`). Pure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ari_tui.analysis.histogram import Counts
from ari_tui.analysis.recent import SecondsOfAll
from ari_tui.analysis.records import Ints, Mask
from ari_tui.analysis.roundtrip.intervals import coarsened
from ari_tui.analysis.store import Store
from ari_tui.building.figures import NS_PER_US
from ari_tui.document.live import AllCourse, CallCourse, Cells, Live


def build_live(store: Store, calls: Mapping[int, str], last_second: int, seconds: int) -> Live:
    """Build the course of `seconds` up to and including `last_second`.

    `calls` are ids by number; calls that the store does not hold are left out.
    """
    measured = [number for number in calls if number in store.row_of]
    rows = np.array([store.row_of[number] for number in measured], dtype=np.int64)
    wanted = np.arange(last_second - seconds + 1, last_second + 1)
    sums, known = store.series.of_seconds(rows, wanted), store.series.known(rows, wanted)
    answered = sums.rtt_count > 0
    tables = (
        _cells(sums.sent, known),
        _cells(sums.lost, known),
        _cells(sums.late, known),
        _cells(_us(store.series.p95(rows, wanted)), answered),
        _cells(_us(sums.rtt_max), answered),
    )
    return Live(
        last_second=last_second,
        seconds=seconds,
        all=_of_all(store.recent.course(last_second, seconds)),
        calls={
            calls[number]: CallCourse(
                sent=sent, lost=lost, late=late, rtt_p95_us=p95, rtt_max_us=longest
            )
            for number, sent, lost, late, p95, longest in zip(measured, *tables, strict=True)
        },
        rtt_histogram=coarsened(_session_rtt(store)),
    )


def _of_all(course: SecondsOfAll) -> AllCourse:
    def counts(values: Ints) -> Cells:
        return _cells(values[None], course.known[None])[0]

    def times(values_ns: Ints) -> Cells:
        return _cells(_us(values_ns)[None], course.answered[None])[0]

    p50, p95, p99 = course.percentiles
    return AllCourse(
        sent=counts(course.sent),
        lost=counts(course.lost),
        late=counts(course.late),
        rtt_p50_us=times(p50),
        rtt_p95_us=times(p95),
        rtt_p99_us=times(p99),
        rtt_max_us=times(course.rtt_max),
    )


def _session_rtt(store: Store) -> Counts:
    """Return the histogram of all round trips, retired calls included."""
    rows = np.fromiter(store.row_of.values(), dtype=np.int64, count=len(store.row_of))
    held: Ints = store.echo.rtt[rows].sum(axis=0, dtype=np.int64)
    return np.add(held, store.retired_totals().rtt.counts)


def _us(values_ns: Ints) -> Ints:
    return (values_ns + NS_PER_US // 2) // NS_PER_US


def _cells(values: Ints, there: Mask) -> list[Cells]:
    """Return the rows of a table (n, seconds), with None where `there` is False."""
    found = values.astype(object)
    found[~there] = None
    cells: list[Cells] = found.tolist()
    return cells
