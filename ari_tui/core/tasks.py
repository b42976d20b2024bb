"""Background tasks: referenced while they run, ended together, logged when they fail."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from ari_tui.core import log
from ari_tui.core.cancellation import cancel_tasks


async def until_next(due: float, period_s: float) -> float:
    """Sleep until `period_s` after `due` (s of the event loop's clock); return that time.

    For loops at absolute times: missed ones are not repeated.
    """
    loop = asyncio.get_running_loop()
    due = max(due + period_s, loop.time())
    await asyncio.sleep(due - loop.time())
    return due


class Tasks:
    """The tasks that one part of the engine has started."""

    def __init__(self, part: str) -> None:
        self._log = log.get("engine").bind(part=part)
        self._running: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run `work` as a task; its exception is logged."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)

    async def finished(self) -> None:
        """Wait until all tasks have ended by themselves."""
        while others := self._others():
            await asyncio.wait(others)

    async def close(self) -> None:
        """Cancel all tasks, and those that they start meanwhile, and wait for their end."""
        while others := self._others():
            await cancel_tasks(others)

    def _others(self) -> set[asyncio.Task[Any]]:
        """Return the tasks that run, without the caller's own."""
        return {task for task in self._running if not task.done()} - {asyncio.current_task()}

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self._log.error(f"internal error: {type(error).__name__}: {error}", exc_info=error)
