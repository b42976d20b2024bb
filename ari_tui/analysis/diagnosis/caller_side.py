"""Before us: the caller's leg into Asterisk, Asterisk, the way from it to us; and the leg out.

Missing packets wait for Asterisk's own count of the caller's leg, which moves every 5 s: as many as
it counts were lost before it, the rest after its next counts was not. Silence and lateness wait for
readings around their second: an Asterisk that answers its pings, and that received nothing, or saw
the jitter rise itself, is not their place.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from ari_tui.analysis.diagnosis.context import PINGS_APART_NS, Context, Stall
from ari_tui.analysis.diagnosis.episodes import (
    CALLER_OR_ASTERISK,
    LATE,
    LOST,
    RESTARTED,
    SILENT,
    TOGETHER_S,
    CallEpisodes,
)
from ari_tui.analysis.diagnosis.outside import LegReading

_SECOND_NS: Final = 1_000_000_000
_TOLD_S: Final = 11
"""Asterisk's count moves every 5 s: after twice that it has moved or stays."""
_READ_S: Final = 8
"""How long a silent or late second waits for readings."""
_KEPT: Final = 120
_FIRST_S: Final = 10
_STARVED: Final = 0.6
"""Asterisk received less than this share of what was due: it was not sent or did not arrive."""
_FED: Final = 0.9
"""From this share on it received what was due."""
_AROUND_S: Final = 6
_FEWEST_DUE: Final = 10
_ALIKE: Final = 2
_NO_CAUSE: Final = "no cause shown"
_NO_PINGS: Final = "pings not known"
_ALIKE_FACT: Final = "like the others"
_ROSE: Final = 2.0
_ROSE_BY_NS: Final = 1_500_000
_REPORT_EVERY_S: Final = 5
_LAG_S: Final = 4
"""Seconds close so much later: what is told of newer ones is booked in those."""
_REPORT_S: Final = 8
"""The far end's reports lag behind what they tell by at most so much."""


class Missing(NamedTuple):
    """Packets missing in one second, not yet told apart."""

    second: int
    hits: int
    packets: int
    holes: int
    """Of `hits`: seen in the timestamps alone."""
    long_holes: int


class Quiet(NamedTuple):
    """A silent or late second, not yet told apart."""

    second: int
    what: str
    hits: int
    packets: int
    size_ns: int
    """How long the silence, or how late the latest packet."""
    pings_good: bool = False
    """Asterisk answered its pings meanwhile."""


class CallerSide:
    """The A side of one call: what waits, and what has been told apart."""

    def __init__(self, episodes: CallEpisodes) -> None:
        self._episodes = episodes
        self.missing: deque[Missing] = deque(maxlen=_KEPT)
        self.quiet: deque[Quiet] = deque(maxlen=_KEPT)
        self.untold: deque[Quiet] = deque(maxlen=_KEPT)
        """Quiet seconds with good pings whose cause did not show in themselves: it may show in
        others of the next minute."""
        self._shown: deque[tuple[int, str]] = deque(maxlen=_KEPT)
        self._lost_seen: int | None = None
        self._credits = 0
        self._credited_ns = 0
        self._read_until_ns = 0

    @property
    def waits(self) -> bool:
        """Return whether anything waits for Asterisk's counts."""
        return bool(self.missing or self.quiet or self.untold)

    def settle(
        self, now: int, context: Context, readings: Sequence[LegReading], ptime_ns: int
    ) -> None:
        """Tell apart what can be; `now` is the newest closed second."""
        self._take_readings(readings)
        self._settle_missing(now, context, readings)
        while self.quiet:
            told = _place_of_quiet(self.quiet[0], now, context, readings, ptime_ns)
            if told is None:
                break
            self._take_told(self.quiet.popleft(), told, context)
        self._settle_untold(now, context)

    def _take_told(self, one: Quiet, told: _PlaceOfQuiet, context: Context) -> None:
        if told.place == CALLER_OR_ASTERISK:
            self.untold.append(one._replace(pings_good=told.fact == _NO_CAUSE))
            return
        self._shown.append((one.second, told.place))
        if told.place == "caller-in":
            context.common.told(one.second)
        self._add_quiet(one, told, context)

    def _settle_untold(self, now: int, context: Context) -> None:
        """Book quiet seconds as others like them in the minute around: readings are rare.

        So are those in which most calls were quiet and another call's readings told the cause.
        """
        waiting, self.untold = self.untold, deque(maxlen=_KEPT)
        for one in waiting:
            told = self._told_by_others(one, context)
            if told is None and now > one.second + TOGETHER_S:
                told = _not_told(one)
            if told is None:
                self.untold.append(one)
            else:
                self._add_quiet(one, told, context)

    def _told_by_others(self, one: Quiet, context: Context) -> _PlaceOfQuiet | None:
        near = [place for s, place in self._shown if abs(s - one.second) <= TOGETHER_S]
        caller, asterisk = near.count("caller-in"), near.count("asterisk")
        alike = caller >= _ALIKE and (one.pings_good or not asterisk)
        if alike or (one.pings_good and context.common.tells_caller(one.second)):
            return _PlaceOfQuiet("caller-in", _ALIKE_FACT)
        if asterisk >= _ALIKE and not caller and not one.pings_good:
            return _PlaceOfQuiet("asterisk", _ALIKE_FACT)
        return None

    def end(self, place: str | None, context: Context) -> None:
        """Book what waits when the call ends: missing packets at `place` if others told one."""
        for missing in self.missing:
            where = place or CALLER_OR_ASTERISK
            self._add_missing(missing, missing.hits, where, sure=place is not None)
        for quiet in (*self.quiet, *self.untold):
            told = self._told_by_others(quiet, context) or _not_told(quiet)
            self._add_quiet(quiet, told, context)
        for waiting in (self.missing, self.quiet, self.untold):
            waiting.clear()

    # -- missing packets ---------------------------------------------------------------------

    def _take_readings(self, readings: Sequence[LegReading]) -> None:
        for reading in readings:
            if reading.at_ns <= self._read_until_ns:
                continue
            self._read_until_ns, lost = reading.at_ns, reading.counts.lost_in
            if self._lost_seen is None:
                # counted since the leg began, which is as young as the call or older
                young = self.missing and self.missing[0].second * _SECOND_NS > (
                    reading.at_ns - _FIRST_S * _SECOND_NS
                )
                self._lost_seen = 0 if young and lost <= sum(m.hits for m in self.missing) else lost
            if lost > self._lost_seen:
                self._credits += lost - self._lost_seen
                self._credited_ns = reading.at_ns
            self._lost_seen = lost

    def _settle_missing(self, now: int, context: Context, readings: Sequence[LegReading]) -> None:
        newest_ns = readings[-1].at_ns if readings else 0
        waiting, self.missing = self.missing, deque(maxlen=_KEPT)
        for one in waiting:
            end_ns = (one.second + 1) * _SECOND_NS
            left = one
            if context.stalled(one.second, _SECOND_NS) is Stall.YES:
                self._add_missing(one, one.hits, "asterisk", sure=True)
                continue
            if self._credits and one.second * _SECOND_NS < self._credited_ns:
                counted = min(self._credits, one.hits)
                self._credits -= counted
                self._add_missing(one, counted, "caller-in", sure=True)
                left = one._replace(hits=one.hits - counted)
            if not left.hits:
                continue
            if newest_ns >= end_ns + _TOLD_S * _SECOND_NS:
                self._add_uncounted(left)
            elif now >= one.second + _TOLD_S + _READ_S:
                self._add_missing(left, left.hits, CALLER_OR_ASTERISK, sure=False)
            else:
                self.missing.append(left)
        self._book_unseen(newest_ns)

    def _add_uncounted(self, left: Missing) -> None:
        """Add packets that Asterisk does not count as lost on the caller's leg."""
        if left.holes >= left.hits:
            # the sequence is Asterisk's own: single packet times are loss, more may be a pause
            few = left.long_holes == 0
            place = "caller-in" if few and self._lost_seen else CALLER_OR_ASTERISK
            self._add_missing(left, left.hits, place, sure=False)
            return
        self._add_missing(left, left.hits, "asterisk-engine", sure=True)

    def _book_unseen(self, newest_ns: int) -> None:
        """Book what Asterisk counts as lost and no gap showed: a codec or jitter buffer hid it."""
        if self._credits and newest_ns >= self._credited_ns + _REPORT_S * _SECOND_NS:
            last = self._credited_ns // _SECOND_NS
            _book_span(self._episodes, "caller-in", last, self._credits, "counted by Asterisk")
            self._credits = 0

    def _add_missing(self, one: Missing, hits: int, place: str, *, sure: bool) -> None:
        facts = {}
        if place == "caller-in" and sure:
            facts["counted by Asterisk"] = hits
        if one.holes >= one.hits:
            facts["seen in timestamps"] = hits
            facts["uncounted holes"] = int(place == CALLER_OR_ASTERISK)
        self._episodes.add(place, LOST, one.second, hits, one.packets, sure=sure, facts=facts)

    # -- silence and lateness ------------------------------------------------------------------

    def _add_quiet(self, one: Quiet, told: _PlaceOfQuiet, context: Context) -> None:
        away = context.away(one.second) if told.place == "asterisk" else ""
        self._episodes.add(
            told.place,
            RESTARTED if away == RESTARTED else one.what,
            one.second,
            one.hits,
            one.packets,
            # that a caller sent nothing, or that jitter rose, is no proof of loss on its leg
            sure=told.place == "asterisk",
            worst_ns=one.size_ns,
            facts={told.fact: 1},
        )


class _PlaceOfQuiet(NamedTuple):
    """Where a silent or late second belongs, and the fact that says so."""

    place: str
    fact: str


def _not_told(one: Quiet) -> _PlaceOfQuiet:
    fact = _NO_CAUSE if one.pings_good else _NO_PINGS
    return _PlaceOfQuiet(CALLER_OR_ASTERISK, fact)


def _place_of_quiet(
    one: Quiet, now: int, context: Context, readings: Sequence[LegReading], ptime_ns: int
) -> _PlaceOfQuiet | None:
    """Return the place of a silent or late second; None while readings may still come."""
    late_ns = one.hits * ptime_ns if one.what == LATE else 0
    stall = context.stalled(one.second, one.size_ns, late_ns)
    if stall is Stall.YES:
        return _PlaceOfQuiet("asterisk", "seconds with a slow ping")
    if stall is Stall.NOT_KNOWN:
        return _PlaceOfQuiet(CALLER_OR_ASTERISK, _NO_PINGS)
    from_ns, until_ns = one.second * _SECOND_NS, (one.second + 1) * _SECOND_NS
    margin_ns = _AROUND_S * _SECOND_NS
    near = [r for r in readings if from_ns - margin_ns <= r.at_ns <= until_ns + margin_ns]
    share = _received_share(near, from_ns, until_ns, ptime_ns) if one.what == SILENT else None
    if share is not None and share.least <= _STARVED:
        return _PlaceOfQuiet("caller-in", "received less")
    short = one.size_ns < PINGS_APART_NS and not context.common.few_were_quiet(one.second)
    # a stall raises Asterisk's own jitter, and may be too short for a ping to meet it
    between_pings = short and context.stalls_near(one.second)
    if _jitter_rose(readings, one.second, context) and not between_pings:
        return _PlaceOfQuiet("caller-in", "jitter rose")
    fed = share is not None and share.covers and share.least > _FED
    seen = share is not None and one.size_ns >= share.longest_ns // 2
    if fed and seen and not between_pings:
        return _PlaceOfQuiet("asterisk-engine", "received all")
    return None if now < one.second + _READ_S else _PlaceOfQuiet(CALLER_OR_ASTERISK, _NO_CAUSE)


class _Share(NamedTuple):
    """How much of what was due Asterisk received, in the worst of the pairs of readings."""

    least: float
    covers: bool
    """The readings lie on both sides of the second."""
    longest_ns: int


def _received_share(
    readings: Sequence[LegReading], from_ns: int, until_ns: int, ptime_ns: int
) -> _Share | None:
    """Compare what Asterisk received from the caller between readings with what was due."""
    shares: list[float] = []
    longest_ns = 0
    for before, after in pairwise(readings):
        if after.at_ns <= from_ns or before.at_ns >= until_ns or ptime_ns <= 0:
            continue
        due = (after.at_ns - before.at_ns) / ptime_ns
        if due >= _FEWEST_DUE:
            shares.append((after.counts.received - before.counts.received) / due)
            longest_ns = max(longest_ns, after.at_ns - before.at_ns)
    if not shares:
        return None
    covers = readings[0].at_ns <= from_ns and readings[-1].at_ns >= until_ns
    return _Share(min(shares), covers, longest_ns)


def _jitter_rose(readings: Sequence[LegReading], second: int, context: Context) -> bool:
    """Return whether Asterisk itself measured more jitter of the caller's leg around a second.

    Readings near a stall of Asterisk do not count: a stall raises its own figures.
    """
    from_ns, until_ns = second * _SECOND_NS, (second + 1 + _READ_S) * _SECOND_NS
    known = [(r.at_ns, r.counts.jitter_in_ns) for r in readings]
    jitters = [(at, j) for at, j in known if j is not None]
    if len(jitters) < 2:
        return False
    usual = min(j for _, j in jitters)
    return any(
        from_ns <= at <= until_ns
        and j > _ROSE * usual + _ROSE_BY_NS
        and context.stalled(at // _SECOND_NS, 0) is Stall.NO
        for at, j in jitters
    )


def _book_span(episodes: CallEpisodes, place: str, last: int, lost: int, fact: str) -> None:
    """Book what a report every five seconds counted as lost, evenly over the seconds before."""
    share, more = divmod(lost, _REPORT_EVERY_S)
    for number in range(_REPORT_EVERY_S):
        second, hits = last - _REPORT_EVERY_S - _LAG_S + number, share + (number < more)
        episodes.add(place, LOST, second, hits, 50, facts={fact: hits})


class CallerOut:
    """Asterisk's leg to the caller: the far end's reports, less the gaps that we sent ourselves.

    The reports count every gap in what was sent since the leg began: what was missing already,
    lost on the echo path, or not delivered by us is among them. What they count beyond all such
    gaps is the least that was lost on the leg itself.
    """

    def __init__(self, episodes: CallEpisodes) -> None:
        self._episodes = episodes
        self._first: LegReading | None = None
        self._gaps_before = 0
        self._booked = 0
        self._read_until_ns = 0
        self._gaps_at: deque[tuple[int, int]] = deque(maxlen=2 * _REPORT_S)

    def settle(self, now: int, readings: Sequence[LegReading], gaps: int) -> None:
        """Take new readings; `gaps` are all until now, the second `now` being the last closed."""
        self._gaps_at.append((now, gaps))
        for reading in readings:
            if reading.at_ns <= self._read_until_ns or reading.counts.lost_out is None:
                continue
            self._read_until_ns = reading.at_ns
            if self._first is None:
                # what was missing shortly before may not be in the first report yet
                told = reading.at_ns // _SECOND_NS - 2 * _REPORT_S
                self._first = reading
                self._gaps_before = max((g for s, g in self._gaps_at if s <= told), default=0)
            else:
                self._book(reading, self._first, gaps - self._gaps_before)

    def _book(self, reading: LegReading, first: LegReading, gaps: int) -> None:
        lost = (reading.counts.lost_out or 0) - (first.counts.lost_out or 0)
        surplus = lost - gaps - self._booked
        if surplus <= 0:
            return
        last = reading.at_ns // _SECOND_NS
        _book_span(self._episodes, "caller-out", last, surplus, "reported by the far end")
        self._booked += surplus
