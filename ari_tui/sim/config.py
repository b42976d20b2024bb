"""Configuration of the simulated Asterisk, and its counters."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

StasisOrder = Literal["seeded", "event-first", "response-first"]

INJECTED_VARIABLE = "ARI_TUI_INJECTED"
"""Global variable with the counters of the media impairment, as JSON."""


@dataclass(frozen=True)
class SimConfig:
    """Configuration of the simulated Asterisk; equal configurations behave the same."""

    host: str = "127.0.0.1"
    port: int = 0
    """TCP port of ARI; 0 is any free one."""
    user: str = "ari"
    password: str = field(default="ari", repr=False)
    read_only: bool = False
    """The user may only read: requests that write are answered by 403."""
    app: str = "ari-tui"
    """The Stasis application that the simulated dialplan passes calls to."""
    media_host: str = "127.0.0.1"
    """Address of the media channels' RTP sockets."""
    rtp_ports: tuple[int, int] | None = None
    """First and last RTP port, as in rtp.conf; None is any free ones."""
    calls: int = 0
    """Number of concurrent callers."""
    ramp_per_s: float = 20.0
    """New callers per second until `calls` is reached."""
    call_duration_s: float = 0.0
    """Mean length of a call, drawn between 0.5 and 1.5 times it; 0 is unlimited."""
    redial_s: float = 0.5
    """Mean pause between the end of a call and its replacement."""
    slow_packet_share: float = 0.2
    """Share of callers who send 30 ms packets instead of 20 ms."""
    dtmf_share: float = 0.1
    """Share of callers who press digits."""
    nasty_names: bool = False
    """Give some callers names with escape sequences, markup, right-to-left marks, great length."""
    impair_media: str = ""
    """Impairment of the media from Asterisk to us, in the syntax of `--impair`."""
    faults: tuple[str, ...] = ()
    """Faults of the callers' legs, of Asterisk and between it and us: `PLACE:SPEC` each."""
    rtcp_share: float = 1.0
    """Share of callers whose phones send RTCP reports, unless a fault says another."""
    stasis_order: StasisOrder = "seeded"
    """Whether a media channel enters Stasis before or after its externalMedia response."""
    event_write_timeout_s: float = 0.1
    """How long writing an event may block before the socket is closed, as Asterisk does."""
    seed: int = 1

    def stream(self, *purpose: object) -> random.Random:
        """Return an independent random generator for one purpose, the same for the same seed."""
        name = "/".join(map(str, (self.seed, *purpose)))
        return random.Random(name)  # noqa: S311  repeatable on purpose, not for security


@dataclass(frozen=True)
class MediaCounters:
    """Counters of one media channel."""

    channel: str
    caller: str
    """The channel that it was last bridged with; "" for none."""
    generated: int
    """Packets of the source, before any impairment."""
    sent: int
    """Datagrams sent to the external host, duplicates of the impairment included."""
    refused: int
    """Sends that failed by an earlier ICMP port unreachable (ECONNREFUSED)."""
    send_errors: int
    back: int
    """RTP packets of our own SSRC that came back."""
    back_distinct: int
    back_foreign: int
    """Datagrams that came back and are not RTP of our own SSRC."""
    undelivered: int
    """Packets that the impairment still held when the channel was closed."""


@dataclass(frozen=True)
class SimCounters:
    """Counters of the simulated Asterisk."""

    calls_started: int
    calls_ended: int
    calls_failed: int
    """Calls that failed in the dialplan because no application was connected."""
    events_sent: int
    events_lost: int
    """Events for an application without a connected client."""
    media: tuple[MediaCounters, ...]
    """Open media channels, and the last thousand that have ended."""
    injected: Mapping[str, int] | None
    """Counters of the media impairment; None without one."""
