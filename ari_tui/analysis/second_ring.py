"""Tables whose cells are the last seconds of every call: a ring by second modulo its length."""

from __future__ import annotations

from typing import Final

import numpy as np

from ari_tui.analysis.records import Ints, Mask
from ari_tui.analysis.row_arrays import Array, RowArrays, add_at

_SECOND_NS: Final = 1_000_000_000
_MOST_AT_ONCE: Final = 0xFFFF
_LONGEST_NS: Final = 0xFFFFFFFE


class SecondRing(RowArrays):
    """A table with a column `second` (length,); other columns of that shape are cells of it.

    A cell is cleared when it is reused for a newer second; older seconds are skipped.
    """

    second: Array
    """The second (since the epoch) of a cell."""

    def book(self, name: str, rows: Ints, times_ns: Ints, amounts: Ints | None = None) -> None:
        """Add 1, or amounts, to a column in the seconds of n events."""
        if not len(rows):
            return
        cells, kept = self._cells(rows, times_ns // _SECOND_NS)
        table = getattr(self, name)
        if amounts is None:
            add_at(table, rows[kept], cells[kept])
            return
        added = np.minimum(amounts[kept], _MOST_AT_ONCE).astype(table.dtype)
        np.add.at(table.reshape(-1), rows[kept] * table.shape[1] + cells[kept], added)

    def keep_longest(self, name: str, rows: Ints, times_ns: Ints, values_ns: Ints) -> None:
        """Update the largest value (ns) of a column of 32 bits in the seconds of n events."""
        if not len(rows):
            return
        cells, kept = self._cells(rows, times_ns // _SECOND_NS)
        table = getattr(self, name)
        values = np.minimum(np.maximum(values_ns[kept], 0), _LONGEST_NS).astype(table.dtype)
        np.maximum.at(table.reshape(-1), rows[kept] * table.shape[1] + cells[kept], values)

    def _cells(self, rows: Ints, seconds: Ints) -> tuple[Ints, Mask]:
        """Return the cell of each second, and whether it is in the ring; clear older cells."""
        cells = seconds % self.second.shape[1]
        held = self.second[rows, cells]
        fresh = held < seconds
        if fresh.any():
            self._clear_cells(rows[fresh], cells[fresh], seconds[fresh])
            held = self.second[rows, cells]
        return cells, held == seconds

    def _clear_cells(self, rows: Ints, cells: Ints, seconds: Ints) -> None:
        self.second[rows, cells] = seconds
        length = self.second.shape[1:]
        for name, spec in self.COLUMNS.items():
            if spec.shape == length and name != "second":
                getattr(self, name)[rows, cells] = spec.initial
