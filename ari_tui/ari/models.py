"""What Asterisk says, as frozen structures: channels, bridges, applications, events.

Only what we read is named; unknown fields and unknown event types are ignored, so that a newer
Asterisk does not stop us. An event's `type` is decoded before its body. Text that a person may
see is cleaned here, once (`ari_tui.ari.text`); ids stay raw because they go back into URLs, and
must be percent-encoded there and cleaned where they are shown.

Names and meanings: https://docs.asterisk.org, "Asterisk REST Data Models".
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec.structs import force_setattr

from ari_tui.ari.text import clean_text
from ari_tui.errors import AriError


class BrokenEventError(AriError):
    """An event of a known type has a body that cannot be read; the stream goes on."""


def _clean(struct: msgspec.Struct, *fields: str, limit: int = 128) -> None:
    for field in fields:
        force_setattr(struct, field, clean_text(getattr(struct, field), limit))


class CallerId(msgspec.Struct, frozen=True):
    """Name and number of a party; either may be empty."""

    name: str = ""
    number: str = ""

    def __post_init__(self) -> None:
        _clean(self, "name", "number")


class DialplanLocation(msgspec.Struct, frozen=True):
    """Where a channel is in the dialplan (ARI: DialplanCEP)."""

    context: str = ""
    exten: str = ""
    priority: int = 0
    app_name: str = ""
    app_data: str = ""

    def __post_init__(self) -> None:
        _clean(self, "context", "exten", "app_name", "app_data")


class Channel(msgspec.Struct, frozen=True):
    """One channel; `protocol_id` of a PJSIP channel is its SIP Call-ID."""

    id: str
    name: str = ""
    state: str = ""
    caller: CallerId = CallerId()
    connected: CallerId = CallerId()
    dialplan: DialplanLocation = DialplanLocation()
    creationtime: str = ""
    language: str = ""
    accountcode: str = ""
    protocol_id: str = ""
    channelvars: dict[str, Any] = {}

    def __post_init__(self) -> None:
        _clean(self, "name", "state", "creationtime", "language", "accountcode")
        _clean(self, "protocol_id", limit=255)


class Bridge(msgspec.Struct, frozen=True):
    """One bridge; `technology` is simple_bridge for two members, softmix from the third on."""

    id: str
    technology: str = ""
    bridge_type: str = ""
    bridge_class: str = ""
    creator: str = ""
    name: str = ""
    creationtime: str = ""
    channels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _clean(self, "technology", "bridge_type", "bridge_class", "creator", "name")
        _clean(self, "creationtime")


class SystemInfo(msgspec.Struct, frozen=True):
    """Version and identity of an Asterisk."""

    version: str = ""
    entity_id: str = ""

    def __post_init__(self) -> None:
        _clean(self, "version", "entity_id")


class StatusInfo(msgspec.Struct, frozen=True):
    """When an Asterisk started and last read its configuration; ISO 8601 text."""

    startup_time: str = ""
    last_reload_time: str = ""

    def __post_init__(self) -> None:
        _clean(self, "startup_time", "last_reload_time")


class AsteriskInfo(msgspec.Struct, frozen=True):
    """Answer of GET /asterisk/info."""

    system: SystemInfo = SystemInfo()
    status: StatusInfo = StatusInfo()


class Application(msgspec.Struct, frozen=True):
    """One Stasis application and what it listens to; its callers are in `channel_ids`."""

    name: str = ""
    channel_ids: tuple[str, ...] = ()
    bridge_ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _clean(self, "name")


class RtpStatistics(msgspec.Struct, frozen=True):
    """Asterisk's own view of one RTP leg: counts, jitter as Asterisk reports it, rtt in seconds.

    `txjitter` and `rxjitter` are swapped against intuition, and an `rtt` not yet reported
    reads 0.0: show them with care.
    """

    channel_uniqueid: str = ""
    local_ssrc: int | None = None
    remote_ssrc: int | None = None
    txcount: int | None = None
    rxcount: int | None = None
    txoctetcount: int | None = None
    rxoctetcount: int | None = None
    txploss: int | None = None
    rxploss: int | None = None
    txjitter: float | None = None
    rxjitter: float | None = None
    rtt: float | None = None


class Variable(msgspec.Struct, frozen=True):
    """Answer of the variable requests; `value` is raw."""

    value: str = ""


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
        _clean(self, "cause_txt")


class ChannelHangupRequest(Event, frozen=True, kw_only=True):
    """Somebody asked a channel to hang up."""

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
    """A DTMF digit ended; its length in milliseconds."""

    channel: Channel
    digit: str = ""
    duration_ms: int = 0

    def __post_init__(self) -> None:
        _clean(self, "digit", limit=8)


class ChannelHold(Event, frozen=True, kw_only=True):
    """The far end put the call on hold: its silence has a reason."""

    channel: Channel
    musicclass: str = ""

    def __post_init__(self) -> None:
        _clean(self, "musicclass")


class ChannelUnhold(Event, frozen=True, kw_only=True):
    """The far end took the call from hold."""

    channel: Channel


class Dial(Event, frozen=True, kw_only=True):
    """A dial began or changed; `dialstatus` is empty at its beginning."""

    peer: Channel
    caller: Channel | None = None
    dialstatus: str = ""

    def __post_init__(self) -> None:
        _clean(self, "dialstatus")


class ApplicationReplaced(Event, frozen=True, kw_only=True):
    """Another client registered our application: no event will follow."""


class _Head(msgspec.Struct, frozen=True):
    type: str = ""


_EVENTS: Final[tuple[type[Event], ...]] = (
    StasisStart,
    StasisEnd,
    ChannelDestroyed,
    ChannelHangupRequest,
    ChannelStateChange,
    ChannelCallerId,
    ChannelEnteredBridge,
    ChannelLeftBridge,
    BridgeDestroyed,
    ChannelDtmfReceived,
    ChannelHold,
    ChannelUnhold,
    Dial,
    ApplicationReplaced,
)
_HEAD: Final = msgspec.json.Decoder(_Head)
_DECODERS: Final[dict[str, msgspec.json.Decoder[Event]]] = {
    kind.__name__: msgspec.json.Decoder(kind) for kind in _EVENTS
}


def decode_event(data: bytes | str) -> Event | None:
    """Decode one message of the event WebSocket; None for a type that we do not read.

    Bytes that are no UTF-8 are replaced, not refused: a caller's name may hold Latin-1. Raises
    BrokenEventError, which names type and field, for anything else that cannot be read.
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
        raise BrokenEventError(f"event {name} cannot be read: {clean_text(error)}") from None
