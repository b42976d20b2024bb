"""The diagnosis: each closed second of each call, attributed to the place that moved in it.

`close` takes the seconds in order, once what is sent in them is settled; what must wait for counts
of others waits within its call. `of_call` and `of_all` return the findings so far. Pure: the store
and the facts from outside are its only inputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final, NamedTuple, Protocol

import numpy as np

from ari_tui.analysis import counters as c
from ari_tui.analysis.diagnosis.caller_side import CallerOut, CallerSide, Missing, Quiet
from ari_tui.analysis.diagnosis.context import OUR_MACHINE, CommonSeconds, Context
from ari_tui.analysis.diagnosis.echo_side import EchoLoss, EchoSide
from ari_tui.analysis.diagnosis.episodes import (
    CALLER_OR_ASTERISK,
    DELAY,
    DROPPED,
    HELD,
    HELD_LONG,
    LASTING_S,
    LATE,
    LOST,
    NO_ANSWER,
    SILENT,
    STOPPED,
    TOGETHER_S,
    CallEpisodes,
    Episode,
    FaultKind,
    Found,
    limit_of,
    merge_calls,
    merged,
)
from ari_tui.analysis.diagnosis.evidence_seconds import EvidenceSeconds
from ari_tui.analysis.diagnosis.outside import OutsideFacts
from ari_tui.analysis.own_outages import BEFORE_NS, OwnOutages
from ari_tui.analysis.records import Ints, Mask
from ari_tui.analysis.roundtrip.direction import CallDirection
from ari_tui.analysis.roundtrip.echo_holds import EchoHolds
from ari_tui.analysis.series import SECONDS, Series
from ari_tui.analysis.sla.evaluator import SlaEvaluator
from ari_tui.analysis.sla.evidence import Limited
from ari_tui.analysis.sla.profiles import Profile, tier_for
from ari_tui.analysis.stream.floor import Floor
from ari_tui.analysis.stream.gaps import CallGaps, Classified, Gap
from ari_tui.analysis.stream.state import MediaLeg
from ari_tui.wire.rtp import COMFORT_NOISE

_SECOND_NS: Final = 1_000_000_000
_MS: Final = 1_000_000
DIAGNOSED_NS: Final = 3_000_000_000
"""What moved in a second is known so much later, whatever the loss time-out."""
_BURST: Final = 3
_SILENT_NS: Final = 2_000_000_000
"""A silence that goes on counts from this length on: a caller who hangs up is silent before."""
_FEWEST_TRIPS: Final = 10
_ALIKE_DELAYS: Final = 2
_DWELLS_EXPLAINED: Final = 3
_MACHINE_STALL_NS: Final = 15_000_000
_UNSEEN: Final = int(Limited.SOCKET_DROPS | Limited.LOG_OVERFLOW)
"""What did not reach us, or the log, may have been sent, by Asterisk or by the echo server."""
_LATE_EXCUSED: Final = int(~Limited.SOCKET_DROPS)


class CallSecond(NamedTuple):
    """What moved in one second of one call: packets, ns."""

    second: int
    sent: int
    lost: int
    late: int
    rtt_count: int
    rtt_sum: int
    dwell_max: int
    asterisk_max: int
    limited: int
    missing: int
    holes: int
    long_holes: int
    late_media: int
    silent_ms: int
    dwell_late: int
    dwell_long: int
    dropped: int
    refused: int
    hold_late: int
    hold_long: int
    hold_max: int


_TROUBLE: Final = (
    "missing",
    "holes",
    "late_media",
    "silent_ms",
    "dwell_late",
    "dwell_long",
    "dropped",
    "refused",
    "hold_late",
    "hold_long",
)


class Books(Protocol):
    """What the diagnosis reads of the metrics store."""

    row_of: dict[int, int]
    media: MediaLeg
    series: Series
    echo_floor: Floor
    evidence: EvidenceSeconds
    sla_evaluator: SlaEvaluator
    gaps: dict[int, CallGaps]
    directions: dict[int, CallDirection]
    counters: Ints
    outside: OutsideFacts
    holds: EchoHolds
    own_outages: OwnOutages
    folded_until_ns: int


class Diagnosed(NamedTuple):
    """The findings of a call, or of all; troubles of unknown place are among them by their key."""

    found: list[Found]
    calls: int
    """How many calls were looked at."""
    seconds: int
    """Call-seconds that were judged or limited."""
    limited: int


class _Call:
    """What is known of one call."""

    def __init__(self, number: int, row: int, profile: Profile) -> None:
        self.number, self.row = number, row
        self.episodes = CallEpisodes(profile)
        self.caller, self.out = CallerSide(self.episodes), CallerOut(self.episodes)
        self.echo = EchoSide(self.episodes)
        self.settled_ns = 0
        """The newest reading of Asterisk's counts that has been taken."""

    @property
    def waits(self) -> bool:
        return self.caller.waits or bool(self.echo.lost)


class Diagnosis:
    """All calls of a session."""

    def __init__(self, profile: Profile, late_ns: int) -> None:
        self._profile, self._late_ns = profile, late_ns
        self._calls: dict[int, _Call] = {}
        self._closed = 0
        self._retired: list[Found] = []
        self._retired_calls = self._retired_seconds = self._retired_limited = 0
        self._burst_before: set[int] = set()
        self._common = CommonSeconds()

    # -- closing seconds -----------------------------------------------------------------------

    def close(self, store: Books, rows: Ints, until_second: int) -> None:
        """Close the seconds up to `until_second`, each once; `rows` are those of all calls."""
        context = Context(store.outside, self._common)
        first = max(self._closed + 1, until_second - 24) if self._closed else until_second
        for second in range(first, until_second + 1):
            self._close_second(store, rows, second, context)
        if until_second > self._closed:
            self._closed = until_second
            for number in store.outside.take_fresh():
                if number in store.row_of:
                    self._call(number, store.row_of[number])
            for call in self._calls.values():
                self._settle(store, call, context, ended=False)

    def _call(self, number: int, row: int) -> _Call:
        if number not in self._calls:  # not `setdefault`: a call has many parts
            self._calls[number] = _Call(number, row, self._profile)
        return self._calls[number]

    def _close_second(self, store: Books, rows: Ints, second: int, context: Context) -> None:
        if not len(rows):
            return
        known, series = store.series.of_second(rows, second)
        evidence = store.evidence.of_second(rows, second)
        limited = store.sla_evaluator.limited_bits(second, known, series)
        excused = self._excused(store, rows, second, series, limited)
        seen = (series["sent"] > 0) | (limited != 0)
        store.evidence.packets[rows] += series["sent"]
        store.evidence.seen_s[rows] += seen
        store.evidence.limited_s[rows] += seen & (limited != 0)
        up = int(np.count_nonzero(series["sent"]))
        slow_ns = round(tier_for(self._profile, up).tier.p50_ms * _MS)
        trouble = (series["lost"] > 0) | (series["late"] > 0)
        trouble |= series["rtt_sum"] > slow_ns * np.maximum(series["rtt_count"], 1)
        trouble |= (limited & int(Limited.WORKER)) != 0
        for name in _TROUBLE:
            trouble |= evidence[name] > 0
        silent = self._silent(store, rows, second)
        trouble |= silent
        came = (evidence["bursts"] >= _BURST) | (evidence["hold_long"] >= _BURST)
        context.common.up(second, int(np.count_nonzero((series["sent"] > 0) | silent)))
        bursts = {int(row) for row in rows[came]}
        number_of = {row: number for number, row in store.row_of.items()} if trouble.any() else {}
        figures = {**series, **evidence, "limited": limited}
        for i in np.flatnonzero(trouble).tolist():
            row = int(rows[i])
            one = CallSecond(second, *(int(figures[name][i]) for name in CallSecond._fields[1:]))
            if excused[i]:
                one = one._replace(late=0, rtt_count=0)
            if silent[i]:
                one = one._replace(silent_ms=1000)
            call = self._call(number_of[row], row)
            burst = row in bursts or row in self._burst_before
            self._take(store, call, one, slow_ns, context, burst=burst)
        self._burst_before = bursts

    def _excused(
        self,
        store: Books,
        rows: Ints,
        second: int,
        series: Mapping[str, Ints],
        limited: Ints,
    ) -> Mask:
        """Return of which calls the round trips of a second are no evidence of the path.

        What limits this second or one beside it may have delayed them; but our own delay explains
        no round trip that is far longer above its floor.
        """
        around, dwell_ns = limited.copy(), series["dwell_max"].copy()
        for other in (second - 1, second + 1):
            _, beside = store.series.of_second(rows, other)
            around |= beside["limited"] | store.sla_evaluator.limited(other)
            dwell_ns = np.maximum(dwell_ns, beside["dwell_max"])
        around |= np.where(dwell_ns > self._late_ns, int(Limited.DWELL), 0)
        excused: Mask = (around & _LATE_EXCUSED) != 0
        for i in np.flatnonzero(excused & ((around & _LATE_EXCUSED & ~OUR_MACHINE) == 0)).tolist():
            floor_ns = store.echo_floor.at(int(rows[i]), second * _SECOND_NS)
            if floor_ns is not None:
                excess_ns = int(series["rtt_max"][i]) - floor_ns
                excused[i] = excess_ns <= max(_DWELLS_EXPLAINED * dwell_ns[i], _MACHINE_STALL_NS)
        return excused

    def _silent(self, store: Books, rows: Ints, second: int) -> Mask:
        """Return which calls have heard nothing since before a second, for over two seconds."""
        leg, now_ns = store.media, store.folded_until_ns
        last = leg.last_rx[rows]
        silent = leg.started[rows] & (leg.closed_ns[rows] == 0) & (last < second * _SECOND_NS)
        silent &= now_ns - last > _SILENT_NS
        for i in np.flatnonzero(silent).tolist():
            row, from_ns = int(rows[i]), int(last[i])
            noise = int(leg.last_payload_type[row]) == COMFORT_NOISE
            gap = Gap(from_ns, now_ns, 1, 0, False, noise, 0)
            gaps = store.gaps.get(row) or CallGaps()
            silent[i] = Classified(gap, gaps.kind_of(gap)).interrupts
        return np.asarray(silent)

    def _take(
        self,
        store: Books,
        call: _Call,
        one: CallSecond,
        slow_ns: int,
        context: Context,
        *,
        burst: bool,
    ) -> None:
        """Attribute what is known at once; let wait what is not."""
        if one.late_media or one.silent_ms:
            context.common.quiet(one.second)
        self._take_own(store, call, one, burst=burst)
        away = _down_ms(store, call, one.second, BEFORE_NS) > 0
        self._take_echo(call, one, slow_ns, burst=burst, away=away, holds_told=store.holds.told)
        row = call.row
        ptime_ms = store.media.ptime_ms(row) or 20.0
        due = max(one.sent + one.missing, round(1000 / ptime_ms))
        explained = store.gaps.get(row) is not None and store.gaps[row].explains(
            one.second * _SECOND_NS, (one.second + 1) * _SECOND_NS
        )
        holes = 0 if explained else max(0, one.holes)
        lost = 0 if one.limited & _UNSEEN else one.missing + holes
        if lost:
            long_holes = min(one.long_holes, holes)
            call.caller.missing.append(Missing(one.second, lost, due, holes, long_holes))
        silent_ms = 0 if 2 * one.missing * ptime_ms >= one.silent_ms else one.silent_ms
        if silent_ms and not one.limited & int(Limited.WORKER):
            hits, size = round(silent_ms / ptime_ms), silent_ms * _MS
            call.caller.quiet.append(Quiet(one.second, SILENT, hits, due, size))
        # a machine that delayed us delayed an Asterisk beside us too, by about as much
        like_ours = one.asterisk_max <= max(_ALIKE_DELAYS * one.dwell_max, _MACHINE_STALL_NS)
        ours = one.limited & OUR_MACHINE and context.outside.local_asterisk and like_ours
        if one.late_media and not silent_ms and not ours:
            quiet = Quiet(one.second, LATE, one.late_media, due, one.asterisk_max)
            call.caller.quiet.append(quiet)

    def _take_own(self, store: Books, call: _Call, one: CallSecond, *, burst: bool) -> None:
        """Book what we and the echo server held; a burst from Asterisk takes its time with both."""
        add, second, packets = call.episodes.add, one.second, max(one.sent, 1)
        if not burst:
            add("engine", HELD, second, one.dwell_late, 2 * packets, worst_ns=one.dwell_max)
            add("echo-server", HELD, second, one.hold_late, packets, worst_ns=one.hold_max)
        add("engine", HELD_LONG, second, one.dwell_long, 2 * packets, worst_ns=one.dwell_max)
        add("echo-server", HELD_LONG, second, one.hold_long, packets, worst_ns=one.hold_max)
        add("engine", DROPPED, second, one.dropped, one.sent + one.dropped)
        if one.limited & int(Limited.WORKER):
            down_ms = _down_ms(store, call, second)
            add("engine", STOPPED, second, -(-down_ms // 20), 50, facts={"down ms": down_ms})

    def _take_echo(
        self,
        call: _Call,
        one: CallSecond,
        slow_ns: int,
        *,
        burst: bool,
        away: bool,
        holds_told: bool | None,
    ) -> None:
        add, second, trips = call.episodes.add, one.second, one.rtt_count
        if one.lost and not away and not one.limited & int(Limited.LOG_OVERFLOW):
            dropped = bool(one.limited & _UNSEEN)
            loss = EchoLoss(second, one.lost, one.sent, one.refused, one.hold_max, dropped)
            call.echo.lost.append(loss)
        if not burst:
            sure = holds_told is True
            facts = {} if sure else {"holds not told": 1}
            add("echo-path", LATE, second, one.late, one.sent, sure=sure, facts=facts)
        if trips >= _FEWEST_TRIPS and one.rtt_sum > slow_ns * trips:
            mean_ns, limit = one.rtt_sum // trips, {"limit_us": slow_ns // 1000}
            add("echo-path", DELAY, second, trips, trips, worst_ns=mean_ns, facts=limit)

    def _settle(self, store: Books, call: _Call, context: Context, *, ended: bool) -> None:
        readings = store.outside.readings_of(call.number)
        if not call.waits and (not readings or readings[-1].at_ns <= call.settled_ns):
            return
        call.settled_ns = readings[-1].at_ns if readings else 0
        ptime_ms = store.media.ptime_ms(call.row) or 20.0
        call.caller.settle(self._closed, context, readings, round(ptime_ms * _MS))
        direction = store.directions.get(call.row)
        counts = direction.intervals if direction is not None else ()
        call.echo.settle(self._closed, context, counts, ended=ended)
        if readings:
            call.out.settle(self._closed, readings, _gaps_sent(store, call.row))

    # -- what was found ------------------------------------------------------------------------

    def of_call(self, store: Books, number: int) -> Diagnosed:
        """Return the findings of one call."""
        row, call = store.row_of[number], self._calls.get(number)
        evidence = store.evidence
        seen, limited = int(evidence.seen_s[row]), int(evidence.limited_s[row])
        if call is None:
            return Diagnosed([], 1, seen, limited)
        call.episodes.count(partial(_sent_of, store, row))
        found = call.episodes.found(self._closed, int(evidence.packets[row]))
        if call.waits:
            found = self._with_waiting(store, call, found)
        return Diagnosed(found, 1, seen, limited)

    def _with_waiting(self, store: Books, call: _Call, found: list[Found]) -> list[Found]:
        """Add what still waits to be told apart."""
        waiting = CallEpisodes(self._profile)
        told = _told_before(call)
        for missing in call.caller.missing if told is None else ():
            counted = missing.second, missing.hits, missing.packets
            waiting.add(CALLER_OR_ASTERISK, LOST, *counted, sure=False)
        for quiet in (*call.caller.quiet, *call.caller.untold):
            counted = quiet.second, quiet.hits, quiet.packets
            waiting.add(CALLER_OR_ASTERISK, quiet.what, *counted, sure=False)
        for loss in call.echo.lost:
            if loss.none_back:
                waiting.add("echo-path", NO_ANSWER, loss.second, loss.hits, loss.packets)
        waiting.count(partial(_sent_of, store, call.row))
        more = waiting.found(self._closed, int(store.evidence.packets[call.row]))
        if told is not None:
            # what waits now is like what was told of the same minute
            found = [one._replace(lasts=one.lasts or one.key == told) for one in found]
        return merged(found, more)

    def of_all(self, store: Books, calls: list[Diagnosed]) -> Diagnosed:
        """Return the findings of all calls, each place and kind once; `calls` are those of now."""
        parts = [one.found for one in calls]
        found = merge_calls([*parts, self._of_asterisk(store, len(calls)), self._retired])
        return Diagnosed(
            found,
            len(calls) + self._retired_calls,
            sum(one.seconds for one in calls) + self._retired_seconds,
            sum(one.limited for one in calls) + self._retired_limited,
        )

    def _of_asterisk(self, store: Books, calls: int) -> list[Found]:
        """Return the restarts and absences of Asterisk itself: calls that end by them tell none."""
        found = []
        for outage in store.outside.outages:
            until_ns = outage.until_ns or store.folded_until_ns
            since, last = outage.from_ns // _SECOND_NS, max(outage.from_ns, until_ns) // _SECOND_NS
            episode, key = Episode(since, last), FaultKind("asterisk", outage.what)
            episode.seconds, episode.hits = last - since + 1, 1
            episode.badness = episode.seconds / limit_of(key, self._profile)
            lasts = outage.until_ns is None or last + LASTING_S >= self._closed
            found.append(Found(key, episode, proved=True, lasts=lasts, calls=max(calls, 1)))
        return found

    def retire(self, store: Books, number: int) -> None:
        """Keep an ended call's findings among those of the session; forget the call."""
        call = self._calls.get(number)
        if call is not None:
            context = Context(store.outside, self._common)
            self._settle(store, call, context, ended=True)
            told = _told_before(call)
            call.caller.end(told.place if told is not None else None, context)
        diagnosed = self.of_call(store, number)
        self._calls.pop(number, None)
        self._retired_calls += 1
        self._retired_seconds += diagnosed.seconds
        self._retired_limited += diagnosed.limited
        kept = merge_calls([diagnosed.found, self._retired])
        self._retired = [one._replace(lasts=False) for one in kept]


def _told_before(call: _Call) -> FaultKind | None:
    """Return where the newest of this minute's missing packets turned out to be lost, if told."""
    if not call.caller.missing:
        return None
    first = call.caller.missing[0].second
    kinds = (FaultKind("caller-in", LOST), FaultKind("asterisk-engine", LOST))
    current = call.episodes.current
    told = [kind for kind in kinds if kind in current and current[kind].last + TOGETHER_S >= first]
    return max(told, key=lambda kind: current[kind].last, default=None)


def _gaps_sent(store: Books, row: int) -> int:
    """Return how many packets are missing in what went back to the caller, by all causes."""
    counted = store.counters[row]
    kept = int(counted[c.RECEIVED]) - int(counted[c.DUPLICATES_MEDIA])
    return store.media.upstream_missing(row) + max(0, kept - int(counted[c.DELIVERED]))


def _down_ms(store: Books, call: _Call, second: int, before_ns: int = 0) -> int:
    """Return for how long (ms) of a second the call's worker was dead or stopped for long.

    With `before_ns`, so much before counts as well: what was in flight then is lost.
    """
    from_ns, until_ns = second * _SECOND_NS, (second + 1) * _SECOND_NS
    spans = [(o.from_ns, o.until_ns) for o in store.own_outages if o.call == call.number]
    if call.number in store.own_outages.down:
        spans.append((store.own_outages.down[call.number], until_ns))
    shared = (min(until_ns, b) - max(from_ns, a - before_ns) for a, b in spans)
    return sum(max(0, ns) for ns in shared) // _MS


def _sent_of(store: Books, row: int, from_second: int, until_second: int) -> int:
    """Return how many packets a call sent in some seconds, both included; at most five minutes."""
    wanted = np.arange(max(from_second, until_second - SECONDS + 1), until_second + 1)
    return int(store.series.of_seconds(np.array([row]), wanted).sent.sum())
