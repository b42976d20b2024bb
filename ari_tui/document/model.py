"""The document `ari-tui.stats/1`, the source of JSON, HTTP, status line, report and screen.

Frozen: one is built every tick and shared by all readers. A value without samples is None (JSON
null), never 0; an empty list is `[]`. Times are ISO 8601 in UTC; names of durations end in their
unit.
"""

from __future__ import annotations

from typing import Final

import msgspec

from ari_tui.document.where import Where

SCHEMA = "ari-tui.stats/1"


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """What every part of the document is."""


class Session(Base, frozen=True, kw_only=True):
    """One run of the engine."""

    id: str
    host: str
    version: str
    started_at: str
    ended_at: str | None
    duration_s: float
    end_reason: str | None
    draining: bool = False
    """No new callers are taken up any more: the engine is on its way to its end."""


class PingTimes(Base, frozen=True, kw_only=True):
    """What Asterisk took to answer its pings of the last minute; our own delays are left out."""

    median: float
    longest: float


class AsteriskState(Base, frozen=True, kw_only=True):
    """One Asterisk that we are connected to."""

    id: str
    version: str | None
    connected: bool
    url: str
    latency_ms: float | None
    """Median round trip of REST requests."""
    events_lost_s: float
    """How long the event stream was away in all: calls went on, their events are lost."""
    disconnected_since: str | None = None
    """Since when the event stream is away; null while it stands."""
    next_attempt_at: str | None = None
    """When it is opened anew next; null while it stands or is being opened."""
    started_at: str | None = None
    """When this Asterisk was started, as it says."""
    restarts: int = 0
    """How often it was restarted since we are connected."""
    ping_ms: PingTimes | None = None
    """Null while no ping was answered."""


class Packets(Base, frozen=True, kw_only=True):
    """Counters of packets. Always sent = returned + lost + in_flight."""

    received: int
    sent: int
    returned: int
    delivered: int
    in_flight: int
    overdue: int
    lost: int
    returned_late: int
    upstream_missing: int
    duplicates_media: int
    duplicates_echo: int
    reordered_media: int
    reordered_echo: int
    late_media: int
    late_echo: int
    late_fixed_anchor: int
    discarded: int
    uncertain: int
    malformed: int
    foreign: int
    ssrc_changes: int
    reanchors: int
    baseline_steps: int
    interruptions: int
    send_errors: int
    echo_refused: int
    socket_drops: int


class Spread(Base, frozen=True, kw_only=True):
    """How durations are spread: nearest-rank percentiles, exact extremes; null without samples."""

    count: int
    min: float | None
    mean: float | None
    p50: float | None
    p95: float | None
    p99: float | None
    max: float | None


class Jitter(Base, frozen=True, kw_only=True):
    """Interarrival jitter (RFC 3550) as it stands: from Asterisk, from the echo server, and of
    the echo hop alone.
    """

    media: float | None
    echo: float | None
    hop: float | None


class LossBursts(Base, frozen=True, kw_only=True):
    """How losses come: RFC 3611 bursts and gaps (Gmin 16), lengths in packets."""

    burst_ratio: float | None
    """Mean run over that of random losses (G.107 BurstR); 1 is random."""
    bursts: int
    mean_burst: float | None
    burst_density: float | None
    gaps: int
    mean_gap: float | None
    gap_density: float | None


class LossDirections(Base, frozen=True, kw_only=True):
    """Where packets were lost, by our echo server's own counts."""

    outward: int
    at_echo: int
    """In the echo server: its own failures, or what it was told to lose."""
    back: int


class Mos(Base, frozen=True, kw_only=True):
    """MOS-CQ est., this hop (G.107, with concealment). Pooled, never averaged."""

    session: float | None
    now: float | None
    """The last ten seconds."""
    worst_10s: float | None
    """The worst ten seconds of any call so far."""
    plain: float | None
    """The session without concealment."""
    loss_from: str | None
    """Which one-way loss was used: outward, back, or half of the round trip."""


class Window(Base, frozen=True, kw_only=True):
    """The last seconds. Sent, lost and late by second of sending, RTT by second of return."""

    seconds: int
    sent: int
    returned: int
    lost: int
    late: int
    loss_ratio: float | None
    late_ratio: float | None
    rtt_ms: Spread


class Figures(Base, frozen=True, kw_only=True):
    """The numbers of one call, or of all together."""

    packets: Packets
    loss_ratio: float | None
    late_ratio: float | None
    gone_ratio: float | None
    """Lost, or back too late for the assumed jitter buffer, of settled packets."""
    rtt_ms: Spread
    loss_runs: dict[str, int]
    """Runs of lost packets by length, "1" … "9", "10+"."""
    loss_bursts: LossBursts
    loss_directions: LossDirections | None
    mos: Mos
    gaps: dict[str, int]
    """Gaps in what Asterisk sent, by what moved or what explains them."""
    missing_explained: int
    """Of upstream_missing: swallowed with a digit, on hold, comfort noise, or our own outage."""
    windows: list[Window]
    """The last 10 and 60 seconds."""
    longest_interruption_ms: float | None
    dead_air_s: float
    rtt_histogram: list[list[int]] | None
    """`[upper_ns, count]`, only where asked for."""


class CallCounts(Base, frozen=True, kw_only=True):
    """How many calls."""

    active: int
    """On their way up, up, or draining."""
    peak: int
    """Most at once; what drains sends nothing more and does not count."""
    started: int
    ended: int
    failed: int


class CallerLeg(Base, frozen=True, kw_only=True):
    """The caller's leg as Asterisk itself counts it (ARI: rtp_statistics); null: not known."""

    time: str
    """When it was read. Losses move with each RTCP report, every 5 s."""
    received: int | None = None
    """Packets from the caller."""
    sent: int | None = None
    lost_in: int | None = None
    """Lost between the caller and Asterisk."""
    lost_in_ratio: float | None = None
    lost_out: int | None = None
    """Lost between Asterisk and the caller, as the caller's RTCP reports say."""
    lost_out_ratio: float | None = None
    jitter_in_ms: float | None = None
    """Of what Asterisk receives from the caller."""
    jitter_out_ms: float | None = None
    """As the caller reports it."""
    rtt_ms: float | None = None
    """Asterisk to the caller and back, by RTCP."""
    note: str | None = None
    """Why something is not known."""


class CallerLegTotals(Base, frozen=True, kw_only=True):
    """The callers' legs of all calls together, as Asterisk counts them."""

    received: int = 0
    lost_in: int = 0
    sent: int = 0
    """On legs with RTCP reports only, as `lost_out`."""
    lost_out: int = 0


class Totals(Figures, frozen=True, kw_only=True):
    """All calls together, those that have left included."""

    calls: CallCounts
    caller_legs: CallerLegTotals | None = None
    """Losses before and after Asterisk; null in documents of before they were read."""


class Ports(Base, frozen=True, kw_only=True):
    """The four ends of a call's two legs, `address:port`; null while not known."""

    media_local: str | None
    media_remote: str | None
    echo_local: str | None
    echo_remote: str | None


class Call(Figures, frozen=True, kw_only=True):
    """One call. Names come cleaned from the ARI border."""

    id: str
    mode: str
    asterisk: str
    channel: str
    channel_id: str
    caller: str
    call_id: str | None
    linkedid: str | None
    state: str
    reason: str | None
    """Why it ended, is ending, or failed."""
    started_at: str
    ended_at: str | None
    duration_s: float
    bridge_technology: str | None
    ports: Ports
    codec: str | None
    ptime_ms: float | None
    ssrc: str | None
    jitter_ms: Jitter
    caller_leg: CallerLeg | None = None
    """Null before it was read for the first time, a few seconds into the call."""
    where: Where | None = None
    """Where its fault is; null in documents of before it was told."""


class EchoHolds(Base, frozen=True, kw_only=True):
    """What our echo server held packets for, which is subtracted from their round trips."""

    told: bool | None
    """Whether it tells each held packet; null before it is known. A foreign or older one does
    not: then seconds in which it reports a long delay are left out instead.
    """
    mean_ms: float | None
    """Its delay of all packets; null when it reports none."""
    held: int
    """Measured packets that it held for longer than 0.5 ms."""
    p99_ms: float | None
    """99th percentile of those, and the longest."""
    max_ms: float | None
    explained_late: int
    """Packets that would have been late without subtracting their hold."""
    uncertain: int
    """Packets left out of round trip and lateness because their hold was uncertain."""
    untold: int
    """Long round trips for which no answer came in time; they count as they were measured."""


class Realtime(Base, frozen=True, kw_only=True):
    """How the processes are scheduled that packets wait for; None: not known."""

    worker: str | None
    """Of the media workers: "SCHED_FIFO 1", or "ordinary" and why."""
    echo: str | None
    """Of the echo server: "SCHED_FIFO 1" or "ordinary"; ours tells it once a call is up."""


class WorkerOutage(Base, frozen=True, kw_only=True):
    """A time in which a media worker did not work; its calls' seconds are limited."""

    since: str
    seconds: float
    what: str
    """died (and was restarted), or stopped."""
    calls: int
    """How many it had."""


class Instrument(Base, frozen=True, kw_only=True):
    """How well we measure: our own delays, drops and lags."""

    dwell_out_us: Spread
    dwell_back_us: Spread
    uncertain: int
    socket_drops: int
    log_overflow: int
    log_fill: float
    tick_lag_ms: float
    ari_ms: float | None
    limited_s: float
    """Seconds left out of the verdict because of ourselves."""
    reasons: list[str]
    orphans: int
    """Records of calls that had left already."""
    workers: int
    worker_restarts: int
    receive_buffer_bytes: int | None
    ports_in_use: int
    ports_total: int
    echo_holds: EchoHolds | None = None
    """Null in documents of before it was told."""
    realtime: Realtime | None = None
    worker_outage_s: float = 0.0
    """Seconds in which a media worker was dead, or stopped for over 0.2 s."""
    worker_outages: list[WorkerOutage] = []
    """The newest, oldest first."""
    blind_s: float = 0.0
    """Seconds in which the engine stood still: no event and no ping was seen; audio went on."""


class Injected(Base, frozen=True, kw_only=True):
    """What an impairment did to packets, as it counted itself (demo and simulator only)."""

    lost: int
    duplicates: int
    reordered: int


class InjectedBy(Base, frozen=True, kw_only=True):
    """Where packets were impaired; null where nothing says so."""

    echo: Injected | None
    media: Injected | None


TRIP_RULES: Final = ("p50", "p95", "p99", "max")
"""The rules of round trips; the others are of shares of packets."""


class SlaRule(Base, frozen=True, kw_only=True):
    """How one rule stands: shares of packets with exact 95 % bounds; "max" in seconds."""

    id: str
    limit: float
    limits_ms: list[float]
    actual: float | None
    low: float | None
    high: float | None
    verdict: str
    violated_s: int
    missing: str | None
    """What an inconclusive rule lacks."""


class SlaLimits(Base, frozen=True, kw_only=True):
    """The limits of one tier, and those at any load; ratios are shares of settled packets."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    late_ratio: float
    loss_ratio: float


class SlaNow(Base, frozen=True, kw_only=True):
    """How the SLA stands by the last seconds alone, and the tier that judges now."""

    state: str
    """pass, fail, inconclusive, or no_traffic: nothing was sent in these seconds."""
    seconds: int
    """How far back it looks; closed are those in which nothing is under way any more."""
    clean_s: float
    of_s: int
    calls: int
    """Calls up in the newest closed second: they choose the tier."""
    tier: str
    limits: SlaLimits
    failing: dict[str, int]
    """The rules that fail, each with how many calls break it by their own packets."""
    reasons: list[str]


class Sla(Base, frozen=True, kw_only=True):
    """The verdict: pass, fail or inconclusive, over the clean ones of all seconds."""

    verdict: str
    state: str | None = None
    """The verdict, or no_traffic: inconclusive because nothing was sent in the whole session."""
    now: SlaNow | None = None
    """The last minute; null in documents of before it was told."""
    headline: str
    profile: str
    tier: str | None
    clean_s: float
    of_s: int
    reasons: list[str]
    rules: list[SlaRule]

    def rule_limits(self) -> dict[str, float]:
        """Return the limits of the rules by the names of `SlaLimits`; of several tiers met, the
        highest. A rule that was not judged is left out.
        """
        rules = {rule.id: rule for rule in self.rules}
        trips = [(name, rules[name].limits_ms) for name in TRIP_RULES if name in rules]
        limits = {f"{name}_ms": limits_ms[-1] for name, limits_ms in trips if limits_ms}
        shares = [name for name in ("late", "loss") if name in rules]
        return limits | {f"{name}_ratio": rules[name].limit for name in shares}


class Intake(Base, frozen=True, kw_only=True):
    """How calls reach this engine, and whether their echo server answers."""

    app: str
    """The Stasis application that the dialplan sends callers to."""
    echo: str
    """The echo server, `address:port`."""
    echo_answers: bool | None = None
    """Null while that is not known."""
    echo_note: str | None = None
    """Why it does not answer, or why that is not known."""


class LoadProgress(Base, frozen=True, kw_only=True):
    """How far a load test is; travels in every document of its engine."""

    phase: str
    """"ramping", "holding", "hanging up" or "over"."""
    target: int
    """So many calls are meant to be up now."""
    up: int
    """Calls that wait for nothing any more: packets went out and came back."""
    under_way: int
    """Calls that are still being set up."""
    started: int
    good: int
    failed: int
    cut: int
    failed_at: dict[str, int]
    """Failed calls by the step that they did not reach; "held" for media that broke off later."""
    cps: float
    """Calls started in the last second."""
    elapsed_s: float
    duration_s: float
    """How long the test takes from its first call to the hanging up, as planned."""


class Document(Base, frozen=True, kw_only=True):
    """One snapshot."""

    schema: str = SCHEMA
    kind: str
    """"interval", or "final" for the last, whose books are closed."""
    time: str
    session: Session
    asterisks: list[AsteriskState]
    sla: Sla
    totals: Totals
    window: Window
    """The last ten seconds of all calls, where a reader looks first: `totals.windows[0]`."""
    calls: list[Call]
    instrument: Instrument
    injected: InjectedBy
    intake: Intake | None = None
    """How calls get here; null in documents of before it was told."""
    where: Where | None = None
    """Where the fault is, over all calls; null in documents of before it was told."""
    load: LoadProgress | None = None
    """How far a load test is; null where there is none."""
    bad_calls: list[Call] = []
    """In a final document: the bad calls of the session, worst first, also those no longer in
    `calls`; empty in others."""
    bad_calls_more: int = 0
    """How many more there were than `bad_calls` has."""

    @property
    def named_calls(self) -> list[Call]:
        """Return `calls`, and those of `bad_calls` that are no longer in it."""
        present = {call.id for call in self.calls}
        return [*self.calls, *(call for call in self.bad_calls if call.id not in present)]


class EventLine(Base, frozen=True, kw_only=True):
    """Something that happened, in words."""

    time: str
    level: str
    kind: str
    call: str | None
    channel: str | None
    text: str


ENCODER = msgspec.json.Encoder()


def encode(document: Base) -> bytes:
    """Return a document as one line of JSON, without a newline."""
    return ENCODER.encode(document)


def decode(data: bytes | str) -> Document:
    """Decode a document. Raises msgspec.ValidationError for other JSON."""
    return msgspec.json.decode(data, type=Document)
