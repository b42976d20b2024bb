"""What the table shows and how it is looked at: rows, the filter, the state of the view.

Plain data and the pure changes that keys make to it. A leaf: columns, filters and screens import
it, it imports none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from ari_tui.document.live import Course
from ari_tui.document.model import Call
from ari_tui.ui.frame import WindowLength
from ari_tui.ui.limits import Mark

NARROW: Final = (
    "mark",
    "channel",
    "duration",
    "rtt_mean_ms",
    "rtt_p95_ms",
    "rtt_max_ms",
    "packets_late_echo",
    "packets_lost",
    "longest_interruption_ms",
)
"""The ids of the columns at 80 cells; `ui/columns.py` has them."""


class Row(NamedTuple):
    """One call as the table shows it."""

    call: Call
    mark: Mark
    course: Course | None
    """None while no second of it is known."""

    @property
    def ended(self) -> bool:
        """Return whether the call is over and shown for a while yet, dimmed."""
        return self.call.ended_at is not None


Test = Callable[[Row, WindowLength], bool]


class Filter(NamedTuple):
    """A filter, as it was written and as tests, all of which a row must meet."""

    text: str = ""
    tests: tuple[Test, ...] = ()

    def matches(self, row: Row, window: WindowLength = 0) -> bool:
        """Return whether the row is to be shown; figures are those of the window."""
        return all(test(row, window) for test in self.tests)


EVERYTHING: Final = Filter()


class ViewState(msgspec.Struct, frozen=True, kw_only=True):
    """What the person at the screen has chosen to see."""

    filter: Filter = EVERYTHING
    sort: str = "rtt_p95_ms"
    """A column's id."""
    reverse: bool = True
    """The highest first."""
    violators: bool = False
    """Only calls that break a limit."""
    window: WindowLength = 0
    columns: tuple[str, ...] = NARROW
    locked: bool = False
    """Known rows keep their places."""


WINDOWS: Final[tuple[WindowLength, ...]] = (0, 10, 60)
_NAMES: Final[dict[WindowLength, str]] = {0: "session", 10: "10 s", 60: "1 min"}
_change = msgspec.structs.replace


def name_of(window: WindowLength) -> str:
    """Return what a window is called."""
    return _NAMES[window]


def next_window(choices: ViewState) -> ViewState:
    """Go from the session to 10 s to 1 min to the session."""
    place = WINDOWS.index(choices.window)
    return _change(choices, window=WINDOWS[(place + 1) % len(WINDOWS)])


def sort_beside(choices: ViewState, step: int, shown: Sequence[str]) -> ViewState:
    """Sort by the column `step` places to the right of the one sorted by, among those shown.

    From one that is not shown it goes to the first, or for a step to the left to the last.
    """
    if not shown:
        return choices
    if choices.sort in shown:
        place = (shown.index(choices.sort) + step) % len(shown)
    else:
        place = 0 if step > 0 else len(shown) - 1
    return _change(choices, sort=shown[place])


def reversed_order(choices: ViewState) -> ViewState:
    """Turn the order round."""
    return _change(choices, reverse=not choices.reverse)


def violators_toggled(choices: ViewState) -> ViewState:
    """Show only calls that break a limit, or all again."""
    return _change(choices, violators=not choices.violators)


def lock_toggled(choices: ViewState) -> ViewState:
    """Hold the order, or let it follow the values again."""
    return _change(choices, locked=not choices.locked)


def told_filter(choices: ViewState) -> str:
    """Return what is filtered by, as the header says it; "" for nothing."""
    words = [choices.filter.text, "! only" if choices.violators else ""]
    return " ".join(filter(None, words))
