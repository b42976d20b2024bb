"""Makes sure that the Stasis application is ours before its event stream is opened.

Opening it would take the application over from another client, whose calls would go deaf. An
application that another client holds is refused with AriTakenError, unless the user said
--take-over. One that a killed engine of this user left behind is taken back without asking.

ARI cannot tell a client that is connected from one that was killed while calls were in its
application (`ari.registration`). So an engine keeps a note of its session in the state folder,
locked while it lives, and removes it when it ends without leaving a call behind.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from pathlib import Path
from typing import IO, Final

import platformdirs

from ari_tui.ari.client import AriClient
from ari_tui.ari.registration import Registration, registration
from ari_tui.core import log
from ari_tui.core.errors import AriTakenError
from ari_tui.core.number_format import plural
from ari_tui.core.text import clean_text

_SESSIONS: Final = 8
"""Sessions that a note keeps: an engine may be killed again before it has swept."""
_log = log.get("engine")


class SessionNote:
    """The sessions that held one application and did not end in order: one a line."""

    def __init__(self, url: str, app: str, folder: Path | None = None) -> None:
        folder = folder or platformdirs.user_state_path("ari-tui", appauthor=False)
        self._path = folder / f"{hashlib.sha256(f'{url} {app}'.encode()).hexdigest()[:16]}.session"
        self._file: IO[str] | None = None
        self.unfinished: tuple[str, ...] = ()
        """Sessions of engines that have ended; none while another engine lives."""

    def open(self) -> None:
        """Lock and read the note; without a state folder there is none."""
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            file = os.fdopen(fd, "r+", encoding="ascii", errors="replace")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self.unfinished = tuple(file.read(4096).split())
            except OSError:
                file.close()
                raise
            self._file = file

    def write(self, session: str) -> None:
        """Add a session, which holds the application from now on."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.seek(0)
                self._file.truncate()
                self._file.write("\n".join((*self.unfinished, session)[-_SESSIONS:]))
                self._file.flush()

    def close(self, *, finished: bool) -> None:
        """Unlock the note; remove it when the session ended without leaving a call behind."""
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            if finished or not self._path.stat().st_size:
                self._path.unlink()
        self._file.close()
        self._file = None


async def claim_application(
    client: AriClient, app: str, note: SessionNote, *, version: str | None, take_over: bool
) -> None:
    """Return when the application is free, was ours, or may be taken over.

    Raises AriTakenError when another client holds it, AriError when Asterisk does not tell.
    """
    holder = await registration(client, app)
    if holder is None:
        return
    has = f"with {plural(len(holder.channels), 'channel')}"
    where = f"Stasis application '{clean_text(app)}' on {client.endpoint.url}"
    if _left_by_us(holder, note.unfinished):
        _log.info(f"{where} is still registered, {has}, by a session of ours that was killed")
    elif take_over:
        _log.warning(f"{where} is taken over from another client, {has}")
    else:
        gone = "" if holder.connected else " (or by one that has gone while calls were in it)"
        held = f"is held by another client{gone}, {has}"
        raise _taken(where, f"{where} (Asterisk {clean_text(version or 'unknown')})", held)


def _left_by_us(holder: Registration, unfinished: tuple[str, ...]) -> bool:
    return bool(unfinished) and not holder.connected and holder.sessions <= set(unfinished)


def _taken(where: str, in_full: str, held: str) -> AriTakenError:
    return AriTakenError(
        f"{where} {held}: stop that client, choose another application (--app), or add --take-over",
        question=f"{in_full} {held}. That client will get no more events. Take it over?",
    )
