"""Closing the books: what is decided by time alone, once the log is complete up to that time.

Packets past the loss time-out are lost, gaps that waited for an explanation are classified, and
seconds without packets in flight become evidence.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ari_tui.analysis.diagnosis.diagnosis import DIAGNOSED_NS
from ari_tui.analysis.notes import Interruption, Note
from ari_tui.analysis.records import Ints
from ari_tui.analysis.roundtrip.echo_holds import SETTLED_NS
from ari_tui.analysis.sla.evidence import Limited
from ari_tui.analysis.store import NEVER, Store
from ari_tui.analysis.stream.gaps import Classified

_SECOND_NS: Final = 1_000_000_000


def close_until(store: Store, now_ns: int) -> list[Note]:
    """Close what can be closed at `now_ns`; 0 closes nothing.

    When the clock was set back, seconds are closed again once it has passed the last closed one.
    """
    if not now_ns:
        return []
    store.folded_until_ns = now_ns
    store.limit_down(now_ns)
    expired, sent_ns = store.flight.expired(store.loss_timeout_ns, now_ns)
    if len(expired):
        store.book_lost(expired, sent_ns)
    notes = store.release_trips(now_ns)
    notes += [note for row in list(store.gaps) for note in told(store.judge_gaps(row, now_ns))]
    second = now_ns // _SECOND_NS
    if second > store.closed_second:
        store.closed_second = second
        before_ns = second * _SECOND_NS - store.loss_timeout_ns
        store.settle(_rows(store), before_ns)
        if store.holds.told is not False:
            before_ns = min(before_ns, second * _SECOND_NS - SETTLED_NS)
        store.sla_evaluator.close(_rows(store), store.series, before_ns // _SECOND_NS - 1)
        settled_ns = min(before_ns, second * _SECOND_NS - DIAGNOSED_NS)
        store.diagnosis.close(store, _rows(store), settled_ns // _SECOND_NS - 1)
    return notes


def close_all(store: Store, now_ns: int) -> list[Note]:
    """Close everything at the end of the log, except that packets in flight stay so."""
    notes = store.release_trips(None)
    notes += [note for row in list(store.gaps) for note in told(store.judge_gaps(row, None))]
    store.settle(_rows(store), NEVER)
    store.sla_evaluator.close(_rows(store), store.series, now_ns // _SECOND_NS)
    store.diagnosis.close(store, _rows(store), now_ns // _SECOND_NS)
    return notes


def clock_stepped(store: Store, at_ns: int) -> None:
    """Limit all calls: the clock of the time stamps was set in the last second before `at_ns`."""
    _limit_all(store, at_ns, Limited.CLOCK_STEP)


def log_overflowed(store: Store, at_ns: int) -> None:
    """Limit all calls: the packet log was full and dropped records shortly before `at_ns`."""
    _limit_all(store, at_ns, Limited.LOG_OVERFLOW)


def cpu_stolen(store: Store, second: int) -> None:
    """Limit all calls in a second in which this machine did not get the CPU that it wanted."""
    store.sla_evaluator.limit_all(second, Limited.MACHINE)


def _limit_all(store: Store, at_ns: int, reason: Limited) -> None:
    for second in (at_ns // _SECOND_NS - 1, at_ns // _SECOND_NS):
        store.sla_evaluator.limit_all(second, reason)


def told(found: list[tuple[int, Classified]]) -> list[Note]:
    """Return the notes on classified gaps: the interruptions."""
    return [
        Interruption(row, one.gap.to_ns, one.silent_ns, one.gap.sequence_step, one.kind)
        for row, one in found
        if one.interrupts
    ]


def _rows(store: Store) -> Ints:
    return np.array(sorted(store.row_of.values()), dtype=np.int64)
