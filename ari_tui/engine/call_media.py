"""The media of calls: ports, sockets in a worker, and the wait for the last packets."""

from __future__ import annotations

import time
from collections import deque
from typing import Final

from ari_tui.analysis.store import Store
from ari_tui.ari import commands as do
from ari_tui.config.settings import AsteriskSettings, EchoSettings, MediaSettings
from ari_tui.core.errors import PortInUseError, PortsExhaustedError
from ari_tui.core.sockets import endpoint_text
from ari_tui.engine.echo_status import EchoStatus
from ari_tui.engine.measured_call import MeasuredCall
from ari_tui.engine.worker_pool import WorkerPool
from ari_tui.relay import control


class PortPool:
    """Allocates and releases ports of an inclusive range, each in constant time.

    The port released last is reused last, so that a late packet of an ended call does not reach a
    new one. The range is allocated in order first and is never copied whole.
    """

    def __init__(self, first: int, last: int, *, name: str = "media.ports") -> None:
        if not 1 <= first <= last <= 65535:
            raise ValueError(f"port range {first}-{last}")
        self.first, self.last, self._name = first, last, name
        self._next = first
        self._released: deque[int] = deque()
        self._used: set[int] = set()

    def allocate(self) -> int:
        """Take a port. Raises PortsExhaustedError, naming the range, when none is left."""
        if self._next <= self.last:
            port = self._next
            self._next += 1
        elif self._released:
            port = self._released.popleft()
        else:
            raise PortsExhaustedError(
                f"no RTP port left in {self._name} {self.first}-{self.last}: "
                f"all {len(self._used)} in use (widen the range, or take fewer calls)"
            )
        self._used.add(port)
        return port

    def release(self, port: int) -> None:
        """Give a port back. Raises ValueError for one that is not in use."""
        if port not in self._used:
            raise ValueError(f"port {port} is not in use")
        self._used.remove(port)
        self._released.append(port)

    @property
    def size(self) -> int:
        """How many ports the range has."""
        return self.last - self.first + 1

    @property
    def in_use(self) -> int:
        """How many are allocated."""
        return len(self._used)


_PORT_TRIES: Final = 512
"""So many ports in a row may be held by another program, such as a second engine."""
_LINGER_NS: Final = 400_000_000
"""A drain ends when nothing is in flight and nothing was received for this long."""
_OVERTIME_NS: Final = 2_000_000_000


class CallMedia:
    """Opens, connects, drains and closes the sockets of calls."""

    def __init__(
        self,
        asterisk: AsteriskSettings,
        media: MediaSettings,
        echo: EchoSettings,
        *,
        worker_pool: WorkerPool,
        store: Store,
        bind: str,
        echo_host: str,
        echo_status: EchoStatus,
    ) -> None:
        self.asterisk, self.media, self.echo = asterisk, media, echo
        self.bind, self.echo_host = bind, echo_host
        self.worker_pool, self.store, self.echo_status = worker_pool, store, echo_status
        self.ports = PortPool(*media.port_range)
        echo_range = media.echo_port_range
        self.echo_ports = PortPool(*echo_range, name="media.echo_ports") if echo_range else None
        self.echo_address = endpoint_text(echo_host, echo.port)
        self.receive_buffer_bytes: int | None = None

    async def add(self, call: MeasuredCall) -> do.MediaAdded:
        """Bind the call's ports; one that another program holds is skipped.

        Raises PortsExhaustedError, naming the range, or the worker's error.
        """
        held: PortInUseError | None = None
        for _ in range(min(_PORT_TRIES, self.ports.size)):
            held = await self._open(call)
            if held is None:
                address = endpoint_text(self.media.advertise or self.bind, call.port or 0)
                return do.MediaAdded(address)
        raise PortsExhaustedError(f"no free RTP port in media.ports {self.media.ports}: {held}")

    async def _open(self, call: MeasuredCall) -> PortInUseError | None:
        """Try the next ports; return the error when another program holds one."""
        try:
            port = call.port = self.ports.allocate()
            call.echo_port = self.echo_ports.allocate() if self.echo_ports else None
            media, echo = self.media, (self.echo_host, self.echo.port)
            options = media.dscp, media.buffer_bytes, call.echo_port or 0
            networks = tuple(media.learn_networks)
            request = control.AddCall(call.number, self.bind, port, echo, *options, networks)
            assignment = await self.worker_pool.add(request)
        except BaseException as error:
            self._free_ports(call)
            if isinstance(error, PortInUseError):
                return error
            raise
        call.media_local, call.echo_local = assignment.media_local, assignment.echo_local
        self.receive_buffer_bytes = assignment.receive_buffer_bytes
        return None

    def _free_ports(self, call: MeasuredCall) -> None:
        if call.port is not None:
            self.ports.release(call.port)
        if call.echo_port is not None and self.echo_ports:
            self.echo_ports.release(call.echo_port)
        call.port = call.echo_port = None

    async def connect(self, call: MeasuredCall, host: str, port: int) -> None:
        """Connect to Asterisk's RTP address, or to `asterisk.media_address` if configured."""
        host = self.asterisk.media_address or host
        call.media_remote = endpoint_text(host, port)
        await self.worker_pool.assignments.connect(call.number, host, port, self.media.learn_source)

    async def drain(self, call: MeasuredCall) -> None:
        """Stop the media leg; return once no packet is in flight."""
        self.store.media.closed_ns[self.store.row_of[call.number]] = time.time_ns()
        await self.worker_pool.assignments.drain(call.number)
        call.drain_since_ns = time.time_ns()
        await call.drained.wait()
        await self.echo_status.ask_last(call.number)

    async def remove(self, call: MeasuredCall) -> None:
        """Close the sockets and free the ports."""
        await self.worker_pool.assignments.remove(call.number)
        self._free_ports(call)

    def check_drain(self, call: MeasuredCall, now_ns: int) -> None:
        """End the drain of a call once nothing is in flight, or its time is up."""
        if call.drain_since_ns is None or call.drained.is_set():
            return
        row = self.store.row_of[call.number]
        since = call.drain_since_ns
        quiet_since = max(since, int(self.store.echo.last_rx[row]))
        idle = self.store.flight.count(row) == 0 and now_ns - quiet_since > _LINGER_NS
        overtime = now_ns - since > self.store.loss_timeout_ns + _OVERTIME_NS
        if overtime:
            self.store.give_up(call.number)
        if idle or overtime:
            call.drained.set()
