"""Counters of an echo server, as text, as JSON and as a status reply."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ari_tui.reflector.impairment import ImpairmentCounts
from ari_tui.wire.status import StatusCounters


@dataclass(frozen=True)
class TrafficCounters:
    """Counts of one stream or of all, since the start.

    `packets` and `bytes` are RTP received, `sent` RTP returned, copies included. `errors` are
    packets that could not be sent, or not queued because the queue was full. Dwell is our own
    delay, from the kernel's receive stamp to just before the send, without the delay that
    impairment and pacing add; None before the first packet is sent. `held` are packets with a dwell
    above 0.5 ms, which status replies tell one by one; `held_uncertain` those of them whose send
    call took that long. `impaired` is None without impairment.
    """

    packets: int
    sent: int
    bytes: int
    errors: int
    dwell_max_ns: int | None
    dwell_sum_ns: int
    impaired: ImpairmentCounts | None
    held: int = 0
    held_uncertain: int = 0

    @property
    def dwell_mean_ns(self) -> float | None:
        """The mean dwell; None before the first packet is sent."""
        return self.dwell_sum_ns / self.sent if self.sent else None

    def status(self, socket_drops: int) -> StatusCounters:
        """Return the counters of a status reply; `socket_drops` is of the whole socket."""
        impaired = self.impaired or ImpairmentCounts()
        return StatusCounters(
            received=self.packets,
            sent=self.sent,
            bytes_received=self.bytes,
            errors=self.errors,
            socket_drops=socket_drops,
            dwell_max_ns=self.dwell_max_ns or 0,
            dwell_sum_ns=self.dwell_sum_ns,
            impaired_lost=impaired.lost,
            impaired_duplicates=impaired.duplicates,
            impaired_reordered=impaired.reordered,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        impaired = self.impaired._asdict() if self.impaired is not None else None
        return {**asdict(self), "impaired": impaired}


@dataclass(frozen=True)
class StreamCounters:
    """Counts of one stream, identified by source and SSRC."""

    source: str
    ssrc: int
    traffic: TrafficCounters

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {"source": self.source, "ssrc": self.ssrc, **self.traffic.as_dict()}


@dataclass(frozen=True)
class EchoCounters:
    """All counters of an echo server.

    Every datagram received is in one of `total.packets`, `refused` (by its source),
    `status_queries`, `malformed` (RTP that contradicts itself) and `not_rtp`. `unsent` packets
    were still queued at the end. `streams_seen` includes evicted streams; `streams` does not.
    """

    total: TrafficCounters
    socket_drops: int
    refused: int
    malformed: int
    not_rtp: int
    status_queries: int
    status_replies: int
    receive_errors: int
    unsent: int
    streams_seen: int
    streams: tuple[StreamCounters, ...]
    end_reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: totals, packets not served, one entry per stream."""
        values = {key: value for key, value in vars(self).items() if key != "total"}
        streams = [stream.as_dict() for stream in self.streams]
        return {**self.total.as_dict(), **values, "streams": streams}

    def text(self) -> str:
        """Return the counters as one paragraph."""
        total = self.total
        served = (
            f"echo: {total.packets:,} packets ({total.bytes:,} bytes) of {self.streams_seen:,}"
            f" streams received, {total.sent:,} returned, {total.errors:,} errors"
        )
        not_served = (
            f"not returned: {self.malformed:,} malformed, {self.not_rtp:,} not RTP,"
            f" {self.refused:,} refused by source, {self.unsent:,} unsent at the end"
        )
        kernel = f"{self.socket_drops:,} dropped by the kernel: receive buffer full"
        sentences = (served, self._dwell_text(), self._impaired_text(), not_served, kernel)
        return "; ".join(sentence for sentence in sentences if sentence)

    def _dwell_text(self) -> str:
        mean_ns, max_ns = self.total.dwell_mean_ns, self.total.dwell_max_ns
        if mean_ns is None or max_ns is None:
            return "delay in this server —"
        delay = (
            f"delay in this server {mean_ns / 1e6:.3f} ms on average, {max_ns / 1e6:.3f} ms at most"
        )
        return f"{delay}, {self.total.held:,} packets held above 0.5 ms"

    def _impaired_text(self) -> str:
        done = self.total.impaired
        if done is None:
            return ""
        return (
            f"impaired: {done.lost:,} lost, {done.duplicates:,} doubled,"
            f" {done.reordered:,} reordered"
        )
