"""The two legs of one call in a worker: how a packet gets from one socket to the other.

Each leg's handler runs once for each ready packet: receive, stamp, send, stamp, log; no
statistics. The two legs run the same code with the sockets exchanged.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Callable, Sequence
from time import time_ns
from typing import Final

from ari_tui.core.sockets import (
    ANCILLARY_SIZE,
    Address,
    Ancillary,
    Network,
    disconnect,
    max_datagrams,
    receive_ancillary,
    receive_stamp,
    same_endpoint,
    socket_drops,
)
from ari_tui.packet_log.ring import RingWriter
from ari_tui.wire import rtp
from ari_tui.wire.record import (
    FLAG_DRAINING,
    FLAG_ECHO_LEG,
    FLAG_NO_STAMP,
    FLAG_NOT_RTP,
    FLAG_REFUSED,
    KIND_ECHO_IN,
    KIND_FOREIGN,
    KIND_MALFORMED,
    KIND_SEND_ERROR,
    KIND_SOCKET_REPORT,
    MAX_U32,
    pack,
)
from ari_tui.wire.status import looks_like_status

Handler = Callable[[], bool]
"""Reads one packet; False when there was none."""

MAX_DATAGRAM: Final = 2048
"""Larger than any telephony packet; a longer datagram is truncated and logged as malformed."""


class Leg:
    """One socket of a call and the log records that it makes."""

    def __init__(self, call: int, sock: socket.socket, kind: int, log: RingWriter) -> None:
        self.call, self.sock, self.kind, self.log = call, sock, kind, log
        self.flags = FLAG_ECHO_LEG if kind == KIND_ECHO_IN else 0
        self.on_status: Callable[[bytes], None] | None = None
        """Receives the echo server's status replies; on the echo leg only."""
        self._drops = 0
        self._reporting = True

    def note(
        self,
        kind: int,
        flags: int = 0,
        *,
        code: int = 0,
        aux: int = 0,
        size: int = 0,
        stamp: int = 0,
    ) -> None:
        """Log a record of another kind than a forwarded packet."""
        when, flags = stamp or time_ns(), flags | self.flags
        call = self.call
        self.log.append(
            pack(rx_ns=when, call=call, length=size, kind=kind, flags=flags, errno=code, aux=aux)
        )

    def note_error(self, error: OSError) -> None:
        """Log a failed receive: on a connected socket mostly an ICMP error in reply to a send."""
        self.note(KIND_SEND_ERROR, code=error.errno or errno.EIO)

    def report_drops(self) -> None:
        """Log the kernel's drop count of this socket when it has changed."""
        if not self._reporting:
            return
        drops = socket_drops(self.sock)
        if drops != self._drops:
            self._drops = drops
            self.note(KIND_SOCKET_REPORT, aux=drops & MAX_U32)

    def last_report(self) -> None:
        """Report drops a last time: the socket is not read any more."""
        self.report_drops()
        self._reporting = False

    def check(self, data: bytes, stamp: int) -> bool:
        """Return whether a packet that is not plain RTP is valid RTP; log it when not."""
        if self.on_status is not None and looks_like_status(data):
            self.on_status(data)
            return False
        verdict = rtp.classify(data) if len(data) <= MAX_DATAGRAM else rtp.MALFORMED
        if verdict == rtp.OK:
            return True
        flags = FLAG_NOT_RTP if verdict == rtp.NOT_RTP else 0
        self.note(KIND_MALFORMED, flags, size=len(data), stamp=stamp)
        return False


def make_forward(leg: Leg, target: socket.socket) -> Callable[[bytes, Ancillary], None]:
    """Make the function that forwards one received packet to `target` and logs it."""
    append, call, kind, send = leg.log.append, leg.call, leg.kind, target.send
    unpack, check, now = rtp.FIXED_HEADER.unpack_from, leg.check, time_ns
    plain, header_size = rtp.PLAIN_FIRST_BYTE, rtp.HEADER_SIZE

    def forward(data: bytes, ancillary: Ancillary) -> None:
        stamp, tos, ttl = receive_ancillary(ancillary)
        flags = code = 0
        if not stamp:
            stamp, flags = now(), FLAG_NO_STAMP
        size = len(data)
        unusual = size < header_size or size > MAX_DATAGRAM or data[0] != plain
        if (unusual or rtp.is_rtcp(data[1])) and not check(data, stamp):
            return
        _, marker_pt, sequence, timestamp, ssrc = unpack(data)
        sent = now()
        try:
            send(data)
        except OSError as error:
            sent, refused, code = retry(data, error)
            flags |= refused
        bracket = now() - sent if sent else 0
        if not 0 <= bracket <= MAX_U32:
            bracket = MAX_U32
        # by position, in the order of the record's fields
        record = pack(
            stamp,
            sent,
            bracket,
            timestamp,
            ssrc,
            call,
            sequence,
            size,
            marker_pt,
            kind,
            flags,
            tos,
            ttl,
            code,
        )
        append(record)

    def retry(data: bytes, error: OSError) -> tuple[int, int, int]:
        """Send again after ECONNREFUSED, which was the reply to an earlier packet."""
        if error.errno != errno.ECONNREFUSED:
            return 0, 0, error.errno or errno.EIO
        sent = now()
        try:
            send(data)
        except OSError as again:
            return 0, FLAG_REFUSED, again.errno or errno.EIO
        return sent, FLAG_REFUSED, 0

    return forward


def make_absorb(leg: Leg) -> Callable[[bytes, Ancillary], None]:
    """Make the function that logs what is still returned while a call drains, and sends nothing."""
    append, call, kind = leg.log.append, leg.call, leg.kind

    def absorb(data: bytes, ancillary: Ancillary) -> None:
        stamp, tos, ttl = receive_ancillary(ancillary)
        flags = FLAG_DRAINING
        if not stamp:
            stamp, flags = time_ns(), FLAG_DRAINING | FLAG_NO_STAMP
        if not leg.check(data, stamp):
            return
        _, marker_pt, sequence, timestamp, ssrc = rtp.FIXED_HEADER.unpack_from(data)
        size = len(data)
        record = pack(
            stamp, 0, 0, timestamp, ssrc, call, sequence, size, marker_pt, kind, flags, tos, ttl
        )
        append(record)

    return absorb


def make_reader(leg: Leg, take: Callable[[bytes, Ancillary], None]) -> Handler:
    """Make the handler of a connected socket: the kernel drops packets of other sources."""
    recvmsg, size = leg.sock.recvmsg, MAX_DATAGRAM + 1

    def read() -> bool:
        try:
            data, ancillary, _, _ = recvmsg(size, ANCILLARY_SIZE)
        except BlockingIOError:
            return False
        except OSError as error:
            leg.note_error(error)
            return True
        take(data, ancillary)
        return True

    return read


def read_queued(leg: Leg, peer: Address, take: Callable[[bytes, Ancillary], None]) -> int:
    """Read what was queued before the socket was connected, checking each source.

    Connecting a UDP socket filters later packets only. Returns how many came from the peer. The
    peer may go on sending: no more is read than the buffer can hold.
    """
    received = 0
    for _ in range(max_datagrams(leg.sock)):
        try:
            data, ancillary, _, address = leg.sock.recvmsg(MAX_DATAGRAM + 1, ANCILLARY_SIZE)
        except BlockingIOError:
            break
        except OSError as error:
            leg.note_error(error)
            continue
        if same_endpoint(address, peer):
            received += 1
            take(data, ancillary)
        else:
            leg.note(KIND_FOREIGN, size=len(data), stamp=receive_stamp(ancillary))
    return received


def make_learner(
    leg: Leg,
    reported: Address,
    networks: Sequence[Network],
    take: Callable[[bytes, Ancillary], None],
    learned: Callable[[Address], None],
) -> Handler:
    """Make the handler of a socket that learns its peer: the first to send valid RTP.

    Accepted are the `reported` address and those in `networks`. The socket is connected to the
    source and its queue read before `learned` is called, which installs the ordinary handler.
    """
    disconnect(leg.sock)

    def listen() -> bool:
        try:
            data, ancillary, _, address = leg.sock.recvmsg(MAX_DATAGRAM + 1, ANCILLARY_SIZE)
        except BlockingIOError:
            return False
        except OSError as error:
            leg.note_error(error)
            return True
        stamp = receive_stamp(ancillary)
        if not allowed(address):
            leg.note(KIND_FOREIGN, size=len(data), stamp=stamp)
        elif leg.check(data, stamp):
            leg.sock.connect(address)
            take(data, ancillary)
            read_queued(leg, address, take)
            learned(address)
        return True

    def allowed(address: Address) -> bool:
        source = ipaddress.ip_address(str(address[0]).partition("%")[0])
        return same_endpoint(address, reported) or any(
            source.version == net.version and source in net for net in networks
        )

    return listen
