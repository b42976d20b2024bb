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

    def by_worker(self, newest: int) -> list[tuple[OwnOutage, int]]:
        """Return the newest, those of the calls of one worker as one, each with their number."""
        found: list[tuple[OwnOutage, int]] = []
        for one in self._newest:
            last, calls = found[-1] if found else (None, 0)
            if last is not None and one.what == last.what and one.from_ns < last.until_ns:
                whole = last._replace(
                    from_ns=min(last.from_ns, one.from_ns),
                    until_ns=max(last.until_ns, one.until_ns),
                )
                found[-1] = whole, calls + 1
            else:
                found.append((one, 0 if one.call is None else 1))
        return found[-newest:]

    def forget(self, call: int) -> None:
        """Remove a call from those whose worker does not work."""
        self.down.pop(call, None)
