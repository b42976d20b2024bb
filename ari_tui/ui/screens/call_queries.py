"""What is asked of the engine about one call, and the newest answers."""

from __future__ import annotations

from typing import Literal

from ari_tui.client.actions import Actions
from ari_tui.client.source import ActionError
from ari_tui.document.detail import CallDetail, CallerStatistics

What = Literal["detail", "statistics"]
"""The call's detail, or Asterisk's own statistics of it."""


class CallQueries:
    """The answers about a call; those about the call of before are never among them."""

    def __init__(self, actions: Actions, call: str) -> None:
        self._actions = actions
        self._waiting: set[tuple[What, str]] = set()
        self.reset(call)

    def reset(self, call: str) -> None:
        """Begin anew, with another call."""
        self._call = call
        self.detail: CallDetail | None = None
        self.statistics: CallerStatistics | None = None
        self.trouble = self.statistics_trouble = ""
        """Why the newest question was not answered, "" where it was."""
        self.newer = False
        """The answers came when the figures beside them were frozen already."""

    def begin(self, what: What, *, frozen: bool) -> bool:
        """Return whether to ask, by `ask`, and take it for asked from now on.

        Not where an answer is awaited, nor when the screen is frozen and there is one.
        """
        if frozen:
            if (self.detail if what == "detail" else self.statistics) is not None:
                return False
            self.newer = True
        if (what, self._call) in self._waiting:
            return False
        self._waiting.add((what, self._call))
        return True

    async def ask(self, what: What, call: str) -> None:
        """Ask about a call; the last answer stays where this one fails."""
        detail, statistics, trouble = None, None, ""
        try:
            if what == "detail":
                detail = await self._actions.detail(call)
            else:
                statistics = await self._actions.statistics(call)
        except ActionError as error:
            trouble = str(error)
        finally:
            self._waiting.discard((what, call))
        if call != self._call:
            return
        if what == "detail":
            self.detail, self.trouble = detail or self.detail, trouble
        else:
            self.statistics, self.statistics_trouble = statistics or self.statistics, trouble
