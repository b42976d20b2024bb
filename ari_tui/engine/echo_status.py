"""Asks the echo server about every stream, and passes its answers on.

Ours answers queries of version 2 with the packets that it held; an older one answers version 1
only, a foreign one nothing. Both are asked until one is known to answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from typing import Final

from ari_tui.analysis.roundtrip.direction import EchoReport
from ari_tui.analysis.store import Store
from ari_tui.core import log
from ari_tui.core.errors import AriTuiError
from ari_tui.core.tasks import Tasks
from ari_tui.engine.echo_watch import EchoWatch
from ari_tui.engine.worker_pool import WorkerPool
from ari_tui.relay import control

ANSWER_S: Final = 0.5
_MOST_FOLLOW_UPS: Final = 8
"""Queries for further holds of one stream, a second: with 47 holds each more than a ring has."""
_UNKNOWN_ROUNDS: Final = 3
"""Rounds of queries without holds until the server counts as one that cannot tell them."""
_SILENT_ROUNDS: Final = 5
"""As many, of a server that could, until older versions are asked again."""
_RETRY_ROUNDS: Final = 30
"""A server that cannot tell holds is asked for them again so often: it may have been replaced."""
_log = log.get("engine")


class EchoStatus:
    """The queries to one echo server, for the streams of all calls."""

    def __init__(self, worker_pool: WorkerPool, store: Store, watch: EchoWatch) -> None:
        self._worker_pool, self._store, self.watch = worker_pool, store, watch
        self._answers = False
        """Whether it has ever answered, which only ours does."""
        self.realtime: bool | None = None
        """Whether it has realtime scheduling; None until ours has told."""
        store.holds.told = None
        self._rounds = 0
        self._follow_ups: Counter[int] = Counter()
        self._awaited: dict[int, tuple[int, asyncio.Event]] = {}
        self._tasks = Tasks("echo status")

    def ask(self) -> None:
        """Query about every stream; once a second."""
        self._follow_ups.clear()
        asked = False
        for number in self._worker_pool.assignments:
            if (ssrc := self._stream_of(number)) is not None:
                asked = True
                self._tasks.spawn(self._query(number, ssrc))
        if asked:
            self._count_round()

    def ask_waiting(self) -> None:
        """Query about the calls with round trips that wait for holds; between the rounds."""
        if not self._store.holds.told:
            return
        for number in self._worker_pool.assignments:
            row = self._store.row_of.get(number)
            held = self._store.holds.calls.get(row) if row is not None else None
            ssrc = self._stream_of(number)
            if held is not None and held.waiting and ssrc is not None:
                self._tasks.spawn(self._query(number, ssrc))

    async def ask_last(self, number: int) -> None:
        """Query once more after a call's last packet; return when that is answered, or not.

        So its losses are all split by direction, and its last holds known.
        """
        ssrc = self._stream_of(number)
        if ssrc is None or not self._answers:
            return  # no answer would come
        # an answer to a query from before the last packet does not count
        since_ns, answered = self._awaited[number] = time.time_ns(), asyncio.Event()
        try:
            await self._query(number, ssrc)
            await asyncio.wait_for(answered.wait(), ANSWER_S)
        except asyncio.TimeoutError:
            _log.debug("echo server did not answer", call=number, since_ns=since_ns)
        finally:
            del self._awaited[number]

    def take_report(self, answer: control.StreamReport) -> None:
        """Take an answer about a stream; ask again at once while there are more holds."""
        number, counters, holds = answer.call, answer.counters, answer.holds
        self._answers = True
        if answer.realtime is not None:
            self.realtime = answer.realtime
        if holds is not None:
            self._rounds = 0
        self.watch.answered(number, answer)
        report = EchoReport(
            answer.asked_ns,
            answer.ssrc,
            counters.received,
            counters.impaired_lost + counters.errors,
            counters.dwell_max_ns,
            holds,
            counters.socket_drops,
            follow_up=self._follow_ups[number] > 0,
        )
        self._store.take_report(number, report)
        self._store.holds.totals.take_counters((number, answer.ssrc), counters)
        more = holds is not None and self._next_of(number, answer.ssrc) < holds.total
        if more and self._may_follow_up(number):
            self._tasks.spawn(self._query(number, answer.ssrc))
            return
        since_ns, answered = self._awaited.get(number, (0, None))
        if answered is not None and report.asked_ns >= since_ns:
            answered.set()

    async def close(self) -> None:
        """Cancel queries that have not been answered."""
        await self._tasks.close()

    def _may_follow_up(self, number: int) -> bool:
        self._follow_ups[number] += 1
        return self._follow_ups[number] <= _MOST_FOLLOW_UPS

    def _stream_of(self, number: int) -> int | None:
        """Return the SSRC of a call's stream; None before its first packet."""
        row = self._store.row_of.get(number)
        if row is None or not self._store.media.started[row]:
            return None
        return int(self._store.media.ssrc[row])

    def _next_of(self, number: int, ssrc: int) -> int:
        """Return the index of the first hold of a call's stream that is not known yet."""
        row = self._store.row_of.get(number)
        held = self._store.holds.calls.get(row) if row is not None else None
        return held.index_of(ssrc) if held is not None else 0

    def _count_round(self) -> None:
        """Decide whether the server tells holds, by rounds of queries in which it told none."""
        holds = self._store.holds
        self._rounds += 1
        if holds.told and self._rounds > _SILENT_ROUNDS and not self.watch.silent:
            holds.told, self._rounds = None, 0
        elif holds.told is None and self._rounds > _UNKNOWN_ROUNDS:
            holds.told, self._rounds = False, 0

    async def _query(self, number: int, ssrc: int) -> None:
        told, holds_from = self._store.holds.told, self._next_of(number, ssrc)
        retry = told is False and self._rounds % _RETRY_ROUNDS == 0
        assignments = self._worker_pool.assignments
        # a failed query is repeated a second later
        with contextlib.suppress(AriTuiError):
            if told is not False or retry:
                await assignments.query(number, ssrc, holds_from)
            if not told:
                await assignments.query(number, ssrc, None)
