"""Where a screen's documents come from: an engine that runs, or a recording."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, Protocol

from ari_tui.errors import AriTuiError
from ari_tui.snapshot.live import History
from ari_tui.snapshot.model import Document, EventLine

EVENTS_KEPT: Final = 1000


class ActionError(AriTuiError):
    """The engine did not do what was asked; the text says why, for the person who asked."""


class Link(NamedTuple):
    """How the source stands towards its engine."""

    state: Literal["connecting", "live", "lost", "ended"]
    """Lost is being looked for again; ended said goodbye."""
    detail: str = ""
    """Why it is not live, in words."""


class Source(Protocol):
    """Documents as they come; read between two runs of the event loop, never from a thread."""

    version: int
    """Grows with every document, event or change of the link."""
    document: Document | None
    """The newest; those between two looks are not kept."""
    history: History
    events: deque[EventLine]
    """The newest EVENTS_KEPT, oldest first."""
    link: Link
    address: str
    """Where the engine is, for people."""

    @property
    def age_s(self) -> float:
        """Return how long ago the newest document came; 0.0 before the first."""

    async def run(self) -> None:
        """Follow the engine until cancelled; a lost one is looked for again."""

    async def act(
        self, action: str, args: Mapping[str, Any] | None = None, *, timeout_s: float = 5.0
    ) -> Any:
        """Ask the engine to do something and return its answer. Raises ActionError."""
