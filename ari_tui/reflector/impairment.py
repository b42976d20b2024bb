"""Impairment: a seeded scheduler that delays, loses, doubles and reorders, and counts exactly.

Pure: time is an argument and nothing is sent. Who receives the output and counts as
MEASUREMENT does (lost: never came; duplicates: further copies; reordered: RFC 4737, first copies
below the next expected sequence) gets exactly `counts`, as long as each stream comes in in
sequence. Disorder, copies and holes that a stream brings along pass through and are not counted.

- **Delay and jitter**: released at arrival + delay + uniform 0 … jitter, never earlier than
  arrival + delay and never before the stream's previous packet: jitter does not reorder.
- **Loss** comes in runs of exactly `burst` packets. Where two runs meet, a run of a multiple
  shows, so that the share stays `loss` and `burst=1` is independent loss.
- **Reordering**: a packet is held until the next packet of its stream that survives, and goes
  directly after it. While one is held no other is chosen. When none comes within 100 ms of its
  time it goes alone, and is not counted.
- **Duplicates** go directly after their original, when that is held, both after the overtaker.

Repeatable: what happens to the n-th packet of a stream depends on the seed, the stream's name
and n, whatever the other streams do. Each packet takes four draws whatever is configured, so a
changed share leaves the other decisions alone.
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
"""How long past its time a held packet waits for one to overtake it."""

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class ImpairmentCounts(NamedTuple):
    """What an impairment did: packets pushed and lost, copies and overtaken packets released."""

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
    """One stream: its own random numbers, the run of losses under way, the packet held."""

    __slots__ = ("held", "previous_ns", "random", "rest", "run_left", "tally")

    def __init__(self, seed: str) -> None:
        self.random = Random(seed).random  # noqa: S311  repeatable, not secret
        self.tally = _Tally()
        self.run_left = 0
        self.previous_ns = 0
        """Release time of the packet before, which none may undercut."""
        self.held: _Held[T] | None = None
        self.rest = False
        """The survivor before was chosen to be overtaken: this one is not."""


class _Entry(Generic[T]):
    """One release in the heap; cancelled when the packet got another place."""

    __slots__ = ("cancelled", "effect", "item", "stream")

    def __init__(self, item: T, stream: _Stream[T], effect: int) -> None:
        self.item = item
        self.stream = stream
        self.effect = effect
        self.cancelled = False


class _Held(Generic[T]):
    """A packet, and its copy, waiting to be overtaken until the deadline."""

    __slots__ = ("deadline_ns", "entries", "sequence")

    def __init__(self, sequence: int, deadline_ns: int, entries: list[_Entry[T]]) -> None:
        self.sequence = sequence
        self.deadline_ns = deadline_ns
        self.entries = entries


_PLAIN, _COPY, _OVERTAKEN, _ALONE = range(4)
"""Why an entry is released; counted when it is, so that the counts never run ahead."""


class Impairment(Generic[K, T]):
    """Schedule items per stream as `spec` says; hold no more than what is in flight.

    `seed` and `name(stream)` (its text by default) start each stream's random numbers. Times are
    ns of any one clock that does not go back. Not thread-safe.
    """

    def __init__(
        self, spec: ImpairmentSpec, seed: int, *, name: Callable[[K], object] = str
    ) -> None:
        self.spec = spec
        self._seed = seed
        self._name = name
        left = 1.0 - spec.loss
        # a run starts on a packet outside of runs: solve share = q·burst / (q·burst + 1 − q)
        self._run_chance = spec.loss / (spec.burst * left + spec.loss) if spec.loss else 0.0
        self._copy_chance = spec.duplicate / left if spec.duplicate and left else 0.0
        # each packet chosen makes the next one ineligible: solve share = q / (1 + q)
        share = min(spec.reorder / left, 0.5) if spec.reorder and left else 0.0
        self._hold_chance = share / (1.0 - share)
        self._streams: dict[K, _Stream[T]] = {}
        self._heap: list[tuple[int, int, _Entry[T]]] = []
        self._order = 0
        self._pending = 0
        self._totals = _Tally()

    @property
    def counts(self) -> ImpairmentCounts:
        """What was done to all streams so far, those forgotten included."""
        return self._totals.freeze()

    @property
    def pending(self) -> int:
        """How many items, copies included, wait for their release."""
        return self._pending

    def counts_of(self, stream: K) -> ImpairmentCounts:
        """Return what was done to one stream so far; zeros for one unknown or forgotten."""
        state = self._streams.get(stream)
        return state.tally.freeze() if state is not None else ImpairmentCounts()

    def forget(self, stream: K) -> None:
        """Drop an idle stream's state; what it has pending still comes out, into the totals."""
        self._streams.pop(stream, None)

    def push(self, stream: K, sequence: int, item: T, now_ns: int) -> None:
        """Take one packet that arrives now; `sequence` is its 16-bit RTP sequence number."""
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
            self._let_go(state, state.held)
        wait_ns = self.spec.delay_ns + int(jitter * (self.spec.jitter_ns + 1))
        due_ns = max(state.previous_ns, now_ns + wait_ns)
        copies = 2 if copy < self._copy_chance else 1
        if hold < self._hold_chance and not state.rest:
            state.rest = True
            deadline_ns = due_ns + HOLD_NS
            entries = self._schedule(state, item, deadline_ns, copies, _ALONE)
            state.held = _Held(sequence, deadline_ns, entries)
            return
        state.rest = False
        state.previous_ns = due_ns
        self._schedule(state, item, due_ns, copies, _PLAIN)
        if state.held is not None:
            self._overtake(state, state.held, sequence, due_ns)

    def next_due_ns(self) -> int | None:
        """Return when the next item is to be released; None when nothing waits."""
        while self._heap and self._heap[0][2].cancelled:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now_ns: int) -> list[T]:
        """Return, in order, the items whose time has come."""
        return [item for _, item in self.pop_releases(now_ns)]

    def pop_releases(self, now_ns: int) -> list[tuple[int, T]]:
        """Return, in order, (due time in ns, item) of the items whose time has come."""
        released: list[tuple[int, T]] = []
        while (due_ns := self.next_due_ns()) is not None and due_ns <= now_ns:
            entry = heapq.heappop(self._heap)[2]
            self._pending -= 1
            self._count(entry)
            released.append((due_ns, entry.item))
        return released

    def flush(self) -> list[T]:
        """Return all that waits, in order, before its time: for the end of a run."""
        return self.pop_due(max(self._heap)[0]) if self._heap else []

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

    def _let_go(self, state: _Stream[T], held: _Held[T]) -> None:
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
            self._let_go(state, state.held)
