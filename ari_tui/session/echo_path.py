"""A path with faults between the engine and the echo server: a UDP forwarder on loopback.

It has a socket for each client towards the echo server, so that answers find their way back and
the server sees as many streams as there are. Status queries take the same path. What it loses or
delays the echo server does not know of.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Sequence
from typing import Final

from ari_tui.core.sockets import Address, open_udp
from ari_tui.reflector.fault_spec import PATH_PLACES, FaultSpec
from ari_tui.reflector.faulty_leg import FaultyLeg, leg_of
from ari_tui.wire import rtp

_LOOPBACK: Final = "127.0.0.1"
_AT_ONCE: Final = 64
"""Datagrams read from one socket before other sockets get a turn."""
_LARGEST: Final = 2048
_IDLE_NS: Final = 120_000_000_000
"""A socket unused for so long is closed."""
_BACK_SEED: Final = 1000
"""Added to the seed for the way back, whose losses are others."""


class _Client:
    """One socket of the engine: its number, where its packets come from, our socket for them."""

    def __init__(self, number: int, address: Address, sock: socket.socket) -> None:
        self.number, self.address, self.sock = number, address, sock
        self.has_media = False
        """Without media it only queries the echo server's totals: no fault concerns that."""
        self.last_ns = 0


class _Way:
    """One direction: the leg with its faults, and what sends a packet at its end."""

    def __init__(
        self,
        leg: FaultyLeg[int, tuple[_Client, bytes]] | None,
        send: Callable[[_Client, bytes], object],
    ) -> None:
        self.leg, self._send = leg, send

    def enter(self, client: _Client, packet: bytes, now_ns: int) -> None:
        """Take a packet."""
        is_media = rtp.classify(packet) == rtp.OK
        client.has_media |= is_media
        client.last_ns = now_ns
        if self.leg is None or not client.has_media:
            self._leave(client, packet)
            return
        sequence = rtp.sequence_of(packet) if is_media else 0
        self.leg.push(client.number, sequence, (client, packet), now_ns)

    def run(self, now_ns: int) -> int | None:
        """Send what is due; return when the next packet is, None without one."""
        if self.leg is None:
            return None
        for client, packet in self.leg.pop_due(now_ns):
            self._leave(client, packet)
        return self.leg.next_due_ns()

    def _leave(self, client: _Client, packet: bytes) -> None:
        with contextlib.suppress(OSError):  # the other end has gone
            self._send(client, packet)


class EchoPath:
    """`async with EchoPath(echo, faults, seed) as path:` forwards from `path.address` to `echo`.

    A fault of `echo-path` is in both directions. Bound to the running event loop. Raises BindError
    without a free port.
    """

    def __init__(self, echo: Address, faults: Sequence[FaultSpec], seed: int) -> None:
        self._echo = echo
        self._loop = asyncio.get_running_loop()
        now_ns = time.monotonic_ns()
        self._sock = open_udp(_LOOPBACK, 0)
        self.address: tuple[str, int] = self._sock.getsockname()[:2]
        self._out = _Way(
            leg_of(["echo-out", "echo-path"], faults, seed, now_ns),
            lambda client, packet: client.sock.send(packet),
        )
        self._back = _Way(
            leg_of(["echo-back", "echo-path"], faults, seed + _BACK_SEED, now_ns),
            lambda client, packet: self._sock.sendto(packet, client.address),
        )
        self._clients: dict[Address, _Client] = {}
        self._joined = 0
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> EchoPath:
        self._loop.add_reader(self._sock.fileno(), self._from_engine)
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for sock in (self._sock, *(client.sock for client in self._clients.values())):
            self._loop.remove_reader(sock.fileno())
            sock.close()

    @property
    def lost(self) -> tuple[int, int]:
        """Return how many packets were lost outwards and back so far."""
        out, back = (0 if way.leg is None else way.leg.lost for way in (self._out, self._back))
        return out, back

    def _from_engine(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                packet, address = self._sock.recvfrom(_LARGEST)
            except OSError:
                break
            client = self._clients.get(address) or self._join(address)
            self._out.enter(client, packet, time.monotonic_ns())
        self._run()

    def _join(self, address: Address) -> _Client:
        self._close_idle(time.monotonic_ns() - _IDLE_NS)
        sock = open_udp(_LOOPBACK, 0)
        sock.connect(self._echo)
        client = self._clients[address] = _Client(self._joined, address, sock)
        self._joined += 1
        self._loop.add_reader(sock.fileno(), self._from_echo, client)
        return client

    def _close_idle(self, before_ns: int) -> None:
        for client in [one for one in self._clients.values() if one.last_ns < before_ns]:
            del self._clients[client.address]
            self._loop.remove_reader(client.sock.fileno())
            client.sock.close()

    def _from_echo(self, client: _Client) -> None:
        for _ in range(_AT_ONCE):
            try:
                packet = client.sock.recv(_LARGEST)
            except BlockingIOError:
                break
            except OSError:
                continue  # refused: nothing listens there
            self._back.enter(client, packet, time.monotonic_ns())
        self._run()

    def _run(self) -> None:
        """Send what is due, and come again when the next packet is."""
        now_ns = time.monotonic_ns()
        dues = [due for way in (self._out, self._back) if (due := way.run(now_ns)) is not None]
        if self._timer is not None:
            self._timer.cancel()
        # loop.time() is the monotonic clock
        self._timer = self._loop.call_at(min(dues) / 1e9, self._run) if dues else None


def path_faults(faults: Sequence[FaultSpec]) -> list[FaultSpec]:
    """Return the faults that need such a path."""
    return [fault for fault in faults if fault.place in PATH_PLACES]
