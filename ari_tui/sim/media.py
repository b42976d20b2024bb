"""The RTP socket of one simulated externalMedia channel, with its counters."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time

from ari_tui.core.errors import BindError, PortsExhaustedError
from ari_tui.sim.config import MediaCounters
from ari_tui.wire import rtp
from ari_tui.wire.rtp import signed_difference

_NS_PER_TICK = 125_000
"""One unit of an 8 kHz clock."""
_READ_AT_ONCE = 64
"""Datagrams read from one socket before other sockets get a turn."""
_BUFFER_BYTES = 1 << 20

FORMATS = {"ulaw": 0, "alaw": 8}
"""Formats of media channels, and their payload types."""


class SimPhone:
    """The phone at the far end of a caller's channel: sends a tone, receives the echo."""

    def __init__(self, frequency_hz: int = 0, packet_ms: int = 20) -> None:
        self.frequency_hz = frequency_hz
        """The tone that it sends; 0 is silence, which sends no packets."""
        self.packet_ms = packet_ms
        self.sent = self.received = 0
        """Packet counts, as in rtp_statistics."""
        self.lost_in = self.lost_out = 0
        """Packets lost between the phone and Asterisk, and on the way back, as told there."""
        self.reports = True
        """Whether it sends RTCP reports: without them Asterisk knows nothing of the way back."""
        self.sent_jitter_ns = self.received_jitter_ns = 0.0
        """Interarrival jitter (RFC 3550 section 6.4.1): of the packets sent, where they reach
        Asterisk, and of those received."""
        self.on_hold = False
        self._last_lag_ns: int | None = None
        self._last_received: tuple[int, int, bytes] | None = None

    def note_lag(self, lag_ns: int) -> None:
        """Record how long (ns) after its due time a packet was sent."""
        if self._last_lag_ns is not None:
            moved = abs(lag_ns - self._last_lag_ns)
            self.sent_jitter_ns += (moved - self.sent_jitter_ns) / 16
        self._last_lag_ns = lag_ns

    def receive(self, packet: bytes, now_ns: int) -> None:
        """Receive a packet (at least an RTP header) at `now_ns` (monotonic)."""
        self.received += 1
        timestamp, ssrc = int.from_bytes(packet[4:8], "big"), packet[8:12]
        if self._last_received is not None and self._last_received[2] == ssrc:
            step = signed_difference(timestamp, self._last_received[1], 32) * _NS_PER_TICK
            moved = abs(now_ns - self._last_received[0] - step)
            self.received_jitter_ns += (moved - self.received_jitter_ns) / 16
        self._last_received = now_ns, timestamp, ssrc


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

    def begin(self, ssrc: int) -> bytearray:
        """Begin a stream; return its marks, one byte per sequence number, 1 when it came back."""
        return self._seen.setdefault(ssrc.to_bytes(4, "big"), bytearray(1 << 16))

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
        sequence = packet[2] << 8 | packet[3]
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
