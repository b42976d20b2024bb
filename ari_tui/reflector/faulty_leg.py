"""A leg of the packets' path with faults in it: what is pushed comes out when it is due.

Each fault impairs (`Impairment`), stalls (holds what comes, then releases it all) or is silent
(loses what comes). Several faults of a leg follow each other. Pure: time is an argument.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, NamedTuple, TypeVar

from ari_tui.reflector.fault_spec import FaultSpec
from ari_tui.reflector.impairment import Impairment

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Carried(NamedTuple, Generic[K, T]):
    """A packet on the leg: its stream, its RTP sequence number, and what it is to the caller."""

    stream: K
    sequence: int
    item: T


class _Stage(Generic[K, T]):
    """One fault of a leg."""

    def __init__(self, fault: FaultSpec, seed: int, name: Callable[[K], object]) -> None:
        self.fault = fault
        self.impairment: Impairment[K, Carried[K, T]] | None = None
        if fault.impairment.active:
            self.impairment = Impairment(fault.impairment, seed, name=name)
        self.lost = 0
        self._streams: set[K] = set()
        self._passed: deque[Carried[K, T]] = deque()
        self._held: deque[Carried[K, T]] = deque()
        self._held_until_ns = 0

    def push(self, one: Carried[K, T], now_ns: int, elapsed_ns: int) -> None:
        """Take a packet; what is not impaired is due at once."""
        fault = self.fault
        if not fault.active(elapsed_ns) or not self._concerns(one.stream):
            self._passed.append(one)
        elif fault.episode_end(fault.silence_ns, elapsed_ns) is not None:
            self.lost += 1
        elif (until_ns := fault.episode_end(fault.stall_ns, elapsed_ns)) is not None:
            self._held_until_ns = now_ns - elapsed_ns + until_ns
            self._held.append(one)
        elif self.impairment is not None:
            self.impairment.push(one.stream, one.sequence, one, now_ns)
        else:
            self._passed.append(one)

    def _concerns(self, stream: K) -> bool:
        """Return whether a stream is one of the first so many that `calls` says."""
        if self.fault.calls is None or stream in self._streams:
            return True
        if len(self._streams) >= self.fault.calls:
            return False
        self._streams.add(stream)
        return True

    def next_due_ns(self) -> int | None:
        """Return when the next packet is due; None without one."""
        if self._passed:
            return 0
        dues = [self._held_until_ns] if self._held else []
        impaired_ns = self.impairment.next_due_ns() if self.impairment is not None else None
        return min([*dues, impaired_ns] if impaired_ns is not None else dues, default=None)

    def pop_due(self, now_ns: int) -> list[Carried[K, T]]:
        """Return the packets that are due, the held ones first."""
        found: list[Carried[K, T]] = []
        if self._held and now_ns >= self._held_until_ns:
            found += self._held
            self._held.clear()
        found += self._passed
        self._passed.clear()
        if self.impairment is not None:
            found += self.impairment.pop_due(now_ns)
        return found


class FaultyLeg(Generic[K, T]):
    """A leg with faults; `started_ns` is when their `after` begins to count.

    Times are ns of one monotonic clock. `seed` and `name(stream)` seed each stream's impairment.
    """

    def __init__(
        self,
        faults: Sequence[FaultSpec],
        seed: int,
        started_ns: int,
        *,
        name: Callable[[K], object] = str,
    ) -> None:
        self._started_ns = started_ns
        self._stages: list[_Stage[K, T]] = [
            _Stage(fault, seed + number, name) for number, fault in enumerate(faults)
        ]

    @property
    def lost(self) -> int:
        """Packets that the faults lost so far."""
        impaired = (one.impairment.counts.lost for one in self._stages if one.impairment)
        return sum(one.lost for one in self._stages) + sum(impaired)

    def push(self, stream: K, sequence: int, item: T, now_ns: int) -> None:
        """Add a packet that enters the leg now."""
        self._stages[0].push(Carried(stream, sequence, item), now_ns, now_ns - self._started_ns)

    def next_due_ns(self) -> int | None:
        """Return when `pop_due` has something to do next; None without packets."""
        dues = [due for stage in self._stages if (due := stage.next_due_ns()) is not None]
        return min(dues, default=None)

    def pop_due(self, now_ns: int) -> list[T]:
        """Return, in order, the items that have passed the whole leg."""
        elapsed_ns = now_ns - self._started_ns
        for stage, after in zip(self._stages, self._stages[1:], strict=False):
            for one in stage.pop_due(now_ns):
                after.push(one, now_ns, elapsed_ns)
        return [one.item for one in self._stages[-1].pop_due(now_ns)]

    def forget(self, stream: K) -> None:
        """Drop an ended stream's state."""
        for stage in self._stages:
            if stage.impairment is not None:
                stage.impairment.forget(stream)


def leg_of(
    places: Sequence[str], faults: Sequence[FaultSpec], seed: int, started_ns: int
) -> FaultyLeg[K, T] | None:
    """Return the leg with the faults at some places; None without any that concerns packets."""
    found = [
        fault
        for fault in faults
        if fault.place in places and (fault.impairment.active or fault.stall_ns or fault.silence_ns)
    ]
    return FaultyLeg(found, seed, started_ns) if found else None
