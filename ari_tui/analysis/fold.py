"""The fold: packet-log records in, metrics and notes out. Pure: no clock, no I/O.

`fold(store, records, now)` updates the store; a live engine calls it four times a second. The
result does not depend on how a log is cut into batches: records are taken in steps of a second at
most, each call's stream is followed epoch by epoch, and decisions depend only on the records' own
times. `now` only closes books: it must not be later than the time up to which the log is complete
(the ring's watermark).
"""

from __future__ import annotations

import errno
from itertools import pairwise
from typing import Final

import numpy as np

from ari_tui.analysis import counters as c
from ari_tui.analysis.closing import close_until
from ari_tui.analysis.grouping import RowGroups
from ari_tui.analysis.notes import NewStream, Note, Refused, Stalled
from ari_tui.analysis.own_outages import STOPPED
from ari_tui.analysis.records import Ints, Mask, Records, pick
from ari_tui.analysis.roundtrip.echo_leg import fold_echo
from ari_tui.analysis.roundtrip.in_flight import SLOTS
from ari_tui.analysis.sla.evidence import Limited
from ari_tui.analysis.store import Store
from ari_tui.analysis.stream.media_leg import fold_media
from ari_tui.analysis.stream.state import extended, sequence_steps
from ari_tui.wire import record as r
from ari_tui.wire.rtp import SEQUENCE_BITS, signed_difference


def _fold_kinds(store: Store, rows: Ints, records: Records) -> list[Note]:
    """Fold records (`rows` sorted) of calls whose stream does not change: media, then echo."""
    notes: list[Note] = []
    kind = records["kind"]
    media, echo = kind == r.KIND_MEDIA_IN, kind == r.KIND_ECHO_IN
    if media.any():
        notes += fold_media(store, rows[media], pick(records, media))
    if echo.any():
        notes += fold_echo(store, rows[echo], pick(records, echo))
    rest = ~(media | echo)
    if rest.any():
        notes += _fold_rest(store, rows[rest], pick(records, rest))
    refused = (records["flags"] & r.FLAG_REFUSED != 0) & (media | echo)
    if refused.any():
        notes += _refusals(store, rows[refused], pick(records, refused))
    return notes


def _refusals(store: Store, rows: Ints, records: Records) -> list[Note]:
    """Count refusals (ECONNREFUSED) of packets sent to the echo server."""
    towards_echo = records["kind"] != r.KIND_ECHO_IN
    store.tally(c.ECHO_REFUSED, rows[towards_echo])
    store.evidence.book("refused", rows[towards_echo], records["rx_ns"][towards_echo])
    return [
        Refused(int(row), int(record["rx_ns"]))
        for row, record in zip(rows[towards_echo], records[towards_echo], strict=True)
    ]


def _fold_rest(store: Store, rows: Ints, records: Records) -> list[Note]:
    """Fold the records that are not of a measured packet."""
    kind, echo_leg = records["kind"], records["flags"] & r.FLAG_ECHO_LEG != 0
    for which, counter in ((r.KIND_MALFORMED, c.MALFORMED), (r.KIND_FOREIGN, c.FOREIGN)):
        store.tally(counter, rows[kind == which])
    # the stall before the drops in it: in the order of the log
    notes: list[Note] = []
    for i in np.flatnonzero((kind == r.KIND_STALL) | (kind == r.KIND_SOCKET_REPORT)):
        if kind[i] == r.KIND_STALL:
            notes.append(_take_stall(store, int(rows[i]), records[i]))
        else:
            _count_drops(store, int(rows[i]), int(echo_leg[i]), records[i])
    failed = kind == r.KIND_SEND_ERROR
    refused = failed & echo_leg & (records["errno"] == errno.ECONNREFUSED)
    store.tally(c.SEND_ERRORS, rows[failed & ~refused])
    return notes + _refusals(store, rows[refused], records[refused])


def _take_stall(store: Store, row: int, record: Records) -> Stalled:
    """Limit the seconds in which our worker stood still; what then is missing may be ours."""
    until_ns, length_ns = int(record["rx_ns"]), int(record["aux"]) * 1000
    store.own_outage(int(record["call"]), until_ns - length_ns, until_ns, STOPPED)
    return Stalled(row, until_ns, length_ns)


def _count_drops(store: Store, row: int, leg: int, report: Records) -> None:
    """Count what a socket has dropped since its last report; a report contains the total."""
    dropped = int(report["aux"])
    more = dropped - int(store.drops[row, leg])
    if more > 0:
        store.counters[row, c.SOCKET_DROPS] += more
        store.evidence.book_one("dropped", row, int(report["rx_ns"]), more)
        store.limit(row, int(report["rx_ns"]), Limited.SOCKET_DROPS)
        if not leg and row in store.gaps:
            store.gaps[row].engine_dropped(int(report["rx_ns"]), more)
        store.drops[row, leg] = dropped


_STEP_NS: Final = 1_000_000_000
MAX_DROPOUT: Final = 3000
MAX_MISORDER: Final = 100
"""RFC 3550 appendix A.1: a jump beyond these that is confirmed is a restart of the sequence."""


def fold(store: Store, records: Records, now_ns: int) -> list[Note]:
    """Fold n records, in the order of the log, into the store; close books up to `now`."""
    notes: list[Note] = []
    rows = _rows_of(store, records)
    if (rows < 0).any():
        store.orphans += int(np.count_nonzero(rows < 0))
        records, rows = pick(records, rows >= 0), rows[rows >= 0]
    for part in _in_steps(records):
        notes += _close_within(store, int(records["rx_ns"][part].max()), now_ns)
        notes += _fold_step(store, rows[part], records[part])
    return notes + close_until(store, now_ns)


def _close_within(store: Store, step_ns: int, now_ns: int) -> list[Note]:
    """Close books within a long batch, before its ring slots and cells are reused.

    One second behind the step, since records of a log may be out of order by that much.
    """
    until_ns = (step_ns // _STEP_NS - 1) * _STEP_NS
    return close_until(store, until_ns) if store.folded_until_ns < until_ns < now_ns else []


def _rows_of(store: Store, records: Records) -> Ints:
    """Return each record's row; −1 for a call without one."""
    calls, inverse = np.unique(records["call"], return_inverse=True)
    found = [store.row_of.get(call, -1) for call in calls.tolist()]
    return np.array(found, dtype=np.int64)[inverse] if found else np.zeros(0, dtype=np.int64)


def _in_steps(records: Records) -> list[slice]:
    """Cut the records where their time enters a new second, so that a long log is as a live one."""
    if not len(records):
        return []
    second = np.maximum.accumulate(records["rx_ns"]) // _STEP_NS
    cuts = [0, *(np.flatnonzero(np.diff(second)) + 1).tolist(), len(records)]
    return [slice(a, b) for a, b in pairwise(cuts)]


def _fold_step(store: Store, rows: Ints, records: Records) -> list[Note]:
    """Fold one step: all calls with a continuous stream at once, the others epoch by epoch."""
    # numpy sorts 16-bit integers by radix
    order = np.argsort(rows.astype(np.uint16) if store.capacity <= 1 << 16 else rows, kind="stable")
    rows, records = rows[order], pick(records, order)
    notes = _start_first(store, rows, records)
    irregular = _irregular_rows(store, rows, records)
    if not len(irregular):
        return notes + _fold_kinds(store, rows, records)
    special = np.isin(rows, irregular)
    notes += _fold_kinds(store, rows[~special], pick(records, ~special))
    for row in irregular:
        notes += _fold_irregular(store, int(row), pick(records, rows == row))
    return notes


def _start_first(store: Store, rows: Ints, records: Records) -> list[Note]:
    """Start the streams of calls whose first record is a packet from Asterisk."""
    groups = RowGroups(rows)
    first = groups.starts[~store.media.started[groups.rows]]
    first = first[records["kind"][first] == r.KIND_MEDIA_IN]
    return [_start(store, int(rows[i]), records[i]) for i in first]


def _irregular_rows(store: Store, rows: Ints, records: Records) -> Ints:
    """Return the rows with any media packet that does not continue the current stream."""
    media = records["kind"] == r.KIND_MEDIA_IN
    if not media.any():
        return np.zeros(0, dtype=np.int64)
    leg, owners, packets = store.media, rows[media], pick(records, media)
    groups = RowGroups(owners)
    step = sequence_steps(leg, groups, packets["sequence"].astype(np.int64))
    jumped = (step > MAX_DROPOUT) | (step < -MAX_MISORDER)
    irregular = (packets["ssrc"] != leg.ssrc[owners]) | ~leg.started[owners] | jumped
    irregular |= leg.new_ssrc[owners] >= 0  # a packet of the current stream ends probation, too
    irregular |= _crowded(store, groups, owners, step, packets["rx_ns"])
    return np.unique(owners[irregular])


def _crowded(store: Store, groups: RowGroups, rows: Ints, step: Ints, rx: Ints) -> Mask:
    """Mark packets whose slot may still be in use within the step.

    Then the state of the packet in that slot depends on the order within the step.
    """
    ext = extended(store.media, groups, step)
    span = groups.reduce(np.maximum, ext) - groups.reduce(np.minimum, ext)
    crowded = (span >= SLOTS)[groups.of]
    slots = ext % SLOTS
    awaited = store.flight.sent_ns[rows, slots] >= rx - (store.loss_timeout_ns + _STEP_NS)
    at = np.flatnonzero(awaited)
    crowded[at] |= store.flight.ext[rows[at], slots[at]] != ext[at]
    return crowded


def _fold_irregular(store: Store, row: int, records: Records) -> list[Note]:
    """Fold one call's records, cut where an epoch starts or a packet needs a slot in use.

    Packets of other streams count as foreign on their way out only, not when they come back.
    """
    leg, notes = store.media, []
    pending: list[int] = []  # indices of records
    taken: dict[int, int] = {}  # extended sequence by slot, of pending media packets
    back: set[int] = set()  # sequence of pending packets from the echo server

    def flush() -> None:
        if pending:
            some = pick(records, np.array(pending))
            notes.extend(_fold_kinds(store, np.full(len(pending), row), some))
            pending.clear()
            taken.clear()
            back.clear()

    last = int(leg.last_ext[row])
    fields = (records[name].tolist() for name in ("kind", "sequence", "ssrc"))
    for i, (kind, sequence, ssrc) in enumerate(zip(*fields, strict=True)):
        if kind != r.KIND_MEDIA_IN:
            back.add(sequence)
            pending.append(i)
            continue
        step = signed_difference(sequence, (last - int(leg.offset[row])) & 0xFFFF, SEQUENCE_BITS)
        goes_on = leg.started[row] and ssrc == leg.ssrc[row]
        if goes_on and -MAX_MISORDER <= step <= MAX_DROPOUT:
            leg.new_ssrc[row] = -1
            last += step
            if taken.get(last % SLOTS, last) != last or _displaces(store, row, last, back):
                flush()
        elif _begins(store, row, ssrc, sequence):
            flush()
            notes.append(_start(store, row, records[i]))
            last = int(leg.last_ext[row]) + 1
        else:
            if _affects_foreign(store, row, ssrc, sequence, back):
                flush()
            store.counters[row, c.RECEIVED] += 1
            store.counters[row, c.FOREIGN] += 1
            store.foreign_packets_of(row).add(ssrc, sequence)
            continue
        taken[last % SLOTS] = last
        pending.append(i)
    flush()
    return notes


def _displaces(store: Store, row: int, ext: int, back: set[int]) -> bool:
    """Return whether the packet takes the slot of another one whose sequence is in `back`."""
    held = int(store.flight.ext[row, ext % SLOTS])
    offsets = store.media.offset[row], store.media.old_offset[row]
    return held != ext and any((held - int(offset)) & 0xFFFF in back for offset in offsets)


def _affects_foreign(store: Store, row: int, ssrc: int, sequence: int, back: set[int]) -> bool:
    """Return whether adding a foreign packet changes how one in `back` is counted."""
    foreign_packets = store.foreign_packets_of(row)
    if foreign_packets.contains(ssrc, sequence):
        return False
    return sequence in back or foreign_packets.displaced_by(ssrc, sequence) in back


def _begins(store: Store, row: int, ssrc: int, sequence: int) -> bool:
    """Return whether this packet makes its stream current: the call's first, or two in a row."""
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
