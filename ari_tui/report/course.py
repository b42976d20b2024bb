"""The course of a run, second by second: kept while it runs, or read off its documents later."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from ari_tui.snapshot.live import AllCourse, Live
from ari_tui.snapshot.load import LoadSecond
from ari_tui.snapshot.model import Document, Spread

_CELLS: Final = (
    "sent", "lost", "late", "rtt_p50_us", "rtt_p95_us", "rtt_p99_us", "rtt_max_us",
)  # fmt: skip


LOSS_KNOWN_AFTER_S: Final = 3.0
"""The loss time-out by default, which documents do not tell."""


_STRETCH: Final = 1.5
"""A point may come so much later than the one before was meant to last, without a gap."""


class Course(NamedTuple):
    """How a run went, oldest first; each point tells of `step_s` seconds."""

    points: Sequence[LoadSecond]
    step_s: float = 1.0
    rtt_over_s: float = 1.0
    """RTTs are those of so many seconds up to each point; 1 where seconds were kept."""
    joined: int = 1
    """So many points of what was kept are one here: counts added up, of RTTs the worst."""

    @property
    def duration_s(self) -> float:
        """Return the end of the last point, in seconds since the start."""
        return self.points[-1].at_s + self.step_s if self.points else 0.0

    def at(self, second: float) -> LoadSecond | None:
        """Return the point that tells of a time since the start; None where there is none."""
        place = bisect.bisect_right(self.points, second, key=lambda point: point.at_s) - 1
        if place < 0 or second >= self.points[place].at_s + self.step_s * _STRETCH:
            return None
        return self.points[place]

    def coarsened(self, most: int) -> Course:
        """Return at most `most` points: neighbours are joined, so that no bad second is lost."""
        size = -(-len(self.points) // most) if self.points else 1
        if size == 1:
            return self
        groups = [self.points[i : i + size] for i in range(0, len(self.points), size)]
        return Course(
            [_joined(group) for group in groups], self.step_s * size,
            max(self.rtt_over_s, self.step_s), self.joined * size,
        )  # fmt: skip


def _joined(group: Sequence[LoadSecond]) -> LoadSecond:
    def worst(name: str) -> float | None:
        found = [value for one in group if (value := getattr(one, name)) is not None]
        return max(found) if found else None

    return LoadSecond(
        at_s=group[0].at_s, calls=max(one.calls for one in group),
        sent=sum(one.sent for one in group), lost=sum(one.lost for one in group),
        late=sum(one.late for one in group), p50_ms=worst("p50_ms"), p95_ms=worst("p95_ms"),
        p99_ms=worst("p99_ms"), max_ms=worst("max_ms"),
    )  # fmt: skip


class CourseKeeper:
    """Keeps the course of all calls while an engine runs: what its own history forgets.

    To be given every document with what the stream sends beside it, once a second; a later one
    tells the newest seconds again, since losses are known only seconds after the sending.
    """

    def __init__(self) -> None:
        self._cells: dict[int, dict[str, int | None]] = {}
        self._calls: dict[int, int] = {}

    def take(self, document: Document, live: Live) -> None:
        """Take in the newest seconds, and how many calls are up at the last of them."""
        self._calls[live.last_second] = document.totals.calls.active
        first = live.last_second - live.seconds + 1
        for place in range(live.seconds):
            found = _cells_at(live.all, place)
            if found["sent"] is not None or found["rtt_max_us"] is not None:
                self._cells[first + place] = found

    def seconds(self, started_s: float, ended_s: float) -> list[LoadSecond]:
        """Return the course between two times (seconds since 1970), a row a second, no gaps."""
        first, calls, course = int(started_s), 0, []
        for second in range(first, int(ended_s) + 1):
            calls = self._calls.get(second, calls)
            course.append(_second(second - first, calls, self._cells.get(second, {})))
        return course


def _cells_at(course: AllCourse, place: int) -> dict[str, int | None]:
    return {name: getattr(course, name)[place] for name in _CELLS}


def _second(at_s: float, calls: int, cells: dict[str, int | None]) -> LoadSecond:
    def ms(name: str) -> float | None:
        value = cells.get(f"rtt_{name}_us")
        return None if value is None else value / 1000

    return LoadSecond(
        at_s=float(at_s), calls=calls, sent=cells.get("sent") or 0, lost=cells.get("lost") or 0,
        late=cells.get("late") or 0, p50_ms=ms("p50"), p95_ms=ms("p95"), p99_ms=ms("p99"),
        max_ms=ms("max"),
    )  # fmt: skip


class _Packets(msgspec.Struct):
    sent: int
    lost: int
    late_echo: int


class _Calls(msgspec.Struct):
    active: int


class _Totals(msgspec.Struct):
    packets: _Packets
    calls: _Calls


class _Window(msgspec.Struct):
    seconds: int
    rtt_ms: Spread


class _Session(msgspec.Struct):
    started_at: str


class Beat(msgspec.Struct):
    """What a course needs of a document; the rest, which is most of it, is not even read."""

    time: str
    session: _Session
    totals: _Totals
    window: _Window
    kind: str = "interval"


def course_of_beats(beats: Iterable[Beat]) -> Course:
    """Return the course that the documents of a run tell, in their order.

    Counts are those since the document before; RTTs are those of each document's window. A loss
    is drawn where it was sent, `LOSS_KNOWN_AFTER_S` before it became known. The final document,
    made after draining, has no point of its own, but tells of the last losses.
    """
    before, from_s, over = _Packets(0, 0, 0), 0.0, 1.0
    points: list[LoadSecond] = []
    losses: list[tuple[float, int]] = []
    for beat in beats:
        at = round(max(0.0, unix_seconds(beat.time) - unix_seconds(beat.session.started_at)), 3)
        now, calls = beat.totals.packets, beat.totals.calls.active
        rtt, last = beat.window.rtt_ms, beat.kind == "final"
        losses.append((at, now.lost - before.lost))
        if not last or not points:
            over = float(beat.window.seconds)
            points.append(
                LoadSecond(
                    at_s=from_s, calls=calls, sent=max(0, now.sent - before.sent),
                    lost=0, late=max(0, now.late_echo - before.late_echo), p50_ms=rtt.p50,
                    p95_ms=rtt.p95, p99_ms=rtt.p99, max_ms=rtt.max,
                )
            )  # fmt: skip
        before, from_s = now, at
        if last:
            break
    return Course(_with_losses(points, losses), _usual_step(points), over)


def _with_losses(
    points: Sequence[LoadSecond], losses: Sequence[tuple[float, int]]
) -> list[LoadSecond]:
    """Book losses to the points in which they were sent."""
    booked = [0] * len(points)
    sending = [place for place, point in enumerate(points) if point.sent]
    times = [points[place].at_s for place in sending]
    for known_at, lost in losses:
        if lost > 0 and sending:
            place = bisect.bisect_left(times, known_at - LOSS_KNOWN_AFTER_S)
            booked[sending[max(place - 1, 0)]] += lost
    replace = msgspec.structs.replace
    return [replace(point, lost=lost) for point, lost in zip(points, booked, strict=True)]


def _usual_step(points: Sequence[LoadSecond]) -> float:
    if len(points) < 2:
        return 1.0
    return max(0.1, round((points[-1].at_s - points[0].at_s) / (len(points) - 1), 1))


def unix_seconds(iso: str) -> float:
    """Return an ISO 8601 time as seconds since 1970. Raises ValueError."""
    return datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp()
