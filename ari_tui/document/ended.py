"""The calls that have ended: the last entry of each, when documents no longer have it.

Interval documents keep an ended call for half a minute. Engine and screen keep its last entry
beyond that, up to a number of calls; the screen asks for those before its time page by page.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

from ari_tui.document.model import Base, Call, Document

PAGE: Final = 200
"""Calls in one answer, at most: about 400 KB."""


class EndedPage(Base, frozen=True, kw_only=True):
    """The answer to the action `ended`: some of the kept calls, in the order of their leaving."""

    calls: list[Call]
    next: int
    """What to give as `after` for the page behind this one."""
    more: bool
    """Whether there is one."""


class EndedCalls:
    """The newest `most` calls that have left the documents; 0 keeps none."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.number = 0
        """How many have left so far, those that were dropped included."""
        self._calls: dict[str, Call] = {}
        self._leaving: dict[str, Call] = {}
        """Those that the newest document has as ended."""

    def take(self, document: Document) -> None:
        """Keep the calls that had ended in the document before and that this one no longer has."""
        present = {call.id for call in document.calls}
        self.add(call for name, call in self._leaving.items() if name not in present)
        self._leaving = {call.id: call for call in document.calls if call.ended_at is not None}

    def add(self, calls: Iterable[Call]) -> None:
        """Keep calls, each once; the oldest are dropped when there are too many."""
        for call in calls:
            if call.id not in self._calls:
                self._calls[call.id] = call
                self.number += 1
        for name in list(islice(self._calls, max(0, len(self._calls) - self.most))):
            del self._calls[name]

    def __len__(self) -> int:
        """Return how many are kept."""
        return len(self._calls)

    def find(self, call: str) -> Call | None:
        """Return a kept call by its id, or by its channel's unique id."""
        found = self._calls.get(call)
        return found or next((c for c in self._calls.values() if c.channel_id == call), None)

    def all(self) -> list[Call]:
        """Return the kept calls, in the order of their leaving."""
        return list(self._calls.values())

    def page(self, after: int = 0, most: int = PAGE) -> EndedPage:
        """Return up to `most` (at most PAGE) calls that left after the first `after`."""
        dropped = self.number - len(self._calls)
        start = min(max(after - dropped, 0), len(self._calls))
        stop = start + min(max(most, 1), PAGE)
        calls = list(islice(self._calls.values(), start, stop))
        at = dropped + start + len(calls)
        return EndedPage(calls=calls, next=at, more=at < self.number)
