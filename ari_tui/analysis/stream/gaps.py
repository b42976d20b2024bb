"""Gaps in what comes from Asterisk, told apart by what moved, and what explains them.

A step that is longer than it should be is a gap: in arrival (over 200 ms), in sequence, or in the
timestamp against the sequence (80 ms and more). Asterisk hides outages: a gap of 3 s arrives as the
next sequence number with the timestamp 24,160 on; so arrival itself is watched. A long arrival gap
that hold, a digit or comfort noise does not explain is an interruption. Asterisk tells of a digit
at its end, so a gap is judged a second after it closed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from ari_tui.analysis.stream.state import INTERRUPTION_NS

MISSING, HIDDEN, STALLED, DELAYED, DTMF, HOLD, NOISE = (
    "missing",
    "hidden",
    "stalled",
    "delayed",
    "dtmf",
    "hold",
    "comfort_noise",
)
KINDS: Final = (MISSING, HIDDEN, STALLED, DELAYED, DTMF, HOLD, NOISE)
"""missing: numbered packets did not come. hidden: the timestamp alone moved: silence suppression,
a stall upstream, or an outage that Asterisk hides. stalled: the same with the marker: Asterisk
itself stalled. delayed: nothing moved but the arrival. The last three are explained, and no
interruption."""
EXPLAINED: Final = frozenset({DTMF, HOLD, NOISE})
JUMP_NS: Final = 80_000_000
"""A timestamp that jumps by this much against the sequence is more than a packet time's change."""
EXPLANATION_SLACK_NS: Final = 200_000_000
PATIENCE_NS: Final = 1_000_000_000
"""How long a closed gap waits for the event that may explain it."""
KEPT: Final = 32
_EVER: Final = 1 << 62


class Gap(NamedTuple):
    """One gap: from the last packet before it to the first behind it, in ns of arrival."""

    from_ns: int
    to_ns: int
    sequence_step: int
    timestamp_step_ns: int
    """How far the timestamp moved more than the sequence did."""
    marker: bool
    noise: bool
    """The last packet before it was comfort noise."""
    last_ext: int
    """Extended sequence of the last packet before it."""

    @property
    def length_ns(self) -> int:
        """Return how long nothing came."""
        return self.to_ns - self.from_ns

    @property
    def missing(self) -> int:
        """Return how many numbered packets did not come."""
        return max(0, self.sequence_step - 1)

    @property
    def is_gap(self) -> bool:
        """Tell whether anything moved more than it should."""
        long = self.length_ns > INTERRUPTION_NS
        return long or self.missing > 0 or self.timestamp_step_ns >= JUMP_NS


class Classified(NamedTuple):
    """A gap and what it was (KINDS)."""

    gap: Gap
    kind: str

    @property
    def interrupts(self) -> bool:
        """Tell whether it is an interruption."""
        return self.kind not in EXPLAINED and self.gap.length_ns > INTERRUPTION_NS


class Explanation(NamedTuple):
    """A stretch of time (ns) in which silence is known to be meant."""

    kind: str
    from_ns: int
    to_ns: int

    def covers(self, gap: Gap) -> bool:
        """Tell whether a gap lies within."""
        return self.from_ns <= gap.from_ns and gap.to_ns <= self.to_ns


class CallGaps:
    """The gaps of one call: those that wait to be judged, the newest judged, the counts."""

    def __init__(self) -> None:
        self.waiting: list[Gap] = []
        self.judged: deque[Classified] = deque(maxlen=KEPT)
        self.counts = dict.fromkeys(KINDS, 0)
        self.missing_explained = 0
        self._explanations: deque[Explanation] = deque(maxlen=KEPT)
        self._held_since: int | None = None

    def digit(self, at_ns: int, duration_ns: int) -> None:
        """Take note of a digit that ended at `at_ns`."""
        self._explanations.append(
            Explanation(
                DTMF, at_ns - duration_ns - EXPLANATION_SLACK_NS, at_ns + EXPLANATION_SLACK_NS
            )
        )

    def hold(self, at_ns: int) -> None:
        """Take note that the caller is on hold from now on."""
        self._held_since = at_ns - EXPLANATION_SLACK_NS

    def unhold(self, at_ns: int) -> None:
        """Take note that the hold has ended."""
        if self._held_since is not None:
            self._explanations.append(
                Explanation(HOLD, self._held_since, at_ns + EXPLANATION_SLACK_NS)
            )
        self._held_since = None

    def judge(self, until_ns: int | None, arrived: Callable[[Gap], int]) -> list[Classified]:
        """Judge the gaps that have waited long enough at `until_ns`; None judges all.

        `arrived` counts those of a gap's packets that came after all, overtaken: they are not
        missing, and where nothing else moved there was no gap.
        """
        ripe, self.waiting = self.waiting, []
        if until_ns is not None:
            self.waiting = [gap for gap in ripe if gap.to_ns + PATIENCE_NS > until_ns]
            ripe = [gap for gap in ripe if gap.to_ns + PATIENCE_NS <= until_ns]
        settled = [gap._replace(sequence_step=gap.sequence_step - arrived(gap)) for gap in ripe]
        found = [Classified(gap, self.kind_of(gap)) for gap in settled if gap.is_gap]
        for one in found:
            self.judged.append(one)
            self.counts[one.kind] += 1
            if one.kind in EXPLAINED:
                self.missing_explained += one.gap.missing
        return found

    def kind_of(self, gap: Gap) -> str:
        """Say what a gap is, with what is known now."""
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
