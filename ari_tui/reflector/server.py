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
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Final

from ari_tui.core.errors import BindError, ConfigError
from ari_tui.core.process import ParentLink
from ari_tui.core.sockets import family_of, open_udp
from ari_tui.reflector.counters import EchoCounters
from ari_tui.reflector.forwarding import Reflector
from ari_tui.reflector.guard import DEFAULT_PORT, SourceGuard, check_exposure, parse_networks
from ari_tui.reflector.impairment import ImpairmentSpec
from ari_tui.wire.rtp import DEFAULT_CLOCK_RATE

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_REASONS: Final = {int(number): number.name for number in _SIGNALS}
"""By the byte in the pipe; those of other signals that have a handler mean nothing here."""


class StopCondition:
    """A context in which SIGTERM, SIGINT and SIGHUP ask for a stop instead of killing.

    Signals are taken in the main thread only (Python's rule); elsewhere the lifeline ends the
    loop. A SIGHUP that is ignored (nohup) stays so. On leaving, the handlers are as they were.
    """

    def __init__(self, link: ParentLink | None) -> None:
        self._link = link
        self._read_fd, self._write_fd = os.pipe()
        for fd in (self._read_fd, self._write_fd):
            os.set_blocking(fd, False)
        self._restore = contextlib.ExitStack()
        self.watched = [self._read_fd]
        """Descriptors that become readable when a stop is asked for."""
        if link is not None and link.lifeline_fd is not None:
            self.watched.append(link.lifeline_fd)

    def __enter__(self) -> StopCondition:
        if threading.current_thread() is threading.main_thread():
            previous = signal.set_wakeup_fd(self._write_fd, warn_on_full_buffer=False)
            self._restore.callback(signal.set_wakeup_fd, previous)
            for number in _SIGNALS:
                if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                    continue
                handler = signal.signal(number, _note)
                # None: set by other than Python, and beyond its power to set again
                self._restore.callback(signal.signal, number, handler or signal.SIG_DFL)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore.close()
        for fd in (self._read_fd, self._write_fd):
            os.close(fd)

    def take(self, readable: list[Any]) -> str:
        """Return the reason of the stop asked for by one of the readable descriptors, else "".

        "SIGTERM", "SIGINT", "SIGHUP", the parent's words, or "let go by the parent" when it gave
        none. A lifeline that has spoken is watched no more; a further signal can still be taken.
        """
        if self._read_fd in readable:
            asked = [number for number in os.read(self._read_fd, 64) if number in _REASONS]
            return _REASONS[asked[0]] if asked else ""
        lifeline = self._link.lifeline_fd if self._link is not None else None
        if self._link is not None and lifeline in readable:
            self.watched = [self._read_fd]
            return self._link.read_reason() or "let go by the parent"
        return ""


def _note(number: int, frame: FrameType | None) -> None:
    """Do nothing: that there is a handler makes Python write to the wakeup descriptor."""


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
        with self._sock as sock, StopCondition(link) as watch, _no_collection():
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

    def _serve(self, sock: socket.socket, watch: StopCondition, reflector: Reflector) -> str:
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

    def _drain(self, watch: StopCondition, reflector: Reflector) -> None:
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
