"""The fold: packet-log records in, metrics and notes out. Pure: no clock, no I/O.

`fold(store, records, now)` advances the store. Live it runs four times a second; in tests an hour
of a call runs in seconds. However a log is cut into batches, the store ends the same: records are
taken in steps of a second at most, each call's stream is followed epoch by epoch, and every
decision depends on the records' own times alone. `now` only closes books: it must not be later
than the time up to which the log is complete (the ring's watermark).
"""

from __future__ import annotations

import errno
from itertools import pairwise
from typing import Final

import numpy as np

from ari_tui.analysis import counters as c
from ari_tui.analysis.echo_leg import fold_echo
from ari_tui.analysis.events import NewStream, Note, Refused
from ari_tui.analysis.media_leg import fold_media, wrapped_difference
from ari_tui.analysis.records import Ints, Mask, Records
from ari_tui.analysis.segments import Segments
from ari_tui.analysis.store import Store
from ari_tui.wire import record as r

_STEP_NS: Final = 1_000_000_000
MAX_DROPOUT: Final = 3000
MAX_MISORDER: Final = 100
"""RFC 3550 appendix A.1: a jump beyond these is a restart of the sequence, if it holds."""


def fold(store: Store, records: Records, now_ns: int) -> list[Note]:
    """Take n records, in the order of the log, into the store; give up what is overdue at `now`."""
    notes: list[Note] = []
    rows = _rows_of(store, records)
    if (rows < 0).any():
        store.orphans += int(np.count_nonzero(rows < 0))
        records, rows = records[rows >= 0], rows[rows >= 0]
    for part in _in_steps(records):
        notes += _fold_step(store, rows[part], records[part])
    store.folded_until_ns = max(store.folded_until_ns, now_ns)
    expired, sent_ns = store.flight.expired(store.loss_timeout_ns, now_ns)
    if len(expired):
        store.book_lost(expired, sent_ns)
    return notes


def _rows_of(store: Store, records: Records) -> Ints:
    """Return each record's row, −1 for a call that has none."""
    calls, inverse = np.unique(records["call"], return_inverse=True)
    found = [store.row_of.get(call, -1) for call in calls.tolist()]
    return np.array(found, dtype=np.int64)[inverse] if found else np.zeros(0, dtype=np.int64)


def _in_steps(records: Records) -> list[slice]:
    """Cut the log where its clock enters a new second: a slot is never passed twice in a step."""
    if not len(records):
        return []
    second = np.maximum.accumulate(records["rx_ns"]) // _STEP_NS
    cuts = [0, *(np.flatnonzero(np.diff(second)) + 1).tolist(), len(records)]
    return [slice(a, b) for a, b in pairwise(cuts)]


def _fold_step(store: Store, rows: Ints, records: Records) -> list[Note]:
    """Fold one step: calls whose stream just goes on at once, the others epoch by epoch."""
    order = np.argsort(rows, kind="stable")
    rows, records = rows[order], records[order]
    odd = _odd_rows(store, rows, records)
    if not len(odd):
        return _fold_plain(store, rows, records)
    special = np.isin(rows, odd)
    notes = _fold_plain(store, rows[~special], records[~special])
    for row in odd:
        notes += _fold_odd(store, int(row), records[rows == row])
    return notes


def _odd_rows(store: Store, rows: Ints, records: Records) -> Ints:
    """Return the rows whose media holds anything but the current stream, going on."""
    media = records["kind"] == r.KIND_MEDIA_IN
    if not media.any():
        return np.zeros(0, dtype=np.int64)
    leg, owners, packets = store.media, rows[media], records[media]
    segments = Segments(owners)
    sequence = packets["sequence"].astype(np.int64)
    last = (leg.last_ext[segments.rows] - leg.offset[segments.rows]) & 0xFFFF
    step = wrapped_difference(sequence, segments.previous(sequence, last), 16)
    odd = (packets["ssrc"] != leg.ssrc[owners]) | ~leg.started[owners] | _jumped(step)
    # probation is broken by a packet of the current stream, too
    return np.unique(owners[odd | (leg.new_ssrc[owners] >= 0)])


def _jumped(step: Ints) -> Mask:
    return (step > MAX_DROPOUT) | (step < -MAX_MISORDER)


def _fold_odd(store: Store, row: int, records: Records) -> list[Note]:
    """Fold one call's records, cut where an epoch starts; packets of other streams are foreign."""
    leg, notes = store.media, []
    pending: list[int] = []
    last: int | None = None

    def flush() -> None:
        nonlocal last
        if pending:
            notes.extend(_fold_plain(store, np.full(len(pending), row), records[pending]))
            pending.clear()
        last = None

    for i, packet in enumerate(records):
        if packet["kind"] != r.KIND_MEDIA_IN:
            pending.append(i)
            continue
        sequence, ssrc = int(packet["sequence"]), int(packet["ssrc"])
        if last is None:
            last = int(leg.last_ext[row] - leg.offset[row]) & 0xFFFF
        if leg.started[row] and ssrc == leg.ssrc[row] and not _jump(sequence, last):
            leg.new_ssrc[row] = -1
        elif _begins(store, row, ssrc, sequence):
            flush()
            notes.append(_start(store, row, packet))
        else:
            store.counters[row, c.RECEIVED] += 1
            store.counters[row, c.FOREIGN] += 1
            continue
        last = sequence
        pending.append(i)
    flush()
    return notes


def _jump(sequence: int, last: int) -> bool:
    return bool(_jumped(wrapped_difference(np.array([sequence]), np.array([last]), 16))[0])


def _begins(store: Store, row: int, ssrc: int, sequence: int) -> bool:
    """Tell whether this packet makes its stream the current one: the first, or two in a row."""
    leg = store.media
    if not leg.started[row]:
        return True
    expected = (int(leg.new_sequence[row]) + 1) & 0xFFFF
    if leg.new_ssrc[row] == ssrc and sequence == expected:
        return True
    leg.new_ssrc[row], leg.new_sequence[row] = ssrc, sequence
    return False


def _start(store: Store, row: int, packet: Records) -> NewStream:
    leg = store.media
    previous = int(leg.ssrc[row]) if leg.started[row] else None
    leg.start_epoch(row, packet)
    store.media_floor.clear(row)
    if previous not in (None, int(packet["ssrc"])):
        store.counters[row, c.SSRC_CHANGES] += 1
    return NewStream(row, int(packet["rx_ns"]), int(packet["ssrc"]), previous)


def _fold_plain(store: Store, rows: Ints, records: Records) -> list[Note]:
    """Fold records (`rows` sorted) of calls whose stream does not change: media, then echo."""
    notes: list[Note] = []
    kind = records["kind"]
    media, echo = kind == r.KIND_MEDIA_IN, kind == r.KIND_ECHO_IN
    if media.any():
        notes += fold_media(store, rows[media], records[media])
    if echo.any():
        notes += fold_echo(store, rows[echo], records[echo])
    rest = ~(media | echo)
    if rest.any():
        notes += _fold_rest(store, rows[rest], records[rest])
    refused = (records["flags"] & r.FLAG_REFUSED != 0) & (media | echo)
    if refused.any():
        notes += _refusals(store, rows[refused], records[refused])
    return notes


def _refusals(store: Store, rows: Ints, records: Records) -> list[Note]:
    """Count refusals by the echo server's host: those met by a send towards it."""
    towards_echo = records["kind"] != r.KIND_ECHO_IN
    store.tally(c.ECHO_REFUSED, rows[towards_echo])
    return [
        Refused(int(row), int(record["rx_ns"]))
        for row, record in zip(rows[towards_echo], records[towards_echo], strict=True)
    ]


def _fold_rest(store: Store, rows: Ints, records: Records) -> list[Note]:
    """Fold the records that tell of no measured packet."""
    kind, echo_leg = records["kind"], records["flags"] & r.FLAG_ECHO_LEG != 0
    for which, counter in ((r.KIND_MALFORMED, c.MALFORMED), (r.KIND_FOREIGN, c.FOREIGN)):
        store.tally(counter, rows[kind == which])
    for i in np.flatnonzero(kind == r.KIND_SOCKET_REPORT):
        _note_drops(store, int(rows[i]), int(echo_leg[i]), int(records["aux"][i]))
    failed = kind == r.KIND_SEND_ERROR
    refused = failed & echo_leg & (records["errno"] == errno.ECONNREFUSED)
    store.tally(c.SEND_ERRORS, rows[failed & ~refused])
    return _refusals(store, rows[refused], records[refused])


def _note_drops(store: Store, row: int, leg: int, dropped: int) -> None:
    """Count what a socket has dropped since its last report; `dropped` is its total so far."""
    if dropped > store.drops[row, leg]:
        store.counters[row, c.SOCKET_DROPS] += dropped - store.drops[row, leg]
        store.drops[row, leg] = dropped
