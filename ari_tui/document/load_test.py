"""The document `ari-tui.loadtest/1`: plan, progress and results of a load test.

The steps of a call are those of `STEPS`, in order; a failed call has the one that it did not
reach.
"""

from __future__ import annotations

from typing import Final

import msgspec

from ari_tui.document.model import Base, Document, LoadProgress, Sla, Spread
from ari_tui.document.where import Where

LOAD_SCHEMA: Final = "ari-tui.loadtest/1"
STEPS: Final = ("accepted", "ringing", "answered", "bridged", "media_out", "media_back")
"""Originate accepted, ringing, answered (in our application), in a bridge with our media channel,
first packet from Asterisk, first packet back from the echo server."""


class LoadPlan(Base, frozen=True, kw_only=True):
    """What was asked for. Of variables only the names: a value may be a secret."""

    endpoints: list[str]
    calls: int
    """How many at once; with tiers, the last of them."""
    ramp_cps: float
    """New calls a second at most."""
    call_duration_s: float
    duration_s: float
    """From the first call to the hanging up; with tiers, of each once its calls are started."""
    tiers: list[int]
    caller_id: str
    app_args: list[str]
    variables: list[str]
    ring_s: float
    """How long a call may ring."""
    max_failed: int
    """More failed calls than this fail the test."""
    simulated: bool


class LoadCall(Base, frozen=True, kw_only=True):
    """One call of a load test."""

    number: int
    endpoint: str
    tier: int
    """How many calls were meant to be up at once when it was started."""
    channel: str | None
    channel_id: str
    call_id: str | None
    """The id that the call has in documents and events; null when nothing was measured."""
    sip_call_id: str | None
    started_at: str
    step: str | None
    """The last of `STEPS` that it reached; null when Asterisk did not even accept it."""
    outcome: str
    """"good", "failed", or "cut": the test ended before anything could be said of it."""
    failed_at: str | None
    """The step that it did not reach, or "held"."""
    reason: str | None
    hint: str | None
    set_up_ms: dict[str, float]
    """Milliseconds from the originate request to each step that was reached."""
    held_s: float
    """From the first packet back to the end."""
    silent_s: float = 0.0
    """The longest that media stayed away in that time, either way and unexplained."""
    sent: int
    returned: int
    lost: int
    late: int
    rtt_ms: Spread
    mos: float | None
    where: Where | None = None
    """Where its fault is; null where nothing was measured."""


class LoadTier(Base, frozen=True, kw_only=True):
    """One step of the climb, judged by the seconds in which its calls were up."""

    calls: int
    reached: int
    """Most calls up at once."""
    started_at: str
    duration_s: float
    sla: Sla
    set_up_ms: dict[str, Spread]
    good: int
    failed: int
    cut: int


class LoadSecond(Base, frozen=True, kw_only=True):
    """One second of the course: packets by second of sending, RTT by second of return."""

    at_s: float
    """Seconds since the start of the test."""
    calls: int
    sent: int
    lost: int
    late: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    max_ms: float | None


class LoadEnvironment(Base, frozen=True, kw_only=True):
    """Where the test ran."""

    host: str
    os: str
    python: str
    cpus: int
    ari_tui: str
    asterisk: str | None


class LoadReport(Base, frozen=True, kw_only=True):
    """The whole test."""

    schema: str = LOAD_SCHEMA
    started_at: str
    ended_at: str
    duration_s: float
    end_reason: str
    verdict: str
    """"pass", "fail" or "inconclusive": the SLA's, and "fail" for too many failed calls."""
    reasons: list[str]
    plan: LoadPlan
    progress: LoadProgress
    """How it stood at the end."""
    success_ratio: float | None
    """Good calls over good and failed ones."""
    calls_per_s: float | None
    """Calls started a second, from the first to the last; null below two."""
    set_up_ms: dict[str, Spread]
    """By step, over all calls that reached it."""
    tiers: list[LoadTier]
    calls: list[LoadCall]
    environment: LoadEnvironment
    course: list[LoadSecond] = []
    document: Document
    """The engine's last one; its books are closed."""


def decode_load(data: bytes | str) -> LoadReport:
    """Decode a report. Raises msgspec.ValidationError for other JSON."""
    return msgspec.json.decode(data, type=LoadReport)
