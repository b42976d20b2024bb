"""The timeline of a run: points over time, of which neighbours can be joined."""

from __future__ import annotations

import bisect
import itertools
import math
import statistics
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from ari_tui.config.settings import MediaSettings
from ari_tui.core.number_format import unix_seconds
from ari_tui.document.load_test import LoadSecond
from ari_tui.document.model import Spread
from ari_tui.report.sparse_histogram import Sparse, percentiles, since

_GAP_STEPS: Final = 1.5
"""Points this many steps apart or more have a gap between them."""


class Timeline(NamedTuple):
    """Points of a run, oldest first; each covers `step_s` seconds."""

    points: Sequence[LoadSecond]
    step_s: float = 1.0
    rtt_over_s: float = 1.0
    """Seconds up to each point that its RTTs cover; more than `step_s` is a sliding window."""
    losses_moved_s: float = 0.0
    """How long before it became known a loss is shown; 0 where the time of sending is known."""
    joined: int = 1
    """Recorded points per point: counts are added up, of RTTs the worst is kept."""

    @property
    def duration_s(self) -> float:
        """Return the end of the last point, in seconds since the start."""
        return self.points[-1].at_s + self.step_s if self.points else 0.0

    def at(self, second: float) -> LoadSecond | None:
        """Return the point that covers a time since the start; None where there is none."""
        place = bisect.bisect_right(self.points, second, key=lambda point: point.at_s) - 1
        if place < 0 or second >= self.points[place].at_s + self.step_s * _GAP_STEPS:
            return None
        return self.points[place]

    def slots(self) -> list[tuple[float, float]]:
        """Return the span (from, to) of each point: up to the next one, unless there is a gap."""
        starts = [point.at_s for point in self.points]
        return [
            (start, end if end <= start + self.step_s * _GAP_STEPS else start + self.step_s)
            for start, end in zip(starts, [*starts[1:], math.inf], strict=False)
        ]

    def coarsened(self, most: int) -> Timeline:
        """Return at most `most` points: neighbours are joined, which keeps every bad second."""
        size = -(-len(self.points) // most) if self.points else 1
        if size == 1:
            return self
        groups = [self.points[i : i + size] for i in range(0, len(self.points), size)]
        return self._replace(
            points=[_joined(group) for group in groups],
            step_s=self.step_s * size,
            joined=self.joined * size,
        )


def _joined(group: Sequence[LoadSecond]) -> LoadSecond:
    worst: dict[str, float | None] = {
        name: max((rtt for one in group if (rtt := getattr(one, name)) is not None), default=None)
        for name in _RoundTrips._fields
    }
    return LoadSecond(
        at_s=group[0].at_s,
        calls=max(one.calls for one in group),
        sent=sum(one.sent for one in group),
        lost=sum(one.lost for one in group),
        late=sum(one.late for one in group),
        **worst,
    )


LOSS_KNOWN_AFTER_S: Final = MediaSettings().loss_timeout_ms / 1000
"""The default loss time-out; the one in use is not in the documents."""
_SHARES: Final = (0.5, 0.95, 0.99)
_NS_PER_MS: Final = 1e6


class _Packets(msgspec.Struct):
    sent: int
    lost: int
    late_echo: int


class _Calls(msgspec.Struct):
    active: int


class _Totals(msgspec.Struct):
    packets: _Packets
    calls: _Calls
    rtt_ms: Spread
    rtt_histogram: list[list[int]] | None = None


class _Window(msgspec.Struct):
    seconds: int
    rtt_ms: Spread


class _Session(msgspec.Struct):
    started_at: str


class DocumentFigures(msgspec.Struct):
    """The part of a document that a timeline needs; the rest is not decoded."""

    time: str
    session: _Session
    totals: _Totals
    window: _Window
    kind: str = "interval"


class _RoundTrips(NamedTuple):
    """Round trips of one point; None without any."""

    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    max_ms: float | None = None


def timeline_of(documents: Iterable[DocumentFigures]) -> Timeline:
    """Return the timeline of a run's documents, which come in order.

    A loss is shown when the packet was sent, `LOSS_KNOWN_AFTER_S` before it became known. The
    final document, made after draining, has a point of its own only if packets were sent since
    the one before, but its losses count.
    """
    builder = _TimelineBuilder()
    for figures in documents:
        builder.take(figures)
        if figures.kind == "final":
            break
    return builder.timeline()


class _TimelineBuilder:
    """Builds a timeline from one document after the other."""

    def __init__(self) -> None:
        self._points: list[LoadSecond] = []
        self._losses: list[tuple[float, int]] = []
        self._before: _Totals | None = None
        self._from_s = 0.0
        self._window_s = 0.0

    def take(self, figures: DocumentFigures) -> None:
        """Add the difference to the document before."""
        start = unix_seconds(figures.session.started_at)
        at = round(max(0.0, unix_seconds(figures.time) - start), 3)
        before, now = self._before, figures.totals
        was = _Packets(0, 0, 0) if before is None else before.packets
        self._losses.append((at, now.packets.lost - was.lost))
        sent = max(0, now.packets.sent - was.sent)
        last = figures.kind == "final"
        if not last or sent or not self._points:
            # in the final document the calls have been released
            calls = before.calls.active if last and before is not None else now.calls.active
            late = max(0, now.packets.late_echo - was.late_echo)
            rtt = self._round_trips(figures)._asdict()
            self._points.append(
                LoadSecond(at_s=self._from_s, calls=calls, sent=sent, lost=0, late=late, **rtt)
            )
        self._before, self._from_s = now, at

    def _round_trips(self, figures: DocumentFigures) -> _RoundTrips:
        before, now = self._before, figures.totals
        older: Sparse | None = [] if before is None else before.rtt_histogram
        if now.rtt_histogram is not None and older is not None:
            longest_before = None if before is None else before.rtt_ms.max
            return _between(since(now.rtt_histogram, older), now.rtt_ms.max, longest_before)
        found = figures.window.rtt_ms
        self._window_s = max(self._window_s, float(figures.window.seconds))
        return _RoundTrips(found.p50, found.p95, found.p99, found.max)

    def timeline(self) -> Timeline:
        """Return the timeline, each loss at the point in which it was sent."""
        points, step_s = _with_losses(self._points, self._losses), _usual_step(self._points)
        return Timeline(points, step_s, max(step_s, self._window_s), LOSS_KNOWN_AFTER_S)


def _between(histogram: Sparse, longest: float | None, before: float | None) -> _RoundTrips:
    """Return the round trips of a difference; `longest` and `before` are session maxima (ms)."""
    if not histogram or longest is None:
        return _RoundTrips()
    *shares, top = (round(ns / _NS_PER_MS, 3) for ns in percentiles(histogram, (*_SHARES, 1.0)))
    # exact where the session's own maximum has grown
    top = longest if before is None or longest > before else min(top, longest)
    p50, p95, p99 = (min(value, top) for value in shares)
    return _RoundTrips(p50, p95, p99, top)


def _with_losses(
    points: Sequence[LoadSecond], losses: Sequence[tuple[float, int]]
) -> list[LoadSecond]:
    """Assign losses to the points in which they were sent."""
    assigned = [0] * len(points)
    sending = [place for place, point in enumerate(points) if point.sent]
    times = [points[place].at_s for place in sending]
    for known_at, lost in losses:
        if lost > 0 and sending:
            place = bisect.bisect_left(times, known_at - LOSS_KNOWN_AFTER_S)
            assigned[sending[max(place - 1, 0)]] += lost
    sent = [point.sent for point in points]
    losses_of = _at_most_sent(assigned, sent)
    late_of = _at_most_sent([point.late for point in points], sent)
    replace = msgspec.structs.replace
    return [
        replace(point, lost=lost, late=late)
        for point, lost, late in zip(points, losses_of, late_of, strict=True)
    ]


def _at_most_sent(counts: Sequence[int], sent: Sequence[int]) -> list[int]:
    """Limit each count to what was sent in its point; the rest moves to earlier points."""
    found, over = list(counts), 0
    for place in reversed(range(len(found))):
        wanted = found[place] + over
        found[place] = min(wanted, sent[place])
        over = wanted - found[place]
    return found


def _usual_step(points: Sequence[LoadSecond]) -> float:
    if len(points) < 2:
        return 1.0
    steps = (later.at_s - point.at_s for point, later in itertools.pairwise(points))
    return max(0.1, round(statistics.median(steps), 1))
