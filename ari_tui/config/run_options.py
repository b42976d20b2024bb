"""What one run was asked to do on the command line, beside the settings.

Everything that a configuration file may also say is in `config.Settings`; these are the wishes
of one start.
"""

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


class DemoOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The whole system on loopback: how much of it, and what is done to its packets."""

    settings: Settings
    """The engine's settings; `config_text.to_environment` hands them to the child whole."""
    run: RunOptions = RunOptions()
    calls: int = 20
    call_duration_s: float | None = None
    """Hang up and call again after so many seconds; None lets each call last."""
    impair: str = ""
    """Impairment of the echo server (`reflector.impairment`); "" leaves packets alone."""
    impair_media: str = ""
    """Impairment of the simulated callers' packets."""
    seed: int | None = None
    """Handed to simulator and echo server, whose impairments it repeats; None leaves theirs."""
