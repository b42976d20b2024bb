"""Packets of calls on their way through all places, in virtual time: what a worker would log.

Caller → Asterisk → engine → echo server → engine → Asterisk → caller. Times are milliseconds after
START_NS. Workers and echo server serve one packet after another (a burst makes a queue). Beside
the log come the facts from outside: pings, Asterisk's counts of the caller's leg, the echo server's
reports; each with the time at which the engine comes to know it.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ari_tui.analysis.diagnosis.outside import LegCounts
from ari_tui.analysis.records import RECORD_DTYPE, Records
from ari_tui.analysis.roundtrip.direction import EchoReport
from ari_tui.wire import record as r
from ari_tui.wire.status import Hold, Holds
from tests.diagnosis.faults import Fault, Scenario, Times, Window

START_NS: Final = 1_700_000_000_000_000_000
MS: Final = 1_000_000
RTCP_MS: Final = 4_900.0
"""Between two of Asterisk's own reports, by which its count of losses moves."""
READING_MS: Final = 250.0
"""As engine/caller_legs: no leg is read more often, and 32 in a second."""
READINGS_A_SECOND: Final = 32
PING_MS: Final = 200.0
"""As `engine/caller_legs.py` and `engine/asterisk_pings.py` do."""
PING_SPREAD: Final = 0.1
PING_TIMEOUT_MS: Final = 2_000.0
PINGS_OUTSTANDING: Final = 4
HIDDEN: Final = 100
"""Asterisk hides a hole of more packets: its sequence goes on."""
WORKER_MS, ECHO_MS = 0.04, 0.03
"""Service time of a packet."""
DIGIT_MS: Final = 100
STALL_TOLD_MS: Final = 23.0
"""Our worker logs longer stalls of its own."""
TOLD_HOLD_MS: Final = 0.5
"""The echo server tells longer holds one by one."""
LOSS_TIMEOUT_MS: Final = 3_000.0

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Random = np.random.Generator


def ns(at_ms: float) -> int:
    """Return a time in ns of CLOCK_REALTIME."""
    return START_NS + round(at_ms * MS)


class Told(NamedTuple):
    """A fact from outside and when the engine comes to know it."""

    known_ms: float
    what: str
    """ping, leg, report, digit or death."""
    args: tuple[Any, ...]


class Schedule:
    """The log of a scenario, with the facts; and what really happened, by name, for assertions."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.end_ms = scenario.seconds * 1000.0
        self.happened: dict[str, int] = {}
        self.told: list[Told] = []
        legs = [_CallerLeg(scenario, call, self.end_ms) for call in scenario.numbers]
        self._join(legs)
        self._through_engine()
        self._through_echo()
        self._back_to_asterisk()
        for leg in legs:
            self._read_leg(leg)
            self._press(leg)
        self._ping()
        self._ask_echo()
        self._tell_deaths()
        self.told.sort(key=lambda one: one.known_ms)
        self._log()

    def stalls_of(self, place: str) -> list[Window]:
        """Return when a place stands still."""
        return self._windows(place, "stall")

    def _random(self, place: str) -> Random:
        return np.random.default_rng([self.scenario.seed, *place.encode()])

    def _join(self, legs: list[_CallerLeg]) -> None:
        """Put what Asterisk sends to us together, through the leg between."""
        names = ("sequence", "timestamp", "sent", "marker")
        columns = {name: np.concatenate([getattr(leg, name) for leg in legs]) for name in names}
        self.call = np.concatenate([np.full(len(leg.sent), leg.call) for leg in legs])
        self.sequence, self.timestamp = columns["sequence"], columns["timestamp"]
        self.marker = columns["marker"]
        random, sent = self._random("asterisk-engine"), columns["sent"]
        faults = self.scenario.of("asterisk-engine")
        lost, wait = self._impair(faults, sent, random, 0.2)
        self.happened["asterisk-engine lost"] = int(lost.sum())
        self.r1 = self._in_order(sent + 0.05 + wait)
        keep = ~lost
        keep &= ~within(self.r1, self._windows("engine", "dead"))
        for fault in self.scenario.of("engine"):
            if fault.kind == "drops":
                dropped = keep & self._hit(fault, self.r1, self.call)
                dropped &= random.random(len(keep)) < fault.amount
                self._dropped = self.call[dropped], self.r1[dropped]
                self.happened["dropped"] = int(dropped.sum())
                keep &= ~dropped
        for name in ("call", "sequence", "timestamp", "marker", "r1"):
            setattr(self, name, getattr(self, name)[keep])

    def _hit(self, fault: Fault, times: Times, call: Ints) -> Mask:
        hit = np.isin(call, list(fault.calls)) if fault.calls else np.ones(len(times), bool)
        return np.asarray(hit & fault.active(times))

    def _impair(
        self, faults: list[Fault], times: Times, random: Random, noise_ms: float
    ) -> tuple[Mask, Times]:
        """Return which packets (sorted by call) a leg loses, and how long it delays the others."""
        lost, wait = np.zeros(len(times), dtype=np.bool_), random.random(len(times)) * noise_ms
        for fault in faults:
            hit = self._hit(fault, times, self.call)
            if fault.kind == "loss":
                lost |= hit & runs(random, len(times), fault.amount, fault.burst)
            elif fault.kind == "jitter":
                wait += np.where(hit, random.random(len(times)) * fault.amount, 0.0)
            elif fault.kind == "outage":
                lost |= hit & within(times, fault.windows(self.scenario.seconds))
        return lost, wait

    def _in_order(self, times: Times) -> Times:
        """Keep each call's packets in order: a path with a queue does not swap."""
        ordered = times.copy()
        for call in self.scenario.numbers:
            mine = self.call == call
            ordered[mine] = np.maximum.accumulate(times[mine])
        return ordered

    def _windows(self, place: str, kind: str) -> list[Window]:
        found = [f for f in self.scenario.of(place) if f.kind == kind]
        return [window for f in found for window in f.windows(self.scenario.seconds)]

    def _served(self, place: str, arrived: Times, call: Ints, service_ms: float) -> Times:
        """Return when a single server ends with each packet; it stands still in its stalls."""
        able = held(arrived, self._windows(place, "stall"), 0.0)
        random = self._random(place + " dwell")
        for fault in self.scenario.of(place):
            if fault.kind == "dwell":
                slow = self._hit(fault, arrived, call) & (random.random(len(able)) < 0.2)
                able = able + np.where(slow, random.random(len(able)) * fault.amount, 0.0)
        order = np.argsort(able, kind="stable")
        place_in_queue = np.arange(len(order)) * service_ms
        ends = np.empty_like(able)
        ends[order] = np.maximum.accumulate(able[order] - place_in_queue) + place_in_queue
        return ends + service_ms * (0.7 + 0.6 * random.random(len(able)))

    def _through_engine(self) -> None:
        self.s1 = self._served("engine", self.r1, self.call, WORKER_MS)

    def _through_echo(self) -> None:
        """Send each packet to the echo server and back; NaN where it does not arrive."""
        out, back = self._random("echo-out"), self._random("echo-back")
        path = self.scenario.of("echo-path")
        lost_out, wait_out = self._impair([*self.scenario.of("echo-out"), *path], self.s1, out, 0.2)
        lost_back, wait_back = self._impair(self.scenario.of("echo-back"), self.s1, back, 0.2)
        arrived = self._in_order(self.s1 + 0.1 + wait_out)
        down = self._windows("echo-server", "down")
        self.refused = within(self.s1, down)
        self.at_echo = ~lost_out & ~self.refused
        self.failed = np.zeros(len(arrived), dtype=np.bool_)
        for fault in self.scenario.of("echo-server"):
            if fault.kind == "failed":
                drawn = out.random(len(arrived)) < fault.amount
                self.failed |= self._hit(fault, arrived, self.call) & drawn & self.at_echo
        here = self.at_echo
        self.echo_sent = arrived.copy()
        self.echo_sent[here] = self._served("echo-server", arrived[here], self.call[here], ECHO_MS)
        self.hold_ms = self.echo_sent - arrived
        self.r2 = self._in_order(self.echo_sent + 0.1 + wait_back)
        here = ~within(self.r2, self._windows("engine", "dead"))
        self.returns = self.at_echo & ~self.failed & ~lost_back & here
        self.happened |= {
            "echo-out lost": int((lost_out | self.refused).sum()),
            "echo failed": int(self.failed.sum()),
            "echo-back lost": int((lost_back & self.at_echo & ~self.failed).sum()),
        }

    def _back_to_asterisk(self) -> None:
        back = self.returns
        self.s2 = self.r2.copy()
        self.s2[back] = self._served("engine", self.r2[back], self.call[back], WORKER_MS)

    def _read_leg(self, leg: _CallerLeg) -> None:
        """Add Asterisk's counts of one caller's leg, as readings."""
        mine = (self.call == leg.call) & self.returns
        out = leg.outward(self.s2[mine], self.sequence[mine])
        every_ms = max(READING_MS, 1000.0 * self.scenario.calls / READINGS_A_SECOND)
        first_ms = 500.0 + 137.0 * leg.call % every_ms
        for at_ms in np.arange(first_ms, self.end_ms, every_ms):
            known_ms = float(held(np.array([at_ms]), leg.stalls, 0.0)[0]) + 2.0
            args = (leg.call, ns(known_ms), leg.counts(known_ms, out))
            self.told.append(Told(known_ms, "leg", args))

    def _press(self, leg: _CallerLeg) -> None:
        """Add the digits' events, which come with the packets of their ends."""
        read = leg.read[leg.digit]
        for last in np.flatnonzero(np.diff(read, append=np.inf) > 1000.0):
            known_ms = float(read[last]) + 3.0
            self.told.append(Told(known_ms, "digit", (leg.call, ns(known_ms), DIGIT_MS * MS)))

    def _tell_deaths(self) -> None:
        """Add the outages of our worker, known when another has started."""
        for start_ms, until_ms in self._windows("engine", "dead"):
            for call in self.scenario.numbers:
                args = (call, ns(start_ms), ns(until_ms))
                self.told.append(Told(until_ms + 1.0, "death", args))

    def _ping(self) -> None:
        """Add pings at their times, at most so many outstanding; one without answer is given up."""
        stalls = self._windows("asterisk", "stall")
        random, outstanding = self._random("ping"), [0.0]
        steps = random.uniform(1 - PING_SPREAD, 1 + PING_SPREAD, round(self.end_ms / PING_MS))
        for at_ms in (13.0 + np.cumsum(steps) * PING_MS).tolist():
            outstanding = [until for until in outstanding if until > at_ms]
            if len(outstanding) >= PINGS_OUTSTANDING:
                continue
            took_ms = float(held(np.array([at_ms]), stalls, 0.0)[0]) - at_ms
            took_ms += 0.4 + random.random()
            answered = took_ms < PING_TIMEOUT_MS
            known_ms = at_ms + min(took_ms, PING_TIMEOUT_MS)
            outstanding.append(known_ms)
            args = ns(at_ms), round(took_ms * MS) if answered else None
            self.told.append(Told(known_ms, "ping", args))

    def _ask_echo(self) -> None:
        """Add the echo server's reports: one a second and stream, each asked through the path."""
        if self.scenario.foreign_echo:
            return
        random = self._random("queries")
        for call in self.scenario.numbers:
            stream = _Stream(
                self.s1[mine := (self.call == call) & self.at_echo],
                self.echo_sent[mine],
                self.hold_ms[mine],
                self.failed[mine],
                self.sequence[mine],
            )
            for second in range(1, self.scenario.seconds):
                self._ask_once(call, stream, second * 1000.0 + 31.0 + call, random)

    def _ask_once(self, call: int, stream: _Stream, at_ms: float, random: Random) -> None:
        at = np.array([at_ms])
        asked_ms = float(held(at, self._windows("engine", "stall"), 0.1)[0])
        down = self._windows("echo-server", "down")
        gone = down + self._windows("echo-path", "outage")
        share = sum(f.amount for f in self.scenario.of("echo-out", "echo-back") if f.kind == "loss")
        if bool(within(np.array([asked_ms]), gone)[0]) or random.random() < share:
            return
        since_ms = max((until for _, until in down if until <= asked_ms), default=0.0)
        answered = held(np.array([asked_ms]), self._windows("echo-server", "stall"), 0.1)[0]
        report = stream.report(call, asked_ms, since_ms, float(answered) + 0.2)
        if report is not None:
            self.told.append(Told(float(answered) + 1.5, "report", (call, report)))

    def _log(self) -> None:
        """Build the records in the order in which the worker wrote them."""
        back = self.returns
        count, returned = len(self.call), int(back.sum())
        notes = self._drop_reports() + self._stall_reports()
        records = np.zeros(count + returned + len(notes), dtype=RECORD_DTYPE)
        out, home = records[:count], records[count : count + returned]
        self._fill(out, np.ones(count, dtype=np.bool_), self.r1, self.s1, r.KIND_MEDIA_IN)
        out["marker_pt"] |= np.where(self.marker, 0x80, 0).astype(np.uint8)
        out["flags"] = np.where(self.refused, r.FLAG_REFUSED, 0)
        self._fill(home, back, self.r2, self.s2, r.KIND_ECHO_IN)
        for row, (kind, call, at_ms, aux) in zip(records[count + returned :], notes, strict=True):
            row["kind"], row["call"], row["aux"], row["rx_ns"] = kind, call, aux, ns(at_ms)
        logged = np.where(records["tx_ns"] > 0, records["tx_ns"], records["rx_ns"])
        order = np.argsort(logged, kind="stable")
        self.records: Records = records[order]
        self.logged_ns: Ints = logged[order]
        self.happened |= {"sent": count, "returned": returned}

    def _fill(self, records: Records, mine: Mask, rx: Times, tx: Times, kind: int) -> None:
        for name, times in (("rx_ns", rx), ("tx_ns", tx)):
            records[name] = START_NS + np.rint(times[mine] * MS).astype(np.int64)
        records["bracket_ns"], records["length"], records["kind"] = 20_000, 172, kind
        records["call"], records["ssrc"] = self.call[mine], self.call[mine] + 1000
        records["sequence"] = self.sequence[mine] & 0xFFFF
        records["timestamp"] = self.timestamp[mine] & 0xFFFFFFFF

    def _stall_reports(self) -> list[tuple[int, int, float, int]]:
        """Return (kind, call, time, µs) for each stall of our worker, at its end."""
        return [
            (r.KIND_STALL, call, until_ms, round((until_ms - start_ms) * 1000))
            for start_ms, until_ms in self._windows("engine", "stall")
            if until_ms - start_ms >= STALL_TOLD_MS
            for call in self.scenario.numbers
        ]

    def _drop_reports(self) -> list[tuple[int, int, float, int]]:
        """Return (kind, call, time, total so far) for each second with drops at our socket."""
        if not self.happened.get("dropped"):
            return []
        calls, times = self._dropped
        found = []
        for call in self.scenario.numbers:
            mine = np.sort(times[calls == call])
            for second in np.unique(mine // 1000):
                at_ms = (second + 1) * 1000
                total = int((mine < at_ms).sum())
                found.append((r.KIND_SOCKET_REPORT, call, float(at_ms), total))
        return found


class _Stream(NamedTuple):
    """What of one call reached the echo server, in order."""

    s1: Times
    echo_sent: Times
    hold_ms: Times
    failed: Mask
    sequence: Ints

    def report(
        self, call: int, asked_ms: float, since_ms: float, answered_ms: float
    ) -> EchoReport | None:
        """Return the server's report, counted since its start; None before the first packet."""
        counted = (self.s1 >= since_ms) & (self.s1 < asked_ms)
        if not counted.any():
            return None
        told = (self.s1 >= since_ms) & (self.echo_sent <= answered_ms) & ~self.failed
        return EchoReport(
            ns(asked_ms),
            _ssrc(call),
            int(counted.sum()),
            int((counted & self.failed).sum()),
            round(float(self.hold_ms[counted].max()) * MS),
            self._holds(told, server=round(since_ms)),
        )

    def _holds(self, told: Mask, *, server: int) -> Holds:
        """Return all holds of the packets sent back so far; a run of the server has its own."""
        long = np.flatnonzero(told & (self.hold_ms > TOLD_HOLD_MS))
        entries = tuple(
            Hold(int(self.sequence[i]) & 0xFFFF, round(float(self.hold_ms[i]) * 1000), False)
            for i in long
        )
        last = np.flatnonzero(told)
        complete_to = int(self.sequence[last[-1]]) & 0xFFFF if len(last) else 0
        return Holds(server, len(entries), 0, complete_to, entries)


class Outward(NamedTuple):
    """What goes out to a phone: sent by Asterisk, heard by the phone, which counts the lost."""

    sent: Times
    heard: Times
    lost: Ints
    """As many as `heard`: lost up to then."""


class _CallerLeg:
    """One caller's packets from the phone to what Asterisk sends to us."""

    def __init__(self, scenario: Scenario, call: int, end_ms: float) -> None:
        self.scenario, self.call = scenario, call
        self.random = np.random.default_rng([scenario.seed, call])
        self.ptime_ms = 30.0 if call % 5 == 0 else 20.0
        self.phase_ms = float(self.random.random()) * self.ptime_ms
        faults = [fault for fault in scenario.of("caller-in") if fault.hits(call)]
        self.stalls = [
            window
            for fault in scenario.of("asterisk")
            if fault.kind == "stall"
            for window in fault.windows(scenario.seconds)
        ]
        self.digits: list[Window] = []
        if scenario.digits:
            starts = np.arange(4_000.0 + 900.0 * call, end_ms, 9_000.0)
            self.digits = [(start, start + DIGIT_MS) for start in starts.tolist()]
        self._send(faults, np.arange(self.phase_ms, end_ms, self.ptime_ms))
        self._pass_on()

    def _send(self, faults: list[Fault], times: Times) -> None:
        """Generate the packets and let Asterisk read those that the caller's path delivers."""
        units = np.rint((times - times[0]) * 8).astype(np.int64)
        spoken = np.ones(len(times), dtype=np.bool_)
        lost = np.zeros(len(times), dtype=np.bool_)
        arrived = times + 25 + self.random.random(len(times)) * 0.4
        for fault in faults:
            hit, windows = fault.active(times), fault.windows(self.scenario.seconds)
            if fault.kind == "loss":
                lost |= hit & runs(self.random, len(times), fault.amount, fault.burst)
            elif fault.kind == "outage":
                lost |= within(times, windows)
            elif fault.kind == "suppressed":
                spoken &= ~within(times, windows)
            elif fault.kind == "stall":
                arrived = held(arrived, windows, 0.06)
            elif fault.kind == "jitter":
                arrived += np.where(hit, self.random.random(len(times)) * fault.amount, 0.0)
        arrived = np.maximum.accumulate(arrived)
        for fault in faults:
            if fault.kind == "swap":
                swap(arrived, fault.active(times) & (self.random.random(len(times)) < fault.amount))
        digit = within(times, self.digits)
        marker = np.diff(spoken.astype(np.int64), prepend=0) > 0
        sequence = np.cumsum(spoken) - 1
        read = spoken & ~lost
        order = np.argsort(arrived[read], kind="stable")
        self.marker = marker[read][order]
        self.in_sequence: Ints = sequence[read][order] + 100
        self.timestamp: Ints = units[read][order]
        self.digit: Mask = digit[read][order]
        self.read: Times = held(arrived[read][order], self.stalls, 0.05)
        self.jitter_ms = jitter(self.read, self.timestamp / 8)
        highest = np.maximum.accumulate(self.in_sequence)
        self.lost_in: Ints = highest - self.in_sequence[0] - np.arange(len(highest))

    def _pass_on(self) -> None:
        """Give what was read the sequence numbers of Asterisk's own stream; swallow digits."""
        passed = ~self.digit
        sequence = self.in_sequence[passed]
        self.sent, self.marker = self.read[passed] + 0.08, self.marker[passed]
        self.timestamp = self.timestamp[passed]
        self.sequence: Ints = np.arange(len(sequence)) + 7000
        if not self.scenario.transcoded:
            step = np.diff(sequence, prepend=sequence[0])
            hidden = np.where(step > HIDDEN, step - 1, 0)
            self.sequence = sequence - np.cumsum(hidden) + 7000

    def outward(self, sent: Times, sequence: Ints) -> Outward:
        """Send the packets that came back on to the phone; return what it counts."""
        order = np.argsort(sent, kind="stable")
        sent, sequence = held(sent[order] + 0.1, self.stalls, 0.05), sequence[order]
        if self.scenario.transcoded:
            sequence = np.arange(len(sequence))
        lost = np.zeros(len(sent), dtype=np.bool_)
        for fault in self.scenario.of("caller-out"):
            if fault.hits(self.call):
                drawn = runs(self.random, len(sent), fault.amount, fault.burst)
                lost |= fault.active(sent) & drawn
        heard = np.flatnonzero(~lost)
        highest = np.maximum.accumulate(sequence[heard])
        return Outward(sent, sent[heard], highest - sequence[0] - np.arange(len(heard)))

    def counts(self, at_ms: float, out: Outward) -> LegCounts:
        """Return Asterisk's counts at a time; its losses are those of its last report."""
        received = int(np.searchsorted(self.read, at_ms))
        report_ms = last_tick(at_ms, self.call * 300.0)
        counted = int(np.searchsorted(self.read, report_ms))
        of_report = int(np.searchsorted(out.heard, last_tick(at_ms, self.call * 410.0)))
        return LegCounts(
            received=received,
            lost_in=int(self.lost_in[counted - 1]) if counted else 0,
            sent=int(np.searchsorted(out.sent, at_ms)),
            lost_out=int(out.lost[of_report - 1]) if of_report and self.scenario.reports else None,
            jitter_in_ns=round(self.jitter_ms[received - 1] * MS) if received else None,
        )


def _ssrc(call: int) -> int:
    return call + 1000


def last_tick(at_ms: float, phase_ms: float) -> float:
    """Return when the last RTCP report was made; 0 before the first."""
    reports = (at_ms - phase_ms) // RTCP_MS
    return max(0.0, reports * RTCP_MS + phase_ms) if reports > 0 else 0.0


def within(times: Times, windows: list[Window]) -> Mask:
    """Return which times lie in any of the windows."""
    found = np.zeros(len(times), dtype=np.bool_)
    for start, until in windows:
        found |= (times >= start) & (times < until)
    return found


def held(times: Times, windows: list[Window], spacing_ms: float) -> Times:
    """Move what falls into a window (times in order) to its end, one after the other."""
    moved = times.copy()
    for start, until in windows:
        inside = np.flatnonzero((moved >= start) & (moved < until))
        moved[inside] = until + spacing_ms * np.arange(len(inside))
    return np.maximum(moved, times)


def runs(random: Random, count: int, share: float, length: int) -> Mask:
    """Draw losses in runs of `length`, a `share` of all in the mean."""
    starts = random.random(count) < share / (length * (1 - share) + share)
    lost = starts.copy()
    for further in range(1, length):
        lost[further:] |= starts[:-further]
    return lost


def swap(arrived: Times, chosen: Mask) -> None:
    """Let each chosen packet come just after its successor."""
    for at in np.flatnonzero(chosen[:-1]):
        arrived[at] = arrived[at + 1] + 0.05


def jitter(read: Times, clock: npt.NDArray[Any]) -> list[float]:
    """Return the interarrival jitter (RFC 3550, ms) after each packet."""
    moved = np.abs(np.diff(read) - np.diff(clock)).tolist()
    found, value = [0.0], 0.0
    for one in moved:
        value += (one - value) / 16
        found.append(value)
    return found
