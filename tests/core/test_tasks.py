"""Tasks that nobody awaits fail aloud and end together."""

import asyncio

import pytest

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


async def test_a_cancelled_task_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    tasks = Tasks("calls")
    tasks.spawn(asyncio.Event().wait())
    await tasks.close()
    assert caplog.text == ""


async def test_one_may_wait_until_all_have_ended_by_themselves() -> None:
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
