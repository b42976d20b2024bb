"""Writing to whoever may not read: a thread waits for them, so that the event loop does not."""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import Final

from ari_tui.core import log

KEPT: Final = 60
"""So many pieces wait for a reader; of more the oldest are dropped."""
_FAREWELL_S: Final = 3.0


class BackgroundWriter:
    """Writes whole pieces to a descriptor, in order, from a thread of its own.

    The descriptor is written to as it is: a buffered stream would be locked while it waits, and
    then the program could not end.
    """

    def __init__(self, fd: int, *, farewell_s: float = _FAREWELL_S) -> None:
        self._fd, self._farewell_s = fd, farewell_s
        self._waiting: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._error: OSError | None = None
        self._closed = False
        self.dropped = 0
        """Pieces that nobody read in time."""
        self._thread = threading.Thread(target=self._work, name="output", daemon=True)
        self._thread.start()

    def write(self, data: bytes, /) -> None:
        """Hand over one piece. Raises what the last write raised: OSError, BrokenPipeError."""
        with self._changed:
            if self._error is not None:
                raise self._error
            if len(self._waiting) >= KEPT:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append(data)
            self._changed.notify_all()

    def flush(self) -> None:
        """Do nothing: what was handed over is on its way."""

    def close(self) -> None:
        """Wait a moment for the reader to take the rest, and no longer.

        Raises what the last write raised.
        """
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(self._farewell_s)
        left = self.dropped + len(self._waiting) + self._thread.is_alive()
        if self._error is not None:
            raise self._error
        if left:
            log.get("output").warning("the reader of the output did not keep up", missing=left)

    def _work(self) -> None:
        try:
            while (data := self._next()) is not None:
                view = memoryview(data)
                while view:
                    view = view[os.write(self._fd, view) :]
        except OSError as error:
            with self._changed:
                self._error = error

    def _next(self) -> bytes | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            return self._waiting.popleft() if self._waiting else None
