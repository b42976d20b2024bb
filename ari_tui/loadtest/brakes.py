"""What a load test may never do: call emergency numbers, endpoints not allowed, or too much.

Looked at before anything is started; nothing here can be overruled by a flag but what the
configuration says of it.
"""

from __future__ import annotations

import ipaddress
import re
from fnmatch import fnmatchcase
from typing import Final
from urllib.parse import urlsplit

from ari_tui.config_slices import Loadtest
from ari_tui.errors import ConfigError
from ari_tui.log import clean

EMERGENCY: Final = frozenset({"000", "110", "112", "113", "115", "117", "118", "119", "911", "999"})
_OUTSIDE_LINES: Final = ("", "0", "9")
"""Digits that reach an outside line; 9000 and 1000 are common extensions, so not before 000."""
_DIALLED: Final = re.compile(r"[0-9*#+.() -]+")


def check_brakes(wanted: Loadtest) -> None:
    """Refuse what may not be called, or so often. Raises ConfigError."""
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
    """Refuse an emergency number in whatever form, and what no pattern allows."""
    shown = clean(endpoint, 80)
    if number := emergency_number(endpoint):
        raise ConfigError(f"endpoint {shown}: {number} is an emergency number: it is never called")
    if not any(fnmatchcase(endpoint, pattern) for pattern in allow):
        allowed = ", ".join(allow) or "nothing"
        raise ConfigError(
            f"endpoint {shown}: loadtest.allow has no pattern for it (it allows {allowed})"
        )


def emergency_number(endpoint: str) -> str:
    """Return the emergency number that an endpoint calls, "" for none.

    Every part of it counts (`PJSIP/trunk/sip:112@host`, `DAHDI/g1/9w911`), with an outside line's
    digit before it, a plus, dashes, a service code such as #31#.
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


def is_loopback(url: str) -> bool:
    """Tell whether an Asterisk's address is this machine's own."""
    host = urlsplit(url if "://" in url else f"//{url}").hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
