"""What moved in each of the last seconds of every call: the evidence that the rules attribute.

A ring of SECONDS, long enough for what explains a second to come: returns and losses (3 s), the
echo server's replies (2 s), Asterisk's counts of the caller's leg (5 s). Loss, lateness and round
trips of the echo path are in `Series`.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ari_tui.analysis.records import Ints
from ari_tui.analysis.row_arrays import column
from ari_tui.analysis.second_ring import SecondRing

SECONDS: Final = 32
DELAY_NS: Final = 10_000_000
"""Delays that no rule of the SLA judges (from Asterisk, in this engine, in the echo server) count
from here on: a busy machine makes shorter ones, and jitter buffers take them."""


class EvidenceSeconds(SecondRing):
    """Cells by second modulo SECONDS. Counts are packets."""

    second = column(np.int64, -1, (SECONDS,))
    missing = column(np.uint16, 0, (SECONDS,))
    """Sequence numbers that never came from Asterisk and that nothing explains."""
    holes = column(np.int32, 0, (SECONDS,))
    """Packet times missing from the timestamps alone, the sequence being whole, unexplained; less
    those that came later."""
    long_holes = column(np.int32, 0, (SECONDS,))
    """Of `holes`: those in a row of more than two, which a pause of the sender makes, too."""
    late_media = column(np.uint16, 0, (SECONDS,))
    """From Asterisk later than DELAY_NS above the floor."""
    silent_ms = column(np.uint16, 0, (SECONDS,))
    """Milliseconds of interruptions (over 200 ms, unexplained)."""
    bursts = column(np.uint16, 0, (SECONDS,))
    """From Asterisk within a quarter of the packet time after the one before."""
    dwell_late = column(np.uint16, 0, (SECONDS,))
    """With us for longer than DELAY_NS, either way."""
    dwell_long = column(np.uint16, 0, (SECONDS,))
    """With us for longer than the assumed jitter buffer."""
    dropped = column(np.uint16, 0, (SECONDS,))
    """Dropped by the kernel at our sockets."""
    refused = column(np.uint16, 0, (SECONDS,))
    """ECONNREFUSED of packets to the echo server."""
    hold_late = column(np.uint16, 0, (SECONDS,))
    """Held by the echo server for longer than DELAY_NS, as it tells."""
    hold_long = column(np.uint16, 0, (SECONDS,))
    """Held by the echo server for longer than the assumed jitter buffer."""
    hold_explained = column(np.uint16, 0, (SECONDS,))
    """Packets that would have been late, and were not without what the echo server held them."""
    hold_max = column(np.uint32, 0, (SECONDS,))
    """The longest hold (ns)."""

    packets = column(np.int64)
    """Packets of all closed seconds of the call."""
    seen_s = column(np.int64)
    """Closed seconds with packets, or limited."""
    limited_s = column(np.int64)

    def book_one(self, name: str, row: int, at_ns: int, amount: int = 1) -> None:
        """Add an amount to one cell."""
        if amount > 0:
            self.book(name, np.array([row]), np.array([at_ns]), np.array([amount]))

    def of_second(self, rows: Ints, second: int) -> dict[str, Ints]:
        """Return the cells (n) of one second by name; 0 without data."""
        cell = second % SECONDS
        known = self.second[rows, cell] == second
        return {
            name: np.where(known, getattr(self, name)[rows, cell].astype(np.int64), 0)
            for name, spec in self.COLUMNS.items()
            if name != "second" and spec.shape
        }
