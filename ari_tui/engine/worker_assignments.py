"""Which worker has the sockets of which call, and how to open them again."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from ari_tui.core.errors import AriTuiError, WorkerError
from ari_tui.core.sockets import endpoint_text
from ari_tui.engine.media_worker import MediaWorker
from ari_tui.relay import control


@dataclass
class WorkerAssignment:
    """The worker of a call, and the requests that open its sockets again."""

    worker: MediaWorker
    add: control.AddCall
    connect: control.ConnectCall | None = None
    draining: bool = False
    media_local: str = ""
    echo_local: str = ""
    receive_buffer_bytes: int = 0


class WorkerAssignments(dict[int, WorkerAssignment]):
    """The assignments by call, and the requests to their workers."""

    async def open(self, worker: MediaWorker, request: control.AddCall) -> WorkerAssignment:
        """Open a call's sockets in a worker.

        Raises PortInUseError, BindError or WorkerError.
        """
        added = control.parse_added(await worker.request(request))
        assignment = WorkerAssignment(worker, request._replace(echo_local_port=added.echo[1]))
        assignment.media_local = endpoint_text(*added.media)
        assignment.echo_local = endpoint_text(*added.echo)
        assignment.receive_buffer_bytes = added.buffers[0]
        self[request.call] = assignment
        return assignment

    async def connect(self, call: int, host: str, port: int, learn: str) -> None:
        """Connect a call's media socket to Asterisk and start the media leg.

        Raises WorkerError when the call has no sockets, or the worker's error.
        """
        if call not in self:
            raise WorkerError(f"call {call} has no sockets")
        assignment = self[call]
        assignment.connect = control.ConnectCall(call, host, port, learn)
        await assignment.worker.request(assignment.connect)

    def learned(self, call: int, host: str, port: int) -> bool:
        """Note the source of a call's media; False for a call without sockets."""
        if assignment := self.get(call):
            assignment.connect = control.ConnectCall(call, host, port)
        return assignment is not None

    async def drain(self, call: int) -> None:
        """Stop the media leg of a call; the echo leg goes on. No-op without sockets."""
        if assignment := self.get(call):
            assignment.draining = True
            await assignment.worker.request(control.DrainCall(call))

    async def query(self, call: int, ssrc: int, holds_from: int | None = None) -> None:
        """Query the echo server about a call's stream; the answer, if any, comes as an event."""
        if (assignment := self.get(call)) and assignment.worker.running:
            await assignment.worker.request(control.QueryStream(call, ssrc, holds_from))

    async def remove(self, call: int) -> None:
        """Close a call's sockets. No-op without sockets; an ended worker has closed them."""
        if not (assignment := self.pop(call, None)):
            return
        assignment.worker.calls.discard(call)
        if assignment.worker.running:
            await assignment.worker.request(control.RemoveCall(call))

    async def reopen(self, worker: MediaWorker, call: int) -> None:
        """Restore the sockets of an ended worker's call in another. No-op without sockets.

        Raises the worker's error; nothing of the call is left open then.
        """
        if not (assignment := self.get(call)):
            return
        assignment.worker = worker
        worker.calls.add(call)
        try:
            await worker.request(assignment.add)
            if assignment.draining:
                await worker.request(control.DrainCall(call))
            elif assignment.connect is not None:
                await worker.request(assignment.connect)
        except AriTuiError:
            worker.calls.discard(call)
            with contextlib.suppress(AriTuiError):
                await worker.request(control.RemoveCall(call))
            raise
