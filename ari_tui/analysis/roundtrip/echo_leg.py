"""Packets from the echo server: round trip, late return, duplicates, reordering, jitter."""

from __future__ import annotations

import numpy as np

from ari_tui.analysis import counters as c
from ari_tui.analysis.grouping import RowGroups, first_occurrence
from ari_tui.analysis.notes import Note
from ari_tui.analysis.records import Ints, Mask, Records, pick
from ari_tui.analysis.roundtrip.echo_holds import HOLD_NS, Trip, key_of
from ari_tui.analysis.roundtrip.in_flight import (
    BACK,
    BACK_LATE,
    EMPTY,
    IN_FLIGHT,
    LOST,
    NEVER_SENT,
    SLOTS,
)
from ari_tui.analysis.store import Store
from ari_tui.analysis.stream import jitter
from ari_tui.analysis.stream.gaps import JUMP_NS
from ari_tui.analysis.stream.state import is_voice, ticks_to_ns, wrapped_difference


def fold_echo(store: Store, rows: Ints, records: Records) -> list[Note]:
    """Fold n packets from the echo server (`rows` sorted, each call's in order) into the store.

    Everything sent before them has been folded. A packet that was never sent is foreign; one of
    another stream was counted on its way out.
    """
    ext, known = _match(store, rows, records)
    if not known.all():
        store.tally(c.FOREIGN, _unknown(store, rows[~known], pick(records, ~known)))
        rows, records, ext = rows[known], pick(records, known), ext[known]
    if not len(rows):
        return []
    flight, slots = store.flight, ext % SLOTS
    state = flight.state[rows, slots].astype(np.int64)
    sent_ns = flight.sent_ns[rows, slots]
    rtt = records["rx_ns"] - sent_ns
    first = first_occurrence(rows * SLOTS + slots, store.scratch)
    in_time = first & (state == IN_FLIGHT) & (rtt <= store.loss_timeout_ns)
    _close_late(store, rows, slots, sent_ns, first & ~in_time, state)
    store.tally(c.DUPLICATES_ECHO, rows[~first | (state == BACK) | (state == BACK_LATE)])
    tx = records["tx_ns"]
    gone = tx > 0
    store.book_dwell("back", rows[gone], tx[gone], tx[gone] - records["rx_ns"][gone])
    if not in_time.any():
        return []
    at = np.flatnonzero(in_time)
    flight.state[rows[at], slots[at]] = BACK
    return _book_returned(store, rows[at], ext[at], slots[at], rtt[at], pick(records, at))


def _match(store: Store, rows: Ints, records: Records) -> tuple[Ints, Mask]:
    """Return the extended sequence of each packet, and whether it was sent.

    It is the newest with the packet's low 16 bits, up to the highest from Asterisk, in the current
    epoch or otherwise the one before.
    """
    leg, sequence, ssrc = store.media, records["sequence"].astype(np.int64), records["ssrc"]
    top = leg.max_ext[rows]
    ext = top - ((top - leg.offset[rows] - sequence) & 0xFFFF)
    known = (ssrc == leg.ssrc[rows]) & leg.started[rows] & _was_sent(store, rows, ext)
    if known.all():
        return ext, known
    older = top - ((top - leg.old_offset[rows] - sequence) & 0xFFFF)
    was_old = (ssrc == leg.old_ssrc[rows]) & leg.has_old[rows] & _was_sent(store, rows, older)
    return np.where(was_old & ~known, older, ext), known | was_old


def _unknown(store: Store, rows: Ints, records: Records) -> Ints:
    """Return the rows of those packets that were not counted as foreign on their way out."""
    keys = zip(rows.tolist(), records["ssrc"].tolist(), records["sequence"].tolist(), strict=True)
    new = [
        row not in store.foreign_packets or not store.foreign_packets[row].contains(ssrc, sequence)
        for row, ssrc, sequence in keys
    ]
    return np.asarray(rows[new])


def _was_sent(store: Store, rows: Ints, ext: Ints) -> Mask:
    slots = ext % SLOTS
    state = store.flight.state[rows, slots]
    held = (store.flight.ext[rows, slots] == ext) & (state != EMPTY) & (state != NEVER_SENT)
    return np.asarray(held)


def _close_late(
    store: Store, rows: Ints, slots: Ints, sent_ns: Ints, other: Mask, state: Ints
) -> None:
    """Book packets that came back after the loss time-out: they count as lost."""
    expired = other & (state == IN_FLIGHT)
    if expired.any():
        store.book_lost(rows[expired], sent_ns[expired])
    late = expired | (other & (state == LOST))
    store.tally(c.RETURNED_LATE, rows[late])
    store.flight.state[rows[late], slots[late]] = BACK_LATE


def _book_returned(
    store: Store, rows: Ints, ext: Ints, slots: Ints, rtt: Ints, records: Records
) -> list[Note]:
    """Book n packets that are back in time: order, jitter, RTT, lateness."""
    leg, flight, groups = store.echo, store.flight, RowGroups(rows)
    owners, rx = groups.rows, records["rx_ns"]
    store.counters[owners, c.RETURNED] += np.bincount(groups.of)
    store.counters[owners, c.DELIVERED] += groups.count(records["tx_ns"] > 0)
    store.book("returned", rows, flight.sent_ns[rows, slots])
    fresh = leg.first_rx[owners] == 0
    leg.first_rx[owners[fresh]] = rx[groups.starts][fresh]
    order = flight.order[rows, slots].astype(np.int64)
    newest = leg.order_max[owners]
    before = groups.running_max(groups.previous(order, newest), newest)
    store.counters[owners, c.REORDERED_ECHO] += groups.count(order < before)
    leg.order_max[owners] = np.maximum(before, order)[groups.ends]
    _advance_jitter(store, groups, rows, ext, slots, records)
    # sending time uncertain, or the clock was set back meanwhile: returned, but no RTT sample
    uncertain = flight.uncertain[rows, slots] | (rtt < 0)
    store.counters[owners, c.UNCERTAIN] += groups.count(uncertain)
    sure = ~uncertain
    sent_ns = flight.sent_ns[rows, slots][sure]
    return _book_rtt(store, rows[sure], rtt[sure], sent_ns, pick(records, sure))


def _advance_jitter(
    store: Store, groups: RowGroups, rows: Ints, ext: Ints, slots: Ints, records: Records
) -> None:
    leg, owners = store.echo, groups.rows
    rx, sent = records["rx_ns"], store.flight.sent_ns[rows, slots]
    timestamps = records["timestamp"].astype(np.int64)
    earlier = groups.previous(timestamps, leg.last_units[owners])
    spacing = rx - groups.previous(rx, leg.last_rx[owners])
    paired = (ext - groups.previous(ext, leg.last_ext[owners])) == 1
    voice = is_voice(store.media, rows, records["marker_pt"].astype(np.int64) & 0x7F)
    paired &= voice & groups.previous(voice, leg.last_voice[owners])
    step = ticks_to_ns(wrapped_difference(timestamps, earlier, 32), store.media.clock_rate[rows])
    apart = sent - groups.previous(sent, leg.last_sent[owners])
    # no spacing to compare where the timestamp jumped against sequence and sending time
    usual = ticks_to_ns(store.media.ptime_units[rows], store.media.clock_rate[rows])
    jumped = (np.abs(step - usual) > JUMP_NS) & (np.abs(apart - step) > JUMP_NS) & (usual > 0)
    paired &= ~jumped
    jitter.advance(leg.jitter_ns, rows[paired], (spacing - step)[paired])
    jitter.advance(leg.hop_jitter_ns, rows[paired], (spacing - apart)[paired])
    leg.jitter_count += np.bincount(rows[paired], minlength=store.capacity)
    ends = groups.ends
    leg.last_ext[owners], leg.last_rx[owners] = ext[ends], rx[ends]
    leg.last_units[owners], leg.last_sent[owners] = timestamps[ends], sent[ends]
    leg.last_voice[owners] = voice[ends]


def _book_rtt(store: Store, rows: Ints, rtt: Ints, sent_ns: Ints, records: Records) -> list[Note]:
    """Book n round trips; those that the echo server may have held wait for its answer."""
    rx = records["rx_ns"]
    if store.holds.told is False or not len(rows):
        return store.book_trips(rows, rx, rtt, sent_ns)
    waits = store.echo_floor.excess(rows, rx, rtt) > HOLD_NS
    for i in np.flatnonzero(waits).tolist():
        key = key_of(int(records["ssrc"][i]), int(records["sequence"][i]))
        trip = Trip(int(rx[i]), int(rtt[i]), int(sent_ns[i]))
        store.holds.of(int(rows[i])).wait(key, trip)
    now = ~waits
    return store.book_trips(rows[now], rx[now], rtt[now], sent_ns[now])
