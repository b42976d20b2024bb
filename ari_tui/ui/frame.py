"""What one repaint shows: one document, its history, and their age."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from ari_tui.client.source import Link
from ari_tui.document.live import History
from ari_tui.document.model import Call, Document, EventLine
from ari_tui.ui.limits import Limits

WindowLength = Literal[10, 60, 0]
"""Seconds that windowed figures cover; 0 is the session."""


class Frame(NamedTuple):
    """Everything that widgets draw; read-only for them."""

    document: Document
    history: History
    events: Sequence[EventLine]
    """Oldest first."""
    limits: Limits
    link: Link
    age_s: float
    """Since the newest document came."""
    frozen_s: float | None = None
    """How long the screen has been frozen; None when it is not."""
    window: WindowLength = 0
    ascii: bool = False
    """Draw with ASCII only."""
    ended: Sequence[Call] = ()
    """The calls that the document no longer has, the last to leave last."""

    def find(self, call: str) -> Call | None:
        """Return a call of the document, or one that it no longer has."""
        everywhere = (*self.document.calls, *self.ended)
        return next((one for one in everywhere if one.id == call), None)
