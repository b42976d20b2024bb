"""Control of a worker: length-framed JSON over a socketpair, request and reply.

A frame is a 32-bit big-endian length and that many bytes of one JSON object. The engine sends
requests `{"id": n, "op": ..., ...}`; the worker answers `{"id": n, "ok": true, ...}` or
`{"id": n, "ok": false, "error": words, "code": name}`, and says by itself `{"event": ...}`
(heartbeat, learned, status). End of file means: close everything and exit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

Message = dict[str, Any]

_LENGTH_BYTES: Final = 4
MAX_FRAME: Final = 1 << 20
"""No honest message is near this; a longer one is a broken peer."""

OP_ADD, OP_CONNECT, OP_DRAIN, OP_REMOVE, OP_STOP = "add", "connect", "drain", "remove", "stop"
OP_QUERY = "query"
EVENT_HEARTBEAT, EVENT_LEARNED, EVENT_STATUS = "heartbeat", "learned", "status"
CODE_IN_USE, CODE_BIND, CODE_REQUEST = "in_use", "bind", "request"


def encode(message: Message) -> bytes:
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
