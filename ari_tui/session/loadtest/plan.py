"""The plan of a load test, its safety limits, and the settings of its engine."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from ari_tui.config.rules import is_loopback
from ari_tui.config.settings import LoadtestSettings, Settings
from ari_tui.core.errors import ConfigError
from ari_tui.core.text import escaped
from ari_tui.document.load_test import LoadPlan

_SUFFIX: Final = "-load"
_LONGEST_APP: Final = 64


def plan_of(wanted: LoadtestSettings, *, simulated: bool) -> LoadPlan:
    """Return the plan for the report, with the names of variables but not their values."""
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


def variables_of(wanted: LoadtestSettings) -> dict[str, str]:
    """Return the channel variables."""
    pairs = (entry.partition("=") for entry in wanted.variables)
    return {name: value for name, _, value in pairs}


def engine_settings(settings: Settings) -> Settings:
    """Return settings of an engine for the test's calls only.

    It has its own Stasis application: a second client of one application would replace an engine
    that measures real callers. Released callers are hung up.
    """
    app = settings.asterisk.app[: _LONGEST_APP - len(_SUFFIX)] + _SUFFIX
    asterisk = replace(settings.asterisk, app=app, on_release="hangup")
    return replace(settings, asterisk=asterisk)


EMERGENCY: Final = frozenset({"000", "110", "112", "113", "115", "117", "118", "119", "911", "999"})
_OUTSIDE_LINES: Final = ("", "0", "9")
"""Prefixes for an outside line; 9 not before 000, as 9000 is a common extension."""
_DIALLED: Final = re.compile(r"[0-9*#+.() -]+")


def check_safety_limits(wanted: LoadtestSettings) -> None:
    """Raise ConfigError for forbidden endpoints and for too many calls."""
    for endpoint in wanted.endpoints:
        check_endpoint(endpoint, wanted.allow)
    if not wanted.endpoints:
        raise ConfigError("loadtest.endpoints: give one at least, such as Local/tone@lab")
    most = max(map(int, wanted.tiers), default=wanted.calls)
    if most > wanted.max_calls:
        raise ConfigError(f"{most} calls at once: loadtest.max_calls allows {wanted.max_calls}")
    if wanted.ramp_cps > wanted.max_cps:
        raise ConfigError(
            f"{wanted.ramp_cps:g} new calls a second: loadtest.max_cps allows {wanted.max_cps:g}"
        )


def check_endpoint(endpoint: str, allow: tuple[str, ...]) -> None:
    """Raise ConfigError for emergency numbers, and for endpoints that no pattern allows."""
    shown = escaped(endpoint, 80)
    if number := emergency_number(endpoint):
        raise ConfigError(f"endpoint {shown}: {number} is an emergency number: it is never called")
    if not any(fnmatchcase(endpoint, pattern) for pattern in allow):
        allowed = ", ".join(allow) or "nothing"
        raise ConfigError(
            f"endpoint {shown}: loadtest.allow has no pattern for it (it allows {allowed})"
        )


def emergency_number(endpoint: str) -> str:
    """Return the emergency number in an endpoint, "" for none.

    Every part is checked (`PJSIP/trunk/sip:112@host`, `DAHDI/g1/9w911`), also after a prefix for
    an outside line or a service code such as #31#, and with a plus or dashes.
    """
    _, _, resource = endpoint.partition("/")
    for part in re.split(r"[/@:;&,|=]|w+|W+", resource):
        if not _DIALLED.fullmatch(part):
            continue
        digits = re.sub(r"\D", "", re.sub(r"^[*#]\d+[*#]", "", part))
        for number in EMERGENCY:
            lines = _OUTSIDE_LINES if number != "000" else ("", "0")
            if any(digits == line + number for line in lines):
                return number
    return ""


def is_local(url: str) -> bool:
    """Return whether an Asterisk's address is a loopback address."""
    return is_loopback(urlsplit(url if "://" in url else f"//{url}").hostname or "")
