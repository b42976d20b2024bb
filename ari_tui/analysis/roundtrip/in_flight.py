"""Packets in flight: the T0 of every packet sent to the echo server, until it is back or lost.

A ring of SLOTS a call, by extended sequence modulo its length. A packet's state stays in its slot
until the slot is reused, so that duplicates and late returns are recognised.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ari_tui.analysis.records import Ints, Mask
from ari_tui.analysis.row_arrays import RowArrays, column

SLOTS: Final = 1024
"""At 10 ms packets 10 s: more than three times the loss time-out."""
EMPTY, NEVER_SENT, IN_FLIGHT, BACK, LOST, BACK_LATE = range(6)
"""State of a slot. NEVER_SENT: seen from Asterisk, but its send failed."""


class InFlight(RowArrays):
    """The slots of every call."""

    state = column(np.uint8, EMPTY, (SLOTS,))
    ext = column(np.int64, -1, (SLOTS,))
    """Extended sequence of the packet in the slot."""
    sent_ns = column(np.int64, 0, (SLOTS,))
    order = column(np.int32, 0, (SLOTS,))
    """Number of packets of the call sent before this one: the sending order."""
    settled_to = column(np.int64)
    """Extended sequence up to which `settle` has returned packets."""
    uncertain = column(np.bool_, False, (SLOTS,))
    """The send call took over 0.5 ms: the sending time is uncertain by that."""

    def expired(self, timeout_ns: int, now_ns: int) -> tuple[Ints, Ints]:
        """Mark packets in flight that were sent more than `timeout_ns` before `now_ns` as lost.

        Returns their rows and sending times (ns).
        """
        # in the flat table, which numpy searches ten times as fast
        rows, slots = np.divmod(np.flatnonzero(self.state.reshape(-1) == IN_FLIGHT), SLOTS)
        old = self.sent_ns[rows, slots] < now_ns - timeout_ns
        rows, slots = rows[old], slots[old]
        self.state[rows, slots] = LOST
        return rows.astype(np.int64), self.sent_ns[rows, slots]

    def settle(self, rows: Ints, max_ext: Ints, before_ns: int) -> tuple[Ints, Mask]:
        """Return the newly settled packets of n calls, each once, in sequence.

        Only packets sent before `before_ns`, and with no earlier packet of the call in flight.
        Returns their rows and whether each was lost.
        """
        begin = np.maximum(self.settled_to[rows], max_ext + 1 - SLOTS)
        width = int((max_ext + 1 - begin).max(initial=0))
        if width <= 0:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.bool_)
        ext = begin[:, None] + np.arange(width)
        slots = ext % SLOTS
        held = (self.ext[rows[:, None], slots] == ext) & (ext <= max_ext[:, None])
        state = self.state[rows[:, None], slots]
        waits = held & ((state == IN_FLIGHT) | (self.sent_ns[rows[:, None], slots] >= before_ns))
        waits &= state != NEVER_SENT
        ready = np.where(waits.any(axis=1), waits.argmax(axis=1), max_ext + 1 - begin)
        done = held & (np.arange(width) < ready[:, None]) & (state != NEVER_SENT)
        # a missing packet may still come: it is skipped only once a later one is settled
        last = np.where(done.any(axis=1), width - done[:, ::-1].argmax(axis=1), 0)
        self.settled_to[rows] = begin + last
        where, column_of = np.nonzero(done)
        gone = state[where, column_of]
        return rows[where], (gone == LOST) | (gone == BACK_LATE)

    def since(self, row: int, at_ns: int) -> tuple[int, int]:
        """Count the packets of a call sent at or after `at_ns`, and the lost among them."""
        state = self.state[row]
        later = (state >= IN_FLIGHT) & (self.sent_ns[row] >= at_ns)
        gone = later & ((state == LOST) | (state == BACK_LATE))
        return int(np.count_nonzero(later)), int(np.count_nonzero(gone))

    def sent_at(self, row: int, ext: int) -> int | None:
        """Return when a packet was sent; None once its slot has been used by another."""
        slot = ext % SLOTS
        return int(self.sent_ns[row, slot]) if self.ext[row, slot] == ext else None

    def give_up(self, row: int) -> tuple[Ints, Ints]:
        """Mark all packets in flight of a call as lost; returns as `expired` does."""
        slots = np.flatnonzero(self.state[row] == IN_FLIGHT)
        self.state[row, slots] = LOST
        return np.full(len(slots), row, dtype=np.int64), self.sent_ns[row, slots]

    def count(self, row: int) -> int:
        """Count the packets of a call that are neither back nor lost."""
        return int(np.count_nonzero(self.state[row] == IN_FLIGHT))

    def overdue(self, row: int, age_ns: int, now_ns: int) -> int:
        """Count the packets in flight that were sent more than `age_ns` before `now_ns`."""
        waiting = self.state[row] == IN_FLIGHT
        return int(np.count_nonzero(waiting & (self.sent_ns[row] < now_ns - age_ns)))
