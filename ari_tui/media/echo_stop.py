"""What ends the echo server's loop: a signal or its parent's lifeline.

Python runs signal handlers between two instructions, and a select that has just been entered
would sleep on: the interpreter therefore writes each signal's number to a pipe
(signal.set_wakeup_fd), which the loop watches like a socket.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from types import FrameType
from typing import Any, Final

from ari_tui.process import ParentLink

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_REASONS: Final = {int(number): number.name for number in _SIGNALS}
"""By the byte in the pipe; those of other signals that have a handler mean nothing here."""


class StopWatch:
    """A context in which SIGTERM, SIGINT and SIGHUP ask for a stop instead of killing.

    Signals are taken in the main thread only (Python's rule); elsewhere the lifeline ends the
    loop. A SIGHUP that is ignored (nohup) stays so. On leaving, the handlers are as they were.
    """

    def __init__(self, link: ParentLink | None) -> None:
        self._link = link
        self._read_fd, self._write_fd = os.pipe()
        for fd in (self._read_fd, self._write_fd):
            os.set_blocking(fd, False)
        self._restore = contextlib.ExitStack()
        self.watched = [self._read_fd]
        """Descriptors that become readable when a stop is asked for."""
        if link is not None and link.lifeline_fd is not None:
            self.watched.append(link.lifeline_fd)

    def __enter__(self) -> StopWatch:
        if threading.current_thread() is threading.main_thread():
            previous = signal.set_wakeup_fd(self._write_fd, warn_on_full_buffer=False)
            self._restore.callback(signal.set_wakeup_fd, previous)
            for number in _SIGNALS:
                if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                    continue
                handler = signal.signal(number, _note)
                # None: set by other than Python, and beyond its power to set again
                self._restore.callback(signal.signal, number, handler or signal.SIG_DFL)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore.close()
        for fd in (self._read_fd, self._write_fd):
            os.close(fd)

    def take(self, readable: list[Any]) -> str:
        """Return the reason of the stop asked for by one of the readable descriptors, else "".

        "SIGTERM", "SIGINT", "SIGHUP", the parent's words, or "let go by the parent" when it gave
        none. A lifeline that has spoken is watched no more; a further signal can still be taken.
        """
        if self._read_fd in readable:
            asked = [number for number in os.read(self._read_fd, 64) if number in _REASONS]
            return _REASONS[asked[0]] if asked else ""
        lifeline = self._link.lifeline_fd if self._link is not None else None
        if self._link is not None and lifeline in readable:
            self.watched = [self._read_fd]
            return self._link.read_reason() or "let go by the parent"
        return ""


def _note(number: int, frame: FrameType | None) -> None:
    """Do nothing: that there is a handler makes Python write to the wakeup descriptor."""
