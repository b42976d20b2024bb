"""Cancelled tasks end, and what must come to its end does so first."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from ari_tui.core.cancellation import end_tasks, unbroken


async def test_a_task_that_swallows_its_cancellation_is_cancelled_again() -> None:
    swallowed = asyncio.Event()

    async def stubborn() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        swallowed.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await end_tasks([task])
    assert task.cancelled()
    assert swallowed.is_set()


async def test_the_errors_of_ended_tasks_are_theirs() -> None:
    async def broken() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("on the way out")

    task = asyncio.create_task(broken())
    await asyncio.sleep(0)
    await end_tasks([task, task])
    assert isinstance(task.exception(), OSError)


async def test_what_must_end_ends_before_a_cancellation_goes_on() -> None:
    go_on, ended = asyncio.Event(), asyncio.Event()

    async def work(fails: bool) -> int:
        await go_on.wait()
        ended.set()
        if fails:
            raise KeyError("of its own")
        return 5

    for fails in (False, True):
        go_on.clear()
        ended.clear()
        task = asyncio.create_task(unbroken(work(fails)))
        for _ in range(3):
            await asyncio.sleep(0)
            task.cancel()
        assert not task.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended.is_set()
    assert await unbroken(work(False)) == 5
    with pytest.raises(KeyError):
        await unbroken(work(True))
