"""The pieces of a call by plain requests: caller, media channel, bridge."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from tests.asterisk.lab import Asterisk
from tests.asterisk.media_port import MediaPort
from tests.asterisk.raw_ari import Events, RawAri, new_id, raw_ari
from tests.asterisk.tools import wait_until


class Stage:
    """An application with its events, and the pieces of a call."""

    def __init__(self, asterisk: Asterisk, ari: RawAri, events: Events, app: str) -> None:
        self.asterisk = asterisk
        self.ari = ari
        self.events = events
        self.app = app
        self.bridges: list[str] = []

    async def caller(self, other: str = "tone") -> str:
        """Let a Local channel enter our application; return its id."""
        known = self._callers()
        await asyncio.to_thread(self.asterisk.originate_local, f"stasis-{self.app}", other=other)
        await self.events.wait_for(lambda: bool(self._callers() - known))
        return (self._callers() - known).pop()

    def _callers(self) -> set[str]:
        return {
            event["channel"]["id"]
            for event in self.events.seen
            if event["type"] == "StasisStart"
            and not event["channel"]["name"].startswith("UnicastRTP/")
        }

    async def external_media(self, port: MediaPort, media_format: str = "ulaw") -> dict[str, Any]:
        """Create a media channel that sends to `port`; return the response."""
        status, channel = await self.ari.request(
            "POST",
            "/channels/externalMedia",
            app=self.app,
            channelId=new_id("media"),
            external_host=port.address,
            format=media_format,
        )
        assert status == 200, channel
        assert isinstance(channel, dict)
        return channel

    async def bridge(self, *channels: str) -> str:
        """Put channels, which have entered Stasis, into a new bridge; return its id."""
        bridge = new_id("bridge")
        status, _ = await self.ari.request(
            "POST", "/bridges", type="mixing,proxy_media", bridgeId=bridge, name="ari-tui"
        )
        assert status == 200
        self.bridges.append(bridge)
        for channel in channels:
            await self.events.wait("StasisStart", channel)
        status, body = await self.ari.request(
            "POST", f"/bridges/{bridge}/addChannel", channel=",".join(channels)
        )
        assert (status, body) == (204, None)
        for channel in channels:
            await self.events.wait("ChannelEnteredBridge", channel)
        return bridge


def media_address(channel: dict[str, Any]) -> tuple[str, int]:
    """Return where Asterisk's RTP of a media channel is, as the response says it."""
    variables = channel["channelvars"]
    return variables["UNICASTRTP_LOCAL_ADDRESS"], int(variables["UNICASTRTP_LOCAL_PORT"])


@contextlib.asynccontextmanager
async def empty_stage(asterisk: Asterisk) -> AsyncIterator[Stage]:
    """Register an application of its own; afterwards clear away what is left of its calls."""
    app = new_id("app")
    async with raw_ari(asterisk) as ari, ari.events(app) as events:
        stage = Stage(asterisk, ari, events, app)
        yield stage
        for bridge in stage.bridges:
            await ari.request("DELETE", f"/bridges/{bridge}")
        for name in asterisk.channels():
            asterisk.rx(f"channel request hangup {name}")
        await asyncio.to_thread(wait_until, lambda: not asterisk.channels(), "no channel is left")
        assert asterisk.bridges() == []
