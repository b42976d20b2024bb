"""Starts the media workers, distributes calls over them, replaces those that end.

A worker that ends or hangs is replaced at once, and its calls are opened again on the same
ports. The packet log of the ended worker is read to its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ari_tui.core import log
from ari_tui.core.errors import AriTuiError, BindError, WorkerError
from ari_tui.core.realtime import GRANTED, Wish
from ari_tui.core.tasks import Tasks
from ari_tui.engine.media_worker import MediaWorker
from ari_tui.engine.worker_assignments import WorkerAssignment, WorkerAssignments
from ari_tui.packet_log.ring import DEFAULT_CAPACITY
from ari_tui.relay import control

_RETRY_S: Final = 5.0
"""Wait before the next attempt when a worker cannot be restarted."""
_REPLACED_S: Final = 3.0
"""How long a new call waits for the only worker to be replaced."""
_AWAY_NS: Final = 1_000_000_000
"""A worker that has not run for longer does not work; it says so 50 times a second."""
_log = log.get("media")


@dataclass
class WorkerCallbacks:
    """The calls by which a worker pool reports."""

    on_source_learned: Callable[[int, str, int], None]
    """A call's media comes from another address than Asterisk reported."""
    on_echo_report: Callable[[control.StreamReport], None]
    """Our echo server answered a query about a call's stream."""
    on_media_lost: Callable[[int, str], None]
    """A call has lost its sockets, and why."""
    on_event: Callable[[str, str], None]
    """Level and text for the event log."""
    on_outage: Callable[[int | None, int, int], None]
    """A call's worker had died: from when until when (ns) no socket was read. None: no call."""


@dataclass
class WorkerPool:
    """All `count` workers; new calls go to the least loaded."""

    count: int
    callbacks: WorkerCallbacks
    capacity: int = DEFAULT_CAPACITY
    realtime: Wish = "no"
    workers: list[MediaWorker] = field(default_factory=list)
    assignments: WorkerAssignments = field(default_factory=WorkerAssignments)
    restarts: int = 0
    _away: dict[int, int] = field(default_factory=dict)
    _retired_overflow: int = 0
    _final_records: list[bytes] = field(default_factory=list)
    _tasks: Tasks = field(default_factory=lambda: Tasks("workers"))
    _worker_available: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False

    async def start(self) -> None:
        """Start every worker. Raises WorkerError; none is left running then."""
        try:
            for number in range(self.count):
                await self._start_worker(f"worker {number + 1}")
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End every worker; each closes its sockets."""
        self._stopping = True
        await self._tasks.close()
        await asyncio.gather(*(worker.stop() for worker in self.workers))
        while self.workers:
            self._retire(self.workers[0])

    @property
    def healthy(self) -> bool:
        """Return whether every worker is alive and sends heartbeats."""
        return len(self.workers) == self.count and all(w.healthy for w in self.workers)

    async def add(self, request: control.AddCall) -> WorkerAssignment:
        """Open a call's sockets in the least loaded worker.

        Raises PortInUseError, BindError or WorkerError.
        """
        worker = await self._least_loaded()
        call = request.call
        worker.calls.add(call)
        try:
            return await self.assignments.open(worker, request)
        except AriTuiError as error:
            worker.calls.discard(call)
            if not isinstance(error, BindError):
                # the worker may still open them later
                self._tasks.spawn(self._remove_late(worker, call))
            raise

    async def _least_loaded(self) -> MediaWorker:
        if not self.workers:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._worker_available.wait(), _REPLACED_S)
        if not self.workers:
            raise WorkerError("no media worker is running")
        return min(self.workers, key=lambda w: len(w.calls))

    async def _remove_late(self, worker: MediaWorker, call: int) -> None:
        with contextlib.suppress(AriTuiError):
            await worker.request(control.RemoveCall(call))

    def read_logs(self) -> list[bytes]:
        """Return the records that each worker has logged since the last time."""
        found = [*self._final_records, *(worker.ring.read() for worker in self.workers)]
        self._final_records = []
        return [data for data in found if data]

    def complete_until_ns(self, now_ns: int, max_wait_ns: int) -> int:
        """Return the time until which every log is complete, at least `now` − `max_wait`."""
        marks = [worker.ring.watermark_ns for worker in self.workers]
        return max(min([now_ns, *marks]), now_ns - max_wait_ns)

    @property
    def scheduling(self) -> str | None:
        """How the workers are scheduled, in words; None while there is none."""
        return ", ".join(sorted({worker.scheduling for worker in self.workers})) or None

    @property
    def log_overflow(self) -> int:
        """Records that did not fit, over the session."""
        return self._retired_overflow + sum(worker.ring.overflow for worker in self.workers)

    @property
    def log_fill(self) -> float:
        """Share of the fullest log in use."""
        return max((worker.ring.fill for worker in self.workers), default=0.0)

    def away(self, now_ns: int) -> dict[int, int]:
        """Return the calls whose worker does not work now, and since when (CLOCK_REALTIME, ns)."""
        found = dict(self._away)
        for worker in self.workers:
            alive_ns = worker.ring.alive_ns
            if alive_ns and now_ns - alive_ns > _AWAY_NS:
                found.update(dict.fromkeys(worker.calls, alive_ns))
        return found

    def replace_hung(self) -> None:
        """Kill workers without heartbeats; their end starts the restart."""
        for worker in self.workers:
            if worker.running and not worker.healthy:
                _log.error("worker hangs: killing it", worker=worker.name, pid=worker.process.pid)
                self._tasks.spawn(worker.kill())

    async def _start_worker(self, name: str) -> MediaWorker:
        worker = MediaWorker(name, self._on_event, self._on_end, self.realtime)
        await worker.start(capacity=self.capacity)
        _log.info("worker ready", worker=name, pid=worker.process.pid)
        if self.realtime == "yes" and worker.scheduling != GRANTED:
            self.callbacks.on_event("warning", f"media.realtime = yes: {worker.scheduling}")
        self.workers.append(worker)
        self._worker_available.set()
        return worker

    def _retire(self, worker: MediaWorker) -> None:
        """Read the log of an ended worker to its end and drop the worker."""
        self.workers.remove(worker)
        if not self.workers:
            self._worker_available.clear()
        self._retired_overflow += worker.ring.overflow
        self._final_records.append(worker.ring.read())
        worker.ring.close()

    def _on_event(self, event: control.Event) -> None:
        match event:
            case control.SourceLearned(call, host, port):
                if self.assignments.learned(call, host, port):
                    self.callbacks.on_source_learned(call, host, port)
            case control.StreamReport():
                self.callbacks.on_echo_report(event)

    def _on_end(self, worker: MediaWorker) -> None:
        if self._stopping or worker not in self.workers:
            return
        since_ns = worker.ring.alive_ns or time.time_ns()
        self._retire(worker)
        self._away.update(dict.fromkeys(worker.calls, since_ns))
        text = f"media {worker.name} ended (exit {worker.process.returncode}): restarting it"
        self.callbacks.on_event("error", text)
        self._tasks.spawn(self._restart(worker, since_ns, frozenset(worker.calls)))

    def _back(self, call: int | None, since_ns: int) -> None:
        if call is not None:
            self._away.pop(call, None)
        self.callbacks.on_outage(call, since_ns, time.time_ns())

    async def _restart(self, dead: MediaWorker, since_ns: int, had: frozenset[int]) -> None:
        self.restarts += 1
        while True:
            try:
                worker = await self._start_worker(dead.name)
                break
            except WorkerError as error:
                self.callbacks.on_event("error", f"{error}: trying again in {_RETRY_S:g} s")
                lost = f"media worker cannot be restarted: {error}"
                while dead.calls:
                    call = dead.calls.pop()
                    self._back(call, since_ns)
                    self.callbacks.on_media_lost(call, lost)
            await asyncio.sleep(_RETRY_S)
        if not dead.calls:
            self._back(None, since_ns)
        for call in sorted(dead.calls):
            await self._reopen(worker, call)
            self._back(call, since_ns)
        for call in had:  # those that have ended meanwhile
            self._away.pop(call, None)
        away_s = (time.time_ns() - since_ns) / 1e9
        text = (
            f"media {dead.name} runs again after {away_s:.1f} s, with {len(worker.calls)} calls: "
            "those seconds are left out"
        )
        self.callbacks.on_event("info", text)

    async def _reopen(self, worker: MediaWorker, call: int) -> None:
        try:
            await self.assignments.reopen(worker, call)
        except AriTuiError as error:
            self.callbacks.on_media_lost(call, f"media could not be opened again: {error}")
