"""The event log: the last thousand events, passed to the program's log and to listeners."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from ari_tui.core import log
from ari_tui.core.errors import AriError
from ari_tui.core.number_format import iso
from ari_tui.core.text import clean_text
from ari_tui.document.model import EventLine

KEPT: Final = 1000
_LONGEST: Final = 600
_LEVELS: Final = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class EventLog:
    """The events of a session."""

    RATE_LIMIT_S: Final = 10.0

    def __init__(self) -> None:
        self.lines: deque[EventLine] = deque(maxlen=KEPT)
        self.listeners: set[Callable[[EventLine], None]] = set()
        self._log = log.get("engine")
        self._last_added: dict[tuple[str, str | None], float] = {}

    def add(
        self,
        level: str,
        kind: str,
        text: str,
        *,
        call: str | None = None,
        channel: str | None = None,
        rate_limited: bool = False,
    ) -> None:
        """Add an event; `rate_limited` allows one of its kind and call in `RATE_LIMIT_S`.

        Foreign text in it is cleaned here.
        """
        if rate_limited and self._is_repeated(kind, call):
            return
        text = clean_text(text, _LONGEST)
        line = EventLine(
            time=iso(time.time_ns()), level=level, kind=kind, call=call, channel=channel, text=text
        )
        self.lines.append(line)
        self._log.bind(channel=channel, event=kind).log(_LEVELS[level], text)
        for listener in tuple(self.listeners):
            listener(line)

    def _is_repeated(self, kind: str, call: str | None) -> bool:
        now, key = time.monotonic(), (kind, call)
        if now - self._last_added.get(key, -self.RATE_LIMIT_S) < self.RATE_LIMIT_S:
            return True
        if len(self._last_added) > KEPT:
            self._last_added.clear()
        self._last_added[key] = now
        return False


async def attempt(request: Awaitable[object], events: EventLog, kind: str, problem: str) -> bool:
    """Await an ARI request; False when it failed, which is added to the event log as a warning."""
    try:
        await request
    except AriError as error:
        events.add("warning", kind, f"{problem}: {error}")
        return False
    return True
