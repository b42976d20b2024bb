"""The state of both streams of every call, and conversions of RTP clock units."""

from __future__ import annotations

from array import array
from typing import Final

import numpy as np

from ari_tui.analysis import histogram
from ari_tui.analysis.grouping import RowGroups
from ari_tui.analysis.records import Ints, Mask, Records
from ari_tui.analysis.row_arrays import RowArrays, add_at, column
from ari_tui.wire.rtp import CLOCK_RATES, COMFORT_NOISE, DEFAULT_CLOCK_RATE

INTERRUPTION_NS: Final = 200_000_000
"""An arrival gap longer than this is an interruption."""
EPOCH_ROOM: Final = 128
"""Extended sequences reserved before an epoch, for packets older than its first."""
_FIRST_DYNAMIC: Final = 96


class MediaLeg(RowArrays):
    """State of the stream from Asterisk, of every call."""

    started = column(np.bool_)
    ssrc = column(np.uint32)
    offset = column(np.int64)  # extended sequence = offset + unwrapped sequence
    base_ext = column(np.int64)
    max_ext = column(np.int64, -1)
    last_ext = column(np.int64)
    fresh = column(np.bool_)  # the epoch's first packet has not been folded yet
    first_rx = column(np.int64)  # of the call's first packet, in any epoch; 0 before
    last_rx = column(np.int64)
    last_ts = column(np.int64)  # extended timestamp, in clock units
    payload_type = column(np.int64, -1)
    last_payload_type = column(np.int64, -1)
    clock_rate = column(np.int64, DEFAULT_CLOCK_RATE)
    ptime_units = column(np.int64)
    last_step = column(np.int64)  # of the timestamp, between the newest two packets
    distinct = column(np.int64)  # first copies of this epoch
    missing_before = column(np.int64)  # upstream_missing of the epochs before
    epochs = column(np.int64)
    old_ssrc = column(np.uint32)
    old_offset = column(np.int64)
    has_old = column(np.bool_)
    new_ssrc = column(np.int64, -1)  # on probation
    new_sequence = column(np.int64)
    jitter_ns = column(np.float64)
    jitter_count = column(np.int64)
    jitter_sum = column(np.float64)  # of the values after each pair, for the mean as in Wireshark
    jitter_max = column(np.float64)
    sequence_errors = column(np.int64)  # packets that are not the next after the highest
    anchor_ns = column(np.int64)  # transit of the epoch's first packet: the original's t0
    jump_left = column(np.int64)  # packets needed until a timestamp jump is confirmed
    jump_ns = column(np.int64)  # transit after the jump
    longest_gap = column(np.int64)
    dead_air = column(np.int64)
    tos = column(np.int64, -1)
    closed_ns = column(np.int64)  # when the leg was stopped; 0 while it runs

    def newest_ext(self, row: int, sequence: int) -> int:
        """Return the newest extended sequence of the current stream with these 16 bits."""
        top = int(self.max_ext[row])
        return top - ((top - int(self.offset[row]) - sequence) & 0xFFFF)

    def start_epoch(self, row: int, record: Records) -> None:
        """Start an epoch with its first packet: the first SSRC, a new one, or a restart."""
        if self.started[row]:
            self.missing_before[row] = self.upstream_missing(row)
            self.old_ssrc[row], self.old_offset[row] = self.ssrc[row], self.offset[row]
            self.has_old[row] = True
        sequence, payload_type = int(record["sequence"]), int(record["marker_pt"]) & 0x7F
        first = int(self.max_ext[row]) + 1 + EPOCH_ROOM
        self.started[row] = True
        self.first_rx[row] = self.first_rx[row] or int(record["rx_ns"])
        self.ssrc[row] = record["ssrc"]
        self.offset[row] = first - sequence
        self.base_ext[row], self.max_ext[row], self.last_ext[row] = first, first - 1, first - 1
        self.last_ts[row], self.fresh[row] = int(record["timestamp"]), True
        self.distinct[row], self.new_ssrc[row] = 0, -1
        self.epochs[row] += 1
        self.jump_left[row] = 0
        self.payload_type[row] = payload_type
        self.clock_rate[row] = CLOCK_RATES.get(payload_type, DEFAULT_CLOCK_RATE)
        self.ptime_units[row] = 0

    def upstream_missing(self, row: int) -> int:
        """Return the number of missing sequence numbers from Asterisk, over all epochs."""
        span = int(self.max_ext[row]) - int(self.base_ext[row]) + 1
        return int(self.missing_before[row]) + max(0, span - int(self.distinct[row]))

    def open_gap_ns(self, row: int, now_ns: int) -> int:
        """Return the time (ns) since the last packet when that is an interruption; else 0.

        Counted until the leg was stopped.
        """
        until_ns = int(self.closed_ns[row]) or now_ns
        gap = until_ns - int(self.last_rx[row])
        return gap if self.last_rx[row] and gap > INTERRUPTION_NS else 0

    def ptime_ms(self, row: int) -> float | None:
        """Return the packet time by the RTP timestamps; None before two consecutive packets."""
        units = int(self.ptime_units[row])
        return units * 1000 / int(self.clock_rate[row]) if units > 0 else None


def ticks_to_ns(ticks: Ints, rate: Ints) -> Ints:
    """Return RTP clock units (n) at `rate` Hz (n) in ns, without overflow."""
    return ticks // rate * 1_000_000_000 + ticks % rate * 1_000_000_000 // rate


def wrapped_difference(later: Ints, earlier: Ints, bits: int) -> Ints:
    """Return later − earlier (n) modulo 2**bits, signed."""
    half = 1 << (bits - 1)
    return ((later - earlier + half) & ((1 << bits) - 1)) - half


def sequence_steps(leg: MediaLeg, groups: RowGroups, sequence: Ints) -> Ints:
    """Return the step in sequence (n) to each packet from the one before it, signed."""
    last = (leg.last_ext[groups.rows] - leg.offset[groups.rows]) & 0xFFFF
    return wrapped_difference(sequence, groups.previous(sequence, last), 16)


def extended(leg: MediaLeg, groups: RowGroups, steps: Ints) -> Ints:
    """Return the extended sequence of each packet (n) from the steps in sequence."""
    return leg.last_ext[groups.rows][groups.of] + groups.cumulative(steps)


def is_voice(leg: MediaLeg, rows: Ints, payload_type: Ints) -> Mask:
    """Return which packets (n) are voice: neither comfort noise nor telephone-events.

    Events have a dynamic payload type; the codec may, too: that of the stream's first packet.
    """
    static = payload_type < _FIRST_DYNAMIC
    voice = static | (payload_type == leg.payload_type[rows])
    return np.asarray(voice & (payload_type != COMFORT_NOISE))


_NONE: Final = np.iinfo(np.int64).max


class EchoLeg(RowArrays):
    """State of the stream from the echo server, of every call."""

    order_max = column(np.int64, -1)  # highest sending order of a packet that is back
    last_ext = column(np.int64, -1)
    first_rx = column(np.int64)  # of the call's first packet back; 0 before
    last_rx = column(np.int64)
    last_units = column(np.int64)
    last_sent = column(np.int64)
    last_voice = column(np.bool_)  # the newest packet was neither event nor comfort noise
    jitter_ns = column(np.float64)  # against RTP timestamps, as in Wireshark
    hop_jitter_ns = column(np.float64)  # against our sending times: of this hop only
    jitter_count = column(np.int64)
    rtt_min = column(np.int64, _NONE)
    rtt_max = column(np.int64)
    rtt_sum = column(np.int64)
    rtt_count = column(np.int64)
    rtt = column(np.uint32, 0, (histogram.BUCKETS,))

    def book_rtt(self, rows: Ints, rtt_ns: Ints) -> None:
        """Add round trips (n ≥ 1, `rows` sorted) to histogram, minimum, maximum and sum."""
        groups = RowGroups(rows)
        owners = groups.rows
        add_at(self.rtt, rows, histogram.bucket_of(rtt_ns))
        self.rtt_min[owners] = np.minimum(self.rtt_min[owners], groups.reduce(np.minimum, rtt_ns))
        self.rtt_max[owners] = np.maximum(self.rtt_max[owners], groups.reduce(np.maximum, rtt_ns))
        self.rtt_sum[owners] += groups.reduce(np.add, rtt_ns)
        self.rtt_count[owners] += np.bincount(groups.of)


SLOTS: Final = 512
_EMPTY: Final = -1


class ForeignPackets:
    """The newest foreign packets of one call; made with the first, since most calls have none."""

    def __init__(self) -> None:
        self.met = 0
        """How many came from Asterisk."""
        self._keys = array("q", [_EMPTY]) * SLOTS

    def add(self, ssrc: int, sequence: int) -> None:
        """Add a packet that was forwarded and is not measured."""
        self.met += 1
        self._keys[_slot(ssrc, sequence)] = _key(ssrc, sequence)

    def contains(self, ssrc: int, sequence: int) -> bool:
        """Return whether a packet that comes back is one of these."""
        return self._keys[_slot(ssrc, sequence)] == _key(ssrc, sequence)

    def displaced_by(self, ssrc: int, sequence: int) -> int | None:
        """Return the sequence of the other packet in the slot of this one; None without one."""
        held = self._keys[_slot(ssrc, sequence)]
        return None if held in (_EMPTY, _key(ssrc, sequence)) else held & 0xFFFF


def _slot(ssrc: int, sequence: int) -> int:
    # with the SSRC, which is random: a later stream may continue the numbering
    return (ssrc + sequence) % SLOTS


def _key(ssrc: int, sequence: int) -> int:
    return ssrc << 16 | sequence
