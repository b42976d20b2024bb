"""SIGINT, SIGTERM and SIGHUP as a request to stop, and as exit codes."""

from __future__ import annotations

import asyncio
import signal

from ari_tui.core.exit_codes import SIGNAL_CODES


class StopSignals:
    """A context in which SIGINT, SIGTERM and SIGHUP set an event instead of killing.

    For the main thread's event loop. On leaving, the handlers are asyncio's defaults again.
    """

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.again = asyncio.Event()
        """Set by a second signal: stop without draining."""
        self.name = ""
        """Name of the first signal, "" when none came."""
        self.exit_code = 0
        """The exit code for the first signal; 0 when none came."""

    def __enter__(self) -> StopSignals:
        loop = asyncio.get_running_loop()
        for number, code in SIGNAL_CODES.items():
            loop.add_signal_handler(number, self._handle, number, code)
        return self

    def __exit__(self, *error: object) -> None:
        loop = asyncio.get_running_loop()
        for number in SIGNAL_CODES:
            loop.remove_signal_handler(number)

    def _handle(self, number: signal.Signals, code: int) -> None:
        if self.stop.is_set():
            # a closed terminal sends SIGHUP more than once (by shell, multiplexer, kernel)
            if number != signal.SIGHUP:
                self.again.set()
            return
        self.name, self.exit_code = number.name, code
        self.stop.set()
