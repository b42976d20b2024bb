"""The simulated Asterisk's media channels: made for an external host, in Stasis a little later."""

from __future__ import annotations

from ari_tui.sim.media import FORMATS, MediaPort, bind_rtp
from ari_tui.sim.model import Channel, RefusalError
from ari_tui.sim.pbx import Pbx

_INTERNAL = "An internal error prevented this request from being handled"


class MediaChannels:
    """Makes them; whether events or responses go first is drawn by the configuration's seed."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx, self._config = pbx, pbx.config
        self._serial = 0

    def add(self, external: tuple[str, int], fmt: str, channel_id: str | None, app: str) -> Channel:
        """Create a media channel, not yet in Stasis, its socket bound and connected.

        Raises RefusalError (500), as Asterisk 22 does for a bad format and for an id in use.
        """
        if fmt not in FORMATS or channel_id in self._pbx.channels:
            raise RefusalError(500, _INTERNAL)
        self._serial += 1
        sock = bind_rtp(self._config.media_host, self._config.rtp_ports)
        port = MediaPort(sock, external, FORMATS[fmt])
        handle = 0x7F0000000000 + 0x1230 * self._serial
        channel = Channel(
            channel_id or self._pbx.unique_id(),
            f"UnicastRTP/{external[0]}:{external[1]}-0x{handle:x}",
        )
        channel.media = port
        channel.owner = app
        channel.variables = {
            "UNICASTRTP_LOCAL_PORT": str(port.address[1]),
            "UNICASTRTP_LOCAL_ADDRESS": port.address[0],
        }
        self._pbx.hub.subscribe(app, channel)
        return self._pbx.add(channel)

    def enter(self, channel: Channel, app: str) -> None:
        """Let a new media channel be up and enter Stasis; it ends when no client is there."""
        if not channel.alive:
            return
        self._pbx.set_state(channel, "Up")
        if not self._pbx.enter_stasis(channel, app):
            self._pbx.end(channel)

    def order(self) -> tuple[bool, float]:
        """Draw for the newest media channel: whether its events go first, else how late they go."""
        random = self._config.stream("media", self._serial)
        event_first, delay_s = random.random() < 0.5, random.uniform(0.001, 0.008)
        if self._config.stasis_order != "seeded":
            event_first = self._config.stasis_order == "event-first"
        return event_first, delay_s
