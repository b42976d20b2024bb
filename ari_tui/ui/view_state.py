"""What the table shows: its rows, the filter, the state of the view.

Plain data, and the pure changes that keys make to it. Columns, filters and screens import this
module; it imports none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple

import msgspec

from ari_tui.document.live import Course
from ari_tui.document.model import Call
from ari_tui.ui.frame import WindowLength

NARROW: Final = (
    *("mark", "channel", "where", "duration", "rtt_mean_ms", "rtt_p95_ms", "rtt_max_ms"),
    *("packets_late_echo", "packets_lost", "longest_interruption_ms"),
)
"""Ids of the columns (`ui/columns.py`) at 80 cells."""


class Row(NamedTuple):
    """One call as the table shows it."""

    call: Call
    course: Course | None
    """None while no second of it is known."""

    @property
    def mark(self) -> str:
        """Return "!" for a proved fault, "~" for a likely one or one of unknown place, "?" where
        nothing is known, else " ".
        """
        return mark_of(self.call)

    @property
    def ended(self) -> bool:
        """Return whether the call has ended; it is shown dimmed for a while."""
        return self.call.ended_at is not None


def mark_of(call: Call) -> str:
    """Return the mark of a call's diagnosis; "?" where the engine told none."""
    return "?" if call.where is None else call.where.mark


Test = Callable[[Row, WindowLength], bool]


class Filter(NamedTuple):
    """A filter: its text, and its tests, all of which a row must pass."""

    text: str = ""
    tests: tuple[Test, ...] = ()
    finds_ended: bool = False
    """Look among the calls that the document no longer has, too."""

    def matches(self, row: Row, window: WindowLength = 0) -> bool:
        """Return whether the row is to be shown; figures are those of the window."""
        return all(test(row, window) for test in self.tests)


EVERYTHING: Final = Filter()


class ViewState(msgspec.Struct, frozen=True, kw_only=True):
    """What the user has chosen to see."""

    filter: Filter = EVERYTHING
    sort: str = "rtt_p95_ms"
    """A column's id."""
    reverse: bool = True
    """The highest first."""
    violators: bool = False
    """Only calls with a proved fault."""
    window: WindowLength = 0
    columns: tuple[str, ...] = NARROW
    locked: bool = False
    """Known rows keep their places."""
    ended: bool = False
    """Calls that the document no longer has are shown too, not only found by a filter."""


WINDOWS: Final[tuple[WindowLength, ...]] = (0, 10, 60)
_NAMES: Final[dict[WindowLength, str]] = {0: "session", 10: "10 s", 60: "1 min"}
_change = msgspec.structs.replace


def window_name(window: WindowLength) -> str:
    """Return what a window is called."""
    return _NAMES[window]


def next_window(state: ViewState) -> ViewState:
    """Go from the session to 10 s to 1 min to the session."""
    place = WINDOWS.index(state.window)
    return _change(state, window=WINDOWS[(place + 1) % len(WINDOWS)])


def sort_beside(state: ViewState, step: int, shown: Sequence[str]) -> ViewState:
    """Sort by the column `step` places to the right of the one sorted by, among those shown.

    From one that is not shown it goes to the first, or for a step to the left to the last.
    """
    if not shown:
        return state
    if state.sort in shown:
        place = (shown.index(state.sort) + step) % len(shown)
    else:
        place = 0 if step > 0 else len(shown) - 1
    return _change(state, sort=shown[place])


def toggled(
    state: ViewState, name: Literal["reverse", "violators", "locked", "ended"]
) -> ViewState:
    """Turn one switch of the view on or off."""
    return _change(state, **{name: not getattr(state, name)})


def filter_label(state: ViewState) -> str:
    """Return the filter as the header shows it; "" for none."""
    also = "with ended" if state.ended else ""
    words = [state.filter.text, "! only" if state.violators else "", also]
    return " ".join(filter(None, words))
