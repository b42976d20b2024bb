"""Options of one run that are on the command line only, and no configuration keys."""

from __future__ import annotations

import msgspec

from ari_tui.config.settings import Settings


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How one engine runs."""

    headless: bool = False
    """No screen: status line and logs on stderr."""
    duration_s: float | None = None
    """Drain and end after so many seconds; None runs until a signal."""
    stay: bool = False
    """Go on when the parent (the screen) has gone."""
    take_over: bool = False
    """Take the Stasis application over when another client holds it."""


class DemoOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The whole system on loopback: its size, and the impairments of its packets."""

    settings: Settings
    """The engine's settings; `config.dump.to_environment` passes all of them to the child."""
    run: RunOptions = RunOptions()
    calls: int = 20
    call_duration_s: float | None = None
    """Hang up and call again after so many seconds; None lets each call last."""
    impair: str = ""
    """Impairment of the echo server (`reflector.impairment`); "" leaves packets alone."""
    impair_media: str = ""
    """Impairment of the simulated callers' packets."""
    faults: tuple[str, ...] = ()
    """Faults at places of the system, `PLACE:SPEC` each (`reflector.fault_spec`)."""
    seed: int | None = None
    """Repeats the impairments of simulator and echo server; None leaves their own seeds."""
