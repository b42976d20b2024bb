"""Reads the packet logs, folds them into the store, and puts what the fold notes into words."""

from __future__ import annotations

from typing import Final

from ari_tui.analysis.events import Interruption, Moved, NewStream, Note, Refused
from ari_tui.analysis.fold import fold
from ari_tui.analysis.records import from_bytes
from ari_tui.analysis.store import Store
from ari_tui.engine.events import EventLog
from ari_tui.engine.supervisor import Supervisor
from ari_tui.engine.switchboard import Switchboard

PATIENCE_NS: Final = 5_000_000_000
"""How long a log that is not known to be complete holds up the closing of books."""
_MS: Final = 1_000_000


class Metering:
    """The fold, live."""

    def __init__(
        self, store: Store, supervisor: Supervisor, calls: Switchboard, events: EventLog, echo: str
    ) -> None:
        self._store, self._supervisor, self._calls = store, supervisor, calls
        self._events, self._echo = events, echo

    def fold(self, now_ns: int) -> None:
        """Take in what was logged since the last time; `now_ns` is CLOCK_REALTIME."""
        # before the logs are read: what is promised then is in them
        complete_ns = self._supervisor.complete_until_ns(now_ns, PATIENCE_NS)
        data = self._supervisor.read_logs() or [b""]
        notes: list[Note] = []
        for number, records in enumerate(data, 1):
            # books close once all logs are in
            until_ns = complete_ns if number == len(data) else 0
            notes += fold(self._store, from_bytes(records), until_ns)
        if notes:
            self._tell(notes)

    def _tell(self, notes: list[Note]) -> None:
        call_of = {row: call for call, row in self._store.row_of.items()}
        if any(isinstance(note, Refused) for note in notes):
            self._tell_refused()
        for note in notes:
            call = self._calls.calls.get(call_of.get(note.row, -1))
            if call is None or isinstance(note, Refused):
                continue
            level, kind, text = self._words(note)
            self._events.tell(
                level, kind, text, call=self._calls.call_id(call),
                channel=call.machine.caller.name, rarely=kind != "stream",
            )  # fmt: skip

    def _tell_refused(self) -> None:
        """Tell it once for all calls: they have one echo server, and their counters tell more."""
        text = (
            f"echo server {self._echo} refuses packets: nothing listens there "
            "(start `ari-tui echo`, or set echo.host and echo.port)"
        )
        self._events.tell("error", "echo_refused", text, rarely=True)

    def _words(self, note: Interruption | Moved | NewStream) -> tuple[str, str, str]:
        if isinstance(note, Interruption):
            missing = (
                f", {note.sequence_step - 1} packets missing" if note.sequence_step > 1 else ""
            )
            return "warning", "interruption", f"no RTP for {note.gap_ns / _MS:.0f} ms{missing}"
        if isinstance(note, Moved):
            path = "from Asterisk" if note.leg == "media" else "of the echo path"
            return "warning", "step", f"floor {path} moved {note.by_ns / _MS:+.1f} ms"
        change = "" if note.previous_ssrc is None else f" (was 0x{note.previous_ssrc:08x})"
        return "info", "stream", f"RTP stream 0x{note.ssrc:08x}{change}"
