"""The stream's data beside a document: figures of every call per second.

A hello message has the last five minutes; each snapshot repeats the newest few seconds, since
losses are counted in the second of sending and known seconds later. `History` is a reader's copy,
updated by merging.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from ari_tui.document.model import Base

SECONDS: Final = 300
"""Length of a history."""

Cells = list[int | None]
"""One value per second, oldest first; None where nothing was measured."""


class CallCourse(Base, frozen=True, kw_only=True):
    """One call, second by second; counts by second of sending, RTTs by second of return."""

    sent: Cells
    lost: Cells
    late: Cells
    rtt_p95_us: Cells
    rtt_max_us: Cells


class AllCourse(Base, frozen=True, kw_only=True):
    """All calls together, second by second."""

    sent: Cells
    lost: Cells
    late: Cells
    rtt_p50_us: Cells
    rtt_p95_us: Cells
    rtt_p99_us: Cells
    rtt_max_us: Cells


class Live(Base, frozen=True, kw_only=True):
    """The newest `seconds` seconds, the last of them `last_second` (since 1970, UTC)."""

    last_second: int
    seconds: int
    all: AllCourse
    calls: dict[str, CallCourse]
    """By the call's id."""
    rtt_histogram: list[list[int]]
    """Round trips of the session, `[upper_us, count]`, eight buckets an octave, in order."""


class Course:
    """Named rows of cells (`SECONDS` each) that end at the same second."""

    def __init__(self) -> None:
        self._cells: dict[str, Cells] = {}

    def merge(self, course: CallCourse | AllCourse, shift: int) -> None:
        """Advance by `shift` seconds and overwrite the newest cells.

        With a shift below 0 the cells are of older seconds, and overwrite those.
        """
        moved, end = min(max(shift, 0), SECONDS), SECONDS + min(shift, 0)
        for name in course.__struct_fields__:
            row = self._cells.setdefault(name, [None] * SECONDS)
            if moved:
                del row[:moved]
                row.extend([None] * moved)
            newest: Cells = getattr(course, name)
            start = end - len(newest)
            if newest and end > 0:
                row[max(start, 0) : end] = newest[max(-start, 0) :]

    def tail(self, name: str, cells: int) -> Cells:
        """Return the newest `cells` values of a row, oldest first, None where there are none."""
        row = self._cells.get(name) or [None] * SECONDS
        missing: Cells = [None] * max(0, cells - len(row))
        return missing + row[max(0, len(row) - cells) :]

    def copy(self) -> Course:
        """Return a copy that later merges do not change."""
        course = Course()
        course._cells = {name: row[:] for name, row in self._cells.items()}
        return course


class History:
    """The last five minutes of all calls, as far as a reader has received them."""

    def __init__(self) -> None:
        self.last_second = 0
        """0 before the first merge."""
        self.all = Course()
        self.calls: dict[str, Course] = {}
        self.rtt_histogram: list[list[int]] = []

    def merge(self, live: Live) -> None:
        """Merge a message. Missing seconds before it stay empty.

        A message that is older as a whole means that the engine's clock was set back: the history
        starts again with it.
        """
        shift = live.last_second - self.last_second
        if shift <= -live.seconds:
            self.all, self.calls, self.last_second = Course(), {}, 0
            shift = SECONDS
        self.all.merge(live.all, shift)
        nothing = CallCourse(sent=[], lost=[], late=[], rtt_p95_us=[], rtt_max_us=[])
        for call in live.calls.keys() | self.calls.keys():
            self.calls.setdefault(call, Course()).merge(live.calls.get(call, nothing), shift)
        self.last_second = max(self.last_second, live.last_second)
        self.rtt_histogram = live.rtt_histogram

    def reaches(self, live: Live) -> bool:
        """Return whether a message follows without a missing second."""
        behind = self.last_second - live.last_second
        return -live.seconds <= behind < live.seconds

    def keep_only(self, calls: Collection[str]) -> None:
        """Remove all other calls."""
        self.calls = {call: self.calls[call] for call in self.calls if call in calls}

    def copy(self) -> History:
        """Return a copy that later merges do not change, for a frozen screen."""
        history = History()
        history.last_second, history.rtt_histogram = self.last_second, self.rtt_histogram
        history.all = self.all.copy()
        history.calls = {call: course.copy() for call, course in self.calls.items()}
        return history
