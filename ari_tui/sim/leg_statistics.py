"""What a receiver of RTP counts of one stream, and tells in its RTCP reports (RFC 3550 6.4.1)."""

from __future__ import annotations

from typing import Final

from ari_tui.wire.rtp import sequence_of, signed_difference

NS_PER_TICK: Final = 125_000
"""One unit of an 8 kHz clock."""
REPORT_NS: Final = 5_000_000_000
"""Between two reports, as Asterisk sends them."""


class ReceiverStatistics:
    """Counts of one receiver.

    The number received and the jitter move with each packet, the number lost with each report.
    """

    def __init__(self) -> None:
        self.received = 0
        self.jitter_ns = 0.0
        self._lost = self._lost_before = 0
        self._reported: int | None = None
        self._next_report_ns: int | None = None
        self._ssrc: bytes | None = None
        self._base = self._highest = self._in_stream = 0
        self._last: tuple[int, int] | None = None

    def receive(self, packet: bytes, now_ns: int) -> None:
        """Take a packet (at least an RTP header) at `now_ns` (monotonic)."""
        sequence, timestamp = sequence_of(packet), int.from_bytes(packet[4:8], "big")
        self.take(packet[8:12], sequence, timestamp, now_ns)

    def take(self, ssrc: bytes, sequence: int, timestamp: int, now_ns: int) -> None:
        """Take a packet by its header."""
        self._report(now_ns)
        if ssrc != self._ssrc:
            self._begin(ssrc, sequence)
        self.received += 1
        self._in_stream += 1
        self._highest = max(
            self._highest, self._highest + signed_difference(sequence, self._highest & 0xFFFF, 16)
        )
        expected = self._highest - self._base + 1
        self._lost = self._lost_before + max(0, expected - self._in_stream)
        if self._last is not None:
            step_ns = signed_difference(timestamp, self._last[1], 32) * NS_PER_TICK
            moved_ns = abs(now_ns - self._last[0] - step_ns)
            self.jitter_ns += (moved_ns - self.jitter_ns) / 16
        self._last = now_ns, timestamp

    def reported_lost(self, now_ns: int) -> int | None:
        """Return the packets lost by the newest report at a time; None before the first.

        Lost packets count once a later one has come.
        """
        self._report(now_ns)
        return self._reported

    def _report(self, now_ns: int) -> None:
        """Make the report that is due, of what has come until now."""
        if self._next_report_ns is None:
            self._next_report_ns = now_ns + REPORT_NS
        elif now_ns >= self._next_report_ns:
            self._reported = self._lost
            self._next_report_ns += -(-(now_ns + 1 - self._next_report_ns) // REPORT_NS) * REPORT_NS

    def _begin(self, ssrc: bytes, sequence: int) -> None:
        self._ssrc, self._last = ssrc, None
        self._lost_before, self._in_stream = self._lost, 0
        self._base = self._highest = sequence
