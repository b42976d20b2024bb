"""The checks of a draft: each value by itself, then what fits with what else."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from ari_tui.config.settings import Draft, MediaSettings, refusal
from ari_tui.config.text_values import parse_host_port, parse_ports, parse_tier
from ari_tui.core.text import escaped

Check = Callable[[str], str]
"""Returns what is allowed instead of a text, "" for a text that is allowed."""


def ip_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that a text is, None when it is none."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def is_wildcard(text: str) -> bool:
    """Return whether a text is a wildcard address."""
    address = ip_address(text)
    return address is not None and address.is_unspecified


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine: `localhost`, or a loopback address."""
    address = ip_address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _is_host(text: str) -> bool:
    name = re.fullmatch(r"(?!-)[A-Za-z0-9._-]{1,253}", text)
    return name is not None or ip_address(text) is not None


def check_host(text: str) -> str:
    """Return what a host must be, "" when it is."""
    good = _is_host(text) and not is_wildcard(text)
    return "" if good else "a host name or an address (no wildcard)"


def check_profile_name(text: str) -> str:
    """Return what a name of limits must be, "" when it is."""
    good = re.fullmatch(r"[A-Za-z0-9_-]{1,40}", text)
    return "" if good else "letters, digits, - and _, at most 40"


def _receiver(text: str) -> str:
    try:
        good = _is_host(parse_host_port(text)[0])
    except ValueError as error:
        return str(error)
    return "" if good else "host:port, such as 127.0.0.1:9090"


def _network(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        return f"networks such as 10.0.0.0/8 ({escaped(str(error))})"
    return ""


def _http_url(text: str) -> SplitResult | None:
    """Return the parts of an HTTP URL with a host; None for anything else."""
    try:
        url = urlsplit(text)
        good = url.scheme in {"http", "https"} and not check_host(url.hostname or "")
        return url if good and url.port != 0 else None  # reading a port beyond 65535 raises
    except ValueError:
        return None


def _is_webhook(text: str) -> bool:
    url = _http_url(text)
    plain = re.fullmatch(r"[\x21-\x7e]+", text)
    return bool(plain and url and url.username is None and not url.fragment)


def _allow(allowed: str, good: Callable[[str], object]) -> Check:
    return lambda text: "" if good(text) else allowed


def _match(allowed: str, pattern: str) -> Check:
    return _allow(allowed, re.compile(pattern).fullmatch)


def _parse(parse: Callable[[str], object]) -> Check:
    def check_by_parsing(text: str) -> str:
        try:
            parse(text)
        except ValueError as error:
            return str(error)
        return ""

    return check_by_parsing


def _optional(check_text: Check) -> Check:
    return lambda text: check_text(text) if text else ""


_ADDRESS = _allow(
    'an IPv4 or IPv6 address (no wildcard), or ""',
    lambda text: ip_address(text) is not None and not is_wildcard(text),
)
_TOKEN = _match("printable ASCII without spaces", r"[\x21-\x7e]+")

CHECKS: dict[str, Check] = {
    "asterisk.username": _allow(
        "a name without a colon", lambda text: text and ":" not in text and text.isprintable()
    ),
    "asterisk.password": _allow(
        "one line of printable text", lambda text: text and text.isprintable()
    ),
    # no dot: ids of ours read ari-tui.<app>.<session>…, and an app must not look like another's
    "asterisk.app": _match("letters, digits, - and _, at most 64", r"[A-Za-z0-9_-]{1,64}"),
    "asterisk.media_address": _optional(_ADDRESS),
    "media.bind": _optional(_ADDRESS),
    "media.advertise": _optional(check_host),
    "media.ports": _parse(parse_ports),
    "media.echo_ports": _optional(_parse(parse_ports)),
    "echo.host": check_host,
    "sla.profile": check_profile_name,
    "alerts.webhook": _optional(
        _allow("an http:// or https:// URL without credentials", _is_webhook)
    ),
    "alerts.webhook_token": _optional(_TOKEN),
    "http.bind": _optional(_receiver),
    "http.token": _optional(_TOKEN),
    "http.socket_group": _optional(_match("the name of a group", r"[A-Za-z_][A-Za-z0-9_.-]{0,31}")),
    "loadtest.caller_id": _allow(
        "Name <number>, at most 128 characters",
        lambda text: not text or (text.isprintable() and len(text) <= 128),
    ),
}
"""The check of a key's text."""

ENTRY_CHECKS: dict[str, Check] = {
    "media.learn_networks": _network,
    "sla.tiers": _parse(parse_tier),
    "alerts.command": _allow("arguments that hold text", lambda text: text and "\0" not in text),
    "loadtest.endpoints": _match(
        "endpoints such as Local/tone@lab or PJSIP/100", r"[A-Za-z0-9_]{1,32}/[^\s\x00-\x1f]{1,200}"
    ),
    "loadtest.tiers": _match("numbers of calls, such as 30,100,150", r"[1-9][0-9]{0,3}"),
    "loadtest.variables": _allow(
        "NAME=value",
        lambda text: (
            text.isprintable() and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_(),:-]{0,79}=.{0,400}", text)
        ),
    ),
    "loadtest.app_args": _allow(
        "arguments without commas", lambda text: text and text.isprintable() and "," not in text
    ),
    "loadtest.report": _allow(
        "files that end in .json, .txt or .html",
        lambda text: text.endswith((".json", ".txt", ".html")),
    ),
}
"""The check of each entry of a list; how tiers fit together is checked where they are used."""


_EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def check(draft: Draft) -> None:
    """Add every problem and every warning to the draft; a wildcard bind address becomes ""."""
    _drop_wildcard(draft)
    for key, check_text in CHECKS.items():
        if key in draft.values and (allowed := check_text(draft.values[key])):
            draft.refuse(key, allowed)
    _check_url(draft)
    for key, check_entry in ENTRY_CHECKS.items():
        for entry in draft.get(key):
            if allowed := check_entry(entry):
                draft.problems.append(refusal(key, entry, draft.origin(key), allowed))
    if not draft.problems:
        _check_combinations(draft)
        _warn_of_ephemeral_ports(draft)


def _drop_wildcard(draft: Draft) -> None:
    address = draft.get("media.bind")
    if address and (address == "*" or is_wildcard(address)):
        draft.values["media.bind"] = ""
        draft.warnings.append(
            f"media.bind ({draft.origin('media.bind')}): {address} cannot be an external_host: "
            "using the local address of the ARI connection"
        )


def _check_url(draft: Draft) -> None:
    key = "asterisk.url"
    text = draft.get(key)
    if "@" in text:
        # not through refuse(): the value holds a password
        draft.problems.append(
            f"{key} ({draft.origin(key)}): holds credentials; give asterisk.username and "
            "asterisk.password_file instead"
        )
        return
    url = _http_url(text if "://" in text else f"http://{text}")
    if url is None or url.query or url.fragment:
        draft.refuse(key, "host:port, or http:// or https:// and host:port")


def _check_combinations(draft: Draft) -> None:
    """Check what fits with what else, of values that are right each by itself."""
    ports, echo_ports = draft.get("media.ports"), draft.get("media.echo_ports")
    if echo_ports and _overlap(parse_ports(echo_ports), parse_ports(ports)):
        draft.refuse("media.echo_ports", f"a range apart from media.ports {ports}")
    bind = draft.get("http.bind")
    if bind and not draft.get("http.token") and not is_loopback(parse_host_port(bind)[0]):
        draft.refuse(
            "http.bind",
            "a loopback address, or http.token_file too: beyond loopback a token is required",
        )
    url = urlsplit(draft.get("alerts.webhook"))
    near = is_loopback(url.hostname or "")
    if url.scheme == "http" and draft.get("alerts.webhook_token") and not near:
        draft.refuse("alerts.webhook", "an https:// URL: over http anybody could read the token")


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _warn_of_ephemeral_ports(draft: Draft) -> None:
    ephemeral = ephemeral_ports()
    if ephemeral is None:
        return
    for key in ("media.ports", "media.echo_ports"):
        ports = draft.get(key)
        if ports and _overlap(parse_ports(ports), ephemeral):
            draft.warnings.append(
                f"{key} ({draft.origin(key)}): {ports} overlaps the ports {ephemeral[0]}-"
                f"{ephemeral[1]} that this machine gives to outgoing connections: some may be "
                f"taken; better is {MediaSettings().ports}"
            )


def ephemeral_ports(path: Path = _EPHEMERAL_RANGE) -> tuple[int, int] | None:
    """Return the range of ports that the kernel gives out by itself; None where it is unknown."""
    try:
        first, last = path.read_text(encoding="ascii").split()
        return int(first), int(last)
    except (OSError, ValueError):
        return None
