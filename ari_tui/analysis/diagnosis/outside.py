"""What is known from outside the packet log, with its time: pings, counts of Asterisk, outages.

The engine feeds it (`store.outside`); the rules read it when a second closes. Times are ns of
CLOCK_REALTIME. Bounded: each history keeps the newest entries.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

_SECOND_NS: Final = 1_000_000_000
_KEPT_SECONDS: Final = 600
_KEPT_COUNTS: Final = 160


class LegCounts(NamedTuple):
    """Asterisk's own counts of the caller's leg (ARI: RTPstat), by what they mean."""

    received: int
    """Packets from the caller."""
    lost_in: int
    """Lost between the caller and Asterisk; moves with each RTCP report, every 5 s."""
    sent: int
    lost_out: int | None
    """Lost on the way to the caller as its RTCP reports say; None where no report has come."""
    jitter_in_ns: int | None
    """Of what Asterisk receives from the caller."""


class LegReading(NamedTuple):
    """One reading of the counts."""

    at_ns: int
    counts: LegCounts


class Pings(NamedTuple):
    """The pings of Asterisk that were sent in one second."""

    good: int
    longest_ns: int
    failed: int


class Outage(NamedTuple):
    """Asterisk stalled, restarted or away, from its last sign of life to its first after."""

    what: str
    """"stopped", "restarted" or "gone"."""
    from_ns: int
    until_ns: int | None
    """None while it lasts."""


class OutsideFacts:
    """All of them, for one Asterisk."""

    def __init__(self) -> None:
        self._pings: dict[int, Pings] = {}
        self._counts: dict[int, deque[LegReading]] = {}
        self._no_leg: set[int] = set()
        self._fresh: set[int] = set()
        self.outages: deque[Outage] = deque(maxlen=_KEPT_COUNTS)
        self.echo_outages: deque[Outage] = deque(maxlen=_KEPT_COUNTS)
        """Of the echo server: "silent", "restarted" or "refused"."""
        self._blind: dict[int, None] = {}
        self.local_asterisk = True
        """Asterisk runs on this machine: what delays us may delay it."""

    def ping(self, sent_ns: int, took_ns: int | None, *, waited_ns: int = 0) -> None:
        """Take one `/asterisk/ping` sent at `sent_ns`; None when it failed or was not answered.

        Its own delay in our event loop must have been subtracted. A long ping counts in every
        second that it reached into, a failed one in those in which it was waited for.
        """
        until_ns = sent_ns + (waited_ns if took_ns is None else took_ns)
        for second in range(sent_ns // _SECOND_NS, until_ns // _SECOND_NS + 1):
            good, longest_ns, failed = self._pings.get(second, Pings(0, 0, 0))
            answered = took_ns is not None
            self._pings[second] = Pings(
                good + answered, max(longest_ns, took_ns or 0), failed + (not answered)
            )
        drop_oldest(self._pings, _KEPT_SECONDS)

    @property
    def pinged(self) -> bool:
        """Return whether any ping is known."""
        return bool(self._pings)

    def pings_of(self, second: int) -> Pings | None:
        """Return the pings of a second; None when none was sent in it."""
        return self._pings.get(second)

    def leg_counts(self, call: int, at_ns: int, counts: LegCounts | None) -> None:
        """Take a reading of a call's caller leg; None when Asterisk keeps no counts of it."""
        if counts is None:
            self._no_leg.add(call)
            return
        self._no_leg.discard(call)
        readings = self._counts.setdefault(call, deque(maxlen=_KEPT_COUNTS))
        readings.append(LegReading(at_ns, counts))
        self._fresh.add(call)

    def take_fresh(self) -> set[int]:
        """Return the calls with readings since the last time."""
        fresh, self._fresh = self._fresh, set()
        return fresh

    def readings_of(self, call: int) -> Sequence[LegReading]:
        """Return the readings of a call, oldest first; not a copy."""
        return self._counts.get(call) or []

    def newest_of(self, call: int) -> LegReading | None:
        """Return the newest reading of a call; None without one."""
        readings = self._counts.get(call)
        return readings[-1] if readings else None

    def has_no_counts(self, call: int) -> bool:
        """Return whether Asterisk said that it keeps no counts of this caller's leg."""
        return call in self._no_leg

    def forget(self, call: int) -> None:
        """Remove a call."""
        self._counts.pop(call, None)
        self._no_leg.discard(call)

    def blind(self, from_ns: int, until_ns: int) -> None:
        """Note that the engine stood still: it saw neither pings nor events."""
        for second in range(from_ns // _SECOND_NS, until_ns // _SECOND_NS + 1):
            self._blind[second] = None
        drop_oldest(self._blind, _KEPT_SECONDS)

    def is_blind(self, second: int) -> bool:
        """Return whether the engine stood still in a second."""
        return second in self._blind

    def echo_away(self, what: str, from_ns: int, until_ns: int | None) -> None:
        """Note that the echo server is silent, was restarted, or refuses packets."""
        _note(self.echo_outages, Outage(what, from_ns, until_ns))

    def echo_stopped(self, from_ns: int, until_ns: int) -> None:
        """Note that the echo server stood still; each call tells it, with packets of its own."""
        last = next((one for one in reversed(self.echo_outages) if one.what == "stopped"), None)
        if last is not None and last.until_ns is not None and from_ns <= last.until_ns:
            self.echo_outages.remove(last)
            from_ns, until_ns = min(from_ns, last.from_ns), max(until_ns, last.until_ns)
        self.echo_outages.append(Outage("stopped", from_ns, until_ns))

    def asterisk_away(self, what: str, from_ns: int, until_ns: int | None) -> None:
        """Note that Asterisk stopped, restarted or is gone; again with its end, once known."""
        _note(self.outages, Outage(what, from_ns, until_ns))


def _note(outages: deque[Outage], outage: Outage) -> None:
    """Append an outage; it replaces the newest one when that began at the same time."""
    if outages and outages[-1].from_ns == outage.from_ns:
        outages.pop()
    outages.append(outage)


def drop_oldest(entries: dict[int, Any], kept: int) -> None:
    """Remove the entries that were added first, until so many are left."""
    while len(entries) > kept:
        del entries[next(iter(entries))]
