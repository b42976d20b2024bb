"""The engine's side of one media worker: its process, its control channel, its packet log."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from typing import Final

from ari_tui.core import log
from ari_tui.core.cancellation import shielded
from ari_tui.core.errors import BindError, PortInUseError, WorkerError
from ari_tui.core.process import kill_and_wait, wait_or_kill
from ari_tui.core.realtime import Wish
from ari_tui.packet_log.ring import DEFAULT_CAPACITY, RingReader, create_ring
from ari_tui.relay import control

_READY_S: Final = 15.0
_REQUEST_S: Final = 5.0
SILENT_S: Final = 10.0
"""A worker whose heartbeat is older has hung."""
_log = log.get("media")


class MediaWorker:
    """One worker process. `on_end` is called once, when it ends without having been stopped."""

    def __init__(
        self,
        name: str,
        on_event: Callable[[control.Event], None],
        on_end: Callable[[MediaWorker], None],
        realtime: Wish = "no",
    ) -> None:
        self.name, self._realtime = name, realtime
        self.scheduling = ""
        """How it is scheduled, as `core.realtime.RealtimeScheduling.text`."""
        self.calls: set[int] = set()
        self.last_heartbeat = 0.0
        self.cpu_ns = 0
        self._on_event, self._on_end = on_event, on_end
        self._waiting: dict[int, asyncio.Future[control.Message]] = {}
        self._next_id = 0
        self._stopping = False

    async def start(self, *, capacity: int = DEFAULT_CAPACITY) -> None:
        """Start the process and wait for its first heartbeat.

        Raises WorkerError; then, and when cancelled, the process has been ended.
        """
        ours, theirs = socket.socketpair()
        ring_fd = create_ring(capacity)
        try:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "ari_tui.relay.worker",
                str(theirs.fileno()),
                str(ring_fd),
                self._realtime,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), ring_fd),
                start_new_session=True,
            )
            self.ring = RingReader(ring_fd)
        except OSError as error:
            ours.close()
            raise WorkerError(f"{self.name} could not be started: {error}") from error
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
            os.close(ring_fd)
        try:
            await self._first_heartbeat(ours)
        except BaseException:
            self._stopping = True
            await shielded(self.kill())
            self.ring.close()
            raise

    async def _first_heartbeat(self, ours: socket.socket) -> None:
        reader, self._writer = await asyncio.open_unix_connection(sock=ours)
        self._alive = asyncio.Event()
        self._reader_task = asyncio.create_task(self._read(reader), name=f"{self.name}-control")
        try:
            await asyncio.wait_for(self._alive.wait(), _READY_S)
        except asyncio.TimeoutError:
            raise WorkerError(f"{self.name} was not ready after {_READY_S:g} s") from None
        if not self.running:
            raise WorkerError(f"{self.name} ended at start (exit {self.process.returncode})")

    @property
    def running(self) -> bool:
        """Return whether the process is alive."""
        return self.process.returncode is None

    @property
    def healthy(self) -> bool:
        """Return whether the process is alive and its last heartbeat is recent."""
        age = asyncio.get_running_loop().time() - self.last_heartbeat
        return self.running and age < SILENT_S

    async def request(self, request: control.Request) -> control.Message:
        """Send a request and wait for the answer.

        Raises PortInUseError or BindError for sockets, WorkerError for everything else.
        """
        if not self.running:
            raise WorkerError(f"{self.name} is not running")
        self._next_id += 1
        number = self._next_id
        answer: asyncio.Future[control.Message] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self._writer.write(control.encode(control.request_message(number, request)))
            reply = await asyncio.wait_for(answer, _REQUEST_S)
        except asyncio.TimeoutError:
            op = control.OPERATIONS[type(request)]
            raise WorkerError(f"{self.name} did not answer {op} in {_REQUEST_S:g} s") from None
        finally:
            self._waiting.pop(number, None)
        if reply.get("ok"):
            return reply
        kinds = {control.CODE_IN_USE: PortInUseError, control.CODE_BIND: BindError}
        raise kinds.get(str(reply.get("code")), WorkerError)(str(reply.get("error")))

    async def stop(self) -> None:
        """End the worker by closing its control channel, else kill it."""
        self._stopping = True
        self._writer.close()
        await wait_or_kill(self.process, _REQUEST_S)
        await asyncio.wait([self._reader_task])

    async def kill(self) -> None:
        """End the process at once."""
        await kill_and_wait(self.process)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        frames = control.FrameDecoder()
        try:
            while data := await reader.read(65536):
                for message in frames.feed(data):
                    self._on_message(message)
        except ConnectionError:
            pass  # it was killed before it had read all requests
        except Exception as error:
            # its messages cannot be trusted any more: it is ended below, and replaced
            _log.error(f"{self.name} said what cannot be read: {error!r}", exc_info=error)
        self._writer.close()
        if self.running:
            # its channel is closed: it is ending, or hangs
            await wait_or_kill(self.process, _REQUEST_S)
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(WorkerError(f"{self.name} ended"))
        self._alive.set()
        if not self._stopping:
            self._on_end(self)

    def _on_message(self, message: control.Message) -> None:
        if "id" in message:
            if (answer := self._waiting.get(message["id"])) and not answer.done():
                answer.set_result(message)
            return
        event = control.parse_event(message)
        if isinstance(event, control.Heartbeat):
            self.last_heartbeat, self.cpu_ns = asyncio.get_running_loop().time(), event.cpu_ns
            self._told_scheduling(event.realtime)
            self._alive.set()
        elif event is not None:
            self._on_event(event)

    def _told_scheduling(self, text: str) -> None:
        if text != self.scheduling:
            self.scheduling = text
            _log.info("scheduling", worker=self.name, realtime=text)
