"""Control of a worker: length-framed JSON over a socketpair, request and reply.

A frame is a 32-bit big-endian length and that many bytes of one JSON object. The engine sends
requests `{"id": n, "op": ..., ...}`; the worker answers `{"id": n, "ok": true, ...}` or
`{"id": n, "ok": false, "error": words, "code": name}`, and says by itself `{"event": ...}`
(heartbeat, learned, status). End of file means: close everything and exit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, TypedDict

Message = dict[str, Any]
"""A decoded frame, before what it is has been looked at."""

_LENGTH_BYTES: Final = 4
MAX_FRAME: Final = 1 << 20
"""No honest message is near this; a longer one is a broken peer."""

OP_ADD, OP_CONNECT, OP_DRAIN, OP_REMOVE, OP_STOP = "add", "connect", "drain", "remove", "stop"
OP_QUERY = "query"
EVENT_HEARTBEAT: Final = "heartbeat"
EVENT_LEARNED: Final = "learned"
EVENT_STATUS: Final = "status"
CODE_IN_USE, CODE_BIND, CODE_REQUEST = "in_use", "bind", "request"


class SocketFields(TypedDict):
    """What `add` needs to open a call's two sockets; beside `call`."""

    host: str
    """The address of the media socket, with `port`."""
    port: int
    echo: tuple[str, int]
    """The echo server's address."""
    echo_local_port: int
    """0 lets the kernel choose."""
    dscp: int
    buffer_bytes: int
    networks: list[str]
    """Where RTP may come from when the peer is learned (CIDR)."""


class PeerFields(TypedDict):
    """What `connect` needs: where Asterisk's RTP comes from; beside `call`."""

    host: str
    port: int
    learn: str
    """`auto`, `always` or `never`."""


class Opened(TypedDict):
    """The answer to `add`: local addresses, and granted buffers (receive, send) in bytes."""

    media: tuple[str, int]
    echo: tuple[str, int]
    buffers: tuple[int, int]


class Heartbeat(TypedDict):
    """The worker is alive; sent once a second."""

    event: Literal["heartbeat"]
    calls: int
    cpu_ns: int


class Learned(TypedDict):
    """A call's RTP comes from another address than was reported."""

    event: Literal["learned"]
    call: int
    host: str
    port: int


class EchoStatus(TypedDict):
    """The echo server's answer about a call's stream (`wire.status.StatusCounters`)."""

    event: Literal["status"]
    call: int
    ssrc: int
    asked_ns: int
    received: int
    impaired_lost: int
    errors: int
    dwell_max_ns: int


Event = Heartbeat | Learned | EchoStatus


def encode(message: Mapping[str, object]) -> bytes:
    """Frame one message."""
    body = json.dumps(message, separators=(",", ":")).encode()
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


class FrameDecoder:
    """Turns bytes, however they are cut, into messages. Sans-I/O."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Add bytes; yield each message that is now whole.

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
