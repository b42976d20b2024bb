"""The bell: rings when a call begins to break a limit, not while it goes on doing so."""

from __future__ import annotations

from ari_tui.snapshot.model import Document
from ari_tui.ui.limits import Limits, mark_of


class Bell:
    """Follows which calls break a limit."""

    def __init__(self, *, on: bool) -> None:
        self.on = on
        self._failing: set[str] | None = None
        """None before the first document, of which nothing is new."""

    def toggle(self) -> bool:
        """Ring from now on, or no more; return which."""
        self.on = not self.on
        return self.on

    def rings(self, document: Document, limits: Limits) -> bool:
        """Tell whether a call breaks a limit that broke none in the document before."""
        failing = {call.id for call in document.calls if mark_of(call, limits) == "!"}
        fresh = self._failing is not None and bool(failing - self._failing)
        self._failing = failing
        return self.on and fresh
