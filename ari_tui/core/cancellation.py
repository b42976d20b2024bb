"""Cancelled tasks: waiting until they have ended, and work that a cancellation must not stop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Iterable
from typing import Any, TypeVar

_T = TypeVar("_T")
_CANCEL_AGAIN_S = 0.5


async def cancel_tasks(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Cancel tasks until all have ended; their exceptions are not raised.

    Once is not enough: before Python 3.12, `asyncio.wait_for` can swallow a cancellation that
    arrives together with its result, and a loop around it would never end.
    """
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=_CANCEL_AGAIN_S)


async def shielded(work: Awaitable[_T]) -> _T:
    """Await short work to its end, even when cancelled meanwhile; then raise the cancellation.

    For the end of a process that a cancelled task has started: nothing else waits for it.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with contextlib.suppress(Exception, asyncio.CancelledError):
            await shielded(task)
        raise
