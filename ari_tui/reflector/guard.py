"""Whom the echo server answers: no open reflector, no loops.

An echo server open to all returns whatever a forged source address asks for to whoever owns that
address. So it answers loopback alone, unless the networks of its clients are named; and it
refuses to listen beyond loopback until they are.

Two echo servers that hear each other, by one forged packet or by a wrong setting, would pass that
packet on for ever. So sources whose port is that of an echo service are refused: the well-known
ports (below 1024: echo 7, chargen 19, DNS, NTP, …), the port that this server listens on, and
the port that such servers have by default.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterable
from typing import Final

from ari_tui.core.errors import ConfigError
from ari_tui.core.sockets import Address, Network

Host = ipaddress.IPv4Address | ipaddress.IPv6Address

DEFAULT_PORT: Final = 4000
_WELL_KNOWN_PORTS: Final = 1024
_MAX_HOSTS: Final = 4096
_MAX_WARNINGS: Final = 32

logger = logging.getLogger(__name__)


def parse_host(text: str) -> Host:
    """Return the IP address in a socket address, an IPv4-mapped one as the IPv4 that it is."""
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
    """Raise ConfigError when a server would listen beyond loopback with no network named."""
    if not networks and not parse_host(bind_host).is_loopback:
        raise ConfigError(
            f"--bind {bind_host} is open to other machines: name the networks that may use the"
            " echo server with --allow CIDR"
        )


class SourceGuard:
    """Decide by source address; warn in words once for each source, a bounded number of times.

    `own_port` is the port that the server is bound to; with no networks only loopback is
    answered.
    """

    def __init__(self, own_port: int, networks: tuple[Network, ...] = ()) -> None:
        self._networks = networks
        self._refused_ports = {own_port, DEFAULT_PORT}
        self._hosts: dict[str, bool] = {}
        self._warned: set[tuple[str, int]] = set()

    def admits(self, source: Address) -> bool:
        """Tell whether packets from this source are answered."""
        host, port = source[0], source[1]
        if port < _WELL_KNOWN_PORTS or port in self._refused_ports:
            self._warn(host, port, "its port is that of an echo service, which would loop")
            return False
        if not self._knows(host):
            self._warn(host, 0, "not in a network named with --allow")
            return False
        return True

    def _knows(self, host: str) -> bool:
        known = self._hosts.get(host)
        if known is None:
            if len(self._hosts) >= _MAX_HOSTS:
                self._hosts.clear()
            known = self._hosts[host] = self._looks_up(parse_host(host))
        return known

    def _looks_up(self, host: Host) -> bool:
        if not self._networks:
            return host.is_loopback
        return any(host in network for network in self._networks)

    def _warn(self, host: str, port: int, why: str) -> None:
        if (host, port) in self._warned or len(self._warned) >= _MAX_WARNINGS:
            return
        self._warned.add((host, port))
        where = f"{host}:{port}" if port else host
        last = len(self._warned) == _MAX_WARNINGS
        more = "; further sources are counted without a word" if last else ""
        logger.warning("refused a packet from %s: %s%s", where, why, more)
