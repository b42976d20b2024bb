"""The echo server: returns every RTP packet unchanged to its source.

One thread, one socket, no asyncio: it adds one read and one send to a round trip. It counts
packets received, sent and dropped and their delay, in total and per stream, and answers status
queries (`wire/status.py`). An impairment simulates a bad network and counts what it did; pacing
sends each packet by its RTP timestamp. `reflector/guard.py` prevents open reflection and loops.

On a wildcard address the kernel chooses the source address of a reply, and clients with connected
sockets receive only what comes from the address that they sent to: bind to that address.
"""

from __future__ import annotations

import contextlib
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
from ari_tui.core.sockets import family_of, open_udp, port_in_use
from ari_tui.reflector.counters import EchoCounters
from ari_tui.reflector.forwarding import Reflector
from ari_tui.reflector.guard import DEFAULT_PORT, SourceGuard, check_exposure, parse_networks
from ari_tui.reflector.impairment import ImpairmentSpec
from ari_tui.wire.rtp import DEFAULT_CLOCK_RATE

__all__ = ["DEFAULT_PORT", "EchoConfig", "EchoCounters", "EchoServer"]

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_REASONS: Final = {int(number): number.name for number in _SIGNALS}
"""By the byte in the pipe; bytes of other signals are ignored."""


class StopCondition:
    """A context in which SIGTERM, SIGINT and SIGHUP request a stop instead of killing.

    Python handles signals in the main thread only; elsewhere the lifeline ends the loop. An ignored
    SIGHUP (nohup) stays ignored. On exit the previous handlers are restored.
    """

    def __init__(self, link: ParentLink | None) -> None:
        self._link = link
        self._read_fd, self._write_fd = os.pipe()
        for fd in (self._read_fd, self._write_fd):
            os.set_blocking(fd, False)
        self._restore = contextlib.ExitStack()
        self.watched = [self._read_fd]
        """Descriptors that become readable when a stop is requested."""
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
                # None: not installed from Python, which cannot restore it
                self._restore.callback(signal.signal, number, handler or signal.SIG_DFL)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore.close()
        for fd in (self._read_fd, self._write_fd):
            os.close(fd)

    def take(self, readable: list[Any]) -> str:
        """Return the reason of the stop requested by one of the readable descriptors, else "".

        "SIGTERM", "SIGINT", "SIGHUP", the parent's reason, or "let go by the parent" when it gave
        none. The lifeline is not watched after that; a further signal can still be read.
        """
        if self._read_fd in readable:
            return next((_REASONS[n] for n in os.read(self._read_fd, 64) if n in _REASONS), "")
        lifeline = self._link.lifeline_fd if self._link is not None else None
        if self._link is not None and lifeline in readable:
            self.watched = [self._read_fd]
            return self._link.read_reason() or "let go by the parent"
        return ""


def _note(number: int, frame: FrameType | None) -> None:
    """Do nothing: with a handler installed Python writes to the wakeup descriptor."""


EXPEDITED_FORWARDING: Final = 46
"""The DSCP of voice (RFC 3246), so that both directions are treated alike."""
DRAIN_NS: Final = 1_000_000_000
"""How long queued packets are still sent after a stop is requested."""
_HOUSEKEEPING_NS: Final = 1_000_000_000


@dataclass(frozen=True)
class EchoConfig:
    """The configuration of an echo server; each field is named after its flag.

    `allow` holds networks or addresses of clients, required beyond loopback. `pace` sends by RTP
    timestamp at `clock_rate` Hz. `seed` makes the impairment repeatable.
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
    """One run of an echo server: `bind`, then `run` once until a stop is requested.

    Raises ConfigError, naming the flag of a wrong value, and BindError when `host` is a name.
    """

    def __init__(self, config: EchoConfig, sock: socket.socket | None = None) -> None:
        """Take the configuration, and optionally a bound socket as from `open_udp`."""
        self._config = config
        self._networks = parse_networks(config.allow)
        _check(config)
        check_exposure(config.host, self._networks)
        self._sock = sock

    def bind(self) -> tuple[str, int]:
        """Bind the socket, unless it is bound, and return host and port.

        Raises BindError, with its own message for a port in use.
        """
        if self._sock is None:
            config = self._config
            try:
                self._sock = open_udp(config.host, config.port, dscp=config.dscp)
            except BindError as error:
                if not port_in_use(error):
                    raise
                text = f"{error} (another echo server? choose --port)"
                raise BindError(text) from error.__cause__
        host, port = self._sock.getsockname()[:2]
        return host, port

    def run(self, link: ParentLink | None = None) -> EchoCounters:
        """Serve until SIGTERM, SIGINT, SIGHUP or the end of the parent's lifeline.

        The parent's ready line names host and port. After a stop, queued packets are sent for at
        most a second, or until a second stop. Signals work in the main thread only. Returns the
        final counters, with the reason of the end.
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
    """Wait for a descriptor or a time, with select: epoll and poll count whole milliseconds."""
    wake_ns = latest_ns if due_ns is None else min(due_ns, latest_ns)
    timeout_s = max(0, wake_ns - time.monotonic_ns()) / 1e9
    return select.select(descriptors, [], [], timeout_s)[0]


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Disable garbage collection, whose pauses would delay packets; the loop makes no cycles."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
