"""Cancelled tasks: waited for until they have ended, and what a cancellation may not break off."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Iterable
from typing import Any, TypeVar

_T = TypeVar("_T")
_CANCEL_AGAIN_S = 0.5


async def end_tasks(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Cancel tasks until all have ended; their exceptions are not raised.

    Once is not enough: before Python 3.12, `asyncio.wait_for` can swallow a cancellation that
    comes at the moment of its answer, and a loop around it would never end.
    """
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=_CANCEL_AGAIN_S)


async def unbroken(work: Awaitable[_T]) -> _T:
    """Await what must come to its end, and does soon, before a cancellation goes on.

    For the end of a process that a cancelled task has started: nothing else waits for it.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with contextlib.suppress(Exception, asyncio.CancelledError):
            await unbroken(task)
        raise
