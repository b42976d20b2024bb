"""Packets from Asterisk: sequence, duplicates, reordering, jitter, lateness, gaps.

Takes one epoch of each call at a time (one SSRC, no restart of the sequence), as cut by `fold`.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ari_tui.analysis import counters as c
from ari_tui.analysis.grouping import RowGroups
from ari_tui.analysis.notes import Note, Reanchored
from ari_tui.analysis.records import Ints, Mask, Records
from ari_tui.analysis.roundtrip.in_flight import EMPTY, IN_FLIGHT, NEVER_SENT, SLOTS
from ari_tui.analysis.store import Store
from ari_tui.analysis.stream import jitter
from ari_tui.analysis.stream.gaps import JUMP_NS, Gap
from ari_tui.analysis.stream.state import (
    INTERRUPTION_NS,
    MediaLeg,
    extended,
    is_voice,
    sequence_steps,
    ticks_to_ns,
    wrapped_difference,
)
from ari_tui.wire.rtp import COMFORT_NOISE

PROBATION: Final = 5
"""Consecutive packets that confirm a timestamp jump."""


def _judge_transit(store: Store, rows: Ints, rx: Ints, transit: Ints, jumped: Mask) -> list[Note]:
    """Judge the transit (n, ns; `rows` sorted) of voice packets; `jumped` marks timestamp jumps."""
    leg = store.media
    suspect = jumped | (leg.jump_left[rows] > 0)
    if not suspect.any():
        _judge_by_anchor(store, rows, transit)
        return _judge(store, rows, rx, transit)
    special = np.isin(rows, rows[suspect])
    _judge_by_anchor(store, rows[~special], transit[~special])
    notes = _judge(store, rows[~special], rx[~special], transit[~special])
    for i in np.flatnonzero(special):
        at = slice(int(i), int(i) + 1)
        _judge_by_anchor(store, rows[at], transit[at])
        one = (int(rows[i]), int(rx[i]), int(transit[i]), bool(jumped[i]))
        if not _on_probation(store, *one, notes):
            notes += _judge(store, rows[at], rx[at], transit[at])
    return notes


def _judge_by_anchor(store: Store, rows: Ints, transit: Ints) -> None:
    """Count late packets by the original's formula: against the epoch's first packet."""
    store.tally(c.LATE_FIXED_ANCHOR, rows[transit - store.media.anchor_ns[rows] > store.late_ns])


def _judge(store: Store, rows: Ints, rx: Ints, transit: Ints) -> list[Note]:
    excess, steps = store.media_floor.judge(rows, rx, transit)
    store.book_excess(rows, rx, excess)
    store.tally(c.LATE_MEDIA, rows[excess > store.late_ns])
    late = excess > store.delay_ns
    store.evidence.book("late_media", rows[late], rx[late])
    store.tally(c.BASELINE_STEPS, np.array([step.row for step in steps], dtype=np.int64))
    return list(steps)


def _on_probation(
    store: Store, row: int, rx: int, transit: int, jumped: bool, notes: list[Note]
) -> bool:
    """Take one packet of a call whose timestamp may have jumped; return whether it has.

    Its transit is not judged then, until the jump is confirmed.
    """
    leg = store.media
    if leg.jump_left[row] and abs(transit - int(leg.jump_ns[row])) > JUMP_NS:
        leg.jump_left[row] = 0  # the jump is not confirmed
    if not leg.jump_left[row]:
        floor = store.media_floor.at(row, rx)
        away = floor is None or abs(transit - floor) > JUMP_NS
        if not (jumped and away):
            return False
        leg.jump_left[row], leg.jump_ns[row] = PROBATION, transit
    leg.jump_left[row] -= 1
    if not leg.jump_left[row]:
        floor = store.media_floor.at(row, rx)
        notes.append(Reanchored(row, rx, round(transit - floor) if floor is not None else 0))
        store.media_floor.clear(row)
        leg.anchor_ns[row] = transit
        store.counters[row, c.REANCHORS] += 1
    return True


_FEW_HOLES: Final = 2
"""More packet times missing in a row may be a pause of the sender."""
UNCERTAIN_NS: Final = 500_000
"""A send call that took longer makes the sending time uncertain."""


def fold_media(store: Store, rows: Ints, records: Records) -> list[Note]:
    """Fold n packets from Asterisk (`rows` sorted, each call's in order of arrival) into the store.

    All are of their call's current epoch.
    """
    leg, groups = store.media, RowGroups(rows)
    owners = groups.rows
    ext = extended(leg, groups, sequence_steps(leg, groups, records["sequence"].astype(np.int64)))
    units = _extended_timestamps(leg, groups, records["timestamp"].astype(np.int64))
    rx, tx = records["rx_ns"], records["tx_ns"]
    store.counters[owners, c.RECEIVED] += np.bincount(groups.of)
    before = groups.running_max(groups.previous(ext, leg.max_ext[owners]), leg.max_ext[owners])
    first, resent = _place(store, rows, ext, tx, ext > before)
    _store_sent(store, groups, rows, ext, first | resent, records)
    _count_order(store, groups, ext, before, first)

    rate = leg.clock_rate[rows]
    payload_type = records["marker_pt"].astype(np.int64) & 0x7F
    voice = is_voice(leg, rows, payload_type)
    steps = _SequenceSteps(leg, groups, rx, units, ext, payload_type)
    extra = ticks_to_ns(steps.units - steps.ext * leg.ptime_units[rows], rate)
    # a telephone-event repeats its timestamp: the step from it is no jump
    steady = steps.after_noise | is_voice(leg, rows, steps.last_type)
    extra[~steps.within | (leg.ptime_units[rows] == 0) | ~steady] = 0
    marker = records["marker_pt"] >= 0x80
    _add_gaps(store, rows, steps, rx, ext, extra, marker)
    _book_evidence(store, rows, steps, rx, extra, marker)
    spacing = steps.rx - ticks_to_ns(steps.units, rate)
    leaps = np.abs(extra) > JUMP_NS
    # the timestamp moved against the sequence and against arrival
    jumped = leaps & (np.abs(spacing) > JUMP_NS) & voice
    paired = steps.within & (steps.ext == 1) & voice & steps.same_type & ~jumped
    after = jitter.advance(leg.jitter_ns, rows[paired], spacing[paired])
    leg.jitter_count += np.bincount(rows[paired], minlength=store.capacity)
    leg.jitter_sum += np.bincount(rows[paired], weights=after, minlength=store.capacity)
    np.maximum.at(leg.jitter_max, rows[paired], after)
    # the packet time is the timestamp step of consecutive packets: a longer one counts once it
    # is repeated, since a packet may be missing from the timestamps alone
    regular = paired & ~leaps & (steps.units > 0)
    usual, before_it = leg.ptime_units[rows], groups.previous(steps.units, leg.last_step[owners])
    regular &= (usual == 0) | (steps.units < usual) | (steps.units == before_it)
    leg.ptime_units[rows[regular]] = steps.units[regular]
    leg.last_step[owners] = steps.units[groups.ends]

    judged = first & voice
    transit = rx - ticks_to_ns(units, rate)
    fresh = groups.starts[leg.fresh[owners]]
    leg.anchor_ns[rows[fresh]] = transit[fresh]
    notes = _judge_transit(store, rows[judged], rx[judged], transit[judged], jumped[judged])
    _store_last(leg, groups, rx, units, ext, payload_type, records["tos"])
    return notes


class _SequenceSteps:
    """The step to each packet from the one that arrived before it, within its call."""

    def __init__(
        self, leg: MediaLeg, groups: RowGroups, rx: Ints, units: Ints, ext: Ints, kind: Ints
    ) -> None:
        owners = groups.rows
        last_rx = groups.previous(rx, leg.last_rx[owners])
        self.known: Mask = last_rx != 0
        self.within = np.ones(len(rx), dtype=np.bool_)
        self.within[groups.starts] = ~leg.fresh[owners]
        self.last_rx = last_rx
        self.rx: Ints = rx - last_rx
        self.units: Ints = units - groups.previous(units, leg.last_ts[owners])
        self.ext: Ints = ext - groups.previous(ext, leg.last_ext[owners])
        self.last_type = groups.previous(kind, leg.last_payload_type[owners])
        self.same_type: Mask = kind == self.last_type
        self.after_noise: Mask = self.last_type == COMFORT_NOISE


def _extended_timestamps(leg: MediaLeg, groups: RowGroups, timestamps: Ints) -> Ints:
    last = leg.last_ts[groups.rows]
    step = wrapped_difference(timestamps, groups.previous(timestamps, last & 0xFFFFFFFF), 32)
    return last[groups.of] + groups.cumulative(step)


def _place(store: Store, rows: Ints, ext: Ints, tx: Ints, advancing: Mask) -> tuple[Mask, Mask]:
    """Assign slots to packets that were not seen before; return which are those first copies.

    The second mask marks duplicates that were sent though their first copy was not (its send
    failed). A packet beyond the highest is a first copy; the few others are looked up one by one.
    A packet in flight whose slot is reused is lost.
    """
    flight = store.flight
    new_rows, new_ext = rows[advancing], ext[advancing]
    slots = new_ext % SLOTS
    displaced = flight.state[new_rows, slots] == IN_FLIGHT
    if displaced.any():
        owners = new_rows[displaced]
        store.book_lost(owners, flight.sent_ns[owners, slots[displaced]])
    flight.ext[new_rows, slots] = new_ext
    flight.state[new_rows, slots] = np.where(tx[advancing] > 0, IN_FLIGHT, NEVER_SENT)
    first, resent = advancing.copy(), np.zeros(len(rows), dtype=np.bool_)
    for i in np.flatnonzero(~advancing):
        first[i] = _place_old(store, int(rows[i]), int(ext[i]))
        at = rows[i], ext[i] % SLOTS
        if tx[i] > 0 and flight.ext[at] == ext[i] and flight.state[at] == NEVER_SENT:
            flight.state[at] = IN_FLIGHT
            resent[i] = not first[i]
        if tx[i] > 0 and not first[i] and not resent[i]:
            store.direction_of(int(rows[i])).copy(int(tx[i]))
    return first, resent


def _place_old(store: Store, row: int, ext: int) -> bool:
    """Assign a slot to one packet that is not the newest; return whether it is a first copy."""
    flight, slot = store.flight, ext % SLOTS
    seen = flight.ext[row, slot] == ext and flight.state[row, slot] != EMPTY
    if seen or flight.ext[row, slot] > ext:
        store.counters[row, c.DUPLICATES_MEDIA] += 1
        return False
    if flight.state[row, slot] == IN_FLIGHT:
        store.book_lost(np.array([row]), flight.sent_ns[row, [slot]])
    flight.ext[row, slot], flight.state[row, slot] = ext, NEVER_SENT
    return True


def _store_sent(
    store: Store, groups: RowGroups, rows: Ints, ext: Ints, counted: Mask, records: Records
) -> None:
    """Store T0 of the packets to be counted as sent; count failed sends; book the dwell."""
    flight, tx = store.flight, records["tx_ns"]
    sent = counted & (tx > 0)
    before = store.counters[groups.rows, c.SENT][groups.of]
    at = (rows[sent], ext[sent] % SLOTS)
    flight.sent_ns[at] = tx[sent]
    flight.order[at] = (before + groups.cumulative(sent.astype(np.int64)))[sent] - 1
    flight.uncertain[at] = records["bracket_ns"][sent] > UNCERTAIN_NS
    flight.state[at] = IN_FLIGHT
    store.counters[groups.rows, c.SENT] += groups.count(sent)
    store.counters[groups.rows, c.SEND_ERRORS] += groups.count(tx == 0)
    store.book("sent", rows[sent], tx[sent])
    gone = tx > 0
    store.book_dwell("out", rows[gone], tx[gone], tx[gone] - records["rx_ns"][gone])


def _count_order(store: Store, groups: RowGroups, ext: Ints, before: Ints, first: Mask) -> None:
    """Count first copies, sequence errors and reordered packets (RFC 4737 section 3)."""
    leg, owners = store.media, groups.rows
    leg.distinct[owners] += groups.count(first)
    leg.sequence_errors[owners] += groups.count(ext != before + 1)
    store.counters[owners, c.REORDERED_MEDIA] += groups.count(first & (ext < before + 1))
    leg.base_ext[owners] = np.minimum(leg.base_ext[owners], groups.reduce(np.minimum, ext))
    leg.max_ext[owners] = np.maximum(before[groups.ends], ext[groups.ends])


def _add_gaps(
    store: Store, rows: Ints, steps: _SequenceSteps, rx: Ints, ext: Ints, extra: Ints, marker: Mask
) -> None:
    """Add long steps in arrival, sequence or timestamp as gaps, to be classified later."""
    missing = steps.within & (steps.ext > 1)
    long = steps.known & ((steps.rx > INTERRUPTION_NS) | missing | (extra >= JUMP_NS))
    for i in np.flatnonzero(long):
        gap = Gap(
            from_ns=int(steps.last_rx[i]),
            to_ns=int(rx[i]),
            sequence_step=int(steps.ext[i]) if steps.within[i] else 1,
            timestamp_step_ns=int(extra[i]),
            marker=bool(marker[i]),
            noise=bool(steps.after_noise[i]),
            last_ext=int(ext[i] - steps.ext[i]),
        )
        store.gaps_of(int(rows[i])).waiting.append(gap)


def _book_evidence(
    store: Store, rows: Ints, steps: _SequenceSteps, rx: Ints, extra: Ints, marker: Mask
) -> None:
    """Book packet times missing from the timestamps alone, and packets that came in a burst."""
    follows = steps.within & (steps.ext == 1) & ~steps.after_noise
    usual = ticks_to_ns(store.media.ptime_units[rows], store.media.clock_rate[rows])
    hole = np.flatnonzero(follows & ~marker & (usual > 0) & (2 * np.abs(extra) > usual))
    if len(hole):
        # below 0 where a packet of an earlier hole comes out of order
        packets = (extra[hole] + usual[hole] // 2) // usual[hole]
        store.evidence.book("holes", rows[hole], rx[hole], packets)
        long = packets > _FEW_HOLES
        store.evidence.book("long_holes", rows[hole][long], rx[hole][long], packets[long])
    burst = follows & (4 * steps.rx < usual) & (steps.rx >= 0)
    store.evidence.book("bursts", rows[burst], rx[burst])


def _store_last(
    leg: MediaLeg, groups: RowGroups, rx: Ints, units: Ints, ext: Ints, kind: Ints, tos: Ints
) -> None:
    owners, ends = groups.rows, groups.ends
    leg.last_rx[owners], leg.last_ts[owners] = rx[ends], units[ends]
    leg.last_ext[owners], leg.last_payload_type[owners] = ext[ends], kind[ends]
    leg.tos[owners], leg.fresh[owners] = tos[ends], False
