"""Which sources the echo server answers: no open reflector, no loops.

An open echo server would send packets to any forged source address. So it answers loopback only
unless the networks of its clients are configured, and without them listens on loopback only.

Two echo servers that reach each other, by a forged packet or a wrong setting, would return that
packet for ever. So source ports of echo services are refused: the well-known ports (below 1024:
echo 7, chargen 19, DNS, NTP, …), the server's own port, and the default port of this server.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterable
from typing import Final

from ari_tui.core.errors import ConfigError
from ari_tui.core.sockets import Address, Network

DEFAULT_PORT: Final = 4000
_WELL_KNOWN_PORTS: Final = 1024
_MAX_HOSTS: Final = 4096
_MAX_WARNINGS: Final = 32

logger = logging.getLogger(__name__)


def parse_host(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return the IP address of a socket address, an IPv4-mapped one as IPv4."""
    address = ipaddress.ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def parse_networks(allow: Iterable[str]) -> tuple[Network, ...]:
    """Read CIDRs or single addresses; raises ConfigError naming `--allow` and the value."""
    networks = []
    for text in allow:
        try:
            network = ipaddress.ip_network(text.strip(), strict=False)
        except ValueError:
            raise ConfigError(
                f"--allow {text!r}: give a network or an address, as in 10.1.0.0/16"
            ) from None
        if network.prefixlen == 0:
            raise ConfigError(f"--allow {text}: everybody is no network; name those of the clients")
        networks.append(network)
    return tuple(networks)


def check_exposure(bind_host: str, networks: tuple[Network, ...]) -> None:
    """Raise ConfigError when a server would listen beyond loopback without allowed networks."""
    if not networks and not parse_host(bind_host).is_loopback:
        raise ConfigError(
            f"--bind {bind_host} is open to other machines: name the networks that may use the"
            " echo server with --allow CIDR"
        )


class SourceGuard:
    """Admits or refuses sources; logs one warning per refused source, a bounded number in all.

    `own_port` is the server's port. Without networks only loopback is answered.
    """

    def __init__(self, own_port: int, networks: tuple[Network, ...] = ()) -> None:
        self._networks = networks
        self._refused_ports = {own_port, DEFAULT_PORT}
        self._hosts: dict[str, bool] = {}
        self._warned: set[tuple[str, int]] = set()

    def admits(self, source: Address) -> bool:
        """Return whether packets from this source are answered."""
        host, port = source[0], source[1]
        if port < _WELL_KNOWN_PORTS or port in self._refused_ports:
            self._warn(host, port, "its port is that of an echo service, which would loop")
            return False
        if not self._allows(host):
            self._warn(host, 0, "not in a network named with --allow")
            return False
        return True

    def _allows(self, host: str) -> bool:
        allowed = self._hosts.get(host)
        if allowed is None:
            if len(self._hosts) >= _MAX_HOSTS:
                self._hosts.clear()
            address = parse_host(host)
            inside = any(address in network for network in self._networks)
            allowed = self._hosts[host] = inside if self._networks else address.is_loopback
        return allowed

    def _warn(self, host: str, port: int, why: str) -> None:
        if (host, port) in self._warned or len(self._warned) >= _MAX_WARNINGS:
            return
        self._warned.add((host, port))
        where = f"{host}:{port}" if port else host
        last = len(self._warned) == _MAX_WARNINGS
        more = "; further sources are counted and not logged" if last else ""
        logger.warning("refused a packet from %s: %s%s", where, why, more)
