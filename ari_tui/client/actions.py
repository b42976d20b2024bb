"""What a screen can ask an engine to do, each action with the type of its answer.

Every method raises ActionError, whose text is for the person who asked: the engine refused (in
its own words), did not answer in time, is not there, or answered something else than it should.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec

from ari_tui.client.source import ActionError, Source
from ari_tui.document.detail import CallDetail, CallerStatistics

Answer = TypeVar("Answer")
STATISTICS_S: Final = 8.0
"""How long statistics may take: the engine has to ask Asterisk itself."""


class Actions:
    """The actions of one source's engine. `call` is a call's id as documents have it."""

    def __init__(self, source: Source) -> None:
        self._source = source

    async def quit(self) -> str:
        """Have the engine release all calls, close its books and end."""
        return await self._ask(str, "quit")

    async def drain(self) -> str:
        """Have the engine take up no new calls, and end with the last one that is up."""
        return await self._ask(str, "drain")

    async def release(self, call: str) -> str:
        """Stop measuring a call; its caller goes where `asterisk.on_release` says."""
        return await self._ask(str, "release", {"call": call})

    async def hang_up(self, call: str) -> str:
        """Hang the caller of a call up."""
        return await self._ask(str, "hang_up", {"call": call})

    async def detail(self, call: str) -> CallDetail:
        """Return a call's intervals, course, gaps and events of the last five minutes."""
        return await self._ask(CallDetail, "detail", {"call": call})

    async def statistics(self, call: str) -> CallerStatistics:
        """Return what Asterisk itself says of a caller's leg."""
        return await self._ask(
            CallerStatistics, "statistics", {"call": call}, timeout_s=STATISTICS_S
        )

    async def _ask(
        self,
        answer: type[Answer],
        action: str,
        args: Mapping[str, Any] | None = None,
        *,
        timeout_s: float = 5.0,
    ) -> Answer:
        result = await self._source.act(action, args, timeout_s=timeout_s)
        try:
            return msgspec.convert(result, answer)
        except msgspec.ValidationError as error:
            raise ActionError(f"the engine's answer to {action} cannot be read: {error}") from None
