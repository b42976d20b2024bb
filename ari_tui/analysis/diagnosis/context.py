"""What the rules ask about a second beside the call's own evidence: Asterisk's pings and outages.

An Asterisk that stood still answered no ping meanwhile; one that answered at once did not stand
still. A ping proves a stall only when it is long enough to explain what was seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final

from ari_tui.analysis.diagnosis.outside import Outage, OutsideFacts, drop_oldest
from ari_tui.analysis.sla.evidence import Limited

_SECOND_NS: Final = 1_000_000_000
PINGS_APART_NS: Final = 250_000_000
"""A shorter stall may fall between two pings."""
_NEAR_S: Final = 30
STALL_NS: Final = 50_000_000
"""A shorter ping proves no stall."""
_SLOW_NS: Final = 25_000_000
"""A longer one leaves a shorter delay open."""
_ENOUGH_NS: Final = 400_000_000
"""A ping of so much explains any delay: pings may be sent in the middle of a stall."""
_KEPT_SECONDS: Final = 180
OUR_MACHINE: Final = int(Limited.DWELL | Limited.MACHINE | Limited.WORKER)


class Stall(Enum):
    """Whether Asterisk stood still in a second."""

    YES = "yes"
    NO = "no"
    NOT_KNOWN = "not known"


class CommonSeconds:
    """How many calls were quiet in each second, and of how many the cause is the caller's leg."""

    def __init__(self) -> None:
        self._seconds: dict[int, tuple[int, int]] = {}
        self._up: dict[int, int] = {}

    def up(self, second: int, calls: int) -> None:
        """Note how many calls had packets in a second, or were waiting for some."""
        self._up[second] = calls
        drop_oldest(self._up, _KEPT_SECONDS)

    def few_were_quiet(self, second: int) -> bool:
        """Return whether less than half of the calls were: no stall of Asterisk, which stops all.

        The second before counts as well: a stall may begin in it for some and not for others.
        """
        quiet = max(self._seconds.get(one, (0, 0))[0] for one in (second - 1, second))
        return 2 * quiet < self._up.get(second, 0)

    def quiet(self, second: int) -> None:
        """Note that a call was silent or late from Asterisk in a second."""
        quiet, told = self._seconds.get(second, (0, 0))
        self._seconds[second] = quiet + 1, told
        drop_oldest(self._seconds, _KEPT_SECONDS)

    def told(self, second: int) -> None:
        """Note that the readings of one of them told the caller's leg."""
        quiet, told = self._seconds.get(second, (1, 0))
        self._seconds[second] = quiet, told + 1

    def tells_caller(self, second: int) -> bool:
        """Return whether that holds for a quarter of them, and most calls were quiet: one path of
        many callers. A few quiet calls may have a cause each.
        """
        quiet, told = self._seconds.get(second, (0, 0))
        common = quiet > 1 and 2 * quiet >= self._up.get(second, 0)
        return common and told > 0 and 4 * told >= quiet


class Context:
    """The session's facts."""

    def __init__(self, outside: OutsideFacts, common: CommonSeconds) -> None:
        self.outside, self.common = outside, common

    def stalled(self, second: int, needed_ns: int, late_for_ns: int = 0) -> Stall:
        """Return whether Asterisk's pings explain a delay or silence of `needed_ns` in a second.

        A second on either side counts: packets held up come in the second after. `late_for_ns` is
        how much audio was late: a stall delays no more than came in it.
        """
        if self.away(second):
            return Stall.YES
        if self.common.few_were_quiet(second):
            return Stall.NO
        around = [self.outside.pings_of(one) for one in (second - 1, second, second + 1)]
        longest_ns = max((pings.longest_ns for pings in around if pings), default=0)
        failed = sum(pings.failed for pings in around if pings)
        needed_ns = min(needed_ns, _ENOUGH_NS)
        explains = longest_ns >= max(STALL_NS, needed_ns // 2, late_for_ns // 2)
        if failed or explains:
            return Stall.YES
        here = around[1]
        if here is None or not here.good or self.outside.is_blind(second):
            return Stall.NOT_KNOWN
        slow = longest_ns >= _SLOW_NS and longest_ns >= needed_ns // 5
        return Stall.NOT_KNOWN if slow else Stall.NO

    def echo_event(self, second: int) -> str:
        """Return "restarted", "refused" or "stopped" when the echo server was so, else ""."""
        told = (one for one in self.outside.echo_outages if one.what != "silent")
        return _what_in(told, second)

    def stalls_near(self, second: int) -> bool:
        """Return whether a ping met a stall of Asterisk within half a minute of a second."""
        around = map(self.outside.pings_of, range(second - _NEAR_S, second + _NEAR_S + 1))
        return any(pings is not None and pings.longest_ns >= STALL_NS for pings in around)

    def away(self, second: int) -> str:
        """Return "restarted" or "gone" when Asterisk was so in a second, else ""."""
        return _what_in(self.outside.outages, second)


def _what_in(outages: Iterable[Outage], second: int) -> str:
    """Return what the first outage that reaches into a second was, "" without one."""
    from_ns, until_ns = second * _SECOND_NS, (second + 1) * _SECOND_NS
    for outage in outages:
        lasts = outage.until_ns is None or outage.until_ns > from_ns
        if outage.from_ns < until_ns and lasts:
            return outage.what
    return ""
