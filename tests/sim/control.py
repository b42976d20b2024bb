"""Drive the simulated Asterisk from a test, in Python instead of over HTTP."""

from __future__ import annotations

from ari_tui.sim.media import MediaPort, SimPhone
from ari_tui.sim.model import SimCallerId, SimChannel
from ari_tui.sim.server import SimulatedAsterisk
from tests import rtp_packets


class SimControl:
    """Control callers, network and media; `k` counts callers in order of arrival."""

    def __init__(self, sim: SimulatedAsterisk) -> None:
        self._sim = sim

    @property
    def callers(self) -> list[str]:
        """Return the channel ids of the callers in the system, in order of arrival."""
        return [channel.id for channel in self._sim.callers.present]

    def place_call(self, caller: SimCallerId | None = None, **named: str) -> str | None:
        """Place one more call; return its channel id, None when it failed in the dialplan.

        `named` are fields of its channel: `name`, `protocol_id`, `linked_id`.
        """
        channel = self._sim.callers.dial(caller, **named)
        return channel.id if channel is not None else None

    def hang_up(self, k: int) -> str:
        """Hang up caller `k`; return its channel id."""
        channel = self._caller(k)
        self._sim.pbx.hang_up(channel)
        return channel.id

    def hold(self, k: int) -> None:
        """Put us on hold by caller `k`: its audio stops."""
        self._set_hold(k, True, "ChannelHold")

    def unhold(self, k: int) -> None:
        """End the hold by caller `k`: its audio continues, with a marker."""
        self._set_hold(k, False, "ChannelUnhold")

    def press_digit(self, k: int, digit: str = "5", duration_ms: int = 120) -> None:
        """Press a digit as caller `k`: its packets are left out, the event is sent at its end."""
        self._sim.callers.press(self._caller(k), digit, duration_ms)

    def transfer(self, k: int) -> str:
        """Replace caller `k` by a new channel; return the new channel's id.

        StasisStart of the new one carries `replace_channel`; in its bridge the new one takes
        the place of the old one, and the media go on with another SSRC.
        """
        pbx, old = self._sim.pbx, self._caller(k)
        app, bridge = old.stasis, old.bridge
        assert app is not None  # callers are in Stasis as long as they are up
        phone = old.phone or SimPhone()
        new = SimChannel(
            pbx.unique_id(),
            f"{old.name.partition('-')[0]}-{len(pbx.channels) + 0xF0000:08x}",
            "Up",
            protocol_id=f"transfer-{old.protocol_id}",
            caller=SimCallerId("Transferred", "1999"),
            dialplan=old.dialplan,
            linked_id=old.linked_id,
            phone=SimPhone(phone.frequency_hz, phone.packet_ms),
        )
        pbx.add(new)
        pbx.enter_stasis(new, app, replace_channel=old.json())
        self._sim.callers.adopt(old, new)
        if bridge is not None:
            pbx.bridging.enter(bridge, new)
        pbx.end(old)
        return new.id

    def drop_websockets(self) -> None:
        """Abort all event WebSockets; HTTP stays available."""
        self._sim.drop_websockets()

    async def go_away(self) -> None:
        """Refuse HTTP and abort all connections; channels and media stay up."""
        await self._sim.stop_listening()

    async def come_back(self, *, fresh: bool = False) -> None:
        """Serve again on the same port; `fresh` like a restarted Asterisk, with nothing left."""
        if fresh:
            self._sim.restart_core()
        await self._sim.listen()

    def foreign_burst(self, k: int, count: int, ssrc: int = 0xF0F0F0F0) -> None:
        """Send `count` packets of another SSRC to caller `k`'s external host."""
        port = self._media_of(k)
        for n in range(count):
            port.send(rtp_packets.build(b"\xff" * 160, sequence=n, timestamp=160 * n, ssrc=ssrc))

    def garbage(self, k: int, datagrams: list[bytes]) -> None:
        """Send arbitrary datagrams to caller `k`'s external host."""
        port = self._media_of(k)
        for datagram in datagrams:
            port.send(datagram)

    def _set_hold(self, k: int, on_hold: bool, event: str) -> None:
        channel = self._caller(k)
        if channel.phone is not None:
            channel.phone.on_hold = on_hold
        self._sim.pbx.hub.channel_event(event, channel)

    def _caller(self, k: int) -> SimChannel:
        return self._sim.callers.present[k]

    def _media_of(self, k: int) -> MediaPort:
        channel = self._caller(k)
        members = channel.bridge.members if channel.bridge is not None else []
        for member in members:
            if member.media is not None:
                return member.media
        raise LookupError(f"caller {k} ({channel.id}) is in no bridge with a media channel")
