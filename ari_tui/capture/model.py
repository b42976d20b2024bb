"""The document `ari-tui.streams/1`: the RTP streams of a capture.

Frozen. Without samples a value is None (JSON null), never 0. Times are ISO 8601 in UTC.
"""

from __future__ import annotations

from ari_tui.document.model import Base, Spread

SCHEMA = "ari-tui.streams/1"


class CaptureFile(Base, frozen=True, kw_only=True):
    """The file that was read."""

    name: str
    format: str
    """"pcap" or "pcapng"."""
    frames: int
    first_at: str | None
    last_at: str | None
    duration_s: float | None
    damage: str | None
    """Why reading stopped before the end of the file; null if it did not."""


class Frames(Base, frozen=True, kw_only=True):
    """The number of frames by kind; the sum is `frames` of the file."""

    rtp: int
    """In a stream below."""
    unproven: int
    """Possibly RTP, but without a run of sequence numbers."""
    rtcp: int
    other_udp: int
    filtered: int
    """Of ports or SSRCs that were not selected."""
    not_udp: int
    fragments: int
    unreadable: int
    unknown_link: int
    timeless: int
    """Without a time of capture."""


class StreamPackets(Base, frozen=True, kw_only=True):
    """Counters of one stream. Always received = distinct + duplicates + stray, and expected =
    distinct + missing.
    """

    received: int
    expected: int
    distinct: int
    missing: int
    duplicates: int
    reordered: int
    late: int | None
    stray: int
    """Out of sequence by a jump that did not last."""
    sequence_errors: int | None
    """Packets that do not follow the highest number so far, as in Wireshark; null if unknown."""
    restarts: int
    interruptions: int
    baseline_steps: int


class StreamJitter(Base, frozen=True, kw_only=True):
    """Interarrival jitter (RFC 3550) against RTP timestamps: after the last packet, and its mean
    and maximum over all pairs of consecutive packets; null where not measured.
    """

    last: float | None
    mean: float | None
    max: float | None


class EchoPath(Base, frozen=True, kw_only=True):
    """What an echo server returned of a stream. Always sent = returned + lost + in_flight."""

    sent: int
    returned: int
    lost: int
    in_flight: int
    returned_late: int
    duplicates: int
    reordered: int
    late: int
    loss_ratio: float | None
    late_ratio: float | None
    rtt_ms: Spread
    jitter_ms: float | None
    """Of the returned packets, against RTP timestamps, after the last one."""
    hop_jitter_ms: float | None
    """The same against the send times: the echo hop only."""


class StreamEvent(Base, frozen=True, kw_only=True):
    """An event of a stream, as text."""

    time: str
    kind: str
    text: str


class RtpStream(Base, frozen=True, kw_only=True):
    """One stream: packets of one SSRC from one address to another."""

    source: str
    destination: str
    ssrc: str
    codec: str
    payload_types: list[int]
    clock_rate: int
    clock_rate_known: bool
    """False for a dynamic payload type, whose rate is guessed from the first packets; jitter,
    lateness and skew are null if the guess is wrong or all packets are telephone-events."""
    ptime_ms: float | None
    dscp: int | None
    started_at: str
    ended_at: str
    duration_s: float
    packets: StreamPackets
    loss_ratio: float | None
    """Missing divided by expected."""
    late_ratio: float | None
    """Late divided by distinct."""
    jitter_ms: StreamJitter
    skew_ppm: float | None
    """How much slower the sender's clock runs than the capture's; null below 10 s."""
    longest_interruption_ms: float | None
    dead_air_s: float
    gaps: dict[str, int]
    """Gaps by kind, as of a call; `analysis/stream/gaps.py` defines the kinds."""
    events: list[StreamEvent]
    """The first events, at most `capture.streams.EVENTS`."""
    echo: EchoPath | None


class StreamsDocument(Base, frozen=True, kw_only=True):
    """The streams of one capture file."""

    schema: str = SCHEMA
    version: str
    file: CaptureFile
    late_ms: float
    loss_timeout_ms: float
    echo: str | None
    """The echo server whose returned packets were paired with those sent to it."""
    frames: Frames
    streams: list[RtpStream]
