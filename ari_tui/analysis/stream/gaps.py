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

KINDS: Final = ("missing", "hidden", "stalled", "delayed", "dtmf", "hold", "comfort_noise")
"""missing: sequence numbers are missing. hidden: only the timestamp jumped: silence suppression, a
stall upstream, or an outage that Asterisk hides. stalled: the same with the marker bit: Asterisk
itself stalled. delayed: only arrival jumped. The last three are explained, not interruptions."""
MISSING, HIDDEN, STALLED, DELAYED, DTMF, HOLD, NOISE = KINDS
EXPLAINED: Final = frozenset({DTMF, HOLD, NOISE})
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

    @property
    def interrupts(self) -> bool:
        """Return whether it is an interruption."""
        return self.kind not in EXPLAINED and self.gap.length_ns > INTERRUPTION_NS


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


class CallGaps:
    """The gaps of one call: those still to be classified, the newest classified, the counts."""

    def __init__(self) -> None:
        self.waiting: list[Gap] = []
        self.judged: deque[Classified] = deque(maxlen=KEPT)
        self.counts = dict.fromkeys(KINDS, 0)
        self.missing_explained = 0
        self._explanations: deque[Explanation] = deque(maxlen=KEPT)
        self._held_since: int | None = None

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
        found = [Classified(gap, self.kind_of(gap)) for gap in settled if gap.is_gap]
        for one in found:
            self.judged.append(one)
            self.counts[one.kind] += 1
            if one.kind in EXPLAINED:
                self.missing_explained += one.gap.missing
        return found

    def kind_of(self, gap: Gap) -> str:
        """Return a gap's kind, by what is known now."""
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
