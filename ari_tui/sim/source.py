"""RTP sources on an absolute clock: one timer for all of them, so that none drifts.

The event loop sleeps in whole milliseconds, so every source is due at a millisecond of the
monotonic clock, with a random phase within its packet time; sources due in the same millisecond
share one wake-up. A packet is sent up to about a millisecond after it is due; the next due time
does not depend on when it was sent. After a stall the overdue packets are sent at once, as
Asterisk does.
"""

from __future__ import annotations

import asyncio
import heapq
import math
import time
from functools import lru_cache
from random import Random
from typing import Final

from ari_tui.sim.media import MediaPort, SimPhone
from ari_tui.sim.media_path import MediaPath, Spoken
from ari_tui.wire import rtp

SAMPLE_RATE: Final = 8000
LONGEST_FRAME: Final = 240
"""Samples of the longest packet, 30 ms."""

_BIAS, _CLIP = 0x84, 32635
_PEAK: Final = 22900
"""Amplitude of a 0 dBm0 sine: 1 kHz then comes out as the digital milliwatt of G.711 table 5."""


def ulaw(sample: int) -> int:
    """Return the µ-law byte of one 16-bit linear sample (G.711 section 3)."""
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), _CLIP) + _BIAS
    exponent = magnitude.bit_length() - 8
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    return ~(sign | exponent << 4 | mantissa) & 0xFF


def alaw(sample: int) -> int:
    """Return the A-law byte of one 16-bit linear sample (G.711 section 3)."""
    value, mask = sample >> 3, 0xD5
    if value < 0:
        value, mask = -value - 1, 0x55
    value = min(value, 0xFFF)
    segment = max(0, value.bit_length() - 5)
    return (segment << 4 | (value >> max(1, segment)) & 0x0F) ^ mask


_ENCODERS: Final = {0: ulaw, 8: alaw}


@lru_cache(maxsize=64)
def tone(frequency_hz: int, payload_type: int) -> bytes:
    """Return one second of a sine, plus one frame of it again so that any frame is one slice.

    A whole number of hertz repeats after exactly one second. `payload_type` is 0 (µ-law) or 8
    (A-law), as in RFC 3551.
    """
    encode = _ENCODERS[payload_type]
    step = 2 * math.pi * frequency_hz / SAMPLE_RATE
    second = bytes(encode(round(_PEAK * math.sin((n + 0.5) * step))) for n in range(SAMPLE_RATE))
    return second + second[:LONGEST_FRAME]


_MS = 1_000_000
_PER_MS = SAMPLE_RATE // 1000


class RtpSource:
    """One stream, with random SSRC, first sequence number and first timestamp."""

    def __init__(self, number: int, phone: SimPhone, port: MediaPort, random: Random) -> None:
        self.number, self.phone, self.port = number, phone, port
        self.ssrc = random.getrandbits(32)
        self.sequence = random.getrandbits(16)
        self.timestamp = random.getrandbits(32)
        self.marker = True
        """The next packet starts a talkspurt."""
        self.skip = 0
        """Packets to leave out, with their sequence numbers, while a digit is pressed."""
        self.stopped = False
        self.due_ns = 0
        self._samples = phone.packet_ms * _PER_MS
        self._tone = tone(phone.frequency_hz, port.payload_type)
        self._offset = 0
        port.begin(self.ssrc)

    def next(self, now_ns: int) -> bytes | None:
        """Advance by one packet time; return its packet, None during hold or a digit.

        Asterisk receives the packets of a digit, too, and does not pass them on.
        """
        if self.phone.on_hold:
            self.marker = True
            self._advance()
            return None
        sequence = self.sequence
        self.sequence = (sequence + 1) & 0xFFFF
        if self.skip:
            self.skip -= 1
            ssrc = self.ssrc.to_bytes(4, "big")
            self.phone.inward.take(ssrc, sequence, self.timestamp, now_ns)
            self._advance()
            return None
        offset = self._offset
        packet = (
            rtp.FIXED_HEADER.pack(
                rtp.PLAIN_FIRST_BYTE,
                self.port.payload_type | (0x80 if self.marker else 0),
                sequence,
                self.timestamp,
                self.ssrc,
            )
            + self._tone[offset : offset + self._samples]
        )
        self.marker = False
        self.port.generated += 1
        self._advance()
        return packet

    def _advance(self) -> None:
        self.timestamp = (self.timestamp + self._samples) & 0xFFFFFFFF
        self._offset = (self._offset + self._samples) % SAMPLE_RATE


class SourceClock:
    """Sends every source's packets when they are due, on their path through Asterisk."""

    def __init__(self, path: MediaPath) -> None:
        self.path = path
        path.wake = self._arm
        self._loop = asyncio.get_running_loop()
        self._heap: list[tuple[int, int, RtpSource]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timer_ns = 0

    def start(self, source: RtpSource, phase_ms: int) -> None:
        """Start a source `phase_ms` after the next whole millisecond."""
        source.due_ns = (time.monotonic_ns() // _MS + 1 + phase_ms) * _MS
        heapq.heappush(self._heap, (source.due_ns, source.number, source))
        self._arm()

    def stop(self, source: RtpSource) -> None:
        """Stop a source; its packets in the impairment are still sent when they are due."""
        source.stopped = True
        self.path.forget(source.number)

    def close(self) -> None:
        """Stop all sources."""
        for _, _, source in self._heap:
            source.stopped = True
        self._heap.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        due_ns = self._heap[0][0] if self._heap else None
        released_ns = self.path.next_due_ns()
        if released_ns is not None and (due_ns is None or released_ns < due_ns):
            due_ns = released_ns
        if due_ns is None or (self._timer is not None and self._timer_ns <= due_ns):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_ns = due_ns
        # loop.time() is the monotonic clock
        self._timer = self._loop.call_at(due_ns / 1e9, self._tick)

    def _tick(self) -> None:
        self._timer = None
        now_ns = time.monotonic_ns()
        heap = self._heap
        while heap and heap[0][0] <= now_ns:
            due_ns, number, source = heap[0]
            if source.stopped:
                heapq.heappop(heap)
                continue
            source.due_ns = due_ns + source.phone.packet_ms * _MS
            heapq.heapreplace(heap, (source.due_ns, number, source))
            packet = source.next(now_ns)
            if packet is not None:
                self.path.speak(Spoken(number, source.phone, source.port, packet), now_ns)
        self.path.run(now_ns)
        self._arm()
