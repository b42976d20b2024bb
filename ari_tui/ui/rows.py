"""Which calls the table shows, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ari_tui.document.live import History
from ari_tui.document.model import Call, Document
from ari_tui.ui.columns import BY_ID, Column
from ari_tui.ui.frame import WindowLength
from ari_tui.ui.view_state import Row, ViewState


def rows_of(document: Document, history: History) -> list[Row]:
    """Return a row for every call, in the document's order."""
    return [row_of(call, history) for call in document.calls]


def row_of(call: Call, history: History) -> Row:
    """Return the row of a call, with its course as far as it is known."""
    return Row(call, history.calls.get(call.id))


def arrange(
    document: Document,
    history: History,
    state: ViewState,
    held: Sequence[str] = (),
    ended: Iterable[Call] = (),
) -> list[Row]:
    """Return the rows that pass the filter, sorted; those of `ended` calls are among them.

    Rows of equal keys stay in the document's order; those without a sample come last in
    both directions. With `locked`, the calls of `held` (ids) keep that order, and others follow in
    the document's: pass the order at the time of locking, or any later result.
    """
    window = state.window
    rows = [
        row
        for row in (*rows_of(document, history), *(Row(call, None) for call in ended))
        if (row.mark == "!" or not state.violators) and state.filter.matches(row, window)
    ]
    if state.locked:
        place = {call: i for i, call in enumerate(held)}
        return sorted(rows, key=lambda row: place.get(row.call.id, len(place)))
    return in_order(rows, BY_ID[state.sort], reverse=state.reverse, window=window)


def in_order(
    rows: Iterable[Row], column: Column, *, reverse: bool = False, window: WindowLength = 0
) -> list[Row]:
    """Sort rows by a column; equal ones stay as they are, those without a sample come last."""
    keyed = [(column.key(row, window), row) for row in rows]
    known = [(key, row) for key, row in keyed if key is not None]
    # a column's keys are all numbers or all texts
    known.sort(key=lambda pair: pair[0], reverse=reverse)
    return [row for _, row in known] + [row for key, row in keyed if key is None]


def sort_label(state: ViewState, *, ascii_only: bool = False) -> str:
    """Return the column and the direction of the sort, as the header shows it."""
    column = BY_ID[state.sort]
    up, down = ("^", "v") if ascii_only else ("▲", "▼")
    label = column.heading(state.window) or column.id
    return f"{label}{down if state.reverse else up}{' locked' if state.locked else ''}"
