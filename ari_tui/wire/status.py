"""The echo server's status query on its RTP port: counters of packets, losses and delay, and holds.

A query and its reply have the same size, so that the server cannot amplify; the first byte has RTP
version 1, so that no query is taken for media.

Version 1 (128 bytes) asks for counters. Version 2 (512 bytes, of one stream only) also asks for the
packets that the server held, from an index on: the stream's holds are numbered from 0, and a reply
has as many as fit. An older server does not answer version 2; a server answers a query in the
query's own version.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

MAGIC: Final = b"AriS"
VERSION: Final = 1
HOLDS_VERSION: Final = 2
STREAM_QUERY, TOTALS_QUERY, STREAM_REPLY, TOTALS_REPLY = 1, 2, 0x81, 0x82

_PREFIX: Final = struct.Struct("!4sBBHIQ")
_COUNTERS: Final = struct.Struct("!10Q")
_FROM: Final = struct.Struct("!Q")
_HOLDS: Final = struct.Struct("!QQQHHI")
_HOLD: Final = struct.Struct("!HHI")
_HOLDS_AT: Final = _PREFIX.size + _COUNTERS.size
_FIRST_HOLD_AT: Final = _HOLDS_AT + _HOLDS.size
STATUS_SIZE: Final = 128
"""Bytes of a query and of a reply of version 1."""
HOLDS_SIZE: Final = 512
"""Bytes of a query and of a reply of version 2."""
MOST_HOLDS: Final = (HOLDS_SIZE - _FIRST_HOLD_AT) // _HOLD.size
"""The most holds in one reply."""
IMPAIRED_FLAG: Final = 1
"""Reply flag: an impairment is configured, so that its counts are valid."""
_REALTIME_FLAG: Final = 2
_ORDINARY_FLAG: Final = 4
"""Reply flags: how the server is scheduled; neither from one that does not tell."""
_UNCERTAIN_FLAG: Final = 1
_MAX_U32: Final = 0xFFFFFFFF
_SIZES: Final = {STATUS_SIZE: VERSION, HOLDS_SIZE: HOLDS_VERSION}


class StatusQuery(NamedTuple):
    """One query: the stream's SSRC (ignored for totals), and a number that the reply repeats."""

    kind: int
    ssrc: int
    nonce: int
    holds_from: int | None = None
    """The index of the first hold that is asked for; None: none are (version 1)."""


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


class Hold(NamedTuple):
    """A packet that the echo server held: from its kernel's receive stamp to just before its send.

    Delay by impairment and pacing is not part of it.
    """

    sequence: int
    hold_us: int
    """At most 71 minutes."""
    uncertain: bool
    """The send call itself took long: the packet left somewhere within it."""


class Holds(NamedTuple):
    """The holds in one reply of version 2."""

    server: int
    """Drawn at the server's start: another one means that it was restarted."""
    total: int
    """Holds of the stream so far; more are to be asked for while `first + len(entries)` is less."""
    first: int
    """Index of the first entry; above the index asked for when older ones were overwritten."""
    complete_to: int
    """Sequence of the packet sent back last: the holds up to `total` are those until then."""
    entries: tuple[Hold, ...]
    stream: int = 0
    """Drawn when the server first saw the stream (from this source): another one counts anew."""

    @property
    def next(self) -> int:
        """The index to ask for next."""
        return self.first + len(self.entries)


class StatusReply(NamedTuple):
    """A reply: its query, the counters, whether an impairment is configured, the holds."""

    query: StatusQuery
    counters: StatusCounters
    impaired: bool
    holds: Holds | None = None
    """None in version 1. The reply's query then has no `holds_from`."""
    realtime: bool | None = None
    """Whether the server has realtime scheduling; None from one that does not tell."""


def looks_like_status(data: bytes | memoryview) -> bool:
    """Return whether a datagram has the size and magic of a status message."""
    return len(data) in _SIZES and bytes(data[:4]) == MAGIC


def build_query(query: StatusQuery) -> bytes:
    """Build a query, padded to the size of its reply."""
    if query.holds_from is None:
        return _head(VERSION, query.kind, 0, query).ljust(STATUS_SIZE, b"\0")
    head = _head(HOLDS_VERSION, query.kind, 0, query)
    return (head + _FROM.pack(query.holds_from)).ljust(HOLDS_SIZE, b"\0")


def parse_query(data: bytes | memoryview) -> StatusQuery | None:
    """Return the query in a datagram; None when it is none or has another size."""
    if not looks_like_status(data):
        return None
    _, version, kind, _, ssrc, nonce = _PREFIX.unpack_from(data)
    if version != _SIZES[len(data)]:
        return None
    if version == HOLDS_VERSION and kind == STREAM_QUERY:
        return StatusQuery(kind, ssrc, nonce, _FROM.unpack_from(data, _PREFIX.size)[0])
    known = version == VERSION and kind in (STREAM_QUERY, TOTALS_QUERY)
    return StatusQuery(kind, ssrc, nonce) if known else None


def build_reply(
    query: StatusQuery,
    counters: StatusCounters,
    *,
    impaired: bool,
    holds: Holds | None = None,
    realtime: bool | None = None,
) -> bytes:
    """Build the reply to one query; `holds` (at most MOST_HOLDS) for one that asks for them."""
    flags = IMPAIRED_FLAG if impaired else 0
    if realtime is not None:
        flags |= _REALTIME_FLAG if realtime else _ORDINARY_FLAG
    if holds is None:
        head = _head(VERSION, query.kind | 0x80, flags, query)
        return (head + _COUNTERS.pack(*counters)).ljust(STATUS_SIZE, b"\0")
    head = _head(HOLDS_VERSION, query.kind | 0x80, flags, query) + _COUNTERS.pack(*counters)
    numbers = holds.server, holds.total, holds.first, holds.complete_to, len(holds.entries)
    entries = (
        _HOLD.pack(sequence, _UNCERTAIN_FLAG if uncertain else 0, min(hold_us, _MAX_U32))
        for sequence, hold_us, uncertain in holds.entries
    )
    return (head + _HOLDS.pack(*numbers, holds.stream) + b"".join(entries)).ljust(HOLDS_SIZE, b"\0")


def parse_reply(data: bytes | memoryview) -> StatusReply | None:
    """Return the reply in a datagram; None when it is none or contradicts itself."""
    if not looks_like_status(data):
        return None
    _, version, kind, flags, ssrc, nonce = _PREFIX.unpack_from(data)
    kinds = (STREAM_REPLY,) if version == HOLDS_VERSION else (STREAM_REPLY, TOTALS_REPLY)
    if version != _SIZES[len(data)] or kind not in kinds:
        return None
    holds = _parse_holds(data) if version == HOLDS_VERSION else None
    if version == HOLDS_VERSION and holds is None:
        return None
    counters = StatusCounters(*_COUNTERS.unpack_from(data, _PREFIX.size))
    query = StatusQuery(kind & 0x7F, ssrc, nonce)
    told = flags & (_REALTIME_FLAG | _ORDINARY_FLAG)
    realtime = bool(told & _REALTIME_FLAG) if told else None
    return StatusReply(query, counters, bool(flags & IMPAIRED_FLAG), holds, realtime)


def _head(version: int, kind: int, flags: int, query: StatusQuery) -> bytes:
    return _PREFIX.pack(MAGIC, version, kind, flags, query.ssrc, query.nonce)


def _parse_holds(data: bytes | memoryview) -> Holds | None:
    server, total, first, complete_to, count, stream = _HOLDS.unpack_from(data, _HOLDS_AT)
    if count > MOST_HOLDS or first + count > total:
        return None
    end = _FIRST_HOLD_AT + count * _HOLD.size
    entries = tuple(
        Hold(sequence, hold_us, bool(flags & _UNCERTAIN_FLAG))
        for sequence, flags, hold_us in _HOLD.iter_unpack(data[_FIRST_HOLD_AT:end])
    )
    return Holds(server, total, first, complete_to, entries, stream)
