"""Times in which our own media worker did not work: dead until its sockets were opened again, or
stopped (SIGSTOP, not scheduled).

Nothing is charged to Asterisk or the echo path for them: seconds are limited
(`Limited.WORKER`), gaps are explained as far as the worker explains them
(`stream.gaps.CallGaps.engine_away`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple

STOPPED, DIED = "stopped", "died"
LONG_NS: Final = 200_000_000
"""Shorter stops limit their seconds and are not kept here."""
KEPT: Final = 1024
BEFORE_NS: Final = 500_000_000
"""Packets sent so long before an outage may have been in flight when it began."""


class OwnOutage(NamedTuple):
    """One outage of the worker of one call; `call` is None for a worker without calls."""

    call: int | None
    from_ns: int
    until_ns: int
    what: str
    """STOPPED or DIED."""


class OwnOutages:
    """The newest outages, those that go on, and the time in which any worker did not work."""

    def __init__(self) -> None:
        self.down: dict[int, int] = {}
        """Calls whose worker does not work now, and since when (ns)."""
        self.total_ns = 0
        self._newest: deque[OwnOutage] = deque(maxlen=KEPT)
        self._counted_until_ns = 0

    def __iter__(self) -> Iterator[OwnOutage]:
        """Yield the newest outages, in the order in which they ended."""
        return iter(self._newest)

    def begin(self, call: int, from_ns: int) -> None:
        """Note that a call's worker does not work; again while it goes on."""
        self.down[call] = min(from_ns, self.down.get(call, from_ns))

    def end(self, outage: OwnOutage) -> None:
        """Note a whole outage; time that several calls share counts once."""
        if outage.call is not None:
            self.down.pop(outage.call, None)
        if outage.what == STOPPED and outage.until_ns - outage.from_ns < LONG_NS:
            return
        self._newest.append(outage)
        self.total_ns += max(0, outage.until_ns - max(outage.from_ns, self._counted_until_ns))
        self._counted_until_ns = max(self._counted_until_ns, outage.until_ns)

    def forget(self, call: int) -> None:
        """Remove a call from those whose worker does not work."""
        self.down.pop(call, None)
