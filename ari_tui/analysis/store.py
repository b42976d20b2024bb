"""The metrics store: the books of every call, in the rows of `analysis/tables.py`.

Only the fold writes to it; snapshots read it.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ari_tui.analysis import counters as c
from ari_tui.analysis import histogram
from ari_tui.analysis.diagnosis.evidence_seconds import DELAY_NS
from ari_tui.analysis.diagnosis.outside import OutsideFacts
from ari_tui.analysis.notes import Note
from ari_tui.analysis.own_outages import BEFORE_NS, DIED, LONG_NS, OwnOutage
from ari_tui.analysis.records import Floats, Ints
from ari_tui.analysis.roundtrip.direction import EchoReport
from ari_tui.analysis.roundtrip.in_flight import SLOTS
from ari_tui.analysis.roundtrip.intervals import ASTERISK, BACK, OUT
from ari_tui.analysis.series import SECONDS
from ari_tui.analysis.sla.evidence import Limited
from ari_tui.analysis.sla.profiles import SEED_PROFILE, Profile
from ari_tui.analysis.stream.gaps import ENGINE, EXPLAINED, CallGaps, Classified, Gap, by_second
from ari_tui.analysis.tables import Tables
from ari_tui.analysis.totals import CallTotals, merge
from ari_tui.wire.rtp import COMFORT_NOISE
from ari_tui.wire.status import Holds

NEVER: Final = 1 << 62
"""A time (ns) later than any other."""
OVERDUE_NS: Final = 500_000_000
"""A packet in flight for longer than this is shown as overdue."""
_SECOND_NS: Final = 1_000_000_000
STOPPED_NS: Final = 1_000_000_000
"""An echo server that held a packet for longer stood still: what was lost meanwhile it lost."""
_UNTOLD_S: Final = 60
"""So many seconds at most are limited because holds of them could not be told."""


class Store(Tables):
    """The state and books of every measured call."""

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
        self.delay_ns = max(DELAY_NS, late_ns)
        self.jitter_buffer_ns = jitter_buffer_ns
        """A packet that returns later than this above the floor counts as discarded."""
        self.folded_until_ns = 0
        """The time up to which all records have been folded."""
        self.closed_second = 0
        """The second in which books were last closed."""
        self.outside = OutsideFacts()
        self.orphans = 0
        """Records of calls without a row: written before the worker removed a retired call."""
        self._dwell = {"out": histogram.no_durations(), "back": histogram.no_durations()}
        self._retired = merge([])

    def retire_call(self, call: int) -> None:
        """Close the books of an ended call, add it to the totals and free its row.

        An unknown call is ignored.
        """
        row = self.row_of.get(call)
        if row is None:
            return
        self.close_call(call)
        self._retired = merge([self._retired, self.call_totals(call, 0)])
        self.diagnosis.retire(self, call)
        self.free(call)
        self.outside.forget(call)

    def give_up(self, call: int) -> None:
        """Count the packets that a call still has in flight as lost."""
        self.book_lost(*self.flight.give_up(self.row_of[call]))

    def close_call(self, call: int) -> list[tuple[int, Classified]]:
        """Close the books of a call: count packets in flight as lost, classify all gaps.

        Returns the gaps that had not been classified yet, each with the row.
        """
        self.give_up(call)
        row = self.row_of[call]
        self.release_trips(None, row)
        self.settle(np.array([row], dtype=np.int64), NEVER)
        return self.judge_gaps(row, None)

    def settle(self, rows: Ints, before_ns: int) -> None:
        """Update loss runs and directions with the packets sent before `before_ns`."""
        started = rows[self.media.started[rows]]
        owners, lost = self.flight.settle(started, self.media.max_ext[started], before_ns)
        self.losses.fold(owners, lost)
        for row in rows.tolist():
            direction = self.directions.get(row)
            if direction is not None:
                direction.settle(row, self.counters[row], self.flight, before_ns)

    def judge_gaps(self, row: int, until_ns: int | None) -> list[tuple[int, Classified]]:
        """Classify and count the gaps of a row that have waited long enough (None: all)."""
        if row not in self.gaps:
            return []
        found = self.gaps[row].judge(until_ns, lambda gap: self._overtaken(row, gap))
        for one in found:
            if one.interrupts:
                length_ns, longest_gap = one.silent_ns, self.media.longest_gap
                self.counters[row, c.INTERRUPTIONS] += 1
                longest_gap[row] = max(int(longest_gap[row]), length_ns)
                self.media.dead_air[row] += length_ns
            self._book_gap(row, one)
        return [(row, one) for one in found]

    def _book_gap(self, row: int, one: Classified) -> None:
        """Book a gap that nothing explains as evidence: packets missing, and silent seconds."""
        if one.kind in EXPLAINED - {ENGINE}:
            return
        missing = one.gap.missing - one.own_missing
        self.evidence.book_one("missing", row, one.gap.to_ns, missing)
        if one.interrupts:
            for from_ns, until_ns in by_second(one.gap.from_ns, one.gap.to_ns):
                self.evidence.book_one("silent_ms", row, from_ns, (until_ns - from_ns) // 1_000_000)

    def _overtaken(self, row: int, gap: Gap) -> int:
        """Count the packets of a sequence gap that arrived after it (reordered)."""
        ext = np.arange(gap.last_ext + 1, gap.last_ext + gap.sequence_step)[:SLOTS]
        return int(np.count_nonzero(self.flight.ext[row, ext % SLOTS] == ext))

    def take_report(self, call: int, report: EchoReport) -> None:
        """Take an echo server's report on a call's stream; an unknown call is ignored.

        A dwell at the echo server above the late threshold that it cannot tell packet by packet
        limits the seconds around it.
        """
        row = self.row_of.get(call)
        if row is None:
            return
        if report.holds is not None and report.ssrc in (
            self.media.ssrc[row],
            self.media.old_ssrc[row],
        ):
            self._take_holds(row, report, report.holds)
        known = int(self.media.epochs[row]) == 1 and self.media.ssrc[row] == report.ssrc
        if report.follow_up or not known:
            return
        grown = self.direction_of(row).take(report)
        if grown and not self.holds.told and report.dwell_max_ns > self.late_ns:
            self.limit(row, report.asked_ns, Limited.ECHO_DWELL)

    def _take_holds(self, row: int, report: EchoReport, holds: Holds) -> None:
        self.holds.told = True
        self._note_stop(row, report.ssrc, holds)
        untold = self.holds.of(row).take(report.ssrc, report.asked_ns, holds, self.late_ns)
        if report.dwell_max_ns <= self.late_ns:
            return
        for from_ns, until_ns in untold:
            seconds = np.arange(from_ns // _SECOND_NS, until_ns // _SECOND_NS + 1)[-_UNTOLD_S:]
            rows = np.full(len(seconds), row, dtype=np.int64)
            self.series.mark_limited(rows, seconds, int(Limited.ECHO_DWELL))

    def _note_stop(self, row: int, ssrc: int, holds: Holds) -> None:
        """Note that the server stood still, by the longest hold that could lose packets."""
        if self.media.ssrc[row] != ssrc:
            return
        for held in sorted(holds.entries, key=lambda held: -held.hold_us):
            if held.hold_us * 1000 < STOPPED_NS:
                return
            sent_ns = self.flight.sent_at(row, self.media.newest_ext(row, held.sequence))
            if sent_ns is not None:
                self.outside.echo_stopped(sent_ns, sent_ns + held.hold_us * 1000)
                return

    def release_trips(self, now_ns: int | None, row: int | None = None) -> list[Note]:
        """Book the round trips that need not wait for the echo server's holds any more.

        At `now_ns`, or all of them with None; of all calls, or of one row.
        """
        found = self.holds.release(now_ns, row)
        if not found:
            return []
        rows, rx, rtt, sent_ns, hold, unsure = np.array(
            [
                (one.row, *one.trip, one.told.hold_ns, one.told.uncertain)
                if one.told is not None
                else (one.row, *one.trip, 0, 0)
                for one in found
            ],
            dtype=np.int64,
        ).T
        self._book_holds(rows, sent_ns, hold)
        # a hold longer than the round trip: a clock was set
        uncertain = (unsure > 0) | (hold > rtt)
        self.tally(c.UNCERTAIN, rows[uncertain])
        self.holds.totals.uncertain += int(np.count_nonzero(uncertain))
        sure = ~uncertain
        some = (rows[sure], rx[sure], (rtt - hold)[sure], sent_ns[sure])
        return self.book_trips(*some, held_ns=hold[sure])

    def _book_holds(self, rows: Ints, sent_ns: Ints, hold_ns: Ints) -> None:
        """Book holds (n, ns) as evidence, in the seconds in which the packets were sent."""
        self.evidence.keep_longest("hold_max", rows, sent_ns, hold_ns)
        for name, limit_ns in (("hold_late", self.delay_ns), ("hold_long", self.jitter_buffer_ns)):
            above = hold_ns > limit_ns
            self.evidence.book(name, rows[above], sent_ns[above])

    def book_trips(
        self, rows: Ints, rx: Ints, rtt: Ints, sent_ns: Ints, held_ns: Ints | None = None
    ) -> list[Note]:
        """Book n round trips (`rows` sorted, in order of return); count the late ones.

        `held_ns` (n) is what was subtracted from round trips that waited, which count in their own
        seconds. Returns the baseline steps.
        """
        if not len(rows):
            return []
        self.echo.book_rtt(rows, rtt)
        if held_ns is None:
            self.series.book_rtt(rows, rx, rtt)
        else:
            self.series.add_rtt(rows, rx, rtt)
        self.recent.book_rtt(rx, rtt)
        self.buckets.book(rtt)
        excess, steps = self.echo_floor.judge(rows, rx, rtt)
        late = excess > self.late_ns
        self.tally(c.LATE_ECHO, rows[late])
        self.tally(c.DISCARDED, rows[excess > self.jitter_buffer_ns])
        self.book("late", rows[late], sent_ns[late])
        if held_ns is not None:
            explained = ~late & (excess + held_ns > self.late_ns)
            self.holds.totals.explained_late += int(np.count_nonzero(explained))
            self.evidence.book("hold_explained", rows[explained], sent_ns[explained])
        self.tally(c.BASELINE_STEPS, np.array([step.row for step in steps], dtype=np.int64))
        return list(steps)

    def own_outage(self, call: int | None, from_ns: int, until_ns: int | None, what: str) -> None:
        """Take a time in which a call's media worker did not work; `what` as in `own_outages`.

        With None as its end it goes on: until the next such note its seconds are limited as they
        pass. An unknown call is ignored; None stands for a worker without calls.
        """
        row = self.row_of.get(call) if call is not None else None
        if call is not None and row is None:
            return
        if until_ns is None:
            if call is not None:
                self.own_outages.begin(call, from_ns)
            return
        self.own_outages.end(OwnOutage(call, from_ns, until_ns, what))
        if row is not None:
            self._explain_by_outage(row, from_ns, until_ns, closed=what == DIED)

    def _explain_by_outage(self, row: int, from_ns: int, until_ns: int, *, closed: bool) -> None:
        if closed:
            self.drops[row] = 0  # new sockets count anew
        lost = closed or until_ns - from_ns >= self.loss_timeout_ns
        self.limit_span(row, from_ns - BEFORE_NS * lost, until_ns, Limited.WORKER)
        if closed or until_ns - from_ns >= LONG_NS:
            self.gaps_of(row).engine_away(from_ns, until_ns, closed=closed)

    def limit_down(self, now_ns: int) -> None:
        """Limit the seconds until `now_ns` of the calls whose worker does not work."""
        for call, from_ns in self.own_outages.down.items():
            self.limit_span(self.row_of[call], from_ns - BEFORE_NS, now_ns, Limited.WORKER)

    def limit(self, row: int, at_ns: int, reason: Limited) -> None:
        """Limit the second of `at_ns` and the one before: reports are made once a second."""
        self.limit_span(row, at_ns - 1_000_000_000, at_ns, reason)

    def limit_span(self, row: int, from_ns: int, until_ns: int, reason: Limited) -> None:
        """Limit the seconds of a span, of which the ring keeps the last five minutes."""
        last = until_ns // 1_000_000_000
        seconds = np.arange(max(from_ns // 1_000_000_000, last - SECONDS + 1), last + 1)
        self.series.mark_limited(np.full(len(seconds), row, dtype=np.int64), seconds, int(reason))

    def tally(self, counter: int, rows: Ints) -> None:
        """Add 1 to a counter for each of `rows` (n, in any order, with repeats)."""
        if len(rows):
            self.counters[:, counter] += np.bincount(rows, minlength=self.capacity)

    def book_lost(self, rows: Ints, sent_ns: Ints) -> None:
        """Count lost packets (n), also in the seconds in which they were sent."""
        self.tally(c.LOST, rows)
        self.book("lost", rows, sent_ns)

    def book(self, name: str, rows: Ints, times_ns: Ints) -> None:
        """Count events (n) in their seconds; `name` is sent, returned, lost or late."""
        self.series.book(name, rows, times_ns)
        self.recent.book(name, times_ns)

    def book_dwell(self, way: str, rows: Ints, times_ns: Ints, dwell_ns: Ints) -> None:
        """Book our own delay (n, ns) on the way "out" or "back"; below 0 counts as 0."""
        if not len(rows):
            return
        dwell_ns = np.maximum(dwell_ns, 0)
        self._dwell[way] = self._dwell[way].plus(dwell_ns)
        for name, limit_ns in (
            ("dwell_late", self.delay_ns),
            ("dwell_long", self.jitter_buffer_ns),
        ):
            above = dwell_ns > limit_ns
            self.evidence.book(name, rows[above], times_ns[above])
        self.series.book_dwell(rows, times_ns, dwell_ns)
        self.intervals.book(OUT if way == "out" else BACK, rows, dwell_ns)

    def book_excess(self, rows: Ints, times_ns: Ints, excess_ns: Floats) -> None:
        """Book how far above their floor packets from Asterisk (n, ns) arrived."""
        if not len(rows):
            return
        whole = excess_ns.astype(np.int64)
        self.series.book_excess(rows, times_ns, whole)
        self.intervals.book(ASTERISK, rows, whole)

    def dwell_spread(self, way: str) -> histogram.Distribution:
        """Return our own delay on the way "out" or "back", over all calls of the session."""
        return self._dwell[way]

    def call_totals(self, call: int, now_ns: int) -> CallTotals:
        """Return the totals of one call so far; `now_ns` decides what is overdue."""
        row = self.row_of[call]
        counters = self.counters[row].copy()
        counters[c.UPSTREAM_MISSING] = self.media.upstream_missing(row)
        gaps = self.gaps.get(row) or CallGaps()
        silences = [self._open_silence_ns(call, gaps)]
        waiting = [gaps.classify(gap) for gap in gaps.waiting]
        silences += [one.silent_ns for one in waiting if one.interrupts]
        counters[c.INTERRUPTIONS] += sum(length_ns > 0 for length_ns in silences)
        echo = self.echo
        sums = (echo.rtt_min, echo.rtt_max, echo.rtt_sum, echo.rtt_count)
        rtt = histogram.Distribution(
            echo.rtt[row].astype(np.int64), *(int(column[row]) for column in sums)
        )
        return CallTotals(
            counters,
            self.flight.count(row),
            self.flight.overdue(row, OVERDUE_NS, now_ns),
            rtt,
            max(int(self.media.longest_gap[row]), *silences),
            int(self.media.dead_air[row]) + sum(silences),
            self.losses.pattern(row),
            self.directions[row].newest if row in self.directions else None,
            dict(gaps.counts),
            gaps.missing_explained,
        )

    def _open_silence_ns(self, call: int, gaps: CallGaps) -> int:
        """Return the time (ns) since the last packet if that is an interruption; else 0.

        Until our worker stopped working, where it has.
        """
        row = self.row_of[call]
        now_ns = min(self.folded_until_ns, self.own_outages.down.get(call, NEVER))
        length_ns = self.media.open_gap_ns(row, now_ns)
        from_ns, noise = int(self.media.last_rx[row]), self.media.last_payload_type[row]
        gap = Gap(from_ns, from_ns + length_ns, 1, 0, False, bool(noise == COMFORT_NOISE), 0)
        one = gaps.classify(gap)
        return one.silent_ns if one.interrupts else 0

    def retired_totals(self) -> CallTotals:
        """Return the sum of the calls that were retired."""
        return self._retired
