"""Gaps in the stream from Asterisk, classified by what jumped and by what explains them.

A gap is a long step in arrival (over 200 ms), in the sequence, or in the timestamp against the
sequence (80 ms and more). Arrival is checked since Asterisk hides outages: after 3 s without a
packet it sends the next sequence number with the timestamp 24,160 further. A long arrival gap that
no hold, digit or comfort noise explains is an interruption. Asterisk reports a digit at its end,
so a gap is classified a second after its own end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import pairwise
from typing import Final, NamedTuple

from ari_tui.analysis.stream.state import INTERRUPTION_NS

KINDS: Final = (
    "missing",
    "hidden",
    "stalled",
    "delayed",
    "dtmf",
    "hold",
    "comfort_noise",
    "engine",
)
"""missing: sequence numbers are missing. hidden: only the timestamp jumped: silence suppression, a
stall upstream, or an outage that Asterisk hides. stalled: the same with the marker bit: Asterisk
itself stalled. delayed: only arrival jumped. The last four are explained, not interruptions;
engine: our own worker was dead, or stopped while its sockets overflowed."""
MISSING, HIDDEN, STALLED, DELAYED, DTMF, HOLD, NOISE, ENGINE = KINDS
EXPLAINED: Final = frozenset({DTMF, HOLD, NOISE, ENGINE})
JUMP_NS: Final = 80_000_000
"""A timestamp jump against the sequence that is more than a change of packet time."""
EXPLANATION_SLACK_NS: Final = 200_000_000
EXPLANATION_WAIT_NS: Final = 1_000_000_000
"""How long a closed gap waits for the event that may explain it."""
KEPT: Final = 32
_EVER: Final = 1 << 62


class Gap(NamedTuple):
    """One gap: from the last packet before it to the first behind it, in ns of arrival."""

    from_ns: int
    to_ns: int
    sequence_step: int
    timestamp_step_ns: int
    """The timestamp's step less that of the sequence."""
    marker: bool
    noise: bool
    """The last packet before it was comfort noise."""
    last_ext: int
    """Extended sequence of the last packet before it."""

    @property
    def length_ns(self) -> int:
        """Return the time (ns) without a packet."""
        return self.to_ns - self.from_ns

    @property
    def missing(self) -> int:
        """Return the number of missing packets."""
        return max(0, self.sequence_step - 1)

    @property
    def is_gap(self) -> bool:
        """Return whether arrival, sequence or timestamp jumped."""
        long = self.length_ns > INTERRUPTION_NS
        return long or self.missing > 0 or self.timestamp_step_ns >= JUMP_NS


class Classified(NamedTuple):
    """A gap and its kind (one of KINDS)."""

    gap: Gap
    kind: str
    own_ns: int = 0
    """The part of it in which our own worker did not receive."""
    own_missing: int = 0
    """Of its missing packets those that our own worker did not receive."""

    @property
    def silent_ns(self) -> int:
        """Return its length (ns) less what is our own."""
        return self.gap.length_ns - self.own_ns

    @property
    def interrupts(self) -> bool:
        """Return whether it is an interruption."""
        return self.kind not in EXPLAINED and self.silent_ns > INTERRUPTION_NS


class Explanation(NamedTuple):
    """A span of time (ns) in which silence is expected."""

    kind: str
    from_ns: int
    to_ns: int

    def covers(self, gap: Gap) -> bool:
        """Return whether a gap is within."""
        return self.from_ns <= gap.from_ns and gap.to_ns <= self.to_ns


def by_second(from_ns: int, until_ns: int) -> list[tuple[int, int]]:
    """Cut a span of time where seconds begin; only its last minute."""
    from_ns = max(from_ns, until_ns - 60_000_000_000)
    cuts = range((from_ns // 1_000_000_000 + 1) * 1_000_000_000, until_ns, 1_000_000_000)
    return list(pairwise([from_ns, *cuts, until_ns])) if from_ns < until_ns else []


class EngineAway(NamedTuple):
    """A span of time (ns) in which our own worker did not read."""

    from_ns: int
    to_ns: int
    dropped: int | None
    """Packets that the socket's full buffer dropped in it; None when the socket was closed."""

    def explained(self, gap: Gap) -> tuple[int, int]:
        """Return how much of a gap (ns), and how many of its missing packets, are ours.

        A full buffer drops the newest: the gap ends with the first packet after the span.
        """
        own_ns = max(0, min(gap.to_ns, self.to_ns) - max(gap.from_ns, self.from_ns))
        if not own_ns:
            return 0, 0
        if self.dropped is None:
            whole = gap.length_ns - own_ns <= INTERRUPTION_NS
            # what was not sent in a pause of the sender is not missing either
            sent_ns = max(gap.length_ns - max(gap.timestamp_step_ns, 0), own_ns)
            return own_ns, gap.missing if whole else gap.missing * own_ns // sent_ns
        missing = min(gap.missing, self.dropped)
        ends_it = gap.to_ns >= self.to_ns - EXPLANATION_SLACK_NS
        return (own_ns, missing) if ends_it and missing else (0, 0)


class CallGaps:
    """The gaps of one call: those still to be classified, the newest classified, the counts."""

    def __init__(self) -> None:
        self.waiting: list[Gap] = []
        self.judged: deque[Classified] = deque(maxlen=KEPT)
        self.counts = dict.fromkeys(KINDS, 0)
        self.missing_explained = 0
        self._explanations: deque[Explanation] = deque(maxlen=KEPT)
        self._held_since: int | None = None
        self._away: deque[EngineAway] = deque(maxlen=KEPT)

    def digit(self, at_ns: int, duration_ns: int) -> None:
        """Take a digit that ended at `at_ns`."""
        self._explain(DTMF, at_ns - duration_ns - EXPLANATION_SLACK_NS, at_ns)

    def hold(self, at_ns: int) -> None:
        """Take the start of a hold."""
        self._held_since = at_ns - EXPLANATION_SLACK_NS

    def unhold(self, at_ns: int) -> None:
        """Take the end of a hold."""
        if self._held_since is not None:
            self._explain(HOLD, self._held_since, at_ns)
        self._held_since = None

    def engine_away(self, from_ns: int, to_ns: int, *, closed: bool) -> None:
        """Take a span in which our worker did not read: its sockets `closed`, or it was stopped.

        While stopped the kernel goes on receiving: packets are missing only when it dropped some.
        """
        self._away.append(EngineAway(from_ns, to_ns, None if closed else 0))

    def engine_dropped(self, at_ns: int, count: int) -> None:
        """Take a report on packets that our socket dropped; told at once after a stop."""
        if self._away and at_ns <= self._away[-1].to_ns + EXPLANATION_WAIT_NS:
            away = self._away[-1]
            if away.dropped is not None:
                self._away[-1] = away._replace(dropped=away.dropped + count)

    def _explain(self, kind: str, from_ns: int, end_ns: int) -> None:
        self._explanations.append(Explanation(kind, from_ns, end_ns + EXPLANATION_SLACK_NS))

    def explains(self, from_ns: int, until_ns: int) -> bool:
        """Return whether a digit, a hold or an outage of ours reaches into a span of time."""
        held = self._held_since is not None and self._held_since < until_ns
        return held or any(e.from_ns < until_ns and from_ns < e.to_ns for e in self._explanations)

    def judge(self, until_ns: int | None, arrived: Callable[[Gap], int]) -> list[Classified]:
        """Classify the gaps that have waited long enough at `until_ns`; None: all.

        `arrived` counts those of a gap's packets that arrived later, reordered: they are not
        missing, and where nothing else jumped there was no gap.
        """
        due, self.waiting = self.waiting, []
        if until_ns is not None:
            self.waiting = [gap for gap in due if gap.to_ns + EXPLANATION_WAIT_NS > until_ns]
            due = [gap for gap in due if gap.to_ns + EXPLANATION_WAIT_NS <= until_ns]
        settled = [gap._replace(sequence_step=gap.sequence_step - arrived(gap)) for gap in due]
        found = [self.classify(gap) for gap in settled if gap.is_gap]
        for one in found:
            self.judged.append(one)
            self.counts[one.kind] += 1
            self.missing_explained += self._explained(one)
        return found

    def _explained(self, one: Classified) -> int:
        """Return how many of a gap's missing packets are explained."""
        if one.kind in EXPLAINED and one.kind != ENGINE:
            return one.gap.missing
        return one.own_missing

    def classify(self, gap: Gap) -> Classified:
        """Return a gap with its kind, by what is known now."""
        parts = [away.explained(gap) for away in self._away]
        own_ns, missing = (sum(column) for column in zip((0, 0), *parts, strict=True))
        ours = own_ns and gap.length_ns - own_ns <= INTERRUPTION_NS
        kind = ENGINE if ours else self.kind_of(gap)
        return Classified(gap, kind, own_ns, min(gap.missing, missing))

    def kind_of(self, gap: Gap) -> str:
        """Return a gap's kind by all but our own outages, by what is known now."""
        known = list(self._explanations)
        if self._held_since is not None:
            known.append(Explanation(HOLD, self._held_since, _EVER))
        for explanation in known:
            if explanation.covers(gap):
                return explanation.kind
        if gap.noise:
            return NOISE
        if gap.missing:
            return MISSING
        if gap.timestamp_step_ns >= JUMP_NS:
            return STALLED if gap.marker else HIDDEN
        return DELAYED
