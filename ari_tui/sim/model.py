"""Channels and bridges of the simulated Asterisk, and their JSON as in ARI (22.10)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from ari_tui.sim.media import MediaPort, SimPhone

Json = dict[str, Any]


def timestamp() -> str:
    """Return the current time in ARI's format."""
    now = dt.datetime.now(dt.timezone.utc)
    return now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}+0000"


@dataclass(frozen=True)
class SimCallerId:
    """A party's name and number."""

    name: str = ""
    number: str = ""

    def json(self) -> Json:
        """Return ARI's CallerID."""
        return {"name": self.name, "number": self.number}


@dataclass(frozen=True)
class Dialplan:
    """A channel's position in the dialplan, and the application that it executes there."""

    context: str = "default"
    exten: str = "s"
    priority: int = 1
    app_name: str = "AppDial2"
    app_data: str = "(Outgoing Line)"

    def json(self) -> Json:
        """Return ARI's DialplanCEP."""
        return dict(vars(self))


@dataclass(eq=False)
class SimChannel:
    """One channel; `stasis` is the application that it is in, None outside of Stasis."""

    id: str
    name: str
    state: str = "Down"
    protocol_id: str = ""
    caller: SimCallerId = SimCallerId()
    connected: SimCallerId = SimCallerId()
    dialplan: Dialplan = Dialplan()
    created: str = field(default_factory=timestamp)
    linked_id: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    stasis: str | None = None
    owner: str | None = None
    """The application that created it and stays subscribed until it ends."""
    phone: SimPhone | None = None
    """The phone at its far end; a media channel has none."""
    media: MediaPort | None = None
    """The RTP socket of a media channel."""
    other_half: SimChannel | None = None
    """The other end of a Local channel."""
    bridge: SimBridge | None = None
    alive: bool = True

    @property
    def is_sip(self) -> bool:
        """Whether this is a PJSIP channel, the only kind with RTP statistics."""
        return self.name.startswith("PJSIP/")

    def json(self) -> Json:
        """Return ARI's Channel, in Asterisk's order of keys."""
        return {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "protocol_id": self.protocol_id,
            "caller": self.caller.json(),
            "connected": self.connected.json(),
            "accountcode": "",
            "dialplan": self.dialplan.json(),
            "creationtime": self.created,
            "language": "en",
        }


@dataclass(eq=False)
class SimBridge:
    """One mixing bridge."""

    id: str
    name: str = ""
    members: list[SimChannel] = field(default_factory=list)
    created: str = field(default_factory=timestamp)

    @property
    def technology(self) -> str:
        """Return the bridge technology: with a third member softmix, which re-clocks media."""
        return "simple_bridge" if len(self.members) <= 2 else "softmix"

    def json(self) -> Json:
        """Return ARI's Bridge, in Asterisk's order of keys."""
        return {
            "id": self.id,
            "technology": self.technology,
            "bridge_type": "mixing",
            "bridge_class": "stasis",
            "creator": "Stasis",
            "name": self.name,
            "channels": [member.id for member in self.members],
            "creationtime": self.created,
            "video_mode": "talker",
        }
