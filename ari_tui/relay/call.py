"""One call in a worker: its two sockets from opening to closing, and how it finds its peer."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic, time_ns
from typing import Final

from ari_tui.core.errors import BindError
from ari_tui.core.sockets import Address, Network, family_of, open_udp, same_endpoint
from ari_tui.packet_log.ring import RingWriter
from ari_tui.relay import control
from ari_tui.relay.legs import (
    Handler,
    Leg,
    make_absorb,
    make_forward,
    make_learner,
    make_reader,
    read_queued,
)
from ari_tui.relay.poller import Poller
from ari_tui.wire import status
from ari_tui.wire.record import KIND_ECHO_IN, KIND_MEDIA_IN

LEARN_AFTER_S: Final = 2.0
"""Time without a packet from the reported address until `learn_source = auto` learns another."""


class Readers:
    """The watched descriptors, with the handler of each."""

    def __init__(self, poller: Poller) -> None:
        self.poller = poller
        self.handlers: dict[int, Handler] = {}

    def watch(self, sock: socket.socket, handler: Handler) -> None:
        """Read a socket with `handler`, which replaces an earlier one."""
        fd = sock.fileno()
        if fd not in self.handlers:
            self.poller.register(fd)
        self.handlers[fd] = handler

    def unwatch(self, sock: socket.socket) -> None:
        """Stop reading a socket."""
        fd = sock.fileno()
        if self.handlers.pop(fd, None) is not None:
            self.poller.unregister(fd)


def open_pair(request: control.AddCall) -> tuple[socket.socket, socket.socket]:
    """Open a call's media socket and its connected echo socket.

    Raises BindError, with both closed.
    """
    open_leg = partial(open_udp, dscp=request.dscp, buffer_bytes=request.buffer_bytes)
    host, port = request.echo
    with contextlib.ExitStack() as opened:
        media = opened.enter_context(open_leg(request.host, request.port))
        any_host = "::" if family_of(host) == socket.AF_INET6 else "0.0.0.0"  # noqa: S104
        echo = opened.enter_context(open_leg(any_host, request.echo_local_port))
        try:
            echo.connect((host, port))
        except OSError as error:
            raise BindError(f"no way to the echo server {host}:{port}: {error}") from None
        opened.pop_all()
    return media, echo


class CallLegs:
    """One call's two legs. `send_event` sends an event to the engine."""

    def __init__(
        self,
        call: int,
        media: socket.socket,
        echo: socket.socket,
        networks: Sequence[Network],
        log: RingWriter,
        readers: Readers,
        send_event: Callable[[control.Event], None],
    ) -> None:
        self.call = call
        self.media = Leg(call, media, KIND_MEDIA_IN, log)
        self.echo = Leg(call, echo, KIND_ECHO_IN, log)
        self.echo.on_status = self._on_status
        self._networks, self._readers, self._send_event = networks, readers, send_event
        self._reported: Address = ()
        self._learn_at: float | None = None

    def start_echo(self) -> None:
        """Start forwarding from the echo server to Asterisk."""
        take = make_forward(self.echo, self.media.sock)
        read_queued(self.echo, self.echo.sock.getpeername(), take)
        self._readers.watch(self.echo.sock, make_reader(self.echo, take))

    def connect(self, peer: Address, learn: str) -> None:
        """Start forwarding from the reported address `peer`; `learn` is `media.learn_source`."""
        self._reported = peer
        if learn == "always":
            self._start_learning()
            return
        self.media.sock.connect(peer)
        take = make_forward(self.media, self.echo.sock)
        received = read_queued(self.media, peer, take)
        reader = make_reader(self.media, take)
        if learn == "auto" and self._networks and not received:
            self._learn_at = monotonic() + LEARN_AFTER_S
            reader = self._until_first(reader)
        self._readers.watch(self.media.sock, reader)

    def tick(self, now: float) -> None:
        """Start learning when the reported address has been silent for LEARN_AFTER_S."""
        if self._learn_at is not None and now >= self._learn_at:
            self._start_learning()

    def query(self, ssrc: int, holds_from: int | None = None) -> None:
        """Send the echo server a status query about a stream; the nonce is the time."""
        query = status.StatusQuery(status.STREAM_QUERY, ssrc, time_ns(), holds_from)
        # refused, or the buffer is full: the next query replaces this one
        with contextlib.suppress(OSError):
            self.echo.sock.send(status.build_query(query))

    def drain(self) -> None:
        """Stop the media leg; what the echo server still returns is logged and not forwarded."""
        self._learn_at = None
        self._readers.unwatch(self.media.sock)
        self.media.last_report()
        self._readers.watch(self.echo.sock, make_reader(self.echo, make_absorb(self.echo)))

    def close(self) -> None:
        """Close both sockets."""
        for leg in (self.media, self.echo):
            leg.report_drops()
            self._readers.unwatch(leg.sock)
            leg.sock.close()

    def _until_first(self, reader: Handler) -> Handler:
        """Return a handler that cancels learning at the first packet from the reported address."""

        def first() -> bool:
            self._learn_at = None
            self._readers.watch(self.media.sock, reader)
            return reader()

        return first

    def _start_learning(self) -> None:
        self._learn_at = None
        take = make_forward(self.media, self.echo.sock)

        def learned(address: Address) -> None:
            self._readers.watch(self.media.sock, make_reader(self.media, take))
            if not same_endpoint(address, self._reported):
                self._send_event(control.SourceLearned(self.call, *address[:2]))

        learner = make_learner(self.media, self._reported, self._networks, take, learned)
        self._readers.watch(self.media.sock, learner)

    def _on_status(self, data: bytes) -> None:
        reply = status.parse_reply(data)
        if reply is not None:
            query, counters, _, holds, realtime = reply
            told = query.ssrc, query.nonce, counters, holds, realtime
            report = control.StreamReport(self.call, *told)
            self._send_event(report)
