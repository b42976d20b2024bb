"""Whether Asterisk is there: stopped, gone, or another one than before because it was restarted.

Pings tell when it was silent (`engine/asterisk_pings.py`); its start time, which it tells itself,
is read at start, after every silence and every reconnect, and every ten seconds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Final, NamedTuple

from ari_tui.analysis.diagnosis.outside import OutsideFacts
from ari_tui.ari.client import AriClient
from ari_tui.ari.models import AsteriskInfo
from ari_tui.core.errors import AriError
from ari_tui.core.number_format import plural, time_of_day
from ari_tui.core.tasks import Tasks
from ari_tui.core.text import clean_text
from ari_tui.engine.event_log import EventLog

CHECK_S: Final = 10.0
RESTARTED: Final = "Asterisk was restarted"


def utc_of(ari_time: str) -> str:
    """Return ARI's time (`2026-12-01T04:20:31.586+0000`) in UTC as documents have it.

    What is no such time is returned as it is, cleaned.
    """
    try:
        moment = datetime.strptime(ari_time, "%Y-%m-%dT%H:%M:%S.%f%z")
    except ValueError:
        return clean_text(ari_time, 40)
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds")


class _Silence(NamedTuple):
    """Asterisk does not answer, from its last sign of life on."""

    what: str
    from_ns: int


class AsteriskWatch:
    """What is known of the life of one Asterisk. Times are ns of CLOCK_REALTIME."""

    def __init__(
        self,
        client: AriClient,
        facts: OutsideFacts,
        events: EventLog,
        *,
        info: AsteriskInfo,
        gone: Callable[[int], int],
    ) -> None:
        """`info` is what it tells of itself at first, `gone` returns how many calls a
        restart has ended that began at the time it is given.
        """
        self._client, self._facts, self._events = client, facts, events
        self._info, self._gone = info, gone
        self._tasks = Tasks("asterisk")
        self._reading = asyncio.Lock()
        self._silence: _Silence | None = None
        self._last_silence: _Silence | None = None
        self._last_sign_ns = time.time_ns()
        self._broke_ns: int | None = None
        self._restart_seen_ns: int | None = None
        self.restarts = 0
        """How often it was started anew since we know it."""

    @property
    def started_at(self) -> str | None:
        """Return when it was started, in UTC; None when it does not tell."""
        started = self._info.status.startup_time
        return utc_of(started) if started else None

    @property
    def version(self) -> str | None:
        """Return its version; None when it does not tell."""
        return self._info.system.version or None

    def end_reason(self, started_ns: int) -> str | None:
        """Return why a call of before a restart is gone; None for one that began after it."""
        seen_ns = self._restart_seen_ns
        return RESTARTED if seen_ns is not None and started_ns < seen_ns else None

    def disconnected(self, since_ns: int) -> None:
        """Note that the event stream broke at `since_ns`: a restart may have begun then."""
        self._broke_ns = since_ns if self._broke_ns is None else self._broke_ns

    def answered(self, at_ns: int) -> None:
        """Note a ping that was answered at `at_ns`."""
        silence, self._silence = self._silence, None
        self._last_sign_ns = max(self._last_sign_ns, at_ns)
        if silence is None:
            return
        self._last_silence = silence
        self._facts.asterisk_away(silence.what, silence.from_ns, at_ns)
        length_s = (at_ns - silence.from_ns) / 1e9
        text = f"Asterisk answers again, after {length_s:.1f} s of silence"
        self._events.add("warning", "asterisk_back", text)
        self._tasks.spawn(self.check())

    def unanswered(self, *, refused: bool) -> None:
        """Note a ping without an answer; `refused`: nothing listens, or the connection broke."""
        what = "gone" if refused else "stopped"
        silence = self._silence or _Silence(what, self._last_sign_ns)
        if refused:
            silence = silence._replace(what=what)
        if silence != self._silence:
            self._silence = silence
            self._facts.asterisk_away(silence.what, silence.from_ns, None)

    async def check(self) -> None:
        """Read the start time; another one than before means a restart, which is told.

        An Asterisk that does not answer leaves all as it is.
        """
        async with self._reading:
            try:
                info = await self._client.info()
            except AriError:
                return
            known, self._info = self._info, info
            started = info.status.startup_time
            if started and known.status.startup_time not in ("", started):
                self._restarted()
            self._last_silence = self._broke_ns = None

    def _restarted(self) -> None:
        now_ns = time.time_ns()
        self.restarts += 1
        self._restart_seen_ns = now_ns
        silence = self._silence or self._last_silence
        self._silence = None
        from_ns = silence.from_ns if silence is not None else self._broke_ns or now_ns
        self._facts.asterisk_away("restarted", from_ns, now_ns)
        number = self._gone(from_ns)
        gone = f"{plural(number, 'call')} {'is' if number == 1 else 'are'} gone"
        at = time_of_day(self.started_at or "")
        text = f"{RESTARTED} at {at} UTC: {gone}"
        self._events.add("error", "asterisk_restarted", text)

    async def run(self) -> None:
        """Check every ten seconds."""
        while True:
            await asyncio.sleep(CHECK_S)
            await self.check()

    async def close(self) -> None:
        """Cancel what is still running."""
        await self._tasks.close()
