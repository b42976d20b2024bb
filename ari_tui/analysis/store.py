"""The metrics store: the books of every call, kept in the rows of `analysis/tables.py`.

The fold alone writes to it; snapshots read it.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ari_tui.analysis import counters as c
from ari_tui.analysis import histogram
from ari_tui.analysis.records import Floats, Ints
from ari_tui.analysis.roundtrip.direction import Directions, EchoReport
from ari_tui.analysis.roundtrip.in_flight import SLOTS
from ari_tui.analysis.roundtrip.intervals import ASTERISK, BACK, OUT
from ari_tui.analysis.sla.evidence import Limited
from ari_tui.analysis.sla.profiles import SEED_PROFILE, Profile
from ari_tui.analysis.stream.gaps import CallGaps, Classified, Gap
from ari_tui.analysis.tables import Tables
from ari_tui.analysis.totals import CallTotals, merge
from ari_tui.wire.rtp import COMFORT_NOISE

NEVER: Final = 1 << 62
"""A time (ns) that is later than all."""
OVERDUE_NS: Final = 500_000_000
"""A packet out longer than this, and not yet given up, shows as overdue."""


class Store(Tables):
    """State of every measured call, and its books."""

    def __init__(
        self,
        *,
        loss_timeout_ns: int,
        late_ns: int,
        jitter_buffer_ns: int = 40_000_000,
        profile: Profile = SEED_PROFILE,
        capacity: int = 16,
    ) -> None:
        super().__init__(profile, late_ns, capacity)
        self.loss_timeout_ns, self.late_ns = loss_timeout_ns, late_ns
        self.jitter_buffer_ns = jitter_buffer_ns
        """What comes back later than this above the floor is of no use: discarded."""
        self.folded_until_ns = 0
        """The time up to which records have been folded, as far as the log is complete."""
        self.closed_second = 0
        """The second at which books were closed last."""
        self.orphans = 0
        """Records of calls that have left: a worker's last words."""
        self._dwell = {"out": histogram.no_durations(), "back": histogram.no_durations()}
        self._retired = merge([])

    def retire_call(self, call: int) -> None:
        """Fold an ended call into the totals and free its row; harmless for an unknown call.

        What was still under way is lost: its books are closed.
        """
        row = self.row_of.get(call)
        if row is None:
            return
        self.close_call(call)
        self._retired = merge([self._retired, self.call_totals(call, 0)])
        self.free(call)

    def give_up(self, call: int) -> None:
        """Count whatever a call still has under way as lost."""
        row = self.row_of[call]
        rows, sent_ns = self.flight.give_up(row)
        self.book_lost(rows, sent_ns)

    def close_call(self, call: int) -> list[tuple[int, Classified]]:
        """Close all books of a call: nothing of it is awaited any more.

        Returns its gaps that had not been judged yet, each with the row.
        """
        self.give_up(call)
        row = self.row_of[call]
        self.settle(np.array([row], dtype=np.int64), NEVER)
        return self.judge_gaps(row, None)

    def settle(self, rows: Ints, before_ns: int) -> None:
        """Hand on what was sent before `before_ns` and is settled: loss runs, directions."""
        started = rows[self.media.started[rows]]
        owners, lost = self.flight.settle(started, self.media.max_ext[started], before_ns)
        self.losses.fold(owners, lost)
        for row in rows.tolist():
            direction = self.directions.get(row)
            if direction is not None:
                direction.settle(row, self.counters[row], self.flight, before_ns)

    def judge_gaps(self, row: int, until_ns: int | None) -> list[tuple[int, Classified]]:
        """Judge the gaps of a row that have waited long enough (None: all), and count them."""
        if row not in self.gaps:
            return []
        found = self.gaps[row].judge(until_ns, lambda gap: self._overtaken(row, gap))
        for one in found:
            if one.interrupts:
                self.counters[row, c.INTERRUPTIONS] += 1
                self.media.longest_gap[row] = max(
                    int(self.media.longest_gap[row]), one.gap.length_ns
                )
                self.media.dead_air[row] += one.gap.length_ns
        return [(row, one) for one in found]

    def _overtaken(self, row: int, gap: Gap) -> int:
        """Count the packets of a gap in sequence that came after all."""
        ext = np.arange(gap.last_ext + 1, gap.last_ext + gap.sequence_step)[:SLOTS]
        return int(np.count_nonzero(self.flight.ext[row, ext % SLOTS] == ext))

    def take_report(self, call: int, report: EchoReport) -> None:
        """Take what the echo server says of a call's stream; harmless for an unknown call.

        A dwell there that exceeds the allowance for lateness limits the seconds around it.
        """
        row = self.row_of.get(call)
        if row is None or int(self.media.epochs[row]) != 1 or self.media.ssrc[row] != report.ssrc:
            return
        held = self.direction_of(row).take(report)
        if held and report.dwell_max_ns > self.late_ns:
            second = report.asked_ns // 1_000_000_000
            self._limit(row, [second - 1, second], Limited.ECHO_DWELL)

    def limit_drops(self, row: int, at_ns: int) -> None:
        """Mark the seconds in which a socket may have dropped: reports come once a second."""
        second = at_ns // 1_000_000_000
        self._limit(row, [second - 1, second], Limited.SOCKET_DROPS)

    def _limit(self, row: int, seconds: list[int], reason: Limited) -> None:
        rows = np.full(len(seconds), row, dtype=np.int64)
        self.series.mark_limited(rows, np.array(seconds, dtype=np.int64), int(reason))

    def tally(self, counter: int, rows: Ints) -> None:
        """Count one event for each of `rows` (n, any order, repeats allowed)."""
        if len(rows):
            self.counters[:, counter] += np.bincount(rows, minlength=self.capacity)

    def book_lost(self, rows: Ints, sent_ns: Ints) -> None:
        """Count lost packets (n) and book them to the seconds in which they were sent."""
        self.tally(c.LOST, rows)
        self.book("lost", rows, sent_ns)

    def book(self, name: str, rows: Ints, times_ns: Ints) -> None:
        """Count events (n) into their seconds: sent, returned, lost, late."""
        self.series.book(name, rows, times_ns)
        self.recent.book(name, times_ns)

    def book_dwell(self, way: str, rows: Ints, times_ns: Ints, dwell_ns: Ints) -> None:
        """Book our own delay (n, ns) on the way "out" or "back"."""
        if not len(rows):
            return
        sane = np.maximum(dwell_ns, 0)
        self._dwell[way] = self._dwell[way].plus(sane)
        self.series.book_dwell(rows, times_ns, sane)
        self.intervals.book(OUT if way == "out" else BACK, rows, sane)

    def book_excess(self, rows: Ints, times_ns: Ints, excess_ns: Floats) -> None:
        """Book how far packets from Asterisk (n, ns) arrived above the floor of their clock."""
        if not len(rows):
            return
        whole = excess_ns.astype(np.int64)
        self.series.book_excess(rows, times_ns, whole)
        self.intervals.book(ASTERISK, rows, whole)

    def dwell_spread(self, way: str) -> histogram.Distribution:
        """Return our own delay on the way "out" or "back", over all calls and the session."""
        return self._dwell[way]

    def call_totals(self, call: int, now_ns: int) -> CallTotals:
        """Return one call's numbers as they stand; `now_ns` decides what is overdue."""
        row = self.row_of[call]
        counters = self.counters[row].copy()
        counters[c.UPSTREAM_MISSING] = self.media.upstream_missing(row)
        gaps = self.gaps.get(row) or CallGaps()
        silent = [self._open_silence_ns(row, gaps)]
        silent += [g.length_ns for g in gaps.waiting if Classified(g, gaps.kind_of(g)).interrupts]
        counters[c.INTERRUPTIONS] += sum(gap > 0 for gap in silent)
        echo = self.echo
        rtt = histogram.Distribution(
            echo.rtt[row].astype(np.int64),
            int(echo.rtt_min[row]),
            int(echo.rtt_max[row]),
            int(echo.rtt_sum[row]),
            int(echo.rtt_count[row]),
        )
        return CallTotals(
            counters,
            self.flight.count(row),
            self.flight.overdue(row, OVERDUE_NS, now_ns),
            rtt,
            max(int(self.media.longest_gap[row]), *silent),
            int(self.media.dead_air[row]) + sum(silent),
            self.losses.pattern(row),
            self._directions_of(row),
            dict(gaps.counts),
            gaps.missing_explained,
        )

    def _open_silence_ns(self, row: int, gaps: CallGaps) -> int:
        """Return how long nothing has come, unless hold or comfort noise explains it."""
        length_ns = self.media.open_gap_ns(row, self.folded_until_ns)
        from_ns, noise = int(self.media.last_rx[row]), self.media.last_payload_type[row]
        gap = Gap(from_ns, from_ns + length_ns, 1, 0, False, bool(noise == COMFORT_NOISE), 0)
        return length_ns if Classified(gap, gaps.kind_of(gap)).interrupts else 0

    def _directions_of(self, row: int) -> Directions | None:
        direction = self.directions.get(row)
        return direction.newest if direction is not None else None

    def retired_totals(self) -> CallTotals:
        """Return what the calls that have left add up to."""
        return self._retired
