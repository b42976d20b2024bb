"""Pings Asterisk five times a second, so that its stalls are told from those of its callers.

A ping waits in Asterisk's HTTP server and in our own event loop. What our loop was late while a
ping was under way is measured and subtracted, so that a delay of ours is never Asterisk's.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from ari_tui.analysis.diagnosis.outside import OutsideFacts
from ari_tui.ari.client import PING_TIMEOUT_S, PINGS_OUTSTANDING, Pinger
from ari_tui.core.cancellation import cancel_tasks
from ari_tui.core.errors import AriUnreachableError
from ari_tui.core.tasks import Tasks
from ari_tui.document.model import PingTimes
from ari_tui.engine.asterisk_watch import AsteriskWatch
from ari_tui.engine.event_log import EventLog

PERIOD_S: Final = 0.2
STALLED_MS: Final = 100.0
"""A ping that took this much longer than the median of the last minute is a stall."""
_KEPT: Final = round(60 / PERIOD_S)
_USUAL: Final = 5
"""So many pings must have been answered before one can be a stall: the first also connects."""
_STEP_S: Final = 0.02
_TIMER_SLACK_S: Final = 0.002
"""A timer of the event loop that is late by no more than this was in time."""


class AsteriskPings:
    """Sends the pings and keeps those of the last minute."""

    def __init__(
        self,
        pinger: Pinger,
        facts: OutsideFacts,
        events: EventLog,
        *,
        watch: AsteriskWatch,
        connected: Callable[[], bool],
    ) -> None:
        """Tell `facts` and `watch` of every ping; `connected`: whether the event stream is."""
        self._pinger, self._facts, self._events = pinger, facts, events
        self._watch = watch
        self._connected = connected
        self._took_ms: deque[float] = deque(maxlen=_KEPT)
        self._tasks, self._outstanding = Tasks("pings"), 0

    @property
    def figures(self) -> PingTimes | None:
        """Return what the answered pings of the last minute took; None without one."""
        if not self._took_ms:
            return None
        median, longest = statistics.median(self._took_ms), max(self._took_ms)
        return PingTimes(median=round(median, 3), longest=round(longest, 3))

    async def run(self) -> None:
        """Send pings at their times, whether or not earlier ones have been answered."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + PERIOD_S, loop.time())
            await asyncio.sleep(due - loop.time())
            if self._outstanding < PINGS_OUTSTANDING:
                self._outstanding += 1
                self._tasks.spawn(self._ping())

    async def close(self) -> None:
        """Give up the pings without an answer, and close the connections."""
        await self._tasks.close()
        await self._pinger.close()

    async def _ping(self) -> None:
        try:
            await self._ping_once()
        finally:
            self._outstanding -= 1

    async def _ping_once(self) -> None:
        sent_ns, begun = time.time_ns(), time.perf_counter()
        answer = asyncio.create_task(self._pinger.ping())
        try:
            late_s = await _lateness_until(answer)
        finally:
            await cancel_tasks([answer])
        waited_s = time.perf_counter() - begun
        error = answer.exception()
        if error is None:
            self._answered(sent_ns, max(waited_s - late_s, 0.0))
        elif isinstance(error, AriUnreachableError):
            self._failed(sent_ns, waited_s, str(error))
        else:
            raise error

    def _answered(self, sent_ns: int, took_s: float) -> None:
        self._facts.ping(sent_ns, round(took_s * 1e9))
        self._watch.answered(time.time_ns())
        took_ms = took_s * 1e3
        usual = self.figures if len(self._took_ms) >= _USUAL else None
        self._took_ms.append(took_ms)
        if usual is not None and took_ms > usual.median + STALLED_MS:
            text = f"Asterisk answered its ping only after {took_ms:.0f} ms"
            self._events.add("warning", "asterisk_stalled", text, rate_limited=True)

    def _failed(self, sent_ns: int, waited_s: float, reason: str) -> None:
        self._facts.ping(sent_ns, None, waited_ns=round(waited_s * 1e9))
        self._watch.unanswered(refused=waited_s < PING_TIMEOUT_S)
        if self._connected():
            text = f"Asterisk does not answer its ping, though its event stream is up: {reason}"
            self._events.add("warning", "asterisk_stalled", text, rate_limited=True)


async def _lateness_until(task: asyncio.Task[None]) -> float:
    """Wait for a task; return by how many seconds our event loop was late meanwhile."""
    loop = asyncio.get_running_loop()
    late_s = 0.0
    while not task.done():
        due = loop.time() + _STEP_S
        await asyncio.wait([task], timeout=_STEP_S)
        over_s = loop.time() - due
        late_s += over_s if over_s > _TIMER_SLACK_S else 0.0
    return late_s
