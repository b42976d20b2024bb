"""The plan of a load test, from its settings, and the settings of the engine beside it."""

from __future__ import annotations

from typing import Final

import msgspec

from ari_tui.config import Settings
from ari_tui.config_slices import Loadtest
from ari_tui.snapshot.load import LoadPlan

SIMULATED_ENDPOINT: Final = "Local/tone@sim"
_SUFFIX: Final = "-load"
_LONGEST_APP: Final = 64


def plan_of(wanted: Loadtest, *, simulated: bool) -> LoadPlan:
    """Return what is asked for, as the report tells it: of variables only the names."""
    tiers = [int(tier) for tier in wanted.tiers]
    return LoadPlan(
        endpoints=list(wanted.endpoints),
        calls=max(tiers, default=wanted.calls),
        ramp_cps=wanted.ramp_cps,
        call_duration_s=wanted.call_duration_s,
        duration_s=wanted.duration_s,
        tiers=tiers,
        caller_id=wanted.caller_id,
        app_args=list(wanted.app_args),
        variables=[entry.partition("=")[0] for entry in wanted.variables],
        ring_s=float(wanted.ring_s),
        max_failed=wanted.max_failed,
        simulated=simulated,
    )


def variables_of(wanted: Loadtest) -> dict[str, str]:
    """Return the channel variables."""
    pairs = (entry.partition("=") for entry in wanted.variables)
    return {name: value for name, _, value in pairs}


def engine_settings(settings: Settings) -> Settings:
    """Return settings of an engine whose calls are all our own.

    An application of its own, for a second client of one name would take it from an engine that
    measures real callers; and whoever is let go is hung up.
    """
    app = settings.asterisk.app[: _LONGEST_APP - len(_SUFFIX)] + _SUFFIX
    asterisk = msgspec.structs.replace(settings.asterisk, app=app, on_release="hangup")
    return msgspec.structs.replace(settings, asterisk=asterisk)


def on_simulator(settings: Settings) -> Settings:
    """Return settings for the simulator: it has an extension that sends, the default has not."""
    if settings.origin("loadtest.endpoints") != "default":
        return settings
    loadtest = msgspec.structs.replace(settings.loadtest, endpoints=(SIMULATED_ENDPOINT,))
    return msgspec.structs.replace(settings, loadtest=loadtest)
