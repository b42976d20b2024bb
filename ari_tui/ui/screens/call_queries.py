"""The queries to the engine about one call, and the newest answers."""

from __future__ import annotations

from typing import Literal

from ari_tui.client.actions import Actions
from ari_tui.client.source import ActionError
from ari_tui.document.detail import CallDetail, CallerStatistics

What = Literal["detail", "statistics"]
"""The call's detail, or Asterisk's own statistics of it."""


class CallQueries:
    """The answers about one call; late ones about the call before are dropped."""

    def __init__(self, actions: Actions, call: str) -> None:
        self._actions = actions
        self._pending: set[tuple[What, str]] = set()
        self.reset(call)

    def reset(self, call: str) -> None:
        """Start again, with another call."""
        self._call = call
        self.detail: CallDetail | None = None
        self.statistics: CallerStatistics | None = None
        self.trouble = self.statistics_trouble = ""
        """Why the newest query failed; "" if it did not."""
        self.newer = False
        """The answers are newer than the figures beside them, which are frozen."""

    def begin(self, what: What, *, frozen: bool) -> bool:
        """Return whether to call `ask`, and count the query as pending if so.

        False while one is pending, and for a frozen screen that has an answer.
        """
        if frozen:
            if (self.detail if what == "detail" else self.statistics) is not None:
                return False
            self.newer = True
        if (what, self._call) in self._pending:
            return False
        self._pending.add((what, self._call))
        return True

    async def ask(self, what: What, call: str) -> None:
        """Query the engine about a call; if that fails, the last answer stays."""
        detail, statistics, trouble = None, None, ""
        try:
            if what == "detail":
                detail = await self._actions.detail(call)
            else:
                statistics = await self._actions.statistics(call)
        except ActionError as error:
            trouble = str(error)
        finally:
            self._pending.discard((what, call))
        if call != self._call:
            return
        if what == "detail":
            self.detail, self.trouble = detail or self.detail, trouble
        else:
            self.statistics, self.statistics_trouble = statistics or self.statistics, trouble
