"""Channels in our application that no call of ours is responsible for: sent on, never left."""

from __future__ import annotations

from collections.abc import Awaitable

from ari_tui.ari.client import AriClient
from ari_tui.ari.commands import OnRelease
from ari_tui.ari.models import Channel
from ari_tui.engine.events import EventLog
from ari_tui.errors import AriError


class Strays:
    """Puts away what nobody would ever care for again."""

    def __init__(self, client: AriClient, events: EventLog, on_release: OnRelease) -> None:
        self._client, self._events, self._on_release = client, events, on_release

    async def hang_up(self, channel_id: str) -> None:
        """End a media channel of ours whose creation was given up while it was on its way."""
        await self._try(self._client.hang_up(channel_id), "a leftover channel stays")

    def tell_sent_on(self, channel: Channel) -> None:
        """Tell that a caller comes while the engine drains."""
        text = f"draining: {channel.name} is not taken up and goes on unmeasured"
        self._events.tell("info", "sent_on", text, channel=channel.name, rarely=True)

    async def send_on(self, channel_id: str) -> None:
        """Let a caller go who came while we stop, as the callers of calls are let go."""
        if self._on_release is OnRelease.HANGUP:
            going: Awaitable[object] = self._client.hang_up(channel_id)
        else:
            going = self._client.continue_in_dialplan(channel_id)
        await self._try(going, "a caller who came late stays")

    async def _try(self, request: Awaitable[object], complaint: str) -> None:
        try:
            await request
        except AriError as error:
            self._events.tell("warning", "leftover", f"{complaint}: {error}")
