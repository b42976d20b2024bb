"""The echo server: return every RTP packet unchanged to where it came from.

One thread, one socket, no asyncio: what it adds to a round trip is a read and a send. It counts
what it saw, sent, dropped and held, in total and per stream, and tells on its status query
(wire/status). With an impairment it is a bad network that counts what it did; with pacing it
sends each packet at its place on the RTP clock. Its guard (echo_guard) keeps it from being an
open reflector or half of a loop.

On a wildcard address the kernel chooses the address that a reply comes from; clients with
connected sockets then need it to be the one that they sent to. Bind to that address.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import select
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from ari_tui.errors import BindError, ConfigError
from ari_tui.media.echo_counters import EchoCounters
from ari_tui.media.echo_guard import DEFAULT_PORT, SourceGuard, check_exposure, parse_networks
from ari_tui.media.echo_reflector import Reflector
from ari_tui.media.echo_stop import StopWatch
from ari_tui.media.impair import ImpairmentSpec
from ari_tui.media.sockets import family_of, open_udp
from ari_tui.process import ParentLink
from ari_tui.wire.rtp import DEFAULT_CLOCK_RATE

__all__ = ["DEFAULT_PORT", "EchoConfig", "EchoCounters", "EchoServer"]

EXPEDITED_FORWARDING: Final = 46
"""The DSCP of voice (RFC 3246): the way back is to be treated like the way out."""
DRAIN_NS: Final = 1_000_000_000
"""How long packets that wait for their time are still sent after a stop is asked for."""
_HOUSEKEEPING_NS: Final = 1_000_000_000


@dataclass(frozen=True)
class EchoConfig:
    """What the echo server is to do; each field is named after its flag.

    `allow` holds networks or addresses of clients and is needed beyond loopback. `pace` sends
    by RTP timestamp at `clock_rate` Hz. `seed` makes the impairment repeatable.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    allow: tuple[str, ...] = ()
    pace: bool = False
    clock_rate: int = DEFAULT_CLOCK_RATE
    impairment: ImpairmentSpec = field(default_factory=ImpairmentSpec)
    seed: int = 0
    dscp: int = EXPEDITED_FORWARDING


class EchoServer:
    """One run of an echo server: `bind`, then `run` until told to stop, once.

    Raises ConfigError, naming the flag of a wrong value, and BindError when `host` is a name.
    """

    def __init__(self, config: EchoConfig, sock: socket.socket | None = None) -> None:
        """Take the configuration, and a socket if one is bound already, as by `open_udp`."""
        self._config = config
        self._networks = parse_networks(config.allow)
        _check(config)
        check_exposure(config.host, self._networks)
        self._sock = sock

    def bind(self) -> tuple[str, int]:
        """Bind the socket, unless it is, and return host and port.

        Raises BindError, which tells when the port is in use.
        """
        if self._sock is None:
            config = self._config
            try:
                self._sock = open_udp(config.host, config.port, dscp=config.dscp)
            except BindError as error:
                cause = error.__cause__
                if isinstance(cause, OSError) and cause.errno == errno.EADDRINUSE:
                    raise BindError(f"{error} (another echo server? choose --port)") from cause
                raise
        host, port = self._sock.getsockname()[:2]
        return host, port

    def run(self, link: ParentLink | None = None) -> EchoCounters:
        """Serve until SIGTERM, SIGINT, SIGHUP or the end of the parent's lifeline.

        Says host and port on the parent's ready line. Packets that wait for their time when the
        stop comes are still sent, for a second at most and not after a second stop. Signals are
        heard in the main thread only. Returns the final counters, with the reason of the end.
        """
        host, port = self.bind()
        assert self._sock is not None  # noqa: S101  bind has just opened it
        with self._sock as sock, StopWatch(link) as watch, _no_collection():
            reflector = self._reflector(sock, port)
            if link is not None:
                link.ready(host=host, port=port)
            reason = self._serve(sock, watch, reflector)
            self._drain(watch, reflector)
            return reflector.counters(reason)

    def _reflector(self, sock: socket.socket, port: int) -> Reflector:
        config = self._config
        return Reflector(
            sock,
            SourceGuard(port, self._networks),
            spec=config.impairment,
            seed=config.seed,
            pace_clock_rate=config.clock_rate if config.pace else None,
        )

    def _serve(self, sock: socket.socket, watch: StopWatch, reflector: Reflector) -> str:
        housekeeping_ns = time.monotonic_ns() + _HOUSEKEEPING_NS
        while True:
            readable = _wait([sock, *watch.watched], reflector.next_due_ns(), housekeeping_ns)
            if sock in readable:
                reflector.receive()
            now_ns = time.monotonic_ns()
            reflector.send_due(now_ns)
            if now_ns >= housekeeping_ns:
                housekeeping_ns = now_ns + _HOUSEKEEPING_NS
                reflector.expire(now_ns)
            reason = watch.take(readable)
            if reason:
                return reason

    def _drain(self, watch: StopWatch, reflector: Reflector) -> None:
        end_ns = time.monotonic_ns() + DRAIN_NS
        while reflector.waiting and time.monotonic_ns() < end_ns:
            readable = _wait(watch.watched, reflector.next_due_ns(), end_ns)
            reflector.send_due(time.monotonic_ns())
            if watch.take(readable):
                return


def _check(config: EchoConfig) -> None:
    for flag, value, low, high in (
        ("--port", config.port, 0, 65_535),
        ("--clock-rate", config.clock_rate, 1, 1_000_000),
        ("--dscp", config.dscp, 0, 63),
    ):
        if not low <= value <= high:
            raise ConfigError(f"{flag} {value}: give {low} to {high}")
    family_of(config.host)


def _wait(
    descriptors: Sequence[socket.socket | int], due_ns: int | None, latest_ns: int
) -> list[socket.socket | int]:
    """Wait for a descriptor or a time; select, as epoll and poll count in whole milliseconds."""
    wake_ns = latest_ns if due_ns is None else min(due_ns, latest_ns)
    timeout_s = max(0, wake_ns - time.monotonic_ns()) / 1e9
    return select.select(descriptors, [], [], timeout_s)[0]


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the collector's pauses out of the packets' way; the loop makes no cycles to collect."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
