"""What the echo server held: late round trips wait until it has told how long it held each packet.

Our echo server tells the packets that it held for more than HOLD_NS. A round trip that is longer
than the floor by that much waits for the first complete reply to a query that was sent after the
packet's return: that reply has the packet's hold, or the packet was not held. Without one it is
booked as it is after WAIT_NS. All other round trips are booked at once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np

from ari_tui.analysis import histogram
from ari_tui.wire.status import Holds, StatusCounters

HOLD_NS: Final = 500_000
"""The server tells longer holds; round trips this far above their floor wait for that."""
WAIT_NS: Final = 2_000_000_000
"""How long after its return a round trip waits at most."""
SETTLED_NS: Final = 3_000_000_000
"""How long after its sending a round trip waits at most: then its second may be closed."""
_KEPT_NS: Final = 5_000_000_000
_STREAMS: Final = 4096
_NEVER: Final = 1 << 62
_NO_COUNTERS: Final = StatusCounters(*[0] * len(StatusCounters._fields))


class Trip(NamedTuple):
    """A round trip that waits."""

    rx_ns: int
    rtt_ns: int
    sent_ns: int


class Told(NamedTuple):
    """What the server told about one packet, in a reply to a query of `asked_ns`."""

    hold_ns: int
    uncertain: bool
    asked_ns: int


class Released(NamedTuple):
    """A round trip that waits no longer; `told` is None when the packet was not held or not told.

    `covered` is whether a reply said so: else the server may have held it.
    """

    row: int
    trip: Trip
    told: Told | None
    covered: bool


class Untold(NamedTuple):
    """A time in which holds above the limit were told too late, or not at all (ring overrun)."""

    from_ns: int
    until_ns: int


class CallHolds:
    """The waiting round trips and the told holds of one call. Packets are keyed by `key_of`."""

    __slots__ = (
        "_as_it_is",
        "_covered_ns",
        "_due_ns",
        "_next",
        "_ssrc",
        "_stream",
        "_told",
        "waiting",
    )

    def __init__(self) -> None:
        self.waiting: dict[int, Trip] = {}
        self._due_ns = _NEVER
        """Until then nothing is to be released or forgotten; 0: an answer came meanwhile."""
        self._told: dict[int, Told] = {}
        self._as_it_is: dict[int, Trip] = {}
        """Round trips that were booked without an answer: the answer may still come."""
        self._covered_ns = 0
        self._stream, self._ssrc, self._next = (-1, -1), -1, 0

    def wait(self, key: int, trip: Trip) -> None:
        """Let a round trip wait."""
        self.waiting[key] = trip
        answered = trip.rx_ns <= self._covered_ns or key in self._told
        self._due_ns = 0 if answered else min(self._due_ns, _due_ns(trip))

    def index_of(self, ssrc: int) -> int:
        """Return the index of the first hold of a stream that has not been told yet."""
        return self._next if ssrc == self._ssrc else 0

    def take(self, ssrc: int, asked_ns: int, holds: Holds, limit_ns: int) -> list[Untold]:
        """Take a reply; return the times in which holds above `limit_ns` could not be told."""
        stream = holds.server, holds.stream
        if (stream, ssrc) != (self._stream, self._ssrc) or holds.total < self._next:
            self._stream, self._ssrc, self._next = stream, ssrc, 0
            if holds.first:
                return []  # asked from an index of before: to be asked again from the beginning
        self._due_ns = 0
        untold = []
        if holds.first > self._next and self._covered_ns:
            untold.append(Untold(self._covered_ns, asked_ns))
        for held in holds.entries[max(self._next - holds.first, 0) :]:
            key = key_of(ssrc, held.sequence)
            told = Told(held.hold_us * 1000, held.uncertain, asked_ns)
            trip = self._as_it_is.pop(key, None)
            if trip is None:
                self._told.setdefault(key, told)
            elif told.uncertain or told.hold_ns > limit_ns:
                untold.append(Untold(trip.sent_ns, trip.rx_ns))
        self._next = max(self._next, holds.next)
        if self._next >= holds.total:
            self._covered_ns = asked_ns  # not the largest so far: the clock may be set back
        return untold

    def release(self, row: int, now_ns: int | None) -> Iterator[Released]:
        """Remove and yield the round trips that need not wait at `now_ns` (None: all)."""
        if now_ns is not None and now_ns < self._due_ns:
            return
        for key in list(self.waiting):
            trip = self.waiting[key]
            told, covered = self._told.pop(key, None), trip.rx_ns <= self._covered_ns
            overdue = now_ns is None or now_ns >= _due_ns(trip)
            if told is None and not covered and not overdue:
                continue
            del self.waiting[key]
            if told is None and not covered:
                self._as_it_is[key] = trip
            yield Released(row, trip, told, covered or told is not None)
        if now_ns is not None:
            self._forget(now_ns - _KEPT_NS)

    def _forget(self, before_ns: int) -> None:
        """Forget what was told, and what was booked, before a time; note when to look again."""
        for key in [key for key, told in self._told.items() if told.asked_ns < before_ns]:
            del self._told[key]
        for key in [key for key, trip in self._as_it_is.items() if trip.rx_ns < before_ns]:
            del self._as_it_is[key]
        due = [_due_ns(trip) for trip in self.waiting.values()]
        due += [told.asked_ns + _KEPT_NS for told in self._told.values()]
        due += [trip.rx_ns + _KEPT_NS for trip in self._as_it_is.values()]
        self._due_ns = min(due, default=_NEVER)


def _due_ns(trip: Trip) -> int:
    """Return until when a round trip waits for an answer."""
    return min(trip.rx_ns + WAIT_NS, trip.sent_ns + SETTLED_NS)


class HoldTotals:
    """What the echo server held of all calls, over the session."""

    def __init__(self) -> None:
        self.spread = histogram.no_durations()
        """The holds that were told of measured packets (above HOLD_NS)."""
        self.explained_late = 0
        """Packets that would have been late, and were not without their hold."""
        self.uncertain = 0
        """Packets left out of RTT and lateness because their hold was uncertain."""
        self.as_it_is = 0
        """Round trips that waited in vain: the server did not answer in time."""
        self._packets = self._dwell_ns = 0
        self._newest: OrderedDict[tuple[int, int], StatusCounters] = OrderedDict()

    @property
    def mean_ns(self) -> float | None:
        """The mean dwell of all packets in the server; None before it has reported any."""
        return self._dwell_ns / self._packets if self._packets else None

    def take_counters(self, stream: tuple[int, int], counters: StatusCounters) -> None:
        """Take the newest counters of a stream (call and SSRC), for the mean."""
        before = self._newest.pop(stream, None)
        if before is None or counters.sent < before.sent:  # the first, or begun anew
            before = _NO_COUNTERS
        self._packets += counters.sent - before.sent
        self._dwell_ns += counters.dwell_sum_ns - before.dwell_sum_ns
        self._newest[stream] = counters
        if len(self._newest) > _STREAMS:
            self._newest.popitem(last=False)

    def take(self, released: Iterable[Released]) -> None:
        """Count released round trips."""
        held = []
        for one in released:
            self.as_it_is += not one.covered
            if one.told is not None:
                held.append(one.told.hold_ns)
        if held:
            self.spread = self.spread.plus(np.array(held, dtype=np.int64))


class EchoHolds:
    """The holds of every call, by row. `told` is None until it is known whether any will come."""

    def __init__(self) -> None:
        self.calls: dict[int, CallHolds] = {}
        self.told: bool | None = False
        """Whether the echo server tells its holds. Round trips wait unless this is False."""
        self.totals = HoldTotals()

    def of(self, row: int) -> CallHolds:
        """Return the holds of a row."""
        if row not in self.calls:
            self.calls[row] = CallHolds()
        return self.calls[row]

    def release(self, now_ns: int | None, row: int | None = None) -> list[Released]:
        """Remove and return the round trips that need not wait (of all rows, or one).

        Sorted by row and in order of their return.
        """
        rows = self.calls if row is None else {row} & self.calls.keys()
        found = [one for number in rows for one in self.calls[number].release(number, now_ns)]
        found.sort(key=lambda one: (one.row, one.trip.rx_ns))
        self.totals.take(found)
        return found


def key_of(ssrc: int, sequence: int) -> int:
    """Return the key of a packet: unique within the seconds that one waits."""
    return ssrc << 16 | sequence & 0xFFFF
