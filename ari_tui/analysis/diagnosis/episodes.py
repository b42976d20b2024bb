"""Bad seconds of one kind at one place, added up; what they prove.

An episode goes on while bad seconds follow each other within a minute. Its rate is that of its own
span; whether the rate is beyond the limit is tested over at least a minute of packets, so that one
lost packet in a good hour is nothing, and by the one exact test (`core/binomial.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, NamedTuple

from ari_tui.analysis.sla.profiles import Profile
from ari_tui.core.binomial import exceeds

TOGETHER_S: Final = 60
"""Bad seconds further apart are two episodes."""
LASTING_S: Final = 15
"""An episode whose last bad second is no older goes on."""
_TEST_S: Final = 60
_FEWEST: Final = 2
_FEWEST_SECONDS: Final = 3
_LONG_STALL: Final = 25
"""Packets of one call that one stall must hold to be told: half a second."""
_PAST_KEPT: Final = 8

CALLER_OR_ASTERISK: Final = "caller-in|asterisk"
"""Not told apart: the caller's leg or Asterisk (or, of missing packets, the way from it to us)."""
LOST, LATE, DELAY, SILENT = "lost", "late", "delay", "silent"
HELD, HELD_LONG, DROPPED, STOPPED = "held", "held-long", "dropped", "stopped"
REFUSED, NO_ANSWER, RESTARTED, GONE = "refused", "no-answer", "restarted", "gone"

_DELAYED: Final = 0.01
"""The share of packets that may be delayed where no rule of the SLA judges it."""
_FEWEST_TESTED: Final = 1500
"""Over so many packets at least: a few late ones of a young call on a busy machine are nothing."""
_FACTS: Final = frozenset({REFUSED, NO_ANSWER, RESTARTED, GONE})


OF_PACKETS: Final = frozenset(
    {"counted by Asterisk", "seen in timestamps", "counted by the echo server"}
    | {"reported by the far end"}
)
"""Facts that count packets: those of several calls add up, where others are of shared seconds."""


class FaultKind(NamedTuple):
    """A place and what is bad there."""

    place: str
    what: str


def limit_of(key: FaultKind, profile: Profile) -> float:
    """Return the share of packets that may be so."""
    if key.what == DELAY:
        return 0.5
    if key.what == LATE and key.place.startswith("echo"):
        return profile.late_ratio
    return _DELAYED if key.what in (LATE, HELD) else profile.loss_ratio


@dataclass(slots=True)
class Episode:
    """The bad seconds of one kind at one place of one call, or of several added up."""

    since: int
    """The first bad second, since 1970."""
    last: int
    """The newest."""
    seconds: int = 0
    hits: int = 0
    """Packets lost, late, held …"""
    sent: int = 0
    """Packets that the call sent to the echo server from the first to the last bad second."""
    counted_to: int = 0
    """The second up to which `sent` is counted."""
    badness: float = 0.0
    """How far beyond the limit, summed over the bad seconds: what findings are ranked by."""
    sure: bool = True
    """The place was seen from both sides in all its seconds."""
    worst_ns: int = 0
    facts: Counter[str] = field(default_factory=Counter)

    def add(self, second: int, hits: int, packets: int, limit: float) -> None:
        """Add a bad second, `hits` of its `packets`; the seconds between must have been added."""
        if not self.seconds or second > self.last:
            self.seconds += 1
        self.since, self.last = min(self.since, second), max(self.last, second)
        self.hits += hits
        self.badness += hits / max(packets, hits, 1) / limit

    def merge(self, other: Episode) -> None:
        """Add another call's episode of the same kind."""
        self.since, self.last = min(self.since, other.since), max(self.last, other.last)
        self.seconds = max(self.seconds, other.seconds)
        self.hits, self.sent = self.hits + other.hits, self.sent + other.sent
        self.badness, self.sure = self.badness + other.badness, self.sure and other.sure
        self.worst_ns = max(self.worst_ns, other.worst_ns)
        for fact, number in other.facts.items():
            held = self.facts[fact]
            self.facts[fact] = held + number if fact in OF_PACKETS else max(held, number)

    def copy(self) -> Episode:
        """Return a copy that later additions do not change."""
        return replace(self, facts=Counter(self.facts))


def packets_of(key: FaultKind, hits: int, sent: int) -> int:
    """Return of how many packets `hits` are, where so many were sent to the echo server.

    Those that never came were not sent; our own delay is measured both ways.
    """
    if key.what == SILENT or (key.what == LOST and not key.place.startswith("echo")):
        sent += hits
    elif key.place == "engine" and key.what in (HELD, HELD_LONG):
        sent *= 2
    return max(sent, hits, 1)


def rate_of(key: FaultKind, episode: Episode) -> float:
    """Return the share of hits over the episode's own span."""
    return episode.hits / packets_of(key, episode.hits, episode.sent)


def _tested(key: FaultKind, episode: Episode, sent_in_all: int, profile: Profile) -> int:
    """Return over how many packets the rate is tested: a minute's, or all of a young call."""
    per_second = episode.sent / (episode.last - episode.since + 1)
    padded = min(round(_TEST_S * per_second), sent_in_all)
    if limit_of(key, profile) == _DELAYED:
        padded = max(padded, _FEWEST_TESTED)
    return packets_of(key, episode.hits, max(episode.sent, padded))


class Judged(NamedTuple):
    """What an episode proves."""

    beyond: bool
    """Its rate is beyond the limit."""
    proved: bool
    """It is so by the exact test too, and the place was seen from both sides."""


def judge(key: FaultKind, episode: Episode, sent_in_all: int, profile: Profile) -> Judged:
    """Judge an episode of a call that has sent so many packets in all."""
    if key.what in _FACTS:
        return Judged(beyond=True, proved=episode.sure)
    if not _repeats(key, episode):
        return Judged(beyond=False, proved=False)
    hits, limit = episode.hits, limit_of(key, profile)
    of = _tested(key, episode, sent_in_all, profile)
    beyond = hits >= _FEWEST and hits > limit * of
    return Judged(beyond, beyond and episode.sure and exceeds(hits, of, limit))


def _repeats(key: FaultKind, episode: Episode) -> bool:
    """Return whether delays came often enough to be more than one stall of a busy machine.

    Packets delayed by one stall are one event, which no test of packets counts.
    """
    if key.what in (LATE, HELD, DELAY):
        return episode.seconds >= _FEWEST_SECONDS
    return key.what != HELD_LONG or episode.seconds > 1 or episode.hits >= _LONG_STALL


class Found(NamedTuple):
    """A finding of a call, or of several: its key, its episode, and what that proves."""

    key: FaultKind
    episode: Episode
    proved: bool
    lasts: bool
    calls: int = 1
    earlier: int = 0
    """How many such episodes there were before."""


class CallEpisodes:
    """All episodes of one call, by the limits of a profile."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self.current: dict[FaultKind, Episode] = {}
        self.past: list[tuple[FaultKind, Episode]] = []

    def add(
        self,
        place: str,
        what: str,
        second: int,
        hits: int,
        packets: int,
        *,
        sure: bool = True,
        worst_ns: int = 0,
        facts: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """Add a bad second, `hits` of its `packets`, and numbers to facts; nothing without hits.

        `sure`: the place was seen from both sides in it.
        """
        if hits <= 0:
            return
        key = FaultKind(place, what)
        episode = self._open(key, second)
        episode.add(second, hits, packets, limit_of(key, self._profile))
        episode.sure &= sure
        episode.worst_ns = max(episode.worst_ns, worst_ns)
        episode.facts.update(facts)

    def _open(self, key: FaultKind, second: int) -> Episode:
        """Return the episode that a bad second belongs to; one that is over is put aside."""
        episode = self.current.get(key)
        if episode is not None and second > episode.last + TOGETHER_S:
            self.past = sorted([*self.past, (key, episode)], key=_badness)[-_PAST_KEPT:]
            episode = None
        if episode is None:
            episode = self.current[key] = Episode(second, second)
        return episode

    def count(self, sent_of: Callable[[int, int], int]) -> None:
        """Count what was sent in the episodes' spans; `sent_of` is of seconds, both included."""
        for episode in self.current.values():
            if episode.last > episode.counted_to or not episode.counted_to:
                from_second = max(episode.since, episode.counted_to + 1)
                episode.sent += sent_of(from_second, episode.last)
                episode.counted_to = episode.last

    def found(self, now: int, packets: int) -> list[Found]:
        """Return what is beyond its limit, one finding a key, worst first.

        `now` is the newest closed second, `packets` all that the call has sent.
        """
        found: list[Found] = []
        profile = self._profile
        for key, episode in self.current.items():
            judged = judge(key, episode, packets, profile)
            before = [e for k, e in self.past if k == key and judge(k, e, packets, profile).beyond]
            if judged.beyond:
                lasts = episode.last + LASTING_S >= now
                found.append(Found(key, episode, judged.proved, lasts, earlier=len(before)))
            elif before:
                worst = max(before, key=lambda one: one.badness)
                proved = judge(key, worst, packets, profile).proved
                found.append(Found(key, worst, proved, lasts=False, earlier=len(before) - 1))
        return ranked(found)


def ranked(found: list[Found]) -> list[Found]:
    """Return findings worst first: what lasts before what is over, each by size."""
    return sorted(found, key=lambda one: (not one.lasts, -one.episode.badness))


def _badness(entry: tuple[FaultKind, Episode]) -> float:
    return entry[1].badness


def merged(found: list[Found], more: list[Found]) -> list[Found]:
    """Add findings of the same call; those of one key are one."""
    by_key = {one.key: one for one in found}
    for one in more:
        held = by_key.get(one.key)
        if held is None:
            by_key[one.key] = one
            continue
        episode = held.episode.copy()
        episode.merge(one.episode)
        by_key[one.key] = held._replace(episode=episode, lasts=held.lasts or one.lasts)
    return ranked(list(by_key.values()))


def merge_calls(parts: list[list[Found]]) -> list[Found]:
    """Add up the findings of many calls by place and kind."""
    by_key: dict[FaultKind, Found] = {}
    for found in parts:
        for one in found:
            held = by_key.get(one.key)
            if held is None:
                by_key[one.key] = one._replace(episode=one.episode.copy())
                continue
            held.episode.merge(one.episode)
            by_key[one.key] = held._replace(
                proved=held.proved or one.proved,
                lasts=held.lasts or one.lasts,
                calls=held.calls + one.calls,
                earlier=max(held.earlier, one.earlier),
            )
    return ranked(list(by_key.values()))
