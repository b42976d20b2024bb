"""The echo server's status query on its RTP port: counters of packets, losses and delay.

A query and its reply have the same size, so that the server cannot amplify; the first byte has RTP
version 1, so that no query is taken for media.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

MAGIC: Final = b"AriS"
VERSION: Final = 1
STREAM_QUERY, TOTALS_QUERY, STREAM_REPLY, TOTALS_REPLY = 1, 2, 0x81, 0x82

_PREFIX: Final = struct.Struct("!4sBBHIQ")
_COUNTERS: Final = struct.Struct("!10Q")
STATUS_SIZE: Final = 128
"""Bytes of a query and of a reply."""
IMPAIRED_FLAG: Final = 1
"""Reply flag: an impairment is configured, so that its counts are valid."""


class StatusQuery(NamedTuple):
    """One query: the stream's SSRC (ignored for totals), and a number that the reply repeats."""

    kind: int
    ssrc: int
    nonce: int


class StatusCounters(NamedTuple):
    """An echo server's counters of one stream, or of all, since its start."""

    received: int
    sent: int
    bytes_received: int
    errors: int
    socket_drops: int
    dwell_max_ns: int
    dwell_sum_ns: int
    impaired_lost: int
    impaired_duplicates: int
    impaired_reordered: int


def looks_like_status(data: bytes | memoryview) -> bool:
    """Return whether a datagram has the size and magic of a status message."""
    return len(data) == STATUS_SIZE and bytes(data[:4]) == MAGIC


def build_query(query: StatusQuery) -> bytes:
    """Build a query, padded to the size of its reply."""
    head = _PREFIX.pack(MAGIC, VERSION, query.kind, 0, query.ssrc, query.nonce)
    return head.ljust(STATUS_SIZE, b"\0")


def parse_query(data: bytes | memoryview) -> StatusQuery | None:
    """Return the query in a datagram; None when it is none or has another size."""
    if not looks_like_status(data):
        return None
    _, version, kind, _, ssrc, nonce = _PREFIX.unpack_from(data)
    if version != VERSION or kind not in (STREAM_QUERY, TOTALS_QUERY):
        return None
    return StatusQuery(kind, ssrc, nonce)


def build_reply(query: StatusQuery, counters: StatusCounters, *, impaired: bool) -> bytes:
    """Build the reply to one query."""
    flags = IMPAIRED_FLAG if impaired else 0
    head = _PREFIX.pack(MAGIC, VERSION, query.kind | 0x80, flags, query.ssrc, query.nonce)
    return (head + _COUNTERS.pack(*counters)).ljust(STATUS_SIZE, b"\0")


def parse_reply(data: bytes | memoryview) -> tuple[StatusQuery, StatusCounters, bool] | None:
    """Return a reply's query, counters and whether an impairment is configured, else None."""
    if not looks_like_status(data):
        return None
    _, version, kind, flags, ssrc, nonce = _PREFIX.unpack_from(data)
    if version != VERSION or kind not in (STREAM_REPLY, TOTALS_REPLY):
        return None
    counters = StatusCounters(*_COUNTERS.unpack_from(data, _PREFIX.size))
    return StatusQuery(kind & 0x7F, ssrc, nonce), counters, bool(flags & IMPAIRED_FLAG)
