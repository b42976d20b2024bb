"""One measured call as the engine holds it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ari_tui.ari.call_machine import CallMachine
from ari_tui.ari.commands import CallState


@dataclass
class MeasuredCall:
    """A call machine, and what the engine knows of the call beside it."""

    id: str
    """The call's name in documents and events, `session.number`."""
    machine: CallMachine
    started_ns: int
    port: int | None = None
    echo_port: int | None = None
    up_at: float | None = None
    silence_checked: bool = False
    ended_ns: int | None = None
    drain_since_ns: int | None = None
    abandon_reason: str = ""
    """Why the call was left to another client, which its machine has no state for; else empty."""
    drained: asyncio.Event = field(default_factory=asyncio.Event)
    linkedid: str | None = None
    media_local: str | None = None
    media_remote: str | None = None
    echo_local: str | None = None

    @property
    def number(self) -> int:
        """The call's number in this session."""
        return self.machine.number

    @property
    def over(self) -> bool:
        """Return whether the call is torn down."""
        return self.machine.finished or bool(self.abandon_reason)

    @property
    def state(self) -> CallState:
        """The state of the call."""
        return CallState.ENDED if self.abandon_reason else self.machine.state

    @property
    def reason(self) -> str:
        """Why the call ended, is ending, or failed; empty before."""
        return self.abandon_reason or self.machine.reason
