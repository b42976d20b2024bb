"""What happens to the packets of one direction of a path: pure, seeded, counted, time given."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass

_UDP = 17
_IPV4 = 0x40


@dataclass(frozen=True, kw_only=True)
class Impairment:
    """What is done to media packets; times in seconds, shares from 0 to 1."""

    loss: float = 0.0
    delay_s: float = 0.0
    jitter_s: float = 0.0
    """Added to the delay, evenly from 0; packets keep their order, as in a queue."""
    swap: float = 0.0
    """Share of packets that wait `swap_s` while others pass them."""
    swap_s: float = 0.03
    hold_s: float = 0.0
    """At the beginning of each `every_s` all packets wait until so much of it is over."""
    cut_s: float = 0.0
    """At the beginning of each `every_s` all packets are lost for so long."""
    every_s: float = 1.0
    flows: int = 0
    """Only the first so many flows, by their order of arrival; 0 is all."""


NONE = Impairment()


@dataclass
class Counts:
    """Media packets of one direction since its impairment was set."""

    taken: int = 0
    lost: int = 0
    held: int = 0
    """Delayed by more than nothing."""
    swapped: int = 0


class Direction:
    """Takes packets and gives them back when they are due."""

    def __init__(self, seed: str, spared_ports: frozenset[int] = frozenset()) -> None:
        self._random = random.Random(seed)
        self._spared = spared_ports
        self._flows: dict[bytes, int] = {}
        self._waiting: list[tuple[float, int, bytes]] = []
        self._order = 0
        self.set(NONE, 0.0)

    def set(self, impairment: Impairment, now_s: float) -> None:
        """Impair from now on; counts and periods start anew."""
        self._impairment, self._since_s = impairment, now_s
        self._last_due_s = now_s
        self.counts = Counts()

    def take(self, packet: bytes, now_s: float) -> None:
        """Take a packet: lose it, or give it a time at which it is due."""
        due_s = now_s
        if self._is_impaired(packet):
            self.counts.taken += 1
            chosen = self._due(now_s)
            if chosen is None:
                self.counts.lost += 1
                return
            self.counts.held += chosen > now_s
            due_s = chosen
        heapq.heappush(self._waiting, (due_s, self._order, packet))
        self._order += 1

    def due(self, now_s: float) -> Iterator[bytes]:
        """Give the packets that are due, in order of their times."""
        while self._waiting and self._waiting[0][0] <= now_s:
            yield heapq.heappop(self._waiting)[2]

    @property
    def next_s(self) -> float | None:
        """Return when the next packet is due; None when none waits."""
        return self._waiting[0][0] if self._waiting else None

    def _is_impaired(self, packet: bytes) -> bool:
        """Return whether a packet is media, RTP or RTCP, and of an impaired flow."""
        if packet[0] & 0xF0 != _IPV4 or packet[9] != _UDP:
            return False
        at = (packet[0] & 0x0F) * 4
        ports = packet[at : at + 4]
        if {int.from_bytes(ports[:2], "big"), int.from_bytes(ports[2:], "big")} & self._spared:
            return False
        number = self._flows.setdefault(ports, len(self._flows))
        return not self._impairment.flows or number < self._impairment.flows

    def _due(self, now_s: float) -> float | None:
        """Return when a media packet is due; None when it is lost."""
        how = self._impairment
        phase_s = (now_s - self._since_s) % how.every_s
        if phase_s < how.cut_s or self._random.random() < how.loss:
            return None
        due_s = now_s + how.delay_s + self._random.random() * how.jitter_s
        if phase_s < how.hold_s:
            due_s += how.hold_s - phase_s
        if self._random.random() < how.swap:
            self.counts.swapped += 1
            return due_s + how.swap_s
        self._last_due_s = max(due_s, self._last_due_s)
        return self._last_due_s


def as_dict(counts: Counts) -> dict[str, int]:
    """Return counts for a JSON document."""
    return asdict(counts)
