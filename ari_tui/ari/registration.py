"""Who holds a Stasis application, as far as ARI tells it.

`GET /applications/NAME` tells whether an application is registered, not whether its client is
connected. Measured on Asterisk 16.28 and 22.10:

- Without calls, an application is gone (404) as soon as its client has disconnected.
- While calls are in it, it stays registered without a client, for as long as they last.
- When they have ended it may stay until Asterisk tidies up (it did where both halves of a Local
  channel were in it), at the latest when any client of any application disconnects.

So a short connection under a name of our own tells a leftover without calls from a client.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import Final, NamedTuple

from ari_tui.ari.client import AriClient
from ari_tui.ari.event_stream import FAILURES, ConnectionTimeouts, open_events
from ari_tui.ari.ids import parse_id
from ari_tui.core.errors import AriNotFoundError

_LOOKS: Final = 5
_LOOK_S: Final = 0.1
"""Asterisk needs a moment to notice that a client has disconnected."""


class Registration(NamedTuple):
    """A registered application: what it holds, and whose it may be."""

    channels: tuple[str, ...]
    """Ids of the channels in it."""
    connected: bool
    """Whether a client is certainly connected; with channels in it ARI cannot tell."""

    @property
    def sessions(self) -> frozenset[str]:
        """Return the sessions of ari-tui that created some of its channels."""
        return frozenset(owned.session for one in self.channels if (owned := parse_id(one)))


async def registration(client: AriClient, app: str) -> Registration | None:
    """Return who holds an application; None when it is free. Raises AriError.

    One that is left over without client and calls is tidied up by the look.
    """
    with contextlib.suppress(AriNotFoundError):
        await client.application(app)
        await _make_asterisk_tidy_up(client, app)
        for _ in range(_LOOKS):
            found = await client.application(app)
            if found.subscribed:
                break
            await asyncio.sleep(_LOOK_S)
        return Registration(found.channel_ids, connected=not found.subscribed)
    return None


async def _make_asterisk_tidy_up(client: AriClient, app: str) -> None:
    """Connect and disconnect under a name of our own."""
    name = f"{app[:32]}-look-{secrets.token_hex(4)}"
    with contextlib.suppress(*FAILURES):
        async with open_events(client.endpoint, name, ConnectionTimeouts()):
            pass
