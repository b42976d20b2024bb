"""Writes to a descriptor from a thread, so that a slow reader does not block the event loop."""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import Final

from ari_tui.core import log

MAX_QUEUED: Final = 60
"""Length of the queue; when it is full the oldest piece is dropped."""
_CLOSE_TIMEOUT_S: Final = 3.0


class BackgroundWriter:
    """Writes whole pieces to a descriptor, in order, from a thread of its own.

    It uses the descriptor directly: a buffered stream holds its lock while a write blocks, and
    then the interpreter could not exit.
    """

    def __init__(self, fd: int, *, close_timeout_s: float = _CLOSE_TIMEOUT_S) -> None:
        self._fd, self._close_timeout_s = fd, close_timeout_s
        self._queue: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._error: OSError | None = None
        self._closed = False
        self.dropped = 0
        """Pieces that were not read in time."""
        self._thread = threading.Thread(target=self._work, name="output", daemon=True)
        self._thread.start()

    def write(self, data: bytes, /) -> None:
        """Queue one piece. Raises the error of an earlier write: OSError, BrokenPipeError."""
        with self._changed:
            if self._error is not None:
                raise self._error
            if len(self._queue) >= MAX_QUEUED:
                self._queue.popleft()
                self.dropped += 1
            self._queue.append(data)
            self._changed.notify_all()

    def flush(self) -> None:
        """Do nothing: the thread writes every piece at once."""

    def close(self) -> None:
        """Wait for the rest to be written, up to the time-out.

        Raises the error of an earlier write.
        """
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(self._close_timeout_s)
        left = self.dropped + len(self._queue) + self._thread.is_alive()
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
            self._changed.wait_for(lambda: self._queue or self._closed)
            return self._queue.popleft() if self._queue else None
