"""Control of a worker: length-framed JSON over a socketpair, request and reply.

A frame is a 32-bit big-endian length and that many bytes of one JSON object. The engine sends
requests `{"id": n, "op": ..., ...}`; the worker answers `{"id": n, "ok": true, ...}` or
`{"id": n, "ok": false, "error": text, "code": name}`, and sends events `{"event": ...}` any time.
End of file means: close everything and exit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from ari_tui.wire.status import Hold, Holds, StatusCounters

Message = dict[str, Any]
"""One JSON object, as sent."""

_LENGTH_BYTES: Final = 4
MAX_FRAME: Final = 1 << 20
"""Far above any valid message: a longer one means a broken peer."""

CODE_IN_USE, CODE_BIND, CODE_REQUEST = "in_use", "bind", "request"
"""Error codes: a port in use, another socket error, a request that cannot be served."""


class AddCall(NamedTuple):
    """Open a call's two sockets; answered by `CallAdded`."""

    call: int
    host: str
    port: int
    """Where the media socket is bound."""
    echo: tuple[str, int]
    """The echo server."""
    dscp: int
    buffer_bytes: int
    echo_local_port: int = 0
    networks: tuple[str, ...] = ()
    """Networks from which media may be learned (`media.learn_networks`)."""


class ConnectCall(NamedTuple):
    """Connect the media socket to Asterisk and start the media leg."""

    call: int
    host: str
    port: int
    learn: str = "never"
    """As `media.learn_source`."""


class QueryStream(NamedTuple):
    """Send a status query about a stream to the echo server; its reply is a `StreamReport`."""

    call: int
    ssrc: int
    holds_from: int | None = None
    """The index of the first hold asked for; None: a query of version 1, without holds."""


class DrainCall(NamedTuple):
    """Stop the media leg; the echo leg goes on."""

    call: int


class RemoveCall(NamedTuple):
    """Close a call's sockets; no error for an unknown call."""

    call: int


class StopWorker(NamedTuple):
    """Close everything and exit."""


class CallAdded(NamedTuple):
    """The local addresses of both sockets, and the granted receive and send buffers in bytes."""

    media: tuple[str, int]
    echo: tuple[str, int]
    buffers: tuple[int, int]


class Heartbeat(NamedTuple):
    """Sent once a second: the number of calls, the process's CPU time, its scheduling."""

    calls: int
    cpu_ns: int
    realtime: str = ""
    """As `core.realtime.RealtimeScheduling.text`."""


class SourceLearned(NamedTuple):
    """A call's media comes from another address than Asterisk reported."""

    call: int
    host: str
    port: int


class StreamReport(NamedTuple):
    """The echo server's reply to a status query sent at `asked_ns`."""

    call: int
    ssrc: int
    asked_ns: int
    counters: StatusCounters
    holds: Holds | None = None
    """None from a server that cannot tell them."""
    realtime: bool | None = None
    """Whether it has realtime scheduling; None from one that does not tell."""


Request = AddCall | ConnectCall | QueryStream | DrainCall | RemoveCall | StopWorker
Event = Heartbeat | SourceLearned | StreamReport
OPERATIONS: Final[dict[type[Request], str]] = {
    AddCall: "add",
    ConnectCall: "connect",
    QueryStream: "query",
    DrainCall: "drain",
    RemoveCall: "remove",
    StopWorker: "stop",
}


def request_message(number: int, request: Request) -> Message:
    """Return a request as a message with its id."""
    return {"id": number, "op": OPERATIONS[type(request)], **request._asdict()}


def parse_request(message: Message) -> Request:
    """Return the request in a message.

    Raises KeyError for a missing field, TypeError, ValueError or OverflowError for one of another
    type, ValueError for an unknown operation.
    """
    operation = message.get("op")
    match operation:
        case "add":
            return AddCall(
                int(message["call"]),
                str(message["host"]),
                int(message["port"]),
                _endpoint(message["echo"]),
                int(message["dscp"]),
                int(message["buffer_bytes"]),
                int(message.get("echo_local_port", 0)),
                tuple(str(network) for network in message.get("networks", ())),
            )
        case "connect":
            host, port = str(message["host"]), int(message["port"])
            learn = str(message.get("learn", "never"))
            return ConnectCall(int(message["call"]), host, port, learn)
        case "query":
            wanted = message.get("holds_from")
            holds_from = None if wanted is None else int(wanted)
            return QueryStream(int(message["call"]), int(message["ssrc"]), holds_from)
        case "drain":
            return DrainCall(int(message["call"]))
        case "remove":
            return RemoveCall(int(message["call"]))
        case "stop":
            return StopWorker()
    raise ValueError(f"unknown operation {operation!r}")


def parse_added(reply: Message) -> CallAdded:
    """Return the reply to `AddCall`; raises as `parse_request`."""
    receive, send = reply["buffers"]
    buffers = int(receive), int(send)
    return CallAdded(_endpoint(reply["media"]), _endpoint(reply["echo"]), buffers)


def event_message(event: Event) -> Message:
    """Return an event as a message."""
    match event:
        case Heartbeat():
            return {"event": "heartbeat", **event._asdict()}
        case SourceLearned():
            return {"event": "learned", **event._asdict()}
        case StreamReport(call, ssrc, asked_ns, counters, holds, realtime):
            head = {"event": "status", "call": call, "ssrc": ssrc, "asked_ns": asked_ns}
            told: Message = {"realtime": realtime}
            if holds is not None:
                told["holds"] = list(holds)
            return {**head, **counters._asdict(), **told}


def parse_event(message: Message) -> Event | None:
    """Return the event in a message; None for an unknown one. Raises as `parse_request`."""
    match message.get("event"):
        case "heartbeat":
            numbers = int(message.get("calls", 0)), int(message.get("cpu_ns", 0))
            return Heartbeat(*numbers, str(message.get("realtime", "")))
        case "learned":
            return SourceLearned(int(message["call"]), str(message["host"]), int(message["port"]))
        case "status":
            call, ssrc, asked_ns = (int(message[name]) for name in ("call", "ssrc", "asked_ns"))
            counters = StatusCounters(*(int(message[name]) for name in StatusCounters._fields))
            holds, realtime = _holds(message.get("holds")), message.get("realtime")
            return StreamReport(
                *(call, ssrc, asked_ns, counters, holds),
                None if realtime is None else bool(realtime),
            )
    return None


def _holds(told: Any) -> Holds | None:
    if told is None:
        return None
    server, total, first, complete_to, entries, stream = told
    held = tuple(Hold(int(a), int(b), bool(uncertain)) for a, b, uncertain in entries)
    return Holds(int(server), int(total), int(first), int(complete_to), held, int(stream))


def _endpoint(pair: Any) -> tuple[str, int]:
    host, port = pair
    return str(host), int(port)


def encode(message: Message) -> bytes:
    """Frame one message."""
    body = json.dumps(message, separators=(",", ":")).encode()
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


class FrameDecoder:
    """Decodes a byte stream into messages. Sans-I/O."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Add bytes; yield each complete message.

        Raises ValueError on a frame longer than MAX_FRAME or one that holds no JSON object.
        """
        self._buffer += data
        while len(self._buffer) >= _LENGTH_BYTES:
            length = int.from_bytes(self._buffer[:_LENGTH_BYTES], "big")
            if length > MAX_FRAME:
                raise ValueError(f"control frame of {length} bytes")
            end = _LENGTH_BYTES + length
            if len(self._buffer) < end:
                return
            message = json.loads(self._buffer[_LENGTH_BYTES:end])
            del self._buffer[:end]
            if not isinstance(message, dict):
                raise ValueError("control frame holds no object")
            yield message
