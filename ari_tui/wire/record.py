"""The 48-byte record that a worker logs for every packet: one field table, two encodings.

`pack` makes a record; the analysis reads the same bytes through a numpy dtype made from
`NUMPY_FIELDS`. Little-endian, no padding; FIELDS and `pack` are its only definition.
"""

from __future__ import annotations

import struct
from typing import Final

FIELDS: Final = (
    # name          struct numpy   meaning
    ("rx_ns", "q", "<i8"),  # kernel receive stamp, CLOCK_REALTIME; 0 when there is none
    ("tx_ns", "q", "<i8"),  # read just before our send; 0 when nothing was sent
    ("bracket_ns", "I", "<u4"),  # read just after the send, minus tx_ns; saturates
    ("timestamp", "I", "<u4"),  # RTP timestamp
    ("ssrc", "I", "<u4"),
    ("call", "I", "<u4"),  # session-unique number of the call, never reused
    ("sequence", "H", "<u2"),  # RTP sequence number
    ("length", "H", "<u2"),  # bytes of the datagram
    ("marker_pt", "B", "<u1"),  # the RTP header's second byte: marker and payload type
    ("kind", "B", "<u1"),  # one of the KIND_* below
    ("flags", "H", "<u2"),  # FLAG_* below
    ("tos", "B", "<u1"),  # IP TOS byte of the received packet
    ("ttl", "B", "<u1"),  # IP TTL of the received packet; 0 when unknown
    ("errno", "H", "<u2"),  # errno of a failed send or receive
    ("aux", "I", "<u4"),  # by kind: dropped packets of a socket report, length of a stall
)

RECORD: Final = struct.Struct("<" + "".join(code for _, code, _ in FIELDS))
RECORD_SIZE: Final = RECORD.size
_pack: Final = RECORD.pack
NUMPY_FIELDS: Final = [(name, code) for name, _, code in FIELDS]
"""The argument of `numpy.dtype`."""


def pack(
    rx_ns: int = 0,
    tx_ns: int = 0,
    bracket_ns: int = 0,
    timestamp: int = 0,
    ssrc: int = 0,
    call: int = 0,
    sequence: int = 0,
    length: int = 0,
    marker_pt: int = 0,
    kind: int = 0,
    flags: int = 0,
    tos: int = 0,
    ttl: int = 0,
    errno: int = 0,
    aux: int = 0,
) -> bytes:
    """Return one record of RECORD_SIZE bytes; the arguments are `FIELDS`, in order.

    The worker's loop passes them by position: keywords would cost 0.15 µs a packet. Raises
    struct.error for a number out of its field's range.
    """
    return _pack(
        rx_ns,
        tx_ns,
        bracket_ns,
        timestamp,
        ssrc,
        call,
        sequence,
        length,
        marker_pt,
        kind,
        flags,
        tos,
        ttl,
        errno,
        aux,
    )


KIND_MEDIA_IN: Final = 1
"""From Asterisk; tx_ns is when it was sent to the echo server, 0 if that failed."""
KIND_ECHO_IN: Final = 2
"""From the echo server; tx_ns is when it was sent to Asterisk, 0 if it was not."""
KIND_SENT_BY_US: Final = 3
"""A packet of a source of our own (reserved: nothing logs it yet)."""
KIND_TRANSMIT_STAMP: Final = 4
"""A kernel transmit stamp for an earlier packet (reserved: nothing logs it yet)."""
KIND_SOCKET_REPORT: Final = 5
"""The number of packets that a socket has dropped (aux); FLAG_ECHO_LEG: the echo socket."""
KIND_MALFORMED: Final = 6
"""A datagram that is not RTP, or RTP that contradicts itself; not forwarded."""
KIND_FOREIGN: Final = 7
"""A datagram from an address other than the peer's; not forwarded."""
KIND_SEND_ERROR: Final = 8
"""A failed receive or send (errno) without a packet."""
KIND_STALL: Final = 9
"""The worker stood still for aux µs until rx_ns: stopped, or not scheduled; one record a call."""

FLAG_ECHO_LEG: Final = 1
"""The record is of the echo socket (for kinds of either socket)."""
FLAG_REFUSED: Final = 2
"""The send failed with ECONNREFUSED (in reply to an earlier packet) and was retried."""
FLAG_DRAINING: Final = 4
"""The call is draining: the packet was counted and not forwarded."""
FLAG_NO_STAMP: Final = 8
"""The kernel gave no receive stamp; rx_ns was read in user space."""
FLAG_NOT_RTP: Final = 16
"""Of KIND_MALFORMED: another protocol."""

MAX_U32: Final = 0xFFFFFFFF
