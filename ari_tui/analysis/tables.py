"""The rows of the metrics store: numpy arrays whose size does not depend on a call's length.

The number of rows doubles when needed; rows are reused. Gaps, and what few calls have, are kept
in dictionaries by row.
"""

from __future__ import annotations

import numpy as np

from ari_tui.analysis import counters as c
from ari_tui.analysis.diagnosis.diagnosis import Diagnosis
from ari_tui.analysis.diagnosis.evidence_seconds import EvidenceSeconds
from ari_tui.analysis.histogram import CumulativeBuckets
from ari_tui.analysis.own_outages import OwnOutages
from ari_tui.analysis.recent import Recent
from ari_tui.analysis.records import Ints
from ari_tui.analysis.roundtrip.direction import CallDirection
from ari_tui.analysis.roundtrip.echo_holds import EchoHolds
from ari_tui.analysis.roundtrip.in_flight import SLOTS, InFlight
from ari_tui.analysis.roundtrip.intervals import IntervalHistograms
from ari_tui.analysis.roundtrip.loss_runs import LossRuns
from ari_tui.analysis.row_arrays import RowArrays, grown
from ari_tui.analysis.series import Series
from ari_tui.analysis.sla.evaluator import SlaEvaluator
from ari_tui.analysis.sla.profiles import Profile
from ari_tui.analysis.stream.floor import Floor
from ari_tui.analysis.stream.gaps import CallGaps
from ari_tui.analysis.stream.state import EchoLeg, ForeignPackets, MediaLeg


class Tables:
    """The state of every measured call. `row_of` maps a call's number to its row."""

    def __init__(self, profile: Profile, late_ns: int, capacity: int) -> None:
        self.row_of: dict[int, int] = {}
        self.media, self.echo, self.flight = MediaLeg(), EchoLeg(), InFlight()
        self.media_floor, self.echo_floor = Floor("media", skewed=True), Floor("echo", skewed=False)
        self.series, self.losses = Series(profile.thresholds_ns()), LossRuns()
        self.recent, self.intervals = Recent(), IntervalHistograms()
        self.evidence, self.diagnosis = EvidenceSeconds(), Diagnosis(profile, late_ns)
        self.sla_evaluator = SlaEvaluator(profile, late_ns)
        self.buckets = CumulativeBuckets(profile)
        self.gaps: dict[int, CallGaps] = {}
        self.directions: dict[int, CallDirection] = {}
        self.holds = EchoHolds()
        self.foreign_packets: dict[int, ForeignPackets] = {}
        self.own_outages = OwnOutages()
        self.counters: Ints = np.zeros((0, c.COUNT), dtype=np.int64)
        self.drops: Ints = np.zeros((0, 2), dtype=np.int64)
        self.scratch = np.zeros(0, dtype=np.int32)
        """A cell for each slot, for `grouping.first_occurrence`."""
        self.capacity = 0
        self._free: list[int] = []
        self._grow(capacity)

    @property
    def tables(self) -> tuple[RowArrays, ...]:
        """The tables of columns."""
        media = (self.media, self.media_floor)
        echo = (self.echo, self.echo_floor, self.flight, self.losses)
        return (*media, *echo, self.series, self.intervals, self.evidence)

    def _grow(self, capacity: int) -> None:
        added = capacity - self.capacity
        for table in self.tables:
            table.grow(added)
        self.counters, self.drops = grown(self.counters, added), grown(self.drops, added)
        self.scratch = np.zeros(capacity * SLOTS, dtype=np.int32)
        self._free.extend(range(capacity - 1, self.capacity - 1, -1))
        self.capacity = capacity

    def add_call(self, call: int) -> int:
        """Assign a row to a call and return it. Raises ValueError when it has one."""
        if call in self.row_of:
            raise ValueError(f"call {call} is already measured")
        if not self._free:
            self._grow(max(1, self.capacity * 2))
        row = self._free.pop()
        self.row_of[call] = row
        return row

    def free(self, call: int) -> None:
        """Clear a call's row for reuse. Raises KeyError when it has none."""
        row = self.row_of.pop(call)
        for table in self.tables:
            table.clear(row)
        self.counters[row] = self.drops[row] = 0
        self.own_outages.forget(call)
        for objects in (self.gaps, self.directions, self.foreign_packets, self.holds.calls):
            objects.pop(row, None)
        self._free.append(row)

    def gaps_of(self, row: int) -> CallGaps:
        """Return the gaps of a row."""
        return self.gaps.setdefault(row, CallGaps())

    def direction_of(self, row: int) -> CallDirection:
        """Return the echo server's reports on a row, which give the direction of losses."""
        return self.directions.setdefault(row, CallDirection())

    def foreign_packets_of(self, row: int) -> ForeignPackets:
        """Return the foreign packets of a row."""
        if row not in self.foreign_packets:  # not `setdefault`: one takes 4 KB
            self.foreign_packets[row] = ForeignPackets()
        return self.foreign_packets[row]
