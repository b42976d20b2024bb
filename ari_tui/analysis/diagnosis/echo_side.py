"""Behind us: the path to the echo server, outward and back, and the echo server itself.

A lost packet waits until the echo server's counts of before and after it are known: what it did not
receive was lost outward, what it received and sent was lost on the way back, the rest is its own.
Without its counts path and server are not told apart. While nothing answers at all, losses wait:
afterwards the counts, or their beginning anew, tell what it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from typing import Final, NamedTuple

from ari_tui.analysis.diagnosis.context import Context
from ari_tui.analysis.diagnosis.episodes import (
    HELD_LONG,
    LOST,
    NO_ANSWER,
    REFUSED,
    RESTARTED,
    STOPPED,
    CallEpisodes,
)
from ari_tui.analysis.roundtrip.direction import EchoCounts

_SECOND_NS: Final = 1_000_000_000
_COUNTED_S: Final = 5
"""How long a loss waits for the counts of an echo server that answers."""
_KEPT: Final = 600


class EchoLoss(NamedTuple):
    """Packets sent in one second that did not come back."""

    second: int
    hits: int
    packets: int
    refused: int
    hold_max_ns: int
    dropped_here: bool
    """Our own socket or log dropped packets in that second: the way back is not judged."""

    @property
    def none_back(self) -> bool:
        """Return whether not one packet of the second came back."""
        return self.hits >= self.packets > 0


class EchoSide:
    """The C side of one call."""

    def __init__(self, episodes: CallEpisodes) -> None:
        self._episodes = episodes
        self.lost: deque[EchoLoss] = deque(maxlen=_KEPT)

    def settle(
        self, now: int, context: Context, counts: Collection[EchoCounts], *, ended: bool
    ) -> None:
        """Tell apart what can be; `now` is the newest closed second."""
        waiting, self.lost = self.lost, deque(maxlen=_KEPT)
        for one in waiting:
            if not self._tell(one, now, context, counts, ended=ended):
                self.lost.append(one)

    def _tell(
        self,
        one: EchoLoss,
        now: int,
        context: Context,
        counts: Collection[EchoCounts],
        *,
        ended: bool,
    ) -> bool:
        """Book one second's losses; False while what they were may still become known."""
        from_ns, until_ns = one.second * _SECOND_NS, (one.second + 1) * _SECOND_NS
        event = context.echo_event(one.second)
        if one.refused or event == REFUSED:
            self._add(one, one.hits, "echo-server", REFUSED)
        elif event == RESTARTED:
            self._add(one, one.hits, "echo-server", RESTARTED)
        elif one.hold_max_ns > _SECOND_NS or event == STOPPED:
            self._add(one, one.hits, "echo-server", HELD_LONG)
        elif between := [c for c in counts if c.from_ns < until_ns and c.until_ns > from_ns]:
            if between[-1].until_ns < until_ns and not ended and now < one.second + _KEPT // 2:
                return False
            self._split(one, between)
        elif not ended and (now < one.second + _COUNTED_S or (one.none_back and counts)):
            return False
        else:
            what = NO_ANSWER if one.none_back else LOST
            self._add(one, one.hits, "echo-path", what)
        return True

    def _split(self, one: EchoLoss, counts: list[EchoCounts]) -> None:
        """Split losses by the counts of the intervals that the second is in."""
        out, at_echo = sum(c.lost.outward for c in counts), sum(c.lost.at_echo for c in counts)
        back = sum(c.lost.back for c in counts)
        total = out + at_echo + back
        if not total:
            self._add(one, one.hits, "echo-path", LOST, sure=False)
            return
        at_server = round(one.hits * at_echo / total)
        outward = round(one.hits * out / total)
        shares = {
            "echo-out": outward,
            "echo-server": at_server,
            "echo-back": 0 if one.dropped_here else max(0, one.hits - outward - at_server),
        }
        for place, hits in shares.items():
            self._add(one, hits, place, LOST)

    def _add(self, one: EchoLoss, hits: int, place: str, what: str, *, sure: bool = True) -> None:
        counted = what == LOST and place != "echo-path"
        facts = {"counted by the echo server": hits} if counted else {}
        second, worst_ns = one.second, one.hold_max_ns
        self._episodes.add(
            place, what, second, hits, one.packets, sure=sure, worst_ns=worst_ns, facts=facts
        )
