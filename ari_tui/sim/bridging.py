"""Bridges, their members, and the RTP sources of media channels in them."""

from __future__ import annotations

import uuid

from ari_tui.core.errors import SimRefusalError
from ari_tui.sim.config import SimConfig
from ari_tui.sim.events import EventHub
from ari_tui.sim.media import MediaPort, SimPhone
from ari_tui.sim.model import SimBridge, SimCallerId, SimChannel
from ari_tui.sim.source import RtpSource, SourceClock

_NO_CALLER_ID = SimCallerId()


class Bridging:
    """All bridges. A media channel sends the audio of the first answered caller in its bridge."""

    def __init__(self, config: SimConfig, hub: EventHub, clock: SourceClock) -> None:
        self._config, self._hub, self._clock = config, hub, clock
        self.bridges: dict[str, SimBridge] = {}
        self._sources: dict[str, RtpSource] = {}
        self._started = 0

    def find(self, bridge_id: str) -> SimBridge:
        """Return one bridge. Raises SimRefusalError (404) when there is none."""
        if bridge_id not in self.bridges:
            raise SimRefusalError(404, "Bridge not found")
        return self.bridges[bridge_id]

    def create(self, bridge_id: str | None, kind: str, name: str) -> SimBridge:
        """Create a bridge; `kind` is ARI's `type`, a list. Raises SimRefusalError (409, 500)."""
        if bridge_id in self.bridges:
            raise SimRefusalError(409, f"Bridge with id '{bridge_id}' already exists")
        known = {"mixing", "holding", "dtmf_events", "proxy_media", "video_sfu", "video_single"}
        if not set(kind.split(",")) <= known:
            raise SimRefusalError(
                500, f"Unable to create bridge. Possible duplicate bridge id '{bridge_id}'"
            )
        bridge = SimBridge(bridge_id or str(uuid.uuid4()), name)
        self.bridges[bridge.id] = bridge
        self._hub.bridge_event("BridgeCreated", bridge)
        return bridge

    def destroy(self, bridge: SimBridge) -> None:
        """Destroy a bridge; its channels stay up."""
        for channel in list(bridge.members):
            self.leave(channel)
        del self.bridges[bridge.id]
        self._hub.bridge_event("BridgeDestroyed", bridge)
        self._hub.forget(bridge)

    def enter(self, bridge: SimBridge, channel: SimChannel) -> None:
        """Move a channel into a bridge."""
        self.leave(channel)
        for name in {channel.stasis, channel.owner} - {None}:
            self._hub.subscribe_bridge(str(name), bridge)
        bridge.members.append(channel)
        channel.bridge = bridge
        self._hub.bridge_event("ChannelEnteredBridge", bridge, channel)
        self._connect_parties(bridge)
        self.update(bridge)

    def leave(self, channel: SimChannel) -> None:
        """Remove a channel from its bridge, if it is in one."""
        bridge = channel.bridge
        if bridge is None:
            return
        bridge.members.remove(channel)
        channel.bridge = None
        self._hub.bridge_event("ChannelLeftBridge", bridge, channel)
        self._set(channel, "BRIDGEPEER", "")
        self._stop_source(channel)
        self.update(bridge)

    def update(self, bridge: SimBridge) -> None:
        """Start and stop sources after a change of members or of their state."""
        caller = next((one for one in bridge.members if one.phone and one.state == "Up"), None)
        phone = caller.phone if caller is not None else None
        for channel in bridge.members:
            port, source = channel.media, self._sources.get(channel.id)
            if port is None or (source is not None and source.phone is phone):
                continue
            self._stop_source(channel)
            port.phone = phone
            if caller is not None and phone is not None:
                self._clock.path.join(phone)
                port.caller = caller.id
                if phone.frequency_hz:
                    self._start_source(channel, port, phone)

    def source_of(self, channel: SimChannel) -> RtpSource | None:
        """Return the source of a media channel; None when it sends nothing."""
        return self._sources.get(channel.id)

    def _start_source(self, channel: SimChannel, port: MediaPort, phone: SimPhone) -> None:
        random = self._config.stream("source", self._started)
        source = RtpSource(self._started, phone, port, random)
        self._started += 1
        self._sources[channel.id] = source
        self._clock.start(source, random.randrange(phone.packet_ms))

    def _stop_source(self, channel: SimChannel) -> None:
        source = self._sources.pop(channel.id, None)
        if source is not None:
            self._clock.stop(source)
        if channel.media is not None:
            channel.media.phone = None

    def _connect_parties(self, bridge: SimBridge) -> None:
        """Set connected line and BRIDGEPEER of two parties to each other."""
        if len(bridge.members) != 2:
            return
        one, other = bridge.members
        for channel, peer in ((one, other), (other, one)):
            self._set(channel, "BRIDGEPEER", peer.name)
            if channel.connected != peer.caller and (peer.caller != _NO_CALLER_ID or peer.media):
                channel.connected = peer.caller
                self._hub.channel_event("ChannelConnectedLine", channel)

    def _set(self, channel: SimChannel, variable: str, value: str) -> None:
        if channel.variables.get(variable, "") != value:
            channel.variables[variable] = value
            self._hub.channel_event("ChannelVarset", channel, variable=variable, value=value)
