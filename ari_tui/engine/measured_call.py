"""One measured call as the engine holds it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ari_tui.ari.call_machine import CallMachine
from ari_tui.ari.commands import CallState


@dataclass
class MeasuredCall:
    """One call: its machine and what only the shell knows of it."""

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
    """Why we left the call to another client, for which its machine has no word; else empty."""
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
        """Tell whether nothing is left to do for the call."""
        return self.machine.finished or bool(self.abandon_reason)

    @property
    def state(self) -> CallState:
        """Where the call is in its life."""
        return CallState.ENDED if self.abandon_reason else self.machine.state

    @property
    def reason(self) -> str:
        """Why the call ended, is ending, or failed; empty before."""
        return self.abandon_reason or self.machine.reason
