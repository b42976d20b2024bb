"""Folds the packet logs into the store and adds events for the notes of the fold."""

from __future__ import annotations

import time
from typing import Final, NamedTuple

from ari_tui.analysis.closing import clock_stepped, close_all, cpu_stolen, log_overflowed
from ari_tui.analysis.fold import fold
from ari_tui.analysis.notes import (
    Interruption,
    Moved,
    NewStream,
    Note,
    Reanchored,
    Refused,
    Stalled,
)
from ari_tui.analysis.own_outages import STOPPED
from ari_tui.analysis.records import from_bytes
from ari_tui.analysis.store import Store
from ari_tui.core.stolen_cpu import StolenCpu
from ari_tui.engine.call_manager import CallManager
from ari_tui.engine.event_log import EventLog
from ari_tui.engine.worker_pool import WorkerPool

LOG_WAIT_NS: Final = 5_000_000_000
"""How long an incomplete log may delay the closing of seconds."""
CLOCK_STEP_NS: Final = 2_000_000
"""More than slewing (500 ppm) can move a clock in several ticks."""
_MS: Final = 1_000_000
_SECOND_NS: Final = 1_000_000_000
_LOOK_BACK_NS: Final = 60 * _SECOND_NS
_ATTEMPTS: Final = 5


class Clocks(NamedTuple):
    """CLOCK_REALTIME, which stamps packets, and CLOCK_MONOTONIC, read at one moment (ns)."""

    realtime_ns: int
    monotonic_ns: int


def read_clocks() -> Clocks:
    """Read both clocks; the attempt with the shortest interruption counts."""
    best, best_ns = Clocks(0, 0), 1 << 62
    for _ in range(_ATTEMPTS):
        before_ns, now_ns, after_ns = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
        if after_ns - before_ns < best_ns:
            best_ns = after_ns - before_ns
            best = Clocks(now_ns, (before_ns + after_ns) // 2)
    return best


class LiveAnalyzer:
    """Folds the records of running workers into the store."""

    def __init__(
        self, store: Store, worker_pool: WorkerPool, calls: CallManager, events: EventLog, echo: str
    ) -> None:
        self._store, self._worker_pool, self._calls = store, worker_pool, calls
        self._events, self._echo = events, echo
        self._clock_offset_ns: int | None = None
        self._folded_ns: int | None = None
        self._overflow = 0
        self._stolen, self._poor_second = StolenCpu(), 0

    def fold(self, now_ns: int) -> None:
        """Fold what was logged since the last call; `now_ns` is CLOCK_REALTIME."""
        # before the logs are read: they hold all records until then
        complete_ns = self._worker_pool.complete_until_ns(now_ns, LOG_WAIT_NS)
        away = self._worker_pool.away(now_ns)
        for call, since_ns in away.items():
            self._store.own_outage(call, since_ns, None, STOPPED)
        data = self._worker_pool.read_logs() or [b""]
        # before seconds are closed: marks made until then count
        self._check_overflow(now_ns)
        notes: list[Note] = []
        for number, records in enumerate(data, 1):
            # seconds close once all logs are folded
            until_ns = complete_ns if number == len(data) else 0
            notes += fold(self._store, from_bytes(records), until_ns)
        self._end_outages(away, now_ns)
        if notes:
            self._report(notes)

    def _end_outages(self, away: dict[int, int], now_ns: int) -> None:
        """End the outages of calls whose worker works, but whose log had no room to say so."""
        for call, since_ns in list(self._store.own_outages.down.items()):
            if call not in away:
                self._store.own_outage(call, since_ns, now_ns, STOPPED)

    def check_clock(self, realtime_ns: int, monotonic_ns: int) -> None:
        """Compare the two clocks; report a step of CLOCK_REALTIME."""
        offset_ns = realtime_ns - monotonic_ns
        before_ns, self._clock_offset_ns = self._clock_offset_ns, offset_ns
        if before_ns is None or abs(offset_ns - before_ns) < CLOCK_STEP_NS:
            return
        clock_stepped(self._store, realtime_ns)
        # packets sent before the step belong to seconds of the old clock
        clock_stepped(self._store, monotonic_ns + before_ns)
        by_ms = (offset_ns - before_ns) / _MS
        text = f"the clock was set by {by_ms:+.1f} ms: the seconds around it are left out"
        self._events.add("warning", "clock", text)

    def check_machine(self, now_ns: int) -> None:
        """Limit the second in which the hypervisor gave our CPU time to others."""
        second = self._stolen.poor_second(now_ns)
        if second is not None and second != self._poor_second:
            self._poor_second = second
            cpu_stolen(self._store, second)
            text = "the hypervisor took a CPU away for 30 ms or more in a second: it is left out"
            self._events.add("warning", "machine", text, rate_limited=True)

    def close_all(self, now_ns: int) -> None:
        """Close all seconds: no more records will come."""
        self._report(close_all(self._store, now_ns))

    def _check_overflow(self, now_ns: int) -> None:
        overflow = self._worker_pool.log_overflow
        since_ns, self._folded_ns = self._folded_ns or now_ns, now_ns
        if overflow > self._overflow:
            # a late fold, which is when logs overflow, covers several seconds
            for at_ns in range(max(since_ns, now_ns - _LOOK_BACK_NS), now_ns, _SECOND_NS):
                log_overflowed(self._store, at_ns)
            log_overflowed(self._store, now_ns)
            text = f"packet log overflowed: {overflow - self._overflow} records are missing"
            self._events.add("error", "overflow", text, rate_limited=True)
        self._overflow = overflow

    def _report(self, notes: list[Note]) -> None:
        call_of = {row: call for call, row in self._store.row_of.items()}
        if any(isinstance(note, Refused) for note in notes):
            # once for all calls, which share one echo server
            text = (
                f"echo server {self._echo} refuses packets: nothing listens there "
                "(start `ari-tui echo`, or set echo.host and echo.port)"
            )
            self._events.add("error", "echo_refused", text, rate_limited=True)
        stalled_ns = max((n.length_ns for n in notes if isinstance(n, Stalled)), default=0)
        if stalled_ns >= _SECOND_NS:
            length = f"{stalled_ns / _SECOND_NS:.1f} s"
            text = f"a media worker stood still for {length}: those seconds are left out"
            self._events.add("warning", "worker", text)
        for note in notes:
            call = self._calls.calls.get(call_of.get(note.row, -1))
            if call is None or isinstance(note, Refused | Stalled):
                continue
            level, kind, text = self._text_of(note)
            channel, limited = call.machine.caller.name, kind != "stream"
            self._events.add(level, kind, text, call=call.id, channel=channel, rate_limited=limited)

    def _text_of(self, note: Interruption | Moved | NewStream | Reanchored) -> tuple[str, str, str]:
        if isinstance(note, Interruption):
            count = note.sequence_step - 1
            missing = f", {count} packets missing" if count > 0 else ""
            length = f"{note.gap_ns / _MS:.0f} ms"
            return "warning", "interruption", f"no RTP for {length}{missing} ({note.kind})"
        if isinstance(note, Reanchored):
            moved = f"{note.by_ns / _MS:+.0f} ms"
            return "warning", "reanchor", f"RTP timestamps jumped by {moved}"
        if isinstance(note, Moved):
            path = "from Asterisk" if note.leg == "media" else "of the echo path"
            return (
                "warning",
                "step",
                f"the shortest time {path} changed by {note.by_ns / _MS:+.1f} ms",
            )
        change = "" if note.previous_ssrc is None else f" (was 0x{note.previous_ssrc:08x})"
        return "info", "stream", f"RTP stream 0x{note.ssrc:08x}{change}"
