"""The checks of a draft: each value by itself, then what fits with what else."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from ari_tui.config.settings import Draft, MediaSettings, refusal
from ari_tui.config.text_values import parse_host_port, parse_ports, parse_tier
from ari_tui.core.text import escaped


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


def _address(text: str) -> str:
    address = ip_address(text)
    good = not text or (address is not None and not address.is_unspecified)
    return "" if good else 'an IPv4 or IPv6 address (no wildcard), or ""'


_HOST = re.compile(r"(?!-)[A-Za-z0-9._-]{1,253}")


def host_complaint(text: str) -> str:
    """Return what a host must be, "" when it is."""
    good = _HOST.fullmatch(text) or ip_address(text) is not None
    return "" if good and not is_wildcard(text) else "a host name or an address (no wildcard)"


def _read_by(parse: Callable[[str], object]) -> Callable[[str], str]:
    def complaint(text: str) -> str:
        try:
            parse(text)
        except ValueError as error:
            return str(error)
        return ""

    return complaint


def _receiver(text: str) -> str:
    try:
        host, _ = parse_host_port(text)
    except ValueError as error:
        return str(error)
    good = _HOST.fullmatch(host) or ip_address(host) is not None
    return "" if good else "host:port, such as 127.0.0.1:9090"


def _app(text: str) -> str:
    # no dot: ids of ours read ari-tui.<app>.<session>…, and an app must not look like another's
    good = re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text)
    return "" if good else "letters, digits, - and _, at most 64"


def _username(text: str) -> str:
    good = text and ":" not in text and text.isprintable()
    return "" if good else "a name without a colon"


def _password(text: str) -> str:
    return "" if text and text.isprintable() else "one line of printable text"


def _token(text: str) -> str:
    good = not text or re.fullmatch(r"[\x21-\x7e]+", text)
    return "" if good else "printable ASCII without spaces"


def _group(text: str) -> str:
    good = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}", text)
    return "" if good else "the name of a group"


def profile_name(text: str) -> str:
    """Return what a name of limits must be, "" when it is."""
    good = re.fullmatch(r"[A-Za-z0-9_-]{1,40}", text)
    return "" if good else "letters, digits, - and _, at most 40"


def _webhook(text: str) -> str:
    allowed = "an http:// or https:// URL without credentials"
    try:
        url = urlsplit(text)
        good = url.scheme in {"http", "https"} and not host_complaint(url.hostname or "")
        good = good and url.port != 0  # reading it raises ValueError beyond 65535
    except ValueError:
        return allowed
    good = good and url.username is None and not url.fragment and text.isascii()
    return "" if good and re.fullmatch(r"[\x21-\x7e]+", text) else allowed


def _network(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        return f"networks such as 10.0.0.0/8 ({escaped(str(error))})"
    return ""


def _caller_id(text: str) -> str:
    return (
        "" if text.isprintable() and len(text) <= 128 else "Name <number>, at most 128 characters"
    )


def _endpoint(text: str) -> str:
    good = re.fullmatch(r"[A-Za-z0-9_]{1,32}/[^\s\x00-\x1f]{1,200}", text)
    return "" if good else "endpoints such as Local/tone@lab or PJSIP/100"


def _tier(text: str) -> str:
    good = re.fullmatch(r"[1-9][0-9]{0,3}", text)
    return "" if good else "numbers of calls, such as 30,100,150"


def _variable(text: str) -> str:
    good = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_(),:-]{0,79}=.{0,400}", text) and text.isprintable()
    return "" if good else "NAME=value"


def _app_arg(text: str) -> str:
    good = text and text.isprintable() and "," not in text
    return "" if good else "arguments without commas"


def _report(text: str) -> str:
    good = text.endswith((".json", ".txt", ".html"))
    return "" if good else "files that end in .json, .txt or .html"


def _optional(complaint: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: complaint(text) if text else ""


COMPLAINTS: dict[str, Callable[[str], str]] = {
    "asterisk.username": _username,
    "asterisk.password": _password,
    "asterisk.app": _app,
    "asterisk.media_address": _address,
    "media.bind": _address,
    "media.advertise": _optional(host_complaint),
    "media.ports": _read_by(parse_ports),
    "media.echo_ports": _optional(_read_by(parse_ports)),
    "echo.host": host_complaint,
    "sla.profile": profile_name,
    "alerts.webhook": _optional(_webhook),
    "alerts.webhook_token": _token,
    "http.bind": _optional(_receiver),
    "http.token": _token,
    "http.socket_group": _optional(_group),
    "loadtest.caller_id": _optional(_caller_id),
}
"""What is wrong with the text of a key; "" is nothing."""


ENTRY_COMPLAINTS: dict[str, Callable[[str], str]] = {
    "media.learn_networks": _network,
    "sla.tiers": _read_by(parse_tier),
    "alerts.command": lambda text: "" if text and "\0" not in text else "arguments that hold text",
    "loadtest.endpoints": _endpoint,
    "loadtest.tiers": _tier,
    "loadtest.variables": _variable,
    "loadtest.app_args": _app_arg,
    "loadtest.report": _report,
}
"""The same for each entry of a list; how tiers fit together is checked where they are used."""


_EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def check(draft: Draft) -> None:
    """Note every problem and every warning; a wildcard bind address becomes ""."""
    _drop_wildcard(draft)
    for key, complaint in COMPLAINTS.items():
        if key in draft.values and (allowed := complaint(draft.values[key])):
            draft.refuse(key, allowed)
    _check_url(draft)
    _check_entries(draft)
    if not draft.problems:
        _check_echo_ports(draft)
        _check_door(draft)
        _check_webhook(draft)
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
    try:
        url = urlsplit(text if "://" in text else f"http://{text}")
        good = url.scheme in {"http", "https"} and not (url.query or url.fragment)
        good = good and bool(url.hostname) and not host_complaint(url.hostname or "")
        good = good and url.port != 0  # reading it raises ValueError beyond 65535
    except ValueError:
        good = False
    if not good:
        draft.refuse(key, "host:port, or http:// or https:// and host:port")


def _check_entries(draft: Draft) -> None:
    for key, complaint in ENTRY_COMPLAINTS.items():
        for entry in draft.get(key):
            if allowed := complaint(entry):
                draft.problems.append(refusal(key, entry, draft.origin(key), allowed))


def _check_echo_ports(draft: Draft) -> None:
    echo = draft.get("media.echo_ports")
    if echo and _overlap(parse_ports(echo), parse_ports(draft.get("media.ports"))):
        draft.refuse(
            "media.echo_ports", f"a range apart from media.ports {draft.get('media.ports')}"
        )


def _check_webhook(draft: Draft) -> None:
    url = urlsplit(draft.get("alerts.webhook"))
    host = url.hostname or ""
    address = ip_address(host)
    near = host == "localhost" or (address is not None and address.is_loopback)
    if url.scheme == "http" and draft.get("alerts.webhook_token") and not near:
        draft.refuse("alerts.webhook", "an https:// URL: over http anybody could read the token")


def _check_door(draft: Draft) -> None:
    bind = draft.get("http.bind")
    if not bind or draft.get("http.token"):
        return
    host, _ = parse_host_port(bind)
    address = ip_address(host)
    if host != "localhost" and (address is None or not address.is_loopback):
        draft.refuse(
            "http.bind",
            "a loopback address, or http.token_file too: beyond loopback a token is required",
        )


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
