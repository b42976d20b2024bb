"""Configuration of the simulated Asterisk, and its counters."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

StasisOrder = Literal["seeded", "event-first", "response-first"]

INJECTED_VARIABLE = "ARI_TUI_INJECTED"
"""Global variable whose value is the JSON of what the media impairment did so far."""


@dataclass(frozen=True)
class SimConfig:
    """Everything that decides what the simulated Asterisk does; equal configs behave equally."""

    host: str = "127.0.0.1"
    port: int = 0
    """TCP port of ARI; 0 takes a free one."""
    user: str = "ari"
    password: str = field(default="ari", repr=False)
    read_only: bool = False
    """The user may only read: whatever writes is answered by 403."""
    app: str = "ari-tui"
    """The Stasis application that the simulated dialplan passes calls to."""
    media_host: str = "127.0.0.1"
    """Address of the media channels' RTP sockets."""
    rtp_ports: tuple[int, int] | None = None
    """First and last RTP port, as in rtp.conf; None takes free ones."""
    calls: int = 0
    """Callers that are there at the same time."""
    ramp_per_s: float = 20.0
    """New callers a second until all are there."""
    call_duration_s: float = 0.0
    """Mean length of a call, drawn between half and one and a half of it; 0 is for ever."""
    redial_s: float = 0.5
    """Mean pause between the end of a call and its replacement."""
    slow_packet_share: float = 0.2
    """Share of callers who send 30 ms packets in place of 20 ms."""
    dtmf_share: float = 0.1
    """Share of callers who press digits."""
    nasty_names: bool = False
    """Let some callers carry escape sequences, markup, right-to-left marks and very long names."""
    impair_media: str = ""
    """Impairment of the media from Asterisk to us, in the language of `--impair`."""
    stasis_order: StasisOrder = "seeded"
    """Whether a media channel enters Stasis before or after its externalMedia response."""
    event_write_timeout_s: float = 0.1
    """How long an event may wait for an unread socket before that is closed, as Asterisk does."""
    seed: int = 1

    def stream(self, *purpose: object) -> random.Random:
        """Return a random stream of its own for one purpose, the same for the same seed."""
        name = "/".join(map(str, (self.seed, *purpose)))
        return random.Random(name)  # noqa: S311  repeatable by intent, guards nothing


@dataclass(frozen=True)
class MediaCounters:
    """What one media channel sent and got back."""

    channel: str
    caller: str
    """The channel that it was last bridged with; "" when it never was."""
    generated: int
    """Packets of the source, before any impairment."""
    sent: int
    """Datagrams put on the wire towards the external host, the impairment's duplicates included."""
    refused: int
    """Sends that an earlier ICMP port-unreachable spoilt (ECONNREFUSED)."""
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
    """What the simulated Asterisk has done so far."""

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
    """What the media impairment did; None without one."""
