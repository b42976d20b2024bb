"""The IP addresses of this machine: whether a given one is its own, and which ones it has."""

from __future__ import annotations

import errno
import ipaddress
import re
import socket
from pathlib import Path
from typing import Final

from ari_tui.core.errors import BindError

_PROC: Final = Path("/proc/net")
_LOCAL_IPV4: Final = re.compile(r"\|-- (\S+)\n\s+/32 host LOCAL")
_SHOWN: Final = 8


def is_own_address(host: str) -> bool:
    """Return whether sockets of this machine may be bound to an address, or whether it is a name.

    Asks the kernel by a UDP socket, which is closed at once.
    """
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0))
    except ValueError:
        return True
    except OSError as error:
        return error.errno != errno.EADDRNOTAVAIL
    return True


def own_addresses() -> list[str]:
    """Return the addresses of this machine, IPv4 first, none that is valid on one link only.

    From the kernel's tables in /proc/net; [] where there are none.
    """
    try:
        found = set(_LOCAL_IPV4.findall((_PROC / "fib_trie").read_text(encoding="ascii")))
        rows = (_PROC / "if_inet6").read_text(encoding="ascii").splitlines()
        found |= {str(ipaddress.IPv6Address(int(row.split()[0], 16))) for row in rows}
    except (OSError, ValueError):
        return []
    addresses = [one for one in map(ipaddress.ip_address, found) if not one.is_link_local]
    return [str(one) for one in sorted(addresses, key=lambda one: (one.version, int(one)))]


def foreign_address(host: str) -> str:
    """Return in words that an address is not this machine's, and which ones are."""
    own = own_addresses()
    more = f" and {len(own) - _SHOWN} more" if len(own) > _SHOWN else ""
    has = f", which has {', '.join(own[:_SHOWN])}{more}" if own else ""
    return f"{host} is no address of this machine{has}"


def check_own_address(host: str, name: str) -> None:
    """Raise BindError, which begins with `name`, for an address of another machine."""
    if host and not is_own_address(host):
        raise BindError(f"{name}: {foreign_address(host)}")
