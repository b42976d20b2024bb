"""ARI's data models as frozen structures: channels, bridges, applications.

Only what we read is named; unknown fields are ignored, so that a newer Asterisk is read as well.
Text that a person may see is cleaned here, once (`ari_tui.core.text`); ids stay raw because they go
back into URLs, and must be percent-encoded there and cleaned where they are shown.

Names and meanings: https://docs.asterisk.org, "Asterisk REST Data Models".
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import force_setattr

from ari_tui.core.text import clean_text


def clean_fields(struct: msgspec.Struct, *fields: str, limit: int = 128) -> None:
    """Clean texts of a structure that is being made; each at most `limit` characters."""
    for field in fields:
        force_setattr(struct, field, clean_text(getattr(struct, field), limit))


class CallerId(msgspec.Struct, frozen=True):
    """Name and number of a party; either may be empty."""

    name: str = ""
    number: str = ""

    def __post_init__(self) -> None:
        clean_fields(self, "name", "number")


class DialplanLocation(msgspec.Struct, frozen=True):
    """Where a channel is in the dialplan (ARI: DialplanCEP)."""

    app_name: str = ""

    def __post_init__(self) -> None:
        clean_fields(self, "app_name")


class Channel(msgspec.Struct, frozen=True):
    """One channel; `protocol_id` of a PJSIP channel is its SIP Call-ID."""

    id: str
    name: str = ""
    state: str = ""
    caller: CallerId = CallerId()
    dialplan: DialplanLocation = DialplanLocation()
    protocol_id: str = ""
    channelvars: dict[str, Any] = {}

    def __post_init__(self) -> None:
        clean_fields(self, "name", "state")
        clean_fields(self, "protocol_id", limit=255)


class Bridge(msgspec.Struct, frozen=True):
    """One bridge; `technology` is simple_bridge for two members, softmix from the third on."""

    id: str
    technology: str = ""
    channels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        clean_fields(self, "technology")


class SystemInfo(msgspec.Struct, frozen=True):
    """The version of an Asterisk."""

    version: str = ""

    def __post_init__(self) -> None:
        clean_fields(self, "version")


class StatusInfo(msgspec.Struct, frozen=True):
    """When an Asterisk was started, as text in ARI's format; raw."""

    startup_time: str = ""


class AsteriskInfo(msgspec.Struct, frozen=True):
    """Answer of GET /asterisk/info."""

    system: SystemInfo = SystemInfo()
    status: StatusInfo = StatusInfo()


class Application(msgspec.Struct, frozen=True):
    """One Stasis application; `channel_ids` are its callers and our media channels."""

    channel_ids: tuple[str, ...] = ()
    bridge_ids: tuple[str, ...] = ()
    endpoint_ids: tuple[str, ...] = ()
    device_names: tuple[str, ...] = ()

    @property
    def subscribed(self) -> bool:
        """Return whether it has subscriptions, which keep it registered without a client."""
        return bool(self.channel_ids or self.bridge_ids or self.endpoint_ids or self.device_names)


class RtpStatistics(msgspec.Struct, frozen=True):
    """Asterisk's own view of one RTP leg: counts, jitter as Asterisk reports it, rtt in seconds.

    `txjitter` and `rxjitter` are swapped against intuition, and an `rtt` not yet reported
    reads 0.0: show them with care.
    """

    local_ssrc: int | None = None
    remote_ssrc: int | None = None
    txcount: int | None = None
    rxcount: int | None = None
    txploss: int | None = None
    rxploss: int | None = None
    txjitter: float | None = None
    rxjitter: float | None = None
    rtt: float | None = None


class Variable(msgspec.Struct, frozen=True):
    """Answer of the variable requests; `value` is raw."""

    value: str = ""
