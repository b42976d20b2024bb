"""What of the table is painted again: what differs, and nothing else."""

import asyncio
import gc
import random

from tests.ui import kit
from tests.ui.widgets.table_stage import (
    CALM,
    TableApp,
    TableHarness,
    Terminal,
    a_table,
    calls,
    changed,
    slower,
)


async def test_only_changed_lines_in_view_are_rendered() -> None:
    async with a_table() as harness:
        shown = calls(200)
        await harness.show(shown)
        assert await harness.show(shown) == 0
        for place in (3, 7, 11):
            shown[place] = slower(shown[place])
        assert await harness.show(shown) == 3
        shown[100:] = [slower(call) for call in shown[100:]]
        assert await harness.show(shown) == 0, "none of these is in view"
        assert await harness.show([slower(call) for call in shown]) == 23


async def test_a_moving_sparkline_renders_its_line_only() -> None:
    async with a_table() as harness:
        shown = calls(200)
        courses = {call.id: CALM for call in shown}
        await harness.show(shown, courses)
        courses["call-5"] = kit.a_course((3.0,), {0: 1})
        assert await harness.show(shown, courses) == 1
        assert harness.line_of(shown[4]).endswith("▂▂×")


async def test_calls_that_come_and_go_below_the_view_cost_the_header_alone() -> None:
    async with a_table() as harness:
        await harness.show(calls(200))
        assert await harness.show(calls(150)) == 1
        assert harness.lines()[0].endswith("1-23/150")
        assert await harness.show(calls(201)) == 1


async def test_an_order_that_changes_moves_two_lines_and_keeps_the_selection() -> None:
    async with a_table() as harness:
        shown = calls(200)
        await harness.show(shown)
        harness.table.select("call-3")
        await harness.painted()
        shown[2], shown[9] = shown[9], shown[2]
        assert await harness.show(shown) == 2
        assert harness.table.selected == "call-3"
        assert harness.lines()[10].startswith(" ▸PJSIP/1003")


async def test_moving_the_selection_renders_two_lines() -> None:
    async with a_table() as harness:
        await harness.show(calls(200))
        assert await harness.press("down") == 2
        assert await harness.press("j", "k") == 4
        assert harness.table.selected == "call-2"


async def test_what_stands_in_the_terminal_is_what_the_table_shows() -> None:
    app = TableApp(Terminal)
    running = asyncio.create_task(app.run_async(size=(80, 24), mouse=False))
    await asyncio.wait_for(app.up.wait(), 20)
    try:
        terminal = app._driver
        assert isinstance(terminal, Terminal)
        harness = TableHarness(app, None)
        chance = random.Random(7)
        shown = calls(60)
        courses = {call.id: CALM for call in shown}
        for step in range(40):
            place = chance.randrange(60)
            if step % 4 == 0:
                shown[place] = slower(shown[place])
            elif step % 4 == 1:
                shown[place] = changed(shown[place], duration_s=chance.uniform(1, 9000))
            elif step % 4 == 2:
                courses[f"call-{place + 1}"] = kit.a_course((3.0, 9.0), {chance.randrange(20): 1})
            else:
                chance.shuffle(shown)
                harness.table.select(f"call-{place + 1}")
            await harness.show(shown, courses)
            assert [terminal.line(y, 80) for y in range(24)] == harness.lines(), step
        before = terminal.cells_written
        top = harness.table.scroll_offset.y
        shown[top] = changed(shown[top], duration_s=59.0)
        await harness.show(shown, courses)
        assert terminal.line(1, 80) == harness.lines()[1]
        assert terminal.cells_written - before < 40, "the sparkline is left alone"
    finally:
        app.exit()
        await asyncio.wait_for(running, 20)


async def test_ever_new_calls_leave_nothing_behind() -> None:
    async with a_table() as harness:

        async def watch(rounds: range) -> int:
            for n in rounds:
                await harness.show(calls(200, first=200 * n))
                await harness.press("pagedown", "pagedown", "end")
                assert len(harness.table._renderer._strips) <= 3 * 23
            gc.collect()
            return len(gc.get_objects())

        before = await watch(range(1, 6))
        after = await watch(range(6, 16))
        # 200 calls are held at both times; ten rounds brought 2000 others, of dozens of objects
        assert after - before < 200
