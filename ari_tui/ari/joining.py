"""Who is in the bridge: the join, its bounded retries, and the members as events tell them."""

from __future__ import annotations

from collections.abc import Iterable

from ari_tui.ari.commands import AddToBridge, Command, StartTimer
from ari_tui.ari.models import Bridge
from ari_tui.errors import AriConflictError, AriUnreachableError

JOIN_TIMER = "join"


class Joining:
    """The members of one bridge of ours, and the request that is to bring them in."""

    def __init__(self, bridge_id: str, retries_s: tuple[float, ...]) -> None:
        self.technology: str | None = None
        """simple_bridge with two members, softmix from the third on; None before it is told."""
        self.members: set[str] = set()
        self._bridge_id = bridge_id
        self._retries_s = retries_s
        self._request: AddToBridge | None = None
        self._tries = 0
        self._waiting = self._accepted = False

    def join(self, channel_ids: Iterable[str]) -> AddToBridge:
        """Return the request that brings channels in; it takes the place of an earlier one."""
        self._request = AddToBridge(self._bridge_id, tuple(channel_ids))
        self._tries, self._waiting, self._accepted = 0, False, False
        return self._request

    def is_current(self, command: Command) -> bool:
        """Tell whether a request is the last one: a transfer overtakes the one before."""
        return command == self._request

    def accepted(self) -> None:
        """Take the success of the current request."""
        self._accepted = True

    def refused(self, error: Exception) -> StartTimer | None:
        """Take a failure of the current request; None when trying again will not help.

        422 says that a channel has not entered Stasis yet, which a moment heals; a request
        without an answer may be repeated, for adding a member again is harmless.
        """
        too_early = isinstance(error, AriConflictError) and error.status == 422
        curable = too_early or isinstance(error, AriUnreachableError)
        if not curable or self._tries >= len(self._retries_s):
            return None
        self._tries += 1
        self._waiting = True
        return StartTimer(JOIN_TIMER, self._retries_s[self._tries - 1])

    def again(self) -> list[Command]:
        """Return the request once more when its timer was the one that ended."""
        if self._request is None or not self._waiting:
            return []
        self._waiting = False
        return [self._request]

    def learn(self, bridge: Bridge) -> None:
        """Take the technology from a bridge as Asterisk shows it."""
        if bridge.technology:
            self.technology = bridge.technology

    def complete(self, channel_ids: Iterable[str]) -> bool:
        """Tell whether the request was accepted and these channels are in."""
        return self._accepted and self.members.issuperset(channel_ids)

    @property
    def is_accepted(self) -> bool:
        """Tell whether the current request succeeded."""
        return self._accepted
