"""A call in detail: the responses to the actions `detail` and `statistics`.

Requested only while one call is shown, which keeps large data out of the document for all
readers. A value without samples is None, never 0.
"""

from __future__ import annotations

from ari_tui.document.live import Cells
from ari_tui.document.model import Base, EventLine, Spread


class DetailCourse(Base, frozen=True, kw_only=True):
    """One call, second by second, oldest first.

    Packets by second of sending, round trips by second of return, what Asterisk's side did by
    second of arrival.
    """

    sent: Cells
    lost: Cells
    late: Cells
    rtt_min_us: Cells
    rtt_mean_us: Cells
    rtt_p95_us: Cells
    rtt_max_us: Cells
    asterisk_max_us: Cells
    """The packet that came latest, above its floor (interval A)."""
    dwell_max_us: Cells
    """The longest that a packet stayed with us, either way (intervals B and D)."""
    limited: Cells
    """1 for a second in which ourselves were in the way: it says nothing of the network."""


class Intervals(Base, frozen=True, kw_only=True):
    """Where a packet's time goes, over the whole call. Percentiles of A, B and D are within 7 %."""

    asterisk_ms: Spread
    """A: arrival from Asterisk against its place on the RTP clock, above the floor; a minimum
    below 0 lay under the floor as it was fitted."""
    out_us: Spread
    """B: from Asterisk's packet to its sending to the echo server: our own delay."""
    echo_ms: Spread
    """C: the round trip to the echo server."""
    back_us: Spread
    """D: from the echo server's packet to its sending to Asterisk: our own delay."""


class GapLine(Base, frozen=True, kw_only=True):
    """One gap in what Asterisk sent."""

    time: str
    """When it ended."""
    length_ms: float
    kind: str
    """missing, hidden, stalled, delayed, dtmf, hold, comfort_noise, engine."""
    missing: int
    """Numbered packets that did not come."""
    timestamp_ms: float
    """How far the timestamp moved more than the sequence did."""
    interrupts: bool
    """Longer than 200 ms, and nothing explains it."""
    settled: bool
    """False while an explanation may still come (a digit is told of at its end)."""


class CallDetail(Base, frozen=True, kw_only=True):
    """Everything about one call that its document's entry does not hold."""

    time: str
    call: str
    """The call's id."""
    last_second: int
    """The newest second of the course, since 1970: the last whole one, or the call's last."""
    course: DetailCourse
    intervals: Intervals
    late_ms: float
    """How far above its floor a packet may lie before it is late."""
    echo_floor_ms: float | None
    """The round trip of a packet that nothing held up."""
    skew_ppm: float | None
    """How much slower (below 0: faster) the sender's clock runs than ours; None before ten
    seconds have been seen."""
    rtt_histogram: list[list[int]]
    """`[upper_us, count]`, eight buckets an octave, in order."""
    limited_by: list[str]
    """What of ourselves was in the way in the course's limited seconds."""
    gaps: list[GapLine]
    """The newest, oldest first; the document's `gaps` counts all."""
    events: list[EventLine]
    """Those of this call, oldest first."""


class RtpFigures(Base, frozen=True, kw_only=True):
    """What Asterisk itself counts on the caller's leg (ARI: RTPstat), named by what it means.

    ARI's `txjitter` is the jitter of what Asterisk receives, `rxjitter` is what the far end
    reports (res_rtp_asterisk.c).
    """

    received: int | None
    """Packets from the caller to Asterisk."""
    sent: int | None
    received_lost: int | None
    """Lost between the caller and Asterisk, by Asterisk's own count."""
    sent_lost: int | None
    """Lost between Asterisk and the caller, as the caller reports it (RTCP); None where no report
    has come."""
    received_jitter_ms: float | None
    sent_jitter_ms: float | None
    """As the caller reports it (RTCP); None where no report has come."""
    rtt_ms: float | None
    """Asterisk to the caller and back, by RTCP; None where no report has come."""
    local_ssrc: int | None
    remote_ssrc: int | None


class CallerStatistics(Base, frozen=True, kw_only=True):
    """What Asterisk itself says of a call at this moment."""

    time: str
    channel: str
    state: str | None
    """The channel's state ("Up"); None where Asterisk did not say."""
    bridge: str | None
    """The bridge's technology; None while there is none."""
    members: int | None
    """How many channels are in the bridge."""
    rtp: RtpFigures | None
    note: str | None
    """Why something of this is missing, in words."""
