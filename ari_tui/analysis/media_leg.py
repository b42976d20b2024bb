"""What arrives from Asterisk: sequence, duplicates, reordering, jitter, lateness, dead air.

Works on one epoch of each call at a time (one SSRC, no restart of the sequence); `fold` cuts the
records so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ari_tui.analysis import counters as c
from ari_tui.analysis import jitter
from ari_tui.analysis.events import Interruption, Moved, Note
from ari_tui.analysis.inflight import EMPTY, NEVER_SENT, SLOTS, UNDER_WAY
from ari_tui.analysis.records import Ints, Mask, Records
from ari_tui.analysis.rows import RowArrays, column
from ari_tui.analysis.segments import Segments
from ari_tui.wire.rtp import CLOCK_RATES, COMFORT_NOISE, DEFAULT_CLOCK_RATE

if TYPE_CHECKING:
    from ari_tui.analysis.store import Store

INTERRUPTION_NS: Final = 200_000_000
"""An arrival gap longer than this is an interruption."""
UNCERTAIN_NS: Final = 500_000
"""A send that took longer leaves the time of departure unknown to that much."""
GAPS: Final = 32
EPOCH_ROOM: Final = 128
"""Extended sequences left free before an epoch, for packets older than its first."""
_FIRST_DYNAMIC: Final = 96


class MediaLeg(RowArrays):
    """State of the stream from Asterisk, of every call."""

    started = column(np.bool_)
    ssrc = column(np.uint32)
    offset = column(np.int64)  # extended sequence = offset + unwrapped sequence
    base_ext = column(np.int64)
    max_ext = column(np.int64, -1)
    last_ext = column(np.int64)
    fresh = column(np.bool_)  # the epoch's first packet is still to come: no step leads to it
    last_rx = column(np.int64)
    last_ts = column(np.int64)  # extended timestamp, in clock units
    payload_type = column(np.int64, -1)
    last_payload_type = column(np.int64, -1)
    clock_rate = column(np.int64, DEFAULT_CLOCK_RATE)
    ptime_units = column(np.int64)
    distinct = column(np.int64)  # first copies of this epoch
    missing_before = column(np.int64)  # upstream_missing of the epochs before
    old_ssrc = column(np.uint32)
    old_offset = column(np.int64)
    has_old = column(np.bool_)
    new_ssrc = column(np.int64, -1)  # on probation
    new_sequence = column(np.int64)
    jitter_ns = column(np.float64)
    jitter_count = column(np.int64)
    longest_gap = column(np.int64)
    dead_air = column(np.int64)
    gaps = column(np.int64, 0, (GAPS, 4))  # from, to (ns), steps of sequence and timestamp
    tos = column(np.int64, -1)
    closed_ns = column(np.int64)  # when the leg was stopped; 0 while it runs

    def start_epoch(self, row: int, record: Records) -> None:
        """Begin a stream with its first packet: a first SSRC, a new one, or a restart."""
        if self.started[row]:
            self.missing_before[row] = self.upstream_missing(row)
            self.old_ssrc[row], self.old_offset[row] = self.ssrc[row], self.offset[row]
            self.has_old[row] = True
        sequence, payload_type = int(record["sequence"]), int(record["marker_pt"]) & 0x7F
        first = int(self.max_ext[row]) + 1 + EPOCH_ROOM
        self.started[row] = True
        self.ssrc[row] = record["ssrc"]
        self.offset[row] = first - sequence
        self.base_ext[row], self.max_ext[row], self.last_ext[row] = first, first - 1, first - 1
        self.last_ts[row], self.fresh[row] = int(record["timestamp"]), True
        self.distinct[row], self.new_ssrc[row] = 0, -1
        self.payload_type[row] = payload_type
        self.clock_rate[row] = CLOCK_RATES.get(payload_type, DEFAULT_CLOCK_RATE)
        self.ptime_units[row] = 0

    def upstream_missing(self, row: int) -> int:
        """Count the packets that Asterisk numbered and that did not come, over all epochs."""
        span = int(self.max_ext[row]) - int(self.base_ext[row]) + 1
        return int(self.missing_before[row]) + max(0, span - int(self.distinct[row]))

    def open_gap_ns(self, row: int, now_ns: int) -> int:
        """Return how long nothing has come, when that is an interruption; else 0.

        Counted until the leg was stopped, so that a call which ends in silence says so.
        """
        until_ns = int(self.closed_ns[row]) or now_ns
        gap = until_ns - int(self.last_rx[row])
        return gap if self.last_rx[row] and gap > INTERRUPTION_NS else 0

    def ptime_ms(self, row: int) -> float | None:
        """Return the packet time as seen on the wire; None before two packets."""
        units = int(self.ptime_units[row])
        return units * 1000 / int(self.clock_rate[row]) if units > 0 else None


def ticks_to_ns(ticks: Ints, rate: Ints) -> Ints:
    """Return RTP clock units (n) at `rate` Hz (n) in ns, without overflow."""
    return ticks // rate * 1_000_000_000 + ticks % rate * 1_000_000_000 // rate


def wrapped_difference(later: Ints, earlier: Ints, bits: int) -> Ints:
    """Return later − earlier (n) on a circle of 2**bits, signed."""
    half = 1 << (bits - 1)
    return ((later - earlier + half) & ((1 << bits) - 1)) - half


def is_voice(leg: MediaLeg, rows: Ints, payload_type: Ints) -> Mask:
    """Tell which packets (n) keep time: neither comfort noise nor telephone-events.

    Events have a dynamic payload type, and so may the codec: the stream's first packet shows it.
    """
    static = payload_type < _FIRST_DYNAMIC
    voice = static | (payload_type == leg.payload_type[rows])
    return np.asarray(voice & (payload_type != COMFORT_NOISE))


def fold_media(store: Store, rows: Ints, records: Records) -> list[Note]:
    """Take n packets from Asterisk (`rows` sorted, each call's in order of arrival) into the store.

    All are of their call's current epoch. Returns what is worth telling.
    """
    leg, segments = store.media, Segments(rows)
    owners = segments.rows
    ext = _extend(leg, segments, records)
    units = _extended_timestamps(leg, segments, records["timestamp"].astype(np.int64))
    rx, tx = records["rx_ns"], records["tx_ns"]
    store.counters[owners, c.RECEIVED] += np.bincount(segments.of)
    before = segments.running_max(segments.previous(ext, leg.max_ext[owners]), leg.max_ext[owners])
    first, resent = _place(store, rows, ext, tx, ext > before)
    _note_sent(store, segments, rows, ext, first | resent, records)
    _count_order(store, segments, ext, before, first)

    rate = leg.clock_rate[rows]
    payload_type = records["marker_pt"].astype(np.int64) & 0x7F
    voice = is_voice(leg, rows, payload_type)
    steps = _Steps(leg, segments, rx, units, ext, payload_type)
    notes = _interruptions(store, rows, steps, rx)
    paired = steps.within & (steps.ext == 1) & voice & steps.same_type
    spacing = steps.rx - ticks_to_ns(steps.units, rate)
    jitter.advance(leg.jitter_ns, rows[paired], spacing[paired])
    leg.jitter_count += np.bincount(rows[paired], minlength=store.capacity)
    _learn_ptime(leg, rows[paired], steps.units[paired])

    judged = first & voice
    transit = rx - ticks_to_ns(units, rate)
    late, moved = store.media_floor.judge(rows[judged], rx[judged], transit[judged], store.late_ns)
    store.tally(c.LATE_MEDIA, rows[judged][late])
    store.tally(c.BASELINE_STEPS, np.array([step.row for step in moved], dtype=np.int64))
    notes += [Moved(step.row, step.at_ns, step.by_ns, "media") for step in moved]
    _remember(leg, segments, rx, units, ext, payload_type, records["tos"])
    return notes


class _Steps:
    """The step from each packet to the next that arrived, within its call."""

    def __init__(
        self, leg: MediaLeg, segments: Segments, rx: Ints, units: Ints, ext: Ints, kind: Ints
    ) -> None:
        owners = segments.rows
        last_rx = segments.previous(rx, leg.last_rx[owners])
        self.known: Mask = last_rx != 0
        self.within = np.ones(len(rx), dtype=np.bool_)
        self.within[segments.starts] = ~leg.fresh[owners]
        self.last_rx = last_rx
        self.rx: Ints = rx - last_rx
        self.units: Ints = units - segments.previous(units, leg.last_ts[owners])
        self.ext: Ints = ext - segments.previous(ext, leg.last_ext[owners])
        self.same_type: Mask = kind == segments.previous(kind, leg.last_payload_type[owners])


def _extend(leg: MediaLeg, segments: Segments, records: Records) -> Ints:
    """Return the extended sequence of each packet, unwrapped from the one that came before."""
    sequence = records["sequence"].astype(np.int64)
    owners = segments.rows
    last = (leg.last_ext[owners] - leg.offset[owners]) & 0xFFFF
    step = wrapped_difference(sequence, segments.previous(sequence, last), 16)
    return leg.last_ext[owners][segments.of] + segments.cumulative(step)


def _extended_timestamps(leg: MediaLeg, segments: Segments, timestamps: Ints) -> Ints:
    last = leg.last_ts[segments.rows]
    step = wrapped_difference(timestamps, segments.previous(timestamps, last & 0xFFFFFFFF), 32)
    return last[segments.of] + segments.cumulative(step)


def _place(store: Store, rows: Ints, ext: Ints, tx: Ints, advancing: Mask) -> tuple[Mask, Mask]:
    """Give every packet not seen before its slot; return which packets are those first copies.

    The second mask holds duplicates that carry their key after all: the first copy's send failed
    and theirs did not. A packet beyond the highest is a first copy; the few others are looked up
    one by one. What a new packet pushes out while it is under way is lost.
    """
    flight = store.flight
    new_rows, new_ext = rows[advancing], ext[advancing]
    slots = new_ext % SLOTS
    pushed = flight.state[new_rows, slots] == UNDER_WAY
    if pushed.any():
        store.book_lost(new_rows[pushed], flight.sent_ns[new_rows[pushed], slots[pushed]])
    flight.ext[new_rows, slots] = new_ext
    flight.state[new_rows, slots] = np.where(tx[advancing] > 0, UNDER_WAY, NEVER_SENT)
    first, resent = advancing.copy(), np.zeros(len(rows), dtype=np.bool_)
    for i in np.flatnonzero(~advancing):
        first[i] = _place_old(store, int(rows[i]), int(ext[i]))
        at = rows[i], ext[i] % SLOTS
        if tx[i] > 0 and flight.ext[at] == ext[i] and flight.state[at] == NEVER_SENT:
            flight.state[at] = UNDER_WAY
            resent[i] = not first[i]
    return first, resent


def _place_old(store: Store, row: int, ext: int) -> bool:
    """Place one packet that is not the newest; tell whether it is a first copy."""
    flight, slot = store.flight, ext % SLOTS
    seen = flight.ext[row, slot] == ext and flight.state[row, slot] != EMPTY
    if seen or flight.ext[row, slot] > ext:
        store.counters[row, c.DUPLICATES_MEDIA] += 1
        return False
    if flight.state[row, slot] == UNDER_WAY:
        store.book_lost(np.array([row]), flight.sent_ns[row, [slot]])
    flight.ext[row, slot], flight.state[row, slot] = ext, NEVER_SENT
    return True


def _note_sent(
    store: Store, segments: Segments, rows: Ints, ext: Ints, carries: Mask, records: Records
) -> None:
    """Write T0 of the packets that carry a new key to the echo server; count failed sends."""
    flight, tx = store.flight, records["tx_ns"]
    sent = carries & (tx > 0)
    order = store.counters[segments.rows, c.SENT][segments.of] + segments.cumulative(
        sent.astype(np.int64)
    )
    at = (rows[sent], ext[sent] % SLOTS)
    flight.sent_ns[at] = tx[sent]
    flight.order[at] = order[sent] - 1
    flight.uncertain[at] = records["bracket_ns"][sent] > UNCERTAIN_NS
    flight.state[at] = UNDER_WAY
    store.counters[segments.rows, c.SENT] += segments.count(sent)
    store.counters[segments.rows, c.SEND_ERRORS] += segments.count(tx == 0)
    store.series.book("sent", rows[sent], tx[sent])
    gone = tx > 0
    dwell = tx[gone] - records["rx_ns"][gone]
    store.book_dwell("out", rows[gone], tx[gone], dwell)


def _count_order(store: Store, segments: Segments, ext: Ints, before: Ints, first: Mask) -> None:
    """Count first copies, and the reordered among them (RFC 4737 section 3)."""
    leg, owners = store.media, segments.rows
    leg.distinct[owners] += segments.count(first)
    store.counters[owners, c.REORDERED_MEDIA] += segments.count(first & (ext < before + 1))
    leg.base_ext[owners] = np.minimum(
        leg.base_ext[owners], np.minimum.reduceat(ext, segments.starts)
    )
    leg.max_ext[owners] = np.maximum(before[segments.ends], ext[segments.ends])


def _interruptions(store: Store, rows: Ints, steps: _Steps, rx: Ints) -> list[Note]:
    leg = store.media
    notes: list[Note] = []
    for i in np.flatnonzero(steps.known & (steps.rx > INTERRUPTION_NS)):
        row, gap = int(rows[i]), int(steps.rx[i])
        place = int(store.counters[row, c.INTERRUPTIONS]) % GAPS
        leg.gaps[row, place] = steps.last_rx[i], rx[i], steps.ext[i], steps.units[i]
        store.counters[row, c.INTERRUPTIONS] += 1
        leg.longest_gap[row] = max(int(leg.longest_gap[row]), gap)
        leg.dead_air[row] += gap
        notes.append(Interruption(row, int(rx[i]), gap, int(steps.ext[i]), int(steps.units[i])))
    return notes


def _learn_ptime(leg: MediaLeg, rows: Ints, units: Ints) -> None:
    """Keep the timestamp step of each call's newest pair of consecutive packets."""
    positive = units > 0
    leg.ptime_units[rows[positive]] = units[positive]


def _remember(
    leg: MediaLeg, segments: Segments, rx: Ints, units: Ints, ext: Ints, kind: Ints, tos: Ints
) -> None:
    owners, ends = segments.rows, segments.ends
    leg.last_rx[owners], leg.last_ts[owners] = rx[ends], units[ends]
    leg.last_ext[owners], leg.last_payload_type[owners] = ext[ends], kind[ends]
    leg.tos[owners], leg.fresh[owners] = tos[ends], False
