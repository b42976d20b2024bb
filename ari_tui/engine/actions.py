"""What readers of the stream can ask the engine to do, by name.

What only looks at a call (`detail`, `statistics`) is in `engine/inquiries.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from ari_tui.ari.commands import OnRelease
from ari_tui.ari.parting import HUNG_UP_HERE, RELEASED_HERE
from ari_tui.ari.text import clean_text
from ari_tui.engine.calls import MeasuredCall
from ari_tui.engine.scribe import Scribe
from ari_tui.engine.stream import Action, ActionFailedError
from ari_tui.engine.switchboard import Switchboard
from ari_tui.errors import AriError
from ari_tui.snapshot.live import Live


class EngineActions:
    """Actions on the engine and its calls. `ending` is set when the engine shall end."""

    def __init__(self, calls: Switchboard, *, scribe: Scribe, ending: asyncio.Event) -> None:
        self._calls, self._scribe, self._ending = calls, scribe, ending

    def actions(self) -> dict[str, Action]:
        """Return the actions by name."""
        return {
            "quit": self._on_quit,
            "drain": self._on_drain,
            "release": self._on_release,
            "hang_up": self._on_hang_up,
            "history": self._on_history,
        }

    async def _on_quit(self, _: Mapping[str, Any]) -> str:
        self._ending.set()
        return "draining"

    async def _on_drain(self, _: Mapping[str, Any]) -> str:
        left = self._calls.drain()
        return f"draining: {left} calls are still to end"

    async def _on_release(self, args: Mapping[str, Any]) -> str:
        call = find_call(self._calls, args)
        hangs_up = call.machine.on_release is OnRelease.HANGUP
        self._calls.release(call, HUNG_UP_HERE if hangs_up else RELEASED_HERE)
        return self._calls.call_id(call)

    async def _on_hang_up(self, args: Mapping[str, Any]) -> str:
        call = find_call(self._calls, args)
        try:
            await self._calls.hang_up(call.machine.caller.id)
        except AriError as error:
            raise ActionFailedError(str(error)) from None
        return self._calls.call_id(call)

    async def _on_history(self, _: Mapping[str, Any]) -> Live:
        return self._scribe.history()


def find_call(calls: Switchboard, args: Mapping[str, Any]) -> MeasuredCall:
    """Return the call that an action's `call` names. Raises ActionFailedError."""
    for call in calls.calls.values():
        if args.get("call") == calls.call_id(call):
            return call
    raise ActionFailedError(f"no call {clean_text(repr(args.get('call')), 80)}")
