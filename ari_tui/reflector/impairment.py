"""Impairment: a seeded scheduler that delays, loses, doubles and reorders, and counts exactly.

Pure: time is an argument and nothing is sent. A receiver that counts as MEASUREMENT does (lost:
never received; duplicates: further copies; reordered: RFC 4737, first copies below the next
expected sequence number) gets exactly `counts` if each stream arrives in sequence. Reordering,
copies and losses already in an arriving stream pass through and are not counted.

- **Delay and jitter**: released at arrival + delay + uniform 0 … jitter, never before the
  stream's previous packet: jitter does not reorder.
- **Loss** comes in runs of exactly `burst` packets. Adjacent runs make a longer one, so that the
  share stays `loss` and `burst=1` is independent loss.
- **Reordering**: a packet is held and sent directly after the stream's next packet that is not
  lost. One packet is held at a time. Without a next packet within 100 ms of its release time it
  is sent alone and not counted.
- **Duplicates** are sent directly after their original; after the overtaking packet if it is held.

Repeatable: what happens to the n-th packet of a stream depends on the seed, the stream's name and
n only. Each packet takes four random draws whatever is configured, so that a changed share does
not change the other decisions.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable
from random import Random
from typing import Final, Generic, NamedTuple, TypeVar

from ari_tui.reflector.impairment_spec import ImpairmentSpec, parse_impairment
from ari_tui.wire.rtp import SEQUENCE_BITS, signed_difference

__all__ = ["Impairment", "ImpairmentCounts", "ImpairmentSpec", "parse_impairment"]

HOLD_NS: Final = 100_000_000
"""How long past its release time a packet is held to be overtaken."""

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class ImpairmentCounts(NamedTuple):
    """Packets pushed, packets lost, and copies and overtaken packets released."""

    packets: int = 0
    lost: int = 0
    duplicates: int = 0
    reordered: int = 0


class _Tally:
    """Running counts, of one stream or of all."""

    __slots__ = ("duplicates", "lost", "packets", "reordered")

    def __init__(self) -> None:
        self.packets = self.lost = self.duplicates = self.reordered = 0

    def freeze(self) -> ImpairmentCounts:
        return ImpairmentCounts(self.packets, self.lost, self.duplicates, self.reordered)


class _Stream(Generic[T]):
    """One stream: its random numbers, the current run of losses, the held packet."""

    __slots__ = ("chose_previous", "held", "previous_ns", "random", "run_left", "tally")

    def __init__(self, seed: str) -> None:
        self.random = Random(seed).random  # noqa: S311  repeatable, not secret
        self.tally = _Tally()
        self.run_left = 0
        self.previous_ns = 0
        """Release time of the previous packet, and the earliest for the next."""
        self.held: _Held[T] | None = None
        self.chose_previous = False
        """The previous packet was chosen to be overtaken: the next is not."""


class _Entry(Generic[T]):
    """One release in the heap; cancelled when the packet is rescheduled."""

    __slots__ = ("cancelled", "effect", "item", "stream")

    def __init__(self, item: T, stream: _Stream[T], effect: int) -> None:
        self.item = item
        self.stream = stream
        self.effect = effect
        self.cancelled = False


class _Held(Generic[T]):
    """A packet, and its copy, held until overtaken or the deadline."""

    __slots__ = ("deadline_ns", "entries", "sequence")

    def __init__(self, sequence: int, deadline_ns: int, entries: list[_Entry[T]]) -> None:
        self.sequence = sequence
        self.deadline_ns = deadline_ns
        self.entries = entries


_PLAIN, _COPY, _OVERTAKEN, _ALONE = range(4)
"""The effect of an entry, counted at its release."""


class Impairment(Generic[K, T]):
    """Schedules items per stream by `spec`.

    `seed` and `name(stream)` (its text by default) seed each stream's random numbers. Times are
    ns of one monotonic clock. Not thread-safe.
    """

    def __init__(
        self, spec: ImpairmentSpec, seed: int, *, name: Callable[[K], object] = str
    ) -> None:
        self.spec = spec
        self._seed = seed
        self._name = name
        left = 1.0 - spec.loss
        # a run starts at a packet outside of runs: solve share = q·burst / (q·burst + 1 − q)
        self._run_chance = spec.loss / (spec.burst * left + spec.loss) if spec.loss else 0.0
        self._copy_chance = spec.duplicate / left if spec.duplicate and left else 0.0
        # after a chosen packet the next is not eligible: solve share = q / (1 + q)
        share = min(spec.reorder / left, 0.5) if spec.reorder and left else 0.0
        self._hold_chance = share / (1.0 - share)
        self._streams: dict[K, _Stream[T]] = {}
        self._heap: list[tuple[int, int, _Entry[T]]] = []
        self._order = 0
        self._pending = 0
        self._totals = _Tally()

    @property
    def counts(self) -> ImpairmentCounts:
        """The counts of all streams so far, forgotten ones included."""
        return self._totals.freeze()

    @property
    def pending(self) -> int:
        """Items not yet released, copies included."""
        return self._pending

    def counts_of(self, stream: K) -> ImpairmentCounts:
        """Return the counts of one stream so far; zeros for an unknown or forgotten one."""
        state = self._streams.get(stream)
        return state.tally.freeze() if state is not None else ImpairmentCounts()

    def forget(self, stream: K) -> None:
        """Drop an idle stream's state; its pending items are still released and counted in all."""
        self._streams.pop(stream, None)

    def push(self, stream: K, sequence: int, item: T, now_ns: int) -> None:
        """Add one packet that arrives now; `sequence` is its 16-bit RTP sequence number."""
        state = self._streams.get(stream)
        if state is None:
            state = self._streams[stream] = _Stream(f"{self._seed}/{self._name(stream)}")
        self._totals.packets += 1
        state.tally.packets += 1
        random = state.random
        lose, copy, hold, jitter = random(), random(), random(), random()
        if self._loses(state, lose):
            self._totals.lost += 1
            state.tally.lost += 1
            return
        if state.held is not None and now_ns >= state.held.deadline_ns:
            self._release_alone(state, state.held)
        wait_ns = self.spec.delay_ns + int(jitter * (self.spec.jitter_ns + 1))
        due_ns = max(state.previous_ns, now_ns + wait_ns)
        copies = 2 if copy < self._copy_chance else 1
        if hold < self._hold_chance and not state.chose_previous:
            state.chose_previous = True
            deadline_ns = due_ns + HOLD_NS
            entries = self._schedule(state, item, deadline_ns, copies, _ALONE)
            state.held = _Held(sequence, deadline_ns, entries)
            return
        state.chose_previous = False
        state.previous_ns = due_ns
        self._schedule(state, item, due_ns, copies, _PLAIN)
        if state.held is not None:
            self._overtake(state, state.held, sequence, due_ns)

    def next_due_ns(self) -> int | None:
        """Return when the next item is due; None without items."""
        while self._heap and self._heap[0][2].cancelled:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now_ns: int) -> list[T]:
        """Return, in order, the items that are due."""
        return [item for _, item in self.pop_releases(now_ns)]

    def pop_releases(self, now_ns: int) -> list[tuple[int, T]]:
        """Return, in order, (due time in ns, item) of the items that are due."""
        released: list[tuple[int, T]] = []
        while (due_ns := self.next_due_ns()) is not None and due_ns <= now_ns:
            entry = heapq.heappop(self._heap)[2]
            self._pending -= 1
            self._count(entry)
            released.append((due_ns, entry.item))
        return released

    def _loses(self, state: _Stream[T], draw: float) -> bool:
        if state.run_left:
            state.run_left -= 1
            return True
        if draw < self._run_chance:
            state.run_left = self.spec.burst - 1
            return True
        return False

    def _schedule(
        self, state: _Stream[T], item: T, due_ns: int, copies: int, effect: int
    ) -> list[_Entry[T]]:
        entries = [_Entry(item, state, effect if n == 0 else _COPY) for n in range(copies)]
        for entry in entries:
            self._order += 1
            heapq.heappush(self._heap, (due_ns, self._order, entry))
        self._pending += copies
        return entries

    def _overtake(self, state: _Stream[T], held: _Held[T], sequence: int, due_ns: int) -> None:
        state.held = None
        for entry in held.entries:
            entry.cancelled = True
        self._pending -= len(held.entries)
        overtaken = signed_difference(sequence, held.sequence, SEQUENCE_BITS) > 0
        effect = _OVERTAKEN if overtaken else _PLAIN
        self._schedule(state, held.entries[0].item, due_ns, len(held.entries), effect)

    def _release_alone(self, state: _Stream[T], held: _Held[T]) -> None:
        state.held = None
        state.previous_ns = max(state.previous_ns, held.deadline_ns)

    def _count(self, entry: _Entry[T]) -> None:
        state, effect = entry.stream, entry.effect
        if effect == _COPY:
            self._totals.duplicates += 1
            state.tally.duplicates += 1
        elif effect == _OVERTAKEN:
            self._totals.reordered += 1
            state.tally.reordered += 1
        elif effect == _ALONE and state.held is not None and entry is state.held.entries[0]:
            self._release_alone(state, state.held)
