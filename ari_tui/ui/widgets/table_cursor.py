"""The selected call of the table, by id instead of row number, and whether the view follows it."""

from __future__ import annotations

from collections.abc import Sequence


class Cursor:
    """The selection among calls that are added, removed and reordered."""

    def __init__(self) -> None:
        self.selected: str | None = None
        """The selected call; there is one as soon as there are calls."""
        self.followed = False
        """Whether the view follows the selection: once the user moves it, until they scroll."""
        self._calls: Sequence[str] = ()
        self._places: dict[str, int] = {}

    def take(self, calls: Sequence[str]) -> None:
        """Set the calls, in their order.

        If the selected call is gone, its nearest neighbour is selected; without a selection, the
        first call.
        """
        before, self._calls = self._places, calls
        self._places = {call: place for place, call in enumerate(calls)}
        if self.selected in self._places:
            return
        place = before.get(self.selected or "", 0)
        # of two equally near, the one below
        nearest = sorted(before, key=lambda call: (abs(before[call] - place), before[call] < place))
        remaining = (call for call in nearest if call in self._places)
        self.selected = next(remaining, next(iter(calls), None))

    def select(self, call: str) -> bool:
        """Select a call for the user; return False for an unknown one."""
        if call not in self._places:
            return False
        self.selected, self.followed = call, True
        return True

    def step(self, rows: int, in_view: range) -> str | None:
        """Return the call so many rows below the selected one, above it where negative.

        From one that is out of view because of scrolling, it is the nearest in view.
        """
        if self.selected is None:
            return None
        place = self._places[self.selected]
        out_of_view = not self.followed and bool(in_view) and place not in in_view
        if out_of_view and abs(rows) < len(self._calls):
            place = min(max(place, in_view.start), in_view.stop - 1)
        else:
            place = min(max(place + rows, 0), len(self._calls) - 1)
        return self._calls[place]

    def is_meant(self, in_view: range) -> bool:
        """Return whether the user means the selected call: it is in view, or they moved to it."""
        return self.selected is not None and (
            self.followed or self._places[self.selected] in in_view
        )

    def top(self, top: int, room: int) -> int:
        """Return the new first row in view; `top` is the present one, `room` rows fit."""
        place = self._places.get(self.selected or "")
        if self.followed and place is not None and room:
            top = min(max(top, place - room + 1), place)
        return max(0, min(top, len(self._calls) - room))
