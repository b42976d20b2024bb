"""Tasks that nobody awaits fail aloud and end together."""

from __future__ import annotations

import asyncio
import contextlib
import random

import pytest

from ari_tui.core.backoff import Backoff
from ari_tui.core.cancellation import cancel_tasks, shielded
from ari_tui.core.tasks import Tasks
from tests.engine.kit import until


async def test_an_exception_that_leaves_a_task_is_logged_with_its_place(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail() -> None:
        raise KeyError("what")

    tasks = Tasks("calls")
    tasks.spawn(fail())
    await until(lambda: "internal error: KeyError: 'what'" in caplog.text)
    assert "in fail" in caplog.text
    assert caplog.records[0].fields == {"part": "calls"}  # type: ignore[attr-defined]  # our own


async def test_closing_ends_what_runs_and_what_that_still_starts() -> None:
    tasks, ended = Tasks("calls"), []

    async def last_wish() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("second")

    async def first() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            tasks.spawn(last_wish())
            ended.append("first")

    tasks.spawn(first())
    await asyncio.sleep(0)
    await tasks.close()
    assert ended[0] == "first"
    assert not [task for task in asyncio.all_tasks() if "last_wish" in repr(task)]
    await tasks.close()  # nothing left: nothing to do


async def test_a_task_may_close_the_others() -> None:
    tasks = Tasks("calls")
    done = asyncio.Event()

    async def close() -> None:
        await tasks.close()
        done.set()

    tasks.spawn(asyncio.Event().wait())
    tasks.spawn(close())
    await asyncio.wait_for(done.wait(), 5)


async def test_closing_meets_a_task_that_has_ended_in_the_same_turn() -> None:
    tasks = Tasks("calls")

    async def nothing() -> None: ...

    tasks.spawn(nothing())
    # its callback comes a turn later than this
    await asyncio.create_task(tasks.close())


async def test_a_cancelled_task_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    tasks = Tasks("calls")
    tasks.spawn(asyncio.Event().wait())
    await tasks.close()
    assert caplog.text == ""


async def test_finished_waits_until_all_have_ended_by_themselves() -> None:
    tasks, ended = Tasks("calls"), list[int]()

    async def first() -> None:
        await asyncio.sleep(0)
        tasks.spawn(second())
        ended.append(1)

    async def second() -> None:
        await asyncio.sleep(0)
        ended.append(2)

    tasks.spawn(first())
    await asyncio.wait_for(tasks.finished(), 5)
    assert ended == [1, 2]


async def test_a_task_that_swallows_its_cancellation_is_cancelled_again() -> None:
    swallowed = asyncio.Event()

    async def stubborn() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        swallowed.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await cancel_tasks([task])
    assert task.cancelled()
    assert swallowed.is_set()


async def test_the_errors_of_ended_tasks_are_not_raised() -> None:
    async def broken() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("on the way out")

    task = asyncio.create_task(broken())
    await asyncio.sleep(0)
    await cancel_tasks([task, task])
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
        task = asyncio.create_task(shielded(work(fails)))
        for _ in range(3):
            await asyncio.sleep(0)
            task.cancel()
        assert not task.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended.is_set()
    assert await shielded(work(False)) == 5
    with pytest.raises(KeyError):
        await shielded(work(True))


def test_the_wait_doubles_up_to_its_bound_without_jitter() -> None:
    backoff = Backoff(0.25, 3.0, 2.0, 0.0)
    waits = [backoff.delay_s(attempt, random.Random(1)) for attempt in range(6)]
    assert waits == [0.25, 0.5, 1.0, 2.0, 3.0, 3.0]


def test_jitter_takes_up_to_its_share_off_and_never_adds() -> None:
    backoff, rng = Backoff(1.0, 1.0, 2.0, 0.5), random.Random(7)
    waits = [backoff.delay_s(3, rng) for _ in range(500)]
    assert 0.5 <= min(waits) < 0.55
    assert 0.95 < max(waits) <= 1.0


def test_a_very_long_outage_does_not_overflow() -> None:
    assert Backoff(jitter=0.0).delay_s(1_000_000, random.Random(1)) == 10.0
