"""The actions of an engine that a screen can request, with the types of their answers.

Every method raises ActionError, whose text is shown: the engine refused (with its reason), did not
answer in time, is not connected, or answered with another type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec

from ari_tui.client.source import ActionError, Source
from ari_tui.document.detail import CallDetail, CallerStatistics

Answer = TypeVar("Answer")
STATISTICS_S: Final = 8.0
"""Time limit of statistics, for which the engine queries Asterisk."""


class Actions:
    """The actions of one source's engine. `call` is a call's id in documents."""

    def __init__(self, source: Source) -> None:
        self._source = source

    async def quit(self) -> str:
        """Have the engine release all calls, close their books and end."""
        return await self._ask(str, "quit")

    async def drain(self) -> str:
        """Have the engine accept no new calls, and end when the last one has ended."""
        return await self._ask(str, "drain")

    async def release(self, call: str) -> str:
        """Stop measuring a call; `asterisk.on_release` decides what its caller does next."""
        return await self._ask(str, "release", {"call": call})

    async def hang_up(self, call: str) -> str:
        """Hang up the caller of a call."""
        return await self._ask(str, "hang_up", {"call": call})

    async def detail(self, call: str) -> CallDetail:
        """Return a call's intervals, and its course, gaps and events of the last five minutes."""
        return await self._ask(CallDetail, "detail", {"call": call})

    async def statistics(self, call: str) -> CallerStatistics:
        """Return Asterisk's own statistics of a caller's leg."""
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
