"""Packets under way: the T0 of every packet sent to the echo server, until it is back or lost.

A ring of SLOTS a call, by extended sequence modulo its length. What became of a packet stays in
its slot until the ring comes round, so that a duplicate and a late return are known as such.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ari_tui.analysis.records import Ints
from ari_tui.analysis.rows import RowArrays, column

SLOTS: Final = 1024
"""At 10 ms packets 10 s: more than three times the loss time-out."""
EMPTY, NEVER_SENT, UNDER_WAY, BACK, LOST, BACK_LATE = range(6)
"""State of a slot. NEVER_SENT: seen from Asterisk, but its send failed."""


class InFlight(RowArrays):
    """The slots of every call."""

    state = column(np.uint8, EMPTY, (SLOTS,))
    ext = column(np.int64, -1, (SLOTS,))
    """Extended sequence that the slot holds."""
    sent_ns = column(np.int64, 0, (SLOTS,))
    order = column(np.int32, 0, (SLOTS,))
    """How many packets of the call had been sent before this one: the sending order."""
    uncertain = column(np.bool_, False, (SLOTS,))
    """The send took so long that the departure is not known to 0.5 ms."""

    def expired(self, timeout_ns: int, now_ns: int) -> tuple[Ints, Ints]:
        """Give up what was sent more than `timeout_ns` before `now_ns`.

        Returns the rows and the sending times (ns) of the packets that are now lost.
        """
        # in the flat table, where numpy searches ten times as fast
        rows, slots = np.divmod(np.flatnonzero(self.state.reshape(-1) == UNDER_WAY), SLOTS)
        old = self.sent_ns[rows, slots] < now_ns - timeout_ns
        rows, slots = rows[old], slots[old]
        self.state[rows, slots] = LOST
        return rows.astype(np.int64), self.sent_ns[rows, slots]

    def give_up(self, row: int) -> tuple[Ints, Ints]:
        """Give up all that one call has under way; returns as `expired` does."""
        slots = np.flatnonzero(self.state[row] == UNDER_WAY)
        self.state[row, slots] = LOST
        return np.full(len(slots), row, dtype=np.int64), self.sent_ns[row, slots]

    def count(self, row: int) -> int:
        """Count the packets of a call that are neither back nor lost."""
        return int(np.count_nonzero(self.state[row] == UNDER_WAY))

    def overdue(self, row: int, age_ns: int, now_ns: int) -> int:
        """Count those of them that were sent more than `age_ns` before `now_ns`."""
        waiting = self.state[row] == UNDER_WAY
        return int(np.count_nonzero(waiting & (self.sent_ns[row] < now_ns - age_ns)))
