"""The messages of `/stream`, as a client decodes them (`engine/http/stream.py` encodes them)."""

from __future__ import annotations

from typing import Any

import msgspec

from ari_tui.core.errors import UnknownMessageError
from ari_tui.core.text import escaped
from ari_tui.document.live import Live
from ari_tui.document.model import SCHEMA, Document, EventLine


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """The base of all messages."""


class Hello(Message, frozen=True, kw_only=True, tag="hello"):
    """The first message: all data of the last five minutes."""

    schema: str
    session: str
    document: Document
    live: Live
    events: list[EventLine]
    ended: int = 0
    """How many calls that the document no longer has can be asked for."""


class Snapshot(Message, frozen=True, kw_only=True, tag="snapshot"):
    """The newest document, and the newest seconds of every call."""

    document: Document
    live: Live


class EventNotice(Message, frozen=True, kw_only=True, tag="event"):
    """A new event."""

    event: EventLine


class Answer(Message, frozen=True, kw_only=True, tag="answer"):
    """The result of an action."""

    id: int | str | None
    ok: bool
    result: Any = None
    error: str = ""


class Bye(Message, frozen=True, kw_only=True, tag="bye"):
    """The engine has ended."""


class _MessageHead(msgspec.Struct):
    type: str
    schema: str = SCHEMA


AnyMessage = Hello | Snapshot | EventNotice | Answer | Bye
_DECODER: msgspec.json.Decoder[AnyMessage] = msgspec.json.Decoder(AnyMessage)
_KNOWN = {"hello", "snapshot", "event", "answer", "bye"}


def decode(data: bytes | str) -> AnyMessage | None:
    """Decode a message; None for an unknown type, as of a newer engine.

    Raises UnknownMessageError for what is not sent by an ari-tui engine of our version.
    """
    try:
        return _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        reason = escaped(str(error), 120)
    try:
        head = msgspec.json.decode(data, type=_MessageHead)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise UnknownMessageError("is no ari-tui engine") from None
    if head.schema != SCHEMA:
        schema = escaped(head.schema, 40)
        raise UnknownMessageError(f"speaks {schema}, we {SCHEMA}: use the same version")
    if head.type not in _KNOWN:
        return None
    raise UnknownMessageError(f"sends messages of another version (use the same version): {reason}")
