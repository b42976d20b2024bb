"""The checks of a draft: each value by itself, then what fits with what else."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from ari_tui.config_draft import Draft, refusal
from ari_tui.config_parse import parse_host_port, parse_ports
from ari_tui.config_slices import Media
from ari_tui.config_values import (
    COMPLAINTS,
    ENTRY_COMPLAINTS,
    host_complaint,
    ip_address,
    is_wildcard,
)

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
                f"taken; better is {Media().ports}"
            )


def ephemeral_ports(path: Path = _EPHEMERAL_RANGE) -> tuple[int, int] | None:
    """Return the range of ports that the kernel gives out by itself; None where it is unknown."""
    try:
        first, last = path.read_text(encoding="ascii").split()
        return int(first), int(last)
    except (OSError, ValueError):
        return None
