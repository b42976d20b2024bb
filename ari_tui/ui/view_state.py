"""What keys do to the choices of a view. Pure: choices in, choices out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from ari_tui.ui.columns import BY_ID
from ari_tui.ui.frame import WindowLength
from ari_tui.ui.rows import ViewState

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


def told_sort(choices: ViewState, *, ascii_only: bool = False) -> str:
    """Return what is sorted by and which way, as the header says it."""
    column = BY_ID[choices.sort]
    up, down = ("^", "v") if ascii_only else ("▲", "▼")
    label = column.heading(choices.window) or column.id
    return f"{label}{down if choices.reverse else up}{' locked' if choices.locked else ''}"
