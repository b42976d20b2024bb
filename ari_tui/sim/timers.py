"""Things to do later that can all be called off at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Timers:
    """Delayed calls on the running event loop; `close` cancels what is left and refuses more."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._handles: set[asyncio.TimerHandle] = set()
        self._closed = False

    def later(self, delay_s: float, function: Callable[[], object]) -> None:
        """Call `function` in `delay_s` seconds, unless everything is called off before."""
        if self._closed:
            return

        def run() -> None:
            self._handles.discard(handle)
            function()

        handle = self._loop.call_later(delay_s, run)
        self._handles.add(handle)

    def cancel_all(self) -> None:
        """Call off what is waiting."""
        for handle in self._handles:
            handle.cancel()
        self._handles.clear()

    def close(self) -> None:
        """Call off what is waiting, and whatever is asked for from now on."""
        self._closed = True
        self.cancel_all()
