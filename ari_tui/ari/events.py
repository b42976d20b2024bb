"""The events of a Stasis application, decoded.

Unknown types and unknown fields are ignored. An event's `type` is decoded before its body.

Names and meanings: https://docs.asterisk.org, "Asterisk REST Data Models".
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import force_setattr

from ari_tui.ari.models import Bridge, Channel, clean_fields
from ari_tui.core.errors import MalformedEventError
from ari_tui.core.text import clean_text


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What every event carries; `timestamp` is Asterisk's wall clock, ISO 8601 text."""

    application: str = ""
    timestamp: str = ""


class StasisStart(Event, frozen=True, kw_only=True):
    """A channel entered our application: a caller, or a media channel of our own."""

    channel: Channel
    args: tuple[str, ...] = ()
    replace_channel: Channel | None = None

    def __post_init__(self) -> None:
        force_setattr(self, "args", tuple(clean_text(arg) for arg in self.args))


class StasisEnd(Event, frozen=True, kw_only=True):
    """A channel left our application; it may live on elsewhere."""

    channel: Channel


class ChannelDestroyed(Event, frozen=True, kw_only=True):
    """A channel is gone; `cause` is Q.850's."""

    channel: Channel
    cause: int = 0
    cause_txt: str = ""

    def __post_init__(self) -> None:
        clean_fields(self, "cause_txt")


class ChannelHangupRequest(Event, frozen=True, kw_only=True):
    """A channel was asked to hang up."""

    channel: Channel
    cause: int | None = None
    soft: bool | None = None


class ChannelStateChange(Event, frozen=True, kw_only=True):
    """A channel's `state` changed."""

    channel: Channel


class ChannelCallerId(Event, frozen=True, kw_only=True):
    """A channel's caller name or number changed."""

    channel: Channel


class ChannelEnteredBridge(Event, frozen=True, kw_only=True):
    """A channel joined a bridge; `bridge` is as it is afterwards."""

    bridge: Bridge
    channel: Channel | None = None


class ChannelLeftBridge(Event, frozen=True, kw_only=True):
    """A channel left a bridge; `bridge` is as it is afterwards."""

    bridge: Bridge
    channel: Channel


class BridgeDestroyed(Event, frozen=True, kw_only=True):
    """A bridge is gone."""

    bridge: Bridge


class ChannelDtmfReceived(Event, frozen=True, kw_only=True):
    """A DTMF digit ended; its length in milliseconds.

    Digits are PINs and card numbers: which one it was is never decoded, so that nothing can tell.
    """

    channel: Channel
    duration_ms: int = 0


class ChannelHold(Event, frozen=True, kw_only=True):
    """The far end put the call on hold, which explains a gap in its RTP."""

    channel: Channel


class ChannelUnhold(Event, frozen=True, kw_only=True):
    """The far end took the call from hold."""

    channel: Channel


class Dial(Event, frozen=True, kw_only=True):
    """A dial began or changed; `dialstatus` is empty at its beginning."""

    peer: Channel
    caller: Channel | None = None
    dialstatus: str = ""

    def __post_init__(self) -> None:
        clean_fields(self, "dialstatus")


class ApplicationReplaced(Event, frozen=True, kw_only=True):
    """Another client registered our application: no event will follow."""


class _EventHead(msgspec.Struct, frozen=True):
    type: str = ""


_HEAD: Final = msgspec.json.Decoder(_EventHead)
_DECODERS: Final[dict[str, msgspec.json.Decoder[Event]]] = {
    kind.__name__: msgspec.json.Decoder(kind) for kind in Event.__subclasses__()
}


def decode_event(data: bytes | str) -> Event | None:
    """Decode one message of the event WebSocket; None for a type that we do not read.

    Bytes that are no UTF-8 are replaced, not refused: a caller's name may hold Latin-1. Raises
    MalformedEventError, which names type and field, for anything else that cannot be read.
    """
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    kind = ""
    try:
        kind = _HEAD.decode(text).type
        decoder = _DECODERS.get(kind)
        return None if decoder is None else decoder.decode(text)
    # a structure may be nested deeper than the decoder's stack
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
        name = clean_text(kind, 64) or "of unknown type"
        raise MalformedEventError(f"event {name} cannot be read: {clean_text(error)}") from None
