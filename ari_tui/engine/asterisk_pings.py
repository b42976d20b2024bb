"""Pings Asterisk five times a second, so that its stalls are told from those of its callers.

A ping may wait in Asterisk's HTTP server, in our own event loop, and in the network, where TCP
repeats what is lost after 200 ms. What our loop was late while a ping was under way is measured
and subtracted, so that a delay of ours is never Asterisk's. A ping that waits has others sent after
it on other connections: once one of them is answered, Asterisk does not stand still, and what the
first one waits longer is its connection's.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import deque
from collections.abc import Callable
from random import Random
from typing import Final

from ari_tui.analysis.diagnosis.outside import OutsideFacts
from ari_tui.ari.client import PING_TIMEOUT_S, PINGS_OUTSTANDING, Pinger
from ari_tui.core.cancellation import cancel_tasks
from ari_tui.core.errors import AriUnreachableError
from ari_tui.core.tasks import Tasks, until_next
from ari_tui.document.model import PingTimes
from ari_tui.engine.asterisk_watch import AsteriskWatch
from ari_tui.engine.event_log import EventLog

PERIOD_S: Final = 0.2
_SPREAD: Final = 0.1
STALLED_MS: Final = 100.0
"""A ping that took this much longer than the median of the last minute is a stall."""
_KEPT: Final = round(60 / PERIOD_S)
_USUAL: Final = 5
"""So many pings must have been answered before one can be a stall: the first also connects."""
_STEP_S: Final = 0.02
_PROBE_AFTER: Final = (1, 3)
"""Steps after which a ping without an answer has another sent after it."""
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
        self._tasks = Tasks("pings")
        self._waiting: dict[float, None] = {}
        """When the pings without an answer were sent, oldest first."""
        self._answers: deque[tuple[float, float]] = deque(maxlen=4 * PINGS_OUTSTANDING)
        """When the newest answered pings were sent and answered."""

    @property
    def figures(self) -> PingTimes | None:
        """Return what the answered pings of the last minute took; None without one."""
        if not self._took_ms:
            return None
        median, longest = statistics.median(self._took_ms), max(self._took_ms)
        return PingTimes(median=round(median, 3), longest=round(longest, 3))

    async def run(self) -> None:
        """Send pings at their times, whether or not earlier ones have been answered.

        Their distance is drawn: regular ones would miss every one of regular short stalls.
        """
        random = Random()  # noqa: S311  a time, no secret
        due = asyncio.get_running_loop().time()
        while True:
            due = await until_next(due, PERIOD_S * random.uniform(1 - _SPREAD, 1 + _SPREAD))
            self._send()

    async def close(self) -> None:
        """Give up the pings without an answer, and close the connections."""
        await self._tasks.close()
        await self._pinger.close()

    def _send(self) -> None:
        if len(self._waiting) < PINGS_OUTSTANDING:
            self._waiting[begun := time.perf_counter()] = None
            self._tasks.spawn(self._ping(begun))

    async def _ping(self, begun: float) -> None:
        sent_ns = time.time_ns()
        answer = asyncio.create_task(self._pinger.ping())
        try:
            late_s = await self._lateness_until(answer, begun)
        finally:
            del self._waiting[begun]
            await cancel_tasks([answer])
        now, error = time.perf_counter(), answer.exception()
        until = min((at for sent, at in self._answers if sent > begun), default=None)
        if error is not None and not isinstance(error, AriUnreachableError):
            raise error
        if error is None:
            self._answers.append((begun, now))
        elif until is None:
            self._failed(sent_ns, now - begun, str(error))
            return
        self._answered(sent_ns, max((until or now) - begun - late_s, 0.0))

    async def _lateness_until(self, answer: asyncio.Task[None], begun: float) -> float:
        """Wait for an answer; return by how many seconds our event loop was late meanwhile.

        The ping that has waited longest sends others after it: they tell whether Asterisk or the
        connection of this one is slow.
        """
        loop = asyncio.get_running_loop()
        late_s, steps = 0.0, 0
        while not answer.done():
            due = loop.time() + _STEP_S
            await asyncio.wait([answer], timeout=_STEP_S)
            over_s = loop.time() - due
            late_s += over_s if over_s > _TIMER_SLACK_S else 0.0
            steps += 1
            if steps in _PROBE_AFTER and not answer.done() and begun == next(iter(self._waiting)):
                self._send()
        return late_s

    def _answered(self, sent_ns: int, took_s: float) -> None:
        took_ms = took_s * 1e3
        usual = self.figures if len(self._took_ms) >= _USUAL else None
        self._took_ms.append(took_ms)
        # without the way to a distant Asterisk and back, which is the same for every ping
        self._facts.ping(sent_ns, round((took_ms - min(self._took_ms)) * 1e6))
        self._watch.answered(time.time_ns())
        if usual is not None and took_ms > usual.median + STALLED_MS:
            text = f"Asterisk answered its ping only after {took_ms:.0f} ms"
            self._events.add("warning", "asterisk_stalled", text, rate_limited=True)

    def _failed(self, sent_ns: int, waited_s: float, reason: str) -> None:
        self._facts.ping(sent_ns, None, waited_ns=round(waited_s * 1e9))
        self._watch.unanswered(refused=waited_s < PING_TIMEOUT_S)
        if self._connected():
            text = f"Asterisk does not answer its ping, though its event stream is up: {reason}"
            self._events.add("warning", "asterisk_stalled", text, rate_limited=True)
