"""The forwarding loop of the echo server: receive, check, and return RTP at once or when due."""

from __future__ import annotations

import secrets
import socket
import time
from typing import Final, NamedTuple

from ari_tui.core.sockets import ANCILLARY_SIZE, Address, endpoint_text, receive_stamp, socket_drops
from ari_tui.reflector.counters import EchoCounters, StreamCounters, TrafficCounters
from ari_tui.reflector.guard import SourceGuard, parse_host
from ari_tui.reflector.impairment import Impairment, ImpairmentSpec
from ari_tui.reflector.streams import EchoStream, StreamTable
from ari_tui.wire import rtp, status
from ari_tui.wire.status import Hold, Holds

MAX_WAITING: Final = 131_072
MAX_WAITING_BYTES: Final = 64 << 20
"""Limits of the send queue; packets beyond are dropped and counted as errors."""
HOLD_NS: Final = 500_000
"""A packet held for longer is told one by one; so is one whose send call took longer."""
_BATCH: Final = 64
"""Datagrams read before due packets are sent again."""
_MAX_DATAGRAM: Final = 65_536


class _Waiting(NamedTuple):
    """A queued packet, and the time from its kernel stamp to the queue."""

    data: bytes
    stream: EchoStream
    sequence: int
    lag_ns: int


class Reflector:
    """Serves one non-blocking UDP socket: check, count, impair, pace, return unchanged.

    Without impairment and pacing a packet is sent as soon as it is read.
    Otherwise `send_due` must be called by `next_due_ns` (both on CLOCK_MONOTONIC). One thread.
    """

    def __init__(
        self,
        sock: socket.socket,
        guard: SourceGuard,
        *,
        spec: ImpairmentSpec,
        seed: int,
        pace_clock_rate: int | None = None,
    ) -> None:
        self._sock = sock
        self._guard = guard
        self._impaired = spec.active
        self.realtime: bool | None = None
        """Whether the server has realtime scheduling, as status replies say; None: not told."""
        self.impairing = True
        """False suspends the impairment: what comes is sent at once."""
        self._schedule: Impairment[EchoStream, _Waiting] | None = None
        if spec.active or pace_clock_rate is not None:
            self._schedule = Impairment(spec, seed, name=lambda stream: stream.ssrc)
        self._table = StreamTable(self._forget, pace_clock_rate=pace_clock_rate)
        self._view = memoryview(bytearray(_MAX_DATAGRAM))
        self._waiting_bytes = 0
        self._refused = self._malformed = self._not_rtp = self._receive_errors = 0
        self._queries = self._replies = 0
        self.run_id = secrets.randbits(64)
        """Told in status replies: another one means another run of the server."""

    @property
    def waiting(self) -> int:
        """Packets in the send queue."""
        return self._schedule.pending if self._schedule is not None else 0

    def next_due_ns(self) -> int | None:
        """Return when the next queued packet is due; None with an empty queue."""
        return self._schedule.next_due_ns() if self._schedule is not None else None

    def receive(self) -> None:
        """Read the socket's datagrams, a bounded number per call."""
        for _ in range(_BATCH):
            try:
                size, ancillary, _, source = self._sock.recvmsg_into([self._view], ANCILLARY_SIZE)
            except BlockingIOError:
                return
            except OSError:
                self._receive_errors += 1
                return
            self._take(self._view[:size], source, receive_stamp(ancillary) or time.time_ns())

    def send_due(self, now_ns: int) -> None:
        """Send the packets that are due."""
        if self._schedule is None:
            return
        for due_ns, packet in self._schedule.pop_releases(now_ns):
            self._waiting_bytes -= len(packet.data)
            dwell_ns = packet.lag_ns + time.monotonic_ns() - due_ns
            self._send(packet.data, packet.stream, packet.sequence, dwell_ns, time.time_ns())

    def expire(self, now_ns: int) -> None:
        """Evict idle streams; to be called about once a second."""
        self._table.expire(now_ns)

    def counters(self, end_reason: str = "") -> EchoCounters:
        """Return all counters."""
        return EchoCounters(
            total=self._traffic(None),
            socket_drops=socket_drops(self._sock),
            refused=self._refused,
            malformed=self._malformed,
            not_rtp=self._not_rtp,
            status_queries=self._queries,
            status_replies=self._replies,
            receive_errors=self._receive_errors,
            unsent=self.waiting,
            streams_seen=self._table.seen,
            streams=tuple(
                StreamCounters(
                    endpoint_text(*stream.source[:2]), stream.ssrc, self._traffic(stream)
                )
                for stream in self._table
            ),
            end_reason=end_reason,
        )

    def _take(self, data: memoryview, source: Address, stamp_ns: int) -> None:
        verdict = rtp.classify(data)
        if verdict != rtp.OK:
            self._take_other(data, source, verdict)
            return
        _, _, sequence, timestamp, ssrc = rtp.FIXED_HEADER.unpack_from(data)
        now_ns = time.monotonic_ns()
        stream = self._table.touch(source, ssrc, now_ns)
        if stream is None:
            if not self._guard.admits(source):
                self._refused += 1
                return
            stream = self._table.add(source, ssrc, now_ns)
        stream.tally.received += 1
        stream.tally.bytes += len(data)
        before_ns = time.time_ns()
        if self._schedule is None or not (self.impairing or stream.pacer):
            self._send(data, stream, sequence, before_ns - stamp_ns, before_ns)
        else:
            due_ns = stream.pacer.due_ns(timestamp, now_ns) if stream.pacer is not None else now_ns
            # until `now_ns`, from which the schedule counts
            lag_ns = before_ns - stamp_ns - (time.monotonic_ns() - now_ns)
            packet = _Waiting(bytes(data), stream, sequence, max(0, lag_ns))
            self._queue(self._schedule, packet, due_ns)

    def _queue(
        self,
        schedule: Impairment[EchoStream, _Waiting],
        packet: _Waiting,
        arrival_ns: int,
    ) -> None:
        size, before = len(packet.data), schedule.pending
        if before >= MAX_WAITING or self._waiting_bytes + size > MAX_WAITING_BYTES:
            packet.stream.tally.errors += 1
            return
        schedule.push(packet.stream, packet.sequence, packet, arrival_ns)
        self._waiting_bytes += size * (schedule.pending - before)

    def _send(
        self,
        data: bytes | memoryview,
        stream: EchoStream,
        sequence: int,
        dwell_ns: int,
        before_ns: int,
    ) -> None:
        tally = stream.tally
        try:
            self._sock.sendto(data, stream.source)
        except OSError:
            tally.errors += 1
            return
        tally.sent += 1
        stream.last_sequence = sequence
        if dwell_ns > 0:  # a clock set back gives no valid sample
            tally.dwell_sum_ns += dwell_ns
            if dwell_ns > tally.dwell_max_ns:
                tally.dwell_max_ns = dwell_ns
        took_ns = time.time_ns() - before_ns
        if dwell_ns > HOLD_NS or took_ns > HOLD_NS:
            _keep_hold(stream, Hold(sequence, max(0, dwell_ns) // 1000, took_ns > HOLD_NS))

    def _take_other(self, data: memoryview, source: Address, verdict: int) -> None:
        if not self._guard.admits(source):
            self._refused += 1
        elif status.looks_like_status(data):
            self._queries += 1
            self._answer(data, source)
        elif verdict == rtp.MALFORMED:
            self._malformed += 1
        else:
            self._not_rtp += 1

    def _answer(self, data: memoryview, source: Address) -> None:
        query = status.parse_query(data)
        traffic = self._traffic_for(query, source) if query is not None else None
        if query is None or traffic is None:
            return
        counters = traffic.status(socket_drops(self._sock))
        holds = self._holds_for(query, source) if query.holds_from is not None else None
        reply = status.build_reply(
            query, counters, impaired=self._impaired, holds=holds, realtime=self.realtime
        )
        try:
            self._sock.sendto(reply, source)
        except OSError:
            return  # the client repeats its query
        self._replies += 1

    def _traffic_for(self, query: status.StatusQuery, source: Address) -> TrafficCounters | None:
        """Return the counters that a source may read: of its streams; totals over loopback only."""
        if query.kind == status.TOTALS_QUERY:
            return self._traffic(None) if parse_host(source[0]).is_loopback else None
        stream = self._table.peek(source, query.ssrc)
        return self._traffic(stream) if stream is not None else None

    def _holds_for(self, query: status.StatusQuery, source: Address) -> Holds | None:
        stream = self._table.peek(source, query.ssrc)
        if stream is None:
            return None
        ring = stream.holds
        first, entries = ring.since(query.holds_from or 0)
        return Holds(self.run_id, ring.total, first, stream.last_sequence, entries, ring.id)

    def _traffic(self, stream: EchoStream | None) -> TrafficCounters:
        """Return the counters of a stream; of all with None."""
        tally = self._table.totals() if stream is None else stream.tally
        impaired = None
        if self._schedule is not None and self._impaired:
            schedule = self._schedule
            impaired = schedule.counts if stream is None else schedule.counts_of(stream)
        return TrafficCounters(
            packets=tally.received,
            sent=tally.sent,
            bytes=tally.bytes,
            errors=tally.errors,
            dwell_max_ns=tally.dwell_max_ns if tally.sent else None,
            dwell_sum_ns=tally.dwell_sum_ns,
            held=tally.held,
            held_uncertain=tally.held_uncertain,
            impaired=impaired,
        )

    def _forget(self, stream: EchoStream) -> None:
        if self._schedule is not None:
            self._schedule.forget(stream)


def _keep_hold(stream: EchoStream, hold: Hold) -> None:
    stream.holds.add(hold)
    stream.tally.held += 1
    stream.tally.held_uncertain += hold.uncertain
