"""Who ended a call: its caller, we, or whoever took the caller out of our application.

Asterisk tells that a channel is to hang up (ChannelHangupRequest) before it tells of the end. A
request by ARI has `soft` there, a far end that hangs up has not (22.10). Both name the channel, so
that what was asked of one that a transfer has replaced says nothing of the new one.
"""

from __future__ import annotations

from typing import Final

HUNG_UP_BY_CALLER: Final = "caller hung up"
HUNG_UP_HERE: Final = "hung up from here"
LEFT: Final = "caller left the application"
RELEASED_HERE: Final = "released from here"


class Parting:
    """What is known of why the caller of one call goes."""

    def __init__(self) -> None:
        self._asked: list[str] = []
        self._first: dict[str, bool] = {}
        """By channel, whether the first that wanted it to end was a request to Asterisk."""

    def ask(self, channel_id: str) -> None:
        """Take note that we are about to ask Asterisk to hang a channel up."""
        self._asked.append(channel_id)

    def refused(self, channel_id: str) -> None:
        """Take note that Asterisk did not do so: it refused, or the channel had gone."""
        if channel_id in self._asked:
            self._asked.remove(channel_id)

    def requested(self, channel_id: str, *, soft: bool) -> None:
        """Take note that a channel is to hang up, as the event says."""
        self._first.setdefault(channel_id, soft)

    def from_here(self, channel_id: str) -> bool:
        """Tell whether a channel that is gone was hung up by us; whoever was first counts."""
        return channel_id in self._asked and self._first.get(channel_id, True)

    def reason(self, channel_id: str, *, destroyed: bool) -> str:
        """Return why a channel is in our application no more, in words."""
        if self.from_here(channel_id):
            return HUNG_UP_HERE
        return HUNG_UP_BY_CALLER if destroyed or channel_id in self._first else LEFT
