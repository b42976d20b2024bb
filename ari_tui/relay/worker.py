"""The media worker: a process that forwards RTP and logs each packet, and does nothing else.

Started as `python -m ari_tui.relay.worker CONTROL_FD RING_FD REALTIME` by the engine's worker pool,
REALTIME as `media.realtime`. Without ARI, asyncio and numpy it starts in 0.1 s, and neither garbage
collection nor screen drawing delays audio. Requests come over the control socket
(`relay/control.py`); it ends when that closes.
"""

from __future__ import annotations

import gc
import ipaddress
import os
import socket
import sys
from time import monotonic, process_time_ns, time_ns
from typing import Final

from ari_tui.core.errors import BindError
from ari_tui.core.realtime import RealtimeScheduling, wish_of
from ari_tui.core.sockets import granted_buffers, normal_endpoint, port_in_use
from ari_tui.packet_log.ring import RingWriter
from ari_tui.relay import control
from ari_tui.relay.call import CallLegs, Readers, open_pair
from ari_tui.relay.poller import new_poller
from ari_tui.wire.record import KIND_STALL, MAX_U32, pack

TICK_S: Final = 0.02
STALL_S: Final = TICK_S + 0.003
"""A turn of the loop takes the tick at most; one longer by `media.late_ms` (default) is a stall."""
LONG_STALL_S: Final = 0.2
"""A stall in which the buffers of the sockets may have overflowed."""
_REPORT_ROUND_TICKS: Final = 50  # every socket's drops are read once a second
_HEARTBEAT_S: Final = 1.0


class Worker:
    """The worker's loop, single-threaded."""

    def __init__(
        self, channel: socket.socket, log: RingWriter, scheduling: RealtimeScheduling
    ) -> None:
        self._channel, self._log, self._scheduling = channel, log, scheduling
        self._readers = Readers(new_poller())
        self._readers.watch(channel, self._on_control)
        self._frames = control.FrameDecoder()
        self._calls: dict[int, CallLegs] = {}
        self._running = True
        self._next_tick = self._next_heartbeat = monotonic()
        self._report_queue: list[CallLegs] = []
        self._cpu_ns = process_time_ns()

    def run(self) -> None:
        """Serve until a stop request or the end of the engine; then close every socket."""
        poll, handlers = self._readers.poller.poll, self._readers.handlers
        turn = monotonic()
        while self._running:
            ready = poll(TICK_S)
            for fd, _ in ready:
                handler = handlers.get(fd)
                if handler is not None:
                    handler()
            now = monotonic()
            if now - turn > STALL_S:
                self._log_stall(now - turn, bool(ready))
            turn = now
            if now >= self._next_tick:
                self._tick()
        for legs in list(self._calls.values()):
            legs.close()
        self._readers.poller.close()

    # -- housekeeping ----------------------------------------------------------------------

    def _log_stall(self, turn_s: float, waiting: bool) -> None:
        """Log for each call that a turn took so long, unless the worker was at work in it.

        Without anything `waiting` at its end no packet was held up: only a long stall counts.
        """
        stall_s = turn_s - (process_time_ns() - self._cpu_ns) / 1e9
        if stall_s <= (STALL_S if waiting else LONG_STALL_S):
            return
        until_ns, length_us = time_ns(), min(round(turn_s * 1e6), MAX_U32)
        for call, legs in self._calls.items():
            self._log.append(pack(rx_ns=until_ns, call=call, kind=KIND_STALL, aux=length_us))
            if stall_s > LONG_STALL_S:
                legs.media.report_drops()
                legs.echo.report_drops()

    def _tick(self) -> None:
        now = monotonic()
        self._next_tick = now + TICK_S
        self._cpu_ns = process_time_ns()
        before = time_ns()
        self._log.set_alive(before)
        if not self._readers.poller.poll(0):
            self._log.set_watermark(before)
        self._report_some()
        for legs in self._calls.values():
            legs.tick(now)
        if now >= self._next_heartbeat:
            self._next_heartbeat = now + _HEARTBEAT_S
            self._scheduling.renew()
            told = len(self._calls), process_time_ns(), self._scheduling.text
            self._send_event(control.Heartbeat(*told))

    def _report_some(self) -> None:
        """Report the drops of a fiftieth of the sockets: all are done in a second."""
        if not self._report_queue:
            self._report_queue = list(self._calls.values())
        share = -(-len(self._calls) // _REPORT_ROUND_TICKS)
        for _ in range(min(share, len(self._report_queue))):
            legs = self._report_queue.pop()
            if legs.call in self._calls:
                legs.media.report_drops()
                legs.echo.report_drops()

    # -- control ---------------------------------------------------------------------------

    def _on_control(self) -> bool:
        try:
            data = self._channel.recv(65536)
        except ConnectionError:  # the engine was killed with replies unread
            data = b""
        if not data:
            self._running = False
            return False
        try:
            for request in self._frames.feed(data):
                self._send({"id": request.get("id"), **self._answer(request)})
        except ValueError as error:  # not our engine: do not trust this channel
            self._send({"id": None, **_refusal(f"broken frame: {error}", control.CODE_REQUEST)})
            self._running = False
        return True

    def _answer(self, message: control.Message) -> control.Message:
        try:
            return {"ok": True, **self._serve(control.parse_request(message))}
        except BindError as error:
            code = control.CODE_IN_USE if port_in_use(error) else control.CODE_BIND
            return _refusal(str(error), code)
        except Exception as error:  # a bad request must not stop the other calls' audio
            text = f"{message.get('op')}: {type(error).__name__}: {error}"
            return _refusal(text, control.CODE_REQUEST)

    def _send(self, message: control.Message) -> None:
        try:
            self._channel.sendall(control.encode(message))
        except OSError:
            self._running = False

    def _send_event(self, event: control.Event) -> None:
        """Send an event; drop it when the engine does not read: audio must not wait."""
        try:
            self._channel.send(control.encode(control.event_message(event)), socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            self._running = False

    # -- operations ------------------------------------------------------------------------

    def _serve(self, request: control.Request) -> control.Message:
        """Serve one request and return the fields of its reply."""
        match request:
            case control.AddCall():
                return self._add(request)._asdict()
            case control.ConnectCall(call, host, port, learn):
                self._calls[call].connect(normal_endpoint(host, port), learn)
            case control.QueryStream(call, ssrc, holds_from):
                self._calls[call].query(ssrc, holds_from)
            case control.DrainCall(call):
                self._calls[call].drain()
            case control.RemoveCall(call):
                legs = self._calls.pop(call, None)
                if legs is not None:
                    legs.close()
            case control.StopWorker():
                self._running = False
        return {}

    def _add(self, request: control.AddCall) -> control.CallAdded:
        number = request.call
        if number in self._calls:
            raise ValueError(f"call {number} is already here")
        if not 0 <= number <= MAX_U32:
            raise ValueError(f"call {number} does not fit into a record")
        networks = [ipaddress.ip_network(text) for text in request.networks]
        media, echo = open_pair(request)
        legs = CallLegs(number, media, echo, networks, self._log, self._readers, self._send_event)
        self._calls[number] = legs
        legs.start_echo()
        local = media.getsockname()[:2], echo.getsockname()[:2]
        return control.CallAdded(*local, granted_buffers(media))


def _refusal(text: str, code: str) -> control.Message:
    return {"ok": False, "error": text, "code": code}


def main() -> None:
    """Run a worker on the descriptors named on the command line."""
    control_fd, ring_fd = int(sys.argv[1]), int(sys.argv[2])
    channel = socket.socket(fileno=control_fd)
    log = RingWriter(ring_fd)
    os.close(ring_fd)
    worker = Worker(channel, log, RealtimeScheduling(wish_of(sys.argv[3:])))
    gc.freeze()
    gc.disable()
    worker.run()


if __name__ == "__main__":
    main()
