"""The RTP socket of one simulated externalMedia channel, with its counters."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable

from ari_tui.core.errors import BindError, PortsExhaustedError
from ari_tui.sim.config import MediaCounters
from ari_tui.sim.leg_statistics import ReceiverStatistics
from ari_tui.wire import rtp

_READ_AT_ONCE = 64
"""Datagrams read from one socket before other sockets get a turn."""
_BUFFER_BYTES = 1 << 20

FORMATS = {"ulaw": 0, "alaw": 8}
"""Formats of media channels, and their payload types."""


class SimPhone:
    """The phone at the far end of a caller's channel: sends a tone, receives the echo.

    It holds what both ends of the leg between it and Asterisk count, as in rtp_statistics.
    """

    def __init__(self, frequency_hz: int = 0, packet_ms: int = 20, *, reports: bool = True) -> None:
        self.frequency_hz = frequency_hz
        """The tone that it sends; 0 is silence, which sends no packets."""
        self.packet_ms = packet_ms
        self.reports = reports
        """Whether it sends RTCP reports: without them Asterisk knows nothing of the way back."""
        self.inward, self.outward = ReceiverStatistics(), ReceiverStatistics()
        """Of what Asterisk receives from the phone, and the phone from Asterisk."""
        self.received = 0
        """Packets that Asterisk has sent to it."""
        self.lost_in = self.lost_out = 0
        """Packets lost on the way to Asterisk, and on the way back, as of the newest reports."""
        self.on_hold = False
        self.leg_out: Callable[[SimPhone, bytes, int], None] | None = None
        """Takes the packets on their way to the phone; None delivers them at once."""

    @property
    def sent(self) -> int:
        """Return how many of its packets Asterisk has received."""
        return self.inward.received

    @property
    def sent_jitter_ns(self) -> float:
        """Return the interarrival jitter of its packets where they reach Asterisk."""
        return self.inward.jitter_ns

    @property
    def received_jitter_ns(self) -> float:
        """Return the interarrival jitter of what it receives."""
        return self.outward.jitter_ns

    def receive(self, packet: bytes, now_ns: int) -> None:
        """Send it a packet (at least an RTP header) at `now_ns` (monotonic)."""
        self.received += 1
        if self.leg_out is None:
            self.outward.receive(packet, now_ns)
        else:
            self.leg_out(self, packet, now_ns)

    def read_reports(self, now_ns: int) -> None:
        """Update what was lost by the reports made until now."""
        inward, outward = (one.reported_lost(now_ns) for one in (self.inward, self.outward))
        self.lost_in = self.lost_in if inward is None else inward
        self.lost_out = self.lost_out if outward is None else outward


class MediaPort:
    """A UDP socket connected to the external host: other sources are dropped (strictrtp).

    Bound to the running event loop. Raises BindError when the external host cannot be reached.
    """

    def __init__(self, sock: socket.socket, external: tuple[str, int], payload_type: int) -> None:
        self.external, self.payload_type = external, payload_type
        self.phone: SimPhone | None = None
        """The phone that receives the packets that come back."""
        self.caller = ""
        self.generated = self.sent = self.refused = self.send_errors = 0
        self.back = self.back_distinct = self.back_foreign = self.undelivered = 0
        self._seen: dict[bytes, bytearray] = {}
        self._sock, self._loop = sock, asyncio.get_running_loop()
        self.closed = False
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
            sock.connect(external)
        except OSError as error:
            sock.close()
            raise BindError(f"cannot reach {external[0]}:{external[1]}: {error}") from error
        self.address: tuple[str, int] = sock.getsockname()[:2]
        self._loop.add_reader(sock.fileno(), self._readable)

    def begin(self, ssrc: int) -> None:
        """Begin a stream: its marks are one byte per sequence number, 1 when it came back."""
        self._seen.setdefault(ssrc.to_bytes(4, "big"), bytearray(1 << 16))

    def expect(self, packet: bytes) -> None:
        """Expect a packet of a stream back that is about to be sent."""
        marks = self._seen.get(packet[8:12])
        if marks is not None:
            marks[rtp.sequence_of(packet)] = 0

    def send(self, packet: bytes) -> None:
        """Send a datagram; try again when the error (ECONNREFUSED) is that of an earlier one."""
        if self.closed:
            self.undelivered += 1
            return
        try:
            try:
                self._sock.send(packet)
            except ConnectionRefusedError:
                self.refused += 1
                self._sock.send(packet)
        except OSError:
            self.send_errors += 1
        else:
            self.sent += 1

    def close(self) -> None:
        """Close the socket; later sends are counted as undelivered."""
        if not self.closed:
            self.closed = True
            self._readable()
            self._seen.clear()
            self._loop.remove_reader(self._sock.fileno())
            self._sock.close()

    def counters(self, channel: str) -> MediaCounters:
        """Return the counters so far."""
        return MediaCounters(
            channel=channel,
            caller=self.caller,
            generated=self.generated,
            sent=self.sent,
            refused=self.refused,
            send_errors=self.send_errors,
            back=self.back,
            back_distinct=self.back_distinct,
            back_foreign=self.back_foreign,
            undelivered=self.undelivered,
        )

    def _readable(self) -> None:
        receive = self._sock.recv
        with contextlib.suppress(BlockingIOError):
            for _ in range(_READ_AT_ONCE):
                try:
                    packet = receive(2048)
                except ConnectionRefusedError:
                    self.refused += 1
                    continue
                self._take(packet)

    def _take(self, packet: bytes) -> None:
        marks = self._seen.get(packet[8:12])
        if marks is None or rtp.classify(packet) != rtp.OK:
            self.back_foreign += 1
            return
        self.back += 1
        if self.phone is not None:
            self.phone.receive(packet, time.monotonic_ns())
        sequence = rtp.sequence_of(packet)
        if not marks[sequence]:
            marks[sequence] = 1
            self.back_distinct += 1


def bind_rtp(host: str, ports: tuple[int, int] | None) -> socket.socket:
    """Bind a UDP socket on a free port, or on the first free even one of a range, as Asterisk does.

    Raises PortsExhaustedError when no port of the range is free, BindError for a bad address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    candidates = [0] if ports is None else range(ports[0] + ports[0] % 2, ports[1] + 1, 2)
    for port in candidates:
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            sock.bind((host, port))
        except OSError as error:
            sock.close()
            if ports is None:
                raise BindError(f"cannot bind {host}: {error}") from error
            continue
        return sock
    raise PortsExhaustedError(f"no RTP port is left on {host} in {ports}")
