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
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import Any, Final

from ari_tui.core.errors import BindError, ConfigError
from ari_tui.core.process import ParentLink
from ari_tui.core.realtime import RealtimeScheduling
from ari_tui.core.sockets import family_of, open_udp, port_in_use
from ari_tui.reflector.counters import EchoCounters
from ari_tui.reflector.fault_spec import FaultSpec
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

        "SIGTERM", "SIGINT", "SIGHUP", the parent's reason, or "ended by its parent" when it gave
        none. The lifeline is not watched after that; a further signal can still be read.
        """
        if self._read_fd in readable:
            return next((_REASONS[n] for n in os.read(self._read_fd, 64) if n in _REASONS), "")
        lifeline = self._link.lifeline_fd if self._link is not None else None
        if self._link is not None and lifeline in readable:
            self.watched = [self._read_fd]
            return self._link.read_reason() or "ended by its parent"
        return ""


def _note(number: int, frame: FrameType | None) -> None:
    """Do nothing: with a handler installed Python writes to the wakeup descriptor."""


EXPEDITED_FORWARDING: Final = 46
"""The DSCP of voice (RFC 3246), so that both directions are treated alike."""
DRAIN_NS: Final = 1_000_000_000
"""How long queued packets are still sent after a stop is requested."""
_HOUSEKEEPING_NS: Final = 1_000_000_000
_RESTART: Final = "restart"
"""The reason of an end after which the server starts anew."""


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
    faults: tuple[FaultSpec, ...] = ()
    """Faults of place `echo-server`: stalls are true holds of it, a restart loses its counts."""

    @property
    def spec(self) -> ImpairmentSpec:
        """Return the impairment, which may be that of a fault."""
        return next(
            (one.impairment for one in self.faults if one.impairment.active), self.impairment
        )


class _OwnFaults:
    """The faults of the server itself, from its start on."""

    def __init__(self, faults: Sequence[FaultSpec]) -> None:
        self._faults, self._started_ns = faults, time.monotonic_ns()
        self._impairments = [fault for fault in faults if fault.impairment.active]

    def stall(self) -> None:
        """Stand still to the end of a stall: what comes waits in the kernel, stamped."""
        for fault in self._faults:
            until_ns = fault.episode_end(fault.stall_ns, self._elapsed_ns())
            if until_ns is not None:
                time.sleep(max(0, until_ns - self._elapsed_ns()) / 1e9)

    def away_until_ns(self) -> int | None:
        """Return when a restart that has begun ends (monotonic); None without one."""
        ends = [one.episode_end(one.restart_ns, self._elapsed_ns()) for one in self._faults]
        return max((self._started_ns + end for end in ends if end is not None), default=None)

    def impairing(self) -> bool:
        """Return whether packets are to be impaired now."""
        elapsed_ns = self._elapsed_ns()
        return not self._impairments or any(one.active(elapsed_ns) for one in self._impairments)

    def _elapsed_ns(self) -> int:
        return time.monotonic_ns() - self._started_ns


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
        self._scheduling: RealtimeScheduling | None = None

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

    def run(
        self, link: ParentLink | None = None, scheduling: RealtimeScheduling | None = None
    ) -> EchoCounters:
        """Serve until SIGTERM, SIGINT, SIGHUP or the end of the parent's lifeline.

        The parent's ready line names host and port. After a stop, queued packets are sent for at
        most a second, or until a second stop. Signals work in the main thread only. Returns the
        final counters, with the reason of the end. `scheduling` is told in status replies.
        """
        self._scheduling = scheduling
        host, port = self.bind()
        assert self._sock is not None  # noqa: S101  bind has just opened it
        with StopCondition(link) as watch, _no_collection():
            if link is not None:
                link.ready(host=host, port=port)
            faults = _OwnFaults(self._config.faults)
            while True:
                with self._sock as sock:
                    reflector = self._reflector(sock, port)
                    reason = self._serve(sock, watch, reflector, faults)
                    self._drain(watch, reflector)
                    counters = reflector.counters(reason)
                if reason == _RESTART:
                    reason = self._stay_away(watch, faults)
                if reason:
                    return replace(counters, end_reason=reason)
                self._sock = open_udp(host, port, dscp=self._config.dscp)

    def _reflector(self, sock: socket.socket, port: int) -> Reflector:
        config = self._config
        reflector = Reflector(
            sock,
            SourceGuard(port, self._networks),
            spec=config.spec,
            seed=config.seed,
            pace_clock_rate=config.clock_rate if config.pace else None,
        )
        self._renew(reflector)
        return reflector

    def _stay_away(self, watch: StopCondition, faults: _OwnFaults) -> str:
        """Wait for the end of a restart; return the reason of a stop requested meanwhile."""
        while (until_ns := faults.away_until_ns()) is not None:
            reason = watch.take(_wait(watch.watched, None, until_ns))
            if reason:
                return reason
        return ""

    def _serve(
        self,
        sock: socket.socket,
        watch: StopCondition,
        reflector: Reflector,
        faults: _OwnFaults,
    ) -> str:
        """Serve until a stop is requested, or a restart is due; return why."""
        housekeeping_ns = time.monotonic_ns() + _HOUSEKEEPING_NS
        faulty = bool(self._config.faults)
        while True:
            readable = _wait([sock, *watch.watched], reflector.next_due_ns(), housekeeping_ns)
            if faulty:
                faults.stall()
                reflector.impairing = faults.impairing()
                if faults.away_until_ns() is not None:
                    return _RESTART
            if sock in readable:
                reflector.receive()
            now_ns = time.monotonic_ns()
            reflector.send_due(now_ns)
            if now_ns >= housekeeping_ns:
                housekeeping_ns = now_ns + _HOUSEKEEPING_NS
                reflector.expire(now_ns)
                self._renew(reflector)
            reason = watch.take(readable)
            if reason:
                return reason

    def _renew(self, reflector: Reflector) -> None:
        if self._scheduling is not None:
            self._scheduling.renew()
            reflector.realtime = self._scheduling.granted

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
    if config.impairment.active and config.spec != config.impairment:
        raise ConfigError("--impair and --fault echo-server: impair the packets by one of them")


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
