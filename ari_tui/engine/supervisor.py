"""Keeps the media workers: starts them, spreads calls over them, restarts what dies.

A worker that dies or hangs is replaced at once, and its calls are added again on the same ports
before they are given up. The log of the dead one is read to its end.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ari_tui import log
from ari_tui.engine.media_worker import MediaWorker
from ari_tui.errors import AriTuiError, WorkerError
from ari_tui.media import control
from ari_tui.media.ring import DEFAULT_CAPACITY

_log = log.get("media")


@dataclass
class Placement:
    """Where a call's sockets are, and what it takes to open them again."""

    worker: MediaWorker
    add: dict[str, Any]
    connect: dict[str, Any] | None = None
    draining: bool = False
    media_local: str = ""
    echo_local: str = ""
    receive_buffer_bytes: int = 0


@dataclass
class Hooks:
    """What the supervisor tells its owner."""

    learned: Callable[[int, str, int], None]
    """A call's media comes from another address than Asterisk reported."""
    lost: Callable[[int, str], None]
    """A call's sockets are gone for good, and why."""
    told: Callable[[str, str], None]
    """Something worth an event: level and text."""


@dataclass
class Supervisor:
    """All workers. `count` of them; new calls go to the least loaded."""

    count: int
    hooks: Hooks
    capacity: int = DEFAULT_CAPACITY
    workers: list[MediaWorker] = field(default_factory=list)
    placements: dict[int, Placement] = field(default_factory=dict)
    restarts: int = 0
    _overflow_before: int = 0
    _last_words: list[bytes] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _stopping: bool = False

    async def start(self) -> None:
        """Start every worker. Raises WorkerError; none is left running then."""
        try:
            for number in range(self.count):
                self.workers.append(await self._new_worker(f"worker {number + 1}"))
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End every worker; each closes its sockets."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await asyncio.gather(*(worker.stop() for worker in self.workers))

    @property
    def healthy(self) -> bool:
        """Tell whether every worker is alive and heard of."""
        return len(self.workers) == self.count and all(w.healthy for w in self.workers)

    async def add(self, call: int, fields: dict[str, Any]) -> Placement:
        """Open a call's sockets in the least loaded worker (`control.OP_ADD`'s fields).

        Raises PortInUseError, BindError or WorkerError.
        """
        if not self.workers:
            raise WorkerError("no media worker is running")
        worker = min(self.workers, key=lambda w: len(w.calls))
        worker.calls.add(call)
        try:
            reply = await worker.request(control.OP_ADD, call=call, **fields)
        except AriTuiError:
            worker.calls.discard(call)
            raise
        placement = Placement(worker, {**fields, "echo_local_port": int(reply["echo"][1])})
        placement.media_local = endpoint(*reply["media"])
        placement.echo_local = endpoint(*reply["echo"])
        placement.receive_buffer_bytes = int(reply["buffers"][0])
        self.placements[call] = placement
        return placement

    async def connect(self, call: int, host: str, port: int, learn: str) -> None:
        """Connect a call's media socket to Asterisk and start the media leg."""
        placement = self._placement(call)
        placement.connect = {"host": host, "port": port, "learn": learn}
        await placement.worker.request(control.OP_CONNECT, call=call, **placement.connect)

    async def drain(self, call: int) -> None:
        """Stop the media leg of a call; the echo leg goes on. Harmless where nothing is."""
        placement = self.placements.get(call)
        if placement is not None:
            placement.draining = True
            await placement.worker.request(control.OP_DRAIN, call=call)

    async def remove(self, call: int) -> None:
        """Close a call's sockets. Harmless where nothing is; a dead worker has closed them."""
        placement = self.placements.pop(call, None)
        if placement is None:
            return
        placement.worker.calls.discard(call)
        if placement.worker.running:
            await placement.worker.request(control.OP_REMOVE, call=call)

    def read_logs(self) -> list[bytes]:
        """Return the records that each worker has logged since the last time."""
        found = [*self._last_words, *(worker.ring.read() for worker in self.workers)]
        self._last_words = []
        return [data for data in found if data]

    def complete_until_ns(self, now_ns: int, patience_ns: int) -> int:
        """Return the time up to which every log is complete, at least `now` − `patience`."""
        marks = [worker.ring.watermark_ns for worker in self.workers]
        return max(min([now_ns, *marks]), now_ns - patience_ns)

    @property
    def log_overflow(self) -> int:
        """Records that found no room, over the session."""
        return self._overflow_before + sum(worker.ring.overflow for worker in self.workers)

    @property
    def log_fill(self) -> float:
        """Share of the fullest log in use."""
        return max((worker.ring.fill for worker in self.workers), default=0.0)

    def replace_hung(self) -> None:
        """Kill workers that have not been heard of; their end starts the restart."""
        for worker in self.workers:
            if worker.running and not worker.healthy:
                _log.error("worker hangs: killing it", worker=worker.name, pid=worker.process.pid)
                self._spawn(worker.kill())

    def _placement(self, call: int) -> Placement:
        if call not in self.placements:
            raise WorkerError(f"call {call} has no sockets")
        return self.placements[call]

    async def _new_worker(self, name: str) -> MediaWorker:
        worker = MediaWorker(name, self._on_event, self._on_end)
        await worker.start(capacity=self.capacity)
        _log.info("worker ready", worker=name, pid=worker.process.pid)
        return worker

    def _on_event(self, message: control.Message) -> None:
        if message.get("event") == control.EVENT_LEARNED:
            call, host, port = int(message["call"]), str(message["host"]), int(message["port"])
            placement = self.placements.get(call)
            if placement is not None:
                placement.connect = {"host": host, "port": port, "learn": "never"}
                self.hooks.learned(call, host, port)

    def _on_end(self, worker: MediaWorker) -> None:
        if self._stopping or worker not in self.workers:
            return
        self.workers.remove(worker)
        self._overflow_before += worker.ring.overflow
        self._last_words.append(worker.ring.read())
        text = f"media {worker.name} ended (exit {worker.process.returncode}): restarting it"
        self.hooks.told("error", text)
        self._spawn(self._restart(worker))

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _restart(self, dead: MediaWorker) -> None:
        self.restarts += 1
        try:
            worker = await self._new_worker(dead.name)
        except (WorkerError, OSError) as error:
            for call in sorted(dead.calls):
                self.hooks.lost(call, f"media worker could not be restarted: {error}")
            return
        self.workers.append(worker)
        for call in sorted(dead.calls):
            await self._add_again(worker, call)

    async def _add_again(self, worker: MediaWorker, call: int) -> None:
        placement = self.placements.get(call)
        if placement is None:
            return
        placement.worker = worker
        worker.calls.add(call)
        try:
            await worker.request(control.OP_ADD, call=call, **placement.add)
            if placement.draining:
                await worker.request(control.OP_DRAIN, call=call)
            elif placement.connect is not None:
                await worker.request(control.OP_CONNECT, call=call, **placement.connect)
        except AriTuiError as error:
            worker.calls.discard(call)
            with contextlib.suppress(AriTuiError):
                await worker.request(control.OP_REMOVE, call=call)
            self.hooks.lost(call, f"media could not be opened again: {error}")


def endpoint(host: str, port: int) -> str:
    """Return `address:port`, with brackets around IPv6."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
