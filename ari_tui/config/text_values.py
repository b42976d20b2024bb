"""Values that are written as text: ports, addresses with ports, the tiers of a service level."""

from __future__ import annotations

import re
from typing import NamedTuple

_TIER = re.compile(
    r"(\d{1,6}):(\d{1,6}(?:\.\d+)?)/(\d{1,6}(?:\.\d+)?)/(\d{1,6}(?:\.\d+)?)", re.ASCII
)


class TierText(NamedTuple):
    """RTT limits (ms) for up to so many calls at once."""

    calls_up_to: int
    p50_ms: float
    p95_ms: float
    p99_ms: float


def parse_tier(text: str) -> TierText:
    """Read `30:8/12/18`: calls, and limits of p50, p95 and p99; raise ValueError in words."""
    match = _TIER.fullmatch(text)
    if match is None:
        raise ValueError("calls:p50/p95/p99 in ms, such as 30:8/12/18")
    return TierText(int(match[1]), *(float(match[number]) for number in (2, 3, 4)))


def parse_ports(text: str) -> tuple[int, int]:
    """Read `20000-24999` or one port; raise ValueError in words."""
    first_text, dash, last_text = text.partition("-")
    if not _is_number(first_text) or (dash and not _is_number(last_text)):
        raise ValueError("a range of ports such as 21000-24999")
    first = int(first_text)
    last = int(last_text) if dash else first
    if not 1 <= first <= last <= 65535:
        raise ValueError("first-last, both from 1 to 65535, the first not above the last")
    return first, last


def parse_host_port(text: str, *, lowest: int = 0) -> tuple[str, int]:
    """Read `host:port` or `[IPv6]:port`; raise ValueError in words."""
    host, colon, port_text = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError("an IPv6 address in brackets: [::1]:9090")
    if not colon or not host or not _is_number(port_text):
        raise ValueError("host:port, such as 127.0.0.1:9090")
    if not lowest <= int(port_text) <= 65535:
        raise ValueError(f"a port from {lowest} to 65535")
    return host, int(port_text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 5
