"""Notices an echo server that answers nothing, is back, or was restarted.

A sign of life is a packet that came back or an answer to a query. Silence can be the server
(stopped, or it refuses this machine) or the path; the diagnosis says afterwards what it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from ari_tui.analysis import counters as c
from ari_tui.analysis.records import Ints
from ari_tui.analysis.store import Store
from ari_tui.core.number_format import time_of_day
from ari_tui.relay.control import StreamReport

SILENT_NS: Final = 2_000_000_000
_PAUSE_NS: Final = 1_000_000_000
"""After a pause of this length in what is sent, silence counts from the next packet on."""
_ANEW_NS: Final = 30_000_000_000
"""An echo server forgets a stream that is idle for a minute: then its counters begin anew, too."""
_STREAMS: Final = 4096

AddEvent = Callable[[str, str, str], None]
"""Adds an event: level, kind, text."""


class EchoWatch:
    """Watches one echo server, by the packets of all calls."""

    def __init__(self, store: Store, add_event: AddEvent, address: str) -> None:
        self._store, self._add_event, self._address = store, add_event, address
        self._run: int | None = None
        self._received: dict[tuple[int, int], tuple[int, int]] = {}
        """Newest (asked_ns, received) of each stream, by call and SSRC."""
        self._alive_ns = self._answered_ns = 0
        self._unanswered_ns = 0
        """When the first packet was sent that nothing has followed; 0: something has."""
        self._refused = self._sent_ns = 0
        self._silent_since_ns: int | None = None
        self._silent_what = "silent"

    @property
    def silent(self) -> bool:
        """Return whether it answers nothing at present."""
        return self._silent_since_ns is not None

    def answered(self, call: int, answer: StreamReport) -> None:
        """Take an answer of it: a sign of life, and by its counters perhaps of a restart."""
        before_ns, received = self._received.get((call, answer.ssrc), (0, 0))
        last_ns, self._answered_ns = self._answered_ns, max(self._answered_ns, answer.asked_ns)
        self._received[call, answer.ssrc] = answer.asked_ns, answer.counters.received
        if len(self._received) > _STREAMS:
            self._received.pop(next(iter(self._received)))
        recent = answer.asked_ns - before_ns < _ANEW_NS
        run = answer.holds.server if answer.holds is not None else None
        if run is not None and self._run is not None:
            restarted = run != self._run
        else:
            restarted = run is None and recent and answer.counters.received < received
        self._run = run if run is not None else self._run
        if restarted:
            self._received = {(call, answer.ssrc): self._received[call, answer.ssrc]}
            self._restarted(last_ns, answer.asked_ns)
        self._alive(answer.asked_ns)

    def tick(self) -> None:
        """Compare what was sent with what came back; after each fold."""
        rows = self._rows()
        if not len(rows):
            return
        sent_ns = int(self._store.media.last_rx[rows].max())
        self._alive(int(self._store.echo.last_rx[rows].max()))
        paused = sent_ns - self._sent_ns > _PAUSE_NS
        self._sent_ns = sent_ns
        if self._unanswered_ns <= self._alive_ns or (paused and not self.silent):
            self._unanswered_ns = sent_ns if sent_ns > self._alive_ns else 0
            self._refused = self._refusals(rows)
        elif not self.silent and sent_ns - self._unanswered_ns >= SILENT_NS:
            self._fell_silent(rows)

    def _rows(self) -> Ints:
        rows = np.array(list(self._store.row_of.values()), dtype=np.int64)
        return rows[self._store.media.started[rows]] if len(rows) else rows

    def _refusals(self, rows: Ints) -> int:
        return int(self._store.counters[rows, c.ECHO_REFUSED].sum())

    def _fell_silent(self, rows: Ints) -> None:
        since_ns = self._silent_since_ns = self._alive_ns or self._unanswered_ns
        refused = self._refusals(rows) > self._refused
        self._silent_what = "refused" if refused else "silent"
        self._store.outside.echo_away(self._silent_what, since_ns, None)
        advice = (
            "nothing listens there (start `ari-tui echo`, or set echo.host and echo.port)"
            if refused
            else "is it running, does its --allow name this machine, does UDP pass on the way?"
        )
        since = time_of_day(since_ns / 1e9)
        text = f"echo server {self._address} has returned nothing since {since}: {advice}"
        self._add_event("error", "echo_silent", text)

    def _alive(self, at_ns: int) -> None:
        """Take a sign of life of `at_ns`."""
        if at_ns <= self._alive_ns:
            return
        self._alive_ns = at_ns
        since_ns = self._silent_since_ns
        if since_ns is None or at_ns <= self._unanswered_ns:
            return
        self._silent_since_ns = None
        self._store.outside.echo_away(self._silent_what, since_ns, at_ns)
        length = f"{(at_ns - since_ns) / 1e9:.1f} s"
        text = f"echo server {self._address} answers again, after {length} of silence"
        self._add_event("info", "echo_back", text)

    def _restarted(self, before_ns: int, at_ns: int) -> None:
        """Note a restart between two answers; the silence around it, if any, was that."""
        since_ns, outages = self._silent_since_ns or before_ns, self._store.outside.echo_outages
        if not self.silent and outages and (outages[-1].until_ns or 0) > before_ns:
            # packets came back before the first answer: the silence has just ended
            since_ns = outages[-1].from_ns
        self._silent_what = "restarted"
        self._store.outside.echo_away("restarted", since_ns, at_ns)
        text = f"echo server {self._address} was restarted: its counters began anew"
        self._add_event("warning", "echo_restarted", text)
