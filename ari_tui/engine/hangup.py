"""Hangs a channel up so that the call whose caller it is knows whose doing its end was."""

from __future__ import annotations

from collections.abc import Collection

from ari_tui.ari.calls import CallMachine
from ari_tui.ari.client import AriClient
from ari_tui.errors import AriError


async def hang_up(client: AriClient, machines: Collection[CallMachine], channel_id: str) -> bool:
    """Hang a channel up; False when Asterisk had it no more.

    `machines` are the calls whose caller it is, mostly one: they end by Asterisk's events, which
    may come before its answer. Raises AriError when that cannot be done.
    """
    for machine in machines:
        machine.hanging_up(channel_id)
    refused = False
    try:
        refused = not await client.hang_up(channel_id)
    except AriError as error:
        # an answer of 5xx, or none, leaves it open: it may have been obeyed
        refused = error.status is not None and error.status < 500
        raise
    finally:
        for machine in machines if refused else ():
            machine.not_hung_up(channel_id)
    return not refused
