"""The streams that an echo server serves: one per source address and SSRC, bounded, with counts.

The table never refuses a stream: when it is full the longest idle one is evicted, so that a flood
of forged SSRCs cannot lock live streams out. The counts of an evicted stream stay in the totals.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from ari_tui.core.sockets import Address
from ari_tui.wire.rtp import TIMESTAMP_BITS, signed_difference
from ari_tui.wire.status import MOST_HOLDS, Hold

MAX_STREAMS: Final = 4096
IDLE_NS: Final = 60_000_000_000
AHEAD_LIMIT_NS: Final = 500_000_000
"""The longest delay by pacing; a packet due later means a timestamp jump."""
BACK_LIMIT_S: Final = 1
"""A timestamp further back than this is a jump, a nearer one a reordered packet."""
HOLDS_KEPT: Final = 256
"""Held packets kept of each stream: 5 s of 20 ms packets, should each one be held."""


class EchoTally:
    """Running counts of one stream, or of all that were evicted."""

    __slots__ = (
        "bytes",
        "dwell_max_ns",
        "dwell_sum_ns",
        "errors",
        "held",
        "held_uncertain",
        "received",
        "sent",
    )

    def __init__(self) -> None:
        self.received = self.sent = self.bytes = self.errors = 0
        self.dwell_max_ns = self.dwell_sum_ns = 0
        self.held = self.held_uncertain = 0

    def add(self, other: EchoTally) -> None:
        """Add another's counts; of the maxima keep the larger."""
        self.received += other.received
        self.sent += other.sent
        self.bytes += other.bytes
        self.errors += other.errors
        self.dwell_sum_ns += other.dwell_sum_ns
        self.dwell_max_ns = max(self.dwell_max_ns, other.dwell_max_ns)
        self.held += other.held
        self.held_uncertain += other.held_uncertain


class HoldRing:
    """The newest packets of one stream that were held for long, numbered from 0."""

    __slots__ = ("_entries", "id", "total")

    def __init__(self) -> None:
        self.id = secrets.randbits(32)
        self.total = 0
        self._entries: deque[Hold] = deque(maxlen=HOLDS_KEPT)

    def add(self, hold: Hold) -> None:
        """Keep a hold; the oldest is overwritten when the ring is full."""
        self._entries.append(hold)
        self.total += 1

    def since(self, index: int) -> tuple[int, tuple[Hold, ...]]:
        """Return the index of the first entry from `index` on, and as many as a reply holds.

        An index beyond the total is one of another run of the server: then from the oldest.
        """
        oldest = self.total - len(self._entries)
        first = oldest if index > self.total else max(index, oldest)
        begin = first - oldest
        return first, tuple(islice(self._entries, begin, begin + MOST_HOLDS))


class Pacer:
    """Schedules packets by RTP timestamp: due at t0 + (timestamp − timestamp0) / rate.

    The first packet sets t0 and timestamp0. They are reset when the timestamp jumps: ahead of
    arrival by more than half a second (which a sender's clock 50 ppm fast reaches after 3 hours),
    or back by more than one second. Late arrival, even after seconds of a stall, is no jump:
    packets are sent at once until the stream has caught up.
    """

    __slots__ = ("_clock_rate", "_elapsed", "_origin_ns", "_timestamp")

    def __init__(self, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._timestamp: int | None = None
        self._origin_ns = 0
        self._elapsed = 0
        """Timestamp units since the origin."""

    def due_ns(self, timestamp: int, now_ns: int) -> int:
        """Return when to send a packet that arrives now; never earlier than now."""
        if self._timestamp is None:
            return self._anchor(timestamp, now_ns)
        step = signed_difference(timestamp, self._timestamp, TIMESTAMP_BITS)
        elapsed = self._elapsed + step
        due_ns = self._origin_ns + elapsed * 1_000_000_000 // self._clock_rate
        if due_ns > now_ns + AHEAD_LIMIT_NS or step < -BACK_LIMIT_S * self._clock_rate:
            return self._anchor(timestamp, now_ns)
        self._timestamp, self._elapsed = timestamp, elapsed
        return max(due_ns, now_ns)

    def _anchor(self, timestamp: int, now_ns: int) -> int:
        self._timestamp, self._origin_ns, self._elapsed = timestamp, now_ns, 0
        return now_ns


class EchoStream:
    """One stream: its source and SSRC, its counts and holds, and its pacer if paced."""

    __slots__ = ("holds", "last_ns", "last_sequence", "pacer", "source", "ssrc", "tally")

    def __init__(self, source: Address, ssrc: int, pacer: Pacer | None) -> None:
        self.source = source
        self.ssrc = ssrc
        self.pacer = pacer
        self.tally = EchoTally()
        self.holds = HoldRing()
        self.last_sequence = 0
        """Sequence of the packet sent back last."""
        self.last_ns = 0


class StreamTable:
    """Streams by source and SSRC, in the order of their last packet.

    With `pace_clock_rate` each stream has a pacer; `on_evict` is called with each evicted stream.
    Times are ns of one monotonic clock.
    """

    def __init__(
        self,
        on_evict: Callable[[EchoStream], None],
        *,
        pace_clock_rate: int | None = None,
        limit: int = MAX_STREAMS,
    ) -> None:
        self._on_evict = on_evict
        self._pace_clock_rate = pace_clock_rate
        self._limit = limit
        self._streams: OrderedDict[tuple[Address, int], EchoStream] = OrderedDict()
        self._evicted = EchoTally()
        self.seen = 0
        """Streams served so far, evicted ones included."""

    def __iter__(self) -> Iterator[EchoStream]:
        return iter(self._streams.values())

    def peek(self, source: Address, ssrc: int) -> EchoStream | None:
        """Return a stream without marking it as active."""
        return self._streams.get((source, ssrc))

    def touch(self, source: Address, ssrc: int, now_ns: int) -> EchoStream | None:
        """Return the stream of an arrived packet and mark it as active; None for a new one."""
        key = (source, ssrc)
        stream = self._streams.get(key)
        if stream is not None:
            stream.last_ns = now_ns
            self._streams.move_to_end(key)
        return stream

    def add(self, source: Address, ssrc: int, now_ns: int) -> EchoStream:
        """Add a new stream; a full table evicts the longest idle one."""
        if len(self._streams) >= self._limit:
            self._evict()
        rate = self._pace_clock_rate
        stream = EchoStream(source, ssrc, Pacer(rate) if rate is not None else None)
        stream.last_ns = now_ns
        self._streams[source, ssrc] = stream
        self.seen += 1
        return stream

    def expire(self, now_ns: int) -> None:
        """Evict the streams that have been idle for a minute."""
        while self._streams and next(iter(self)).last_ns <= now_ns - IDLE_NS:
            self._evict()

    def totals(self) -> EchoTally:
        """Return the sum of all streams, evicted ones included."""
        totals = EchoTally()
        totals.add(self._evicted)
        for stream in self:
            totals.add(stream.tally)
        return totals

    def _evict(self) -> None:
        _, stream = self._streams.popitem(last=False)
        self._evicted.add(stream.tally)
        # packets of it that are still queued are counted in the totals directly
        stream.tally = self._evicted
        self._on_evict(stream)
