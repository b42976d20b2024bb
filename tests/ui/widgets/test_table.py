import asyncio
import gc
import random
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from rich.cells import cell_len
from rich.style import Style
from textual import events
from textual.app import App, ComposeResult
from textual.driver import Driver
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot
from textual.strip import Strip
from textual.theme import Theme

from ari_tui.snapshot.live import CallCourse
from ari_tui.snapshot.model import Call
from ari_tui.snapshot.source import Link
from ari_tui.ui.columns import NARROW, WIDE, chosen
from ari_tui.ui.frame import Frame
from ari_tui.ui.limits import Limits
from ari_tui.ui.rows import rows_of
from ari_tui.ui.themes import DARK_VARIABLES
from ari_tui.ui.widgets.table import ChannelTable
from tests.ui import kit

LIMITS = Limits(
    p50_ms=8.0, p95_ms=12.0, p99_ms=18.0, max_ms=22.0, late_ratio=0.001, loss_ratio=0.002
)
CALM = kit.a_course((3.0,))


class Terminal(HeadlessDriver):
    """A driver that is drawn to as to a terminal, and keeps what would stand there."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self.cells: dict[tuple[int, int], str] = {}
        self.cells_written = 0

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        """Follow moves of the cursor and texts of single cells; colours are left out."""
        x = y = 0
        for column, row, text in re.findall(
            r"\x1b\[(?:(?=\d+;\d+H)(\d+);(\d+)H|[\d;?]*[a-zA-Z])([^\x1b]*)", data
        ):
            if column:
                y, x = int(column) - 1, int(row) - 1
            for character in text.replace("\n", ""):
                self.cells[y, x] = character
                self.cells_written += 1
                x += 1

    def line(self, y: int, width: int) -> str:
        return "".join(self.cells.get((y, x), "?") for x in range(width))


class TableApp(App[None]):
    def __init__(self, driver: type[Driver] | None = None) -> None:
        super().__init__(driver_class=driver)
        self.table = ChannelTable()
        self.told: list[tuple[str, str | None]] = []
        self.up = asyncio.Event()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(DARK_VARIABLES)

    def compose(self) -> ComposeResult:
        yield self.table

    def on_ready(self) -> None:
        self.up.set()

    def on_channel_table_highlighted(self, message: ChannelTable.Highlighted) -> None:
        self.told.append(("highlighted", message.call_id))

    def on_channel_table_chosen(self, message: ChannelTable.Chosen) -> None:
        self.told.append(("chosen", message.call_id))


class Hands:
    """A mounted table, and what a test does to it and reads from it."""

    def __init__(self, app: TableApp, pilot: Pilot[None] | None) -> None:
        self.app, self.table = app, app.table
        self._pilot = pilot

    @property
    def pilot(self) -> Pilot[None]:
        assert self._pilot is not None
        return self._pilot

    async def show(
        self,
        calls: Sequence[Call],
        courses: dict[str, CallCourse] | None = None,
        columns: Sequence[str] = NARROW,
        **changed: Any,
    ) -> int:
        """Show calls in this order; return how many lines were rendered for it."""
        document = kit.a_document(calls)
        history = kit.a_history(courses or {call.id: CALM for call in calls})
        frame = Frame(document, history, (), LIMITS, Link("live"), 0.4)._replace(**changed)
        before = self.table.rendered_lines
        self.table.show(rows_of(document, history, LIMITS), chosen(columns), frame)
        await self.painted()
        return self.table.rendered_lines - before

    async def press(self, *keys: str) -> int:
        """Press keys; return how many lines were rendered for it."""
        before = self.table.rendered_lines
        await self.pilot.press(*keys)
        await self.painted()
        return self.table.rendered_lines - before

    async def painted(self) -> None:
        """Wait until what was asked for so far is on the screen."""
        screen = self.app.screen
        # a widget asks its screen for a repaint when it runs out of messages: hence two turns
        for later in (self.table.call_later, self.table.call_later, screen.call_after_refresh):
            done = asyncio.Event()
            later(done.set)
            await asyncio.wait_for(done.wait(), 20)

    async def resize(self, width: int, height: int) -> None:
        await self.pilot.resize_terminal(width, height)
        await self.painted()

    async def wheel(self, notches: int) -> None:
        table = self.table
        for _ in range(notches):
            table.post_message(events.MouseScrollDown(table, 5, 5, 0, 1, 0, False, False, False))
        await self.painted()

    def strips(self) -> list[Strip]:
        """Return the lines as they stand, header first."""
        before = self.table.rendered_lines
        strips = [self.table.render_line(y) for y in range(self.table.size.height)]
        self.table.rendered_lines = before
        return strips

    def lines(self) -> list[str]:
        return [strip.text for strip in self.strips()]

    def line_of(self, call: Call) -> str:
        name = f"PJSIP/{call.channel[6:10]}"
        return next(line for line in self.lines() if name in line)

    def selected_line(self) -> str:
        [line] = [line for line in self.lines() if line[1:2] == "▸"]
        return line


@asynccontextmanager
async def a_table(width: int = 80, height: int = 24) -> AsyncIterator[Hands]:
    app = TableApp()
    async with app.run_test(size=(width, height)) as pilot:
        hands = Hands(app, pilot)
        await hands.painted()
        yield hands


def calls(number: int, first: int = 1) -> list[Call]:
    """Return calls with figures well within the limits."""
    return [kit.a_call(n, p50=3.0) for n in range(first, first + number)]


def changed(call: Call, **values: Any) -> Call:
    return msgspec.structs.replace(call, **values)


def slower(call: Call) -> Call:
    return changed(call, rtt_ms=kit.a_spread(call.rtt_ms.p50 + 1))  # type: ignore[operator]


async def test_a_line_holds_mark_channel_figures_and_sparkline() -> None:
    async with a_table() as hands:
        bad = kit.a_call(1, p50=10.0, lost=30)
        await hands.show([bad, *calls(1, first=2)], {"call-1": kit.a_course((3.0, 30.0), {0: 2})})
        header, first, second, *rest = hands.lines()
        assert header.split() == [
            "CHANNEL", "DUR", "RTT", "P95", "MAX", "LATE", "LOST", "GAP", "RTT", "0..22ms,", "1",
            "s", "a", "cell",
        ]  # fmt: skip
        assert first.startswith("!▸PJSIP/1001-01 ")
        assert first.split()[1:8] == ["1:00", "10.0", "20.0", "30.0", "0", "30", "—"]
        assert first.endswith("▂^▂^▂×")
        assert second.startswith("  PJSIP/1002-02 ")
        assert second.endswith(" " * 12), "no second of it is known"
        assert {line.strip() for line in rest} == {""}


async def test_the_header_shows_what_rows_are_sorted_by() -> None:
    async with a_table() as hands:
        hands.table.sort, hands.table.reverse = "rtt_p95_ms", True
        await hands.show(calls(2))
        assert "P95▼" in hands.lines()[0]
        hands.table.sort, hands.table.reverse = "channel", False
        assert await hands.show(calls(2)) == 1, "only the header"
        assert "CHANNEL▲" in hands.lines()[0]
        assert "▼" not in hands.lines()[0]


async def test_only_changed_lines_in_view_are_rendered() -> None:
    async with a_table() as hands:
        shown = calls(200)
        await hands.show(shown)
        assert await hands.show(shown) == 0
        for place in (3, 7, 11):
            shown[place] = slower(shown[place])
        assert await hands.show(shown) == 3
        shown[100:] = [slower(call) for call in shown[100:]]
        assert await hands.show(shown) == 0, "none of these is in view"
        assert await hands.show([slower(call) for call in shown]) == 23


async def test_a_moving_sparkline_renders_its_line_only() -> None:
    async with a_table() as hands:
        shown = calls(200)
        courses = {call.id: CALM for call in shown}
        await hands.show(shown, courses)
        courses["call-5"] = kit.a_course((3.0,), {0: 1})
        assert await hands.show(shown, courses) == 1
        assert hands.line_of(shown[4]).endswith("▂▂×")


async def test_calls_that_come_and_go_below_the_view_cost_the_header_alone() -> None:
    async with a_table() as hands:
        await hands.show(calls(200))
        assert await hands.show(calls(150)) == 1
        assert hands.lines()[0].endswith("1-23/150")
        assert await hands.show(calls(201)) == 1


async def test_an_order_that_changes_moves_two_lines_and_keeps_the_selection() -> None:
    async with a_table() as hands:
        shown = calls(200)
        await hands.show(shown)
        hands.table.select("call-3")
        await hands.painted()
        shown[2], shown[9] = shown[9], shown[2]
        assert await hands.show(shown) == 2
        assert hands.table.selected == "call-3"
        assert hands.lines()[10].startswith(" ▸PJSIP/1003")


async def test_moving_the_selection_renders_two_lines() -> None:
    async with a_table() as hands:
        await hands.show(calls(200))
        assert await hands.press("down") == 2
        assert await hands.press("j", "k") == 4
        assert hands.table.selected == "call-2"


async def test_keys_move_the_selection_and_the_view_goes_with_it() -> None:
    async with a_table() as hands:
        await hands.show(calls(100))
        assert hands.table.selected == "call-1"
        await hands.press("up")
        assert hands.table.selected == "call-1"
        await hands.press("pagedown")
        assert hands.table.selected == "call-23"
        assert "1-23/100" in hands.lines()[0]
        await hands.press("down")
        assert hands.lines()[-1].startswith(" ▸PJSIP/1024")
        assert "2-24/100" in hands.lines()[0]
        await hands.press("end")
        assert hands.table.selected == "call-100"
        assert hands.lines()[-1].startswith(" ▸PJSIP/1100")
        await hands.press("pageup")
        assert hands.table.selected == "call-78"
        await hands.press("home")
        assert hands.table.selected == "call-1"
        assert hands.lines()[1].startswith(" ▸PJSIP/1001")
        assert hands.app.told[-1] == ("highlighted", "call-1")


async def test_enter_opens_the_selected_call() -> None:
    async with a_table() as hands:
        await hands.press("enter", "down")
        assert hands.app.told == [], "there is no call yet"
        await hands.show(calls(3))
        await hands.press("down", "enter")
        assert hands.app.told[-1] == ("chosen", "call-2")


async def test_a_call_that_leaves_hands_the_selection_to_its_neighbour() -> None:
    async with a_table() as hands:
        await hands.show(calls(5))
        hands.table.select("call-3")
        first, second, _, fourth, fifth = calls(5)
        await hands.show([fifth, fourth, second, first])
        assert hands.table.selected == "call-4", "the one that stood below"
        await hands.show([second, first, *calls(3, first=10)])
        assert hands.table.selected == "call-2", "the nearest of those that are left"
        await hands.show([])
        await hands.show(calls(2, first=30))
        told = [call for what, call in hands.app.told if what == "highlighted"]
        assert told == ["call-1", "call-3", "call-4", "call-2", None, "call-30"]


async def test_selecting_a_call_that_is_not_shown_changes_nothing() -> None:
    async with a_table() as hands:
        await hands.show(calls(2))
        hands.table.select("call-9")
        assert hands.table.selected == "call-1"


async def test_the_view_stands_still_for_a_selection_that_nobody_made() -> None:
    async with a_table() as hands:
        shown = calls(100)
        await hands.show(shown)
        await hands.show([*shown[50:], *shown[:50]])
        assert hands.table.selected == "call-1"
        assert hands.lines()[1].startswith("  PJSIP/1051")
        await hands.press("enter")
        assert hands.app.told[-1] == ("highlighted", "call-73"), "no unseen call is opened"
        assert hands.lines()[23].startswith(" ▸PJSIP/1073")


async def test_the_view_follows_a_selection_that_the_user_made() -> None:
    async with a_table() as hands:
        shown = calls(100)
        await hands.show(shown)
        await hands.press("down")
        await hands.show([*shown[50:], *shown[:50]])
        assert hands.table.selected == "call-2"
        assert hands.selected_line().startswith(" ▸PJSIP/1002")
        await hands.show(shown)
        assert hands.lines()[1].startswith(" ▸PJSIP/1002")


async def test_scrolling_lets_the_selection_go_out_of_view() -> None:
    async with a_table() as hands:
        shown = calls(100)
        await hands.show(shown)
        await hands.press("down")
        await hands.wheel(20)
        top = hands.table.scroll_offset.y
        assert top >= 20
        assert not hands.table.show_vertical_scrollbar
        assert await hands.show([slower(call) for call in shown]) == 23
        assert hands.lines()[1].startswith(f"  PJSIP/{1001 + top}")
        assert hands.table.selected == "call-2"
        await hands.press("down")
        assert hands.table.selected == f"call-{1 + top}", "the nearest row in view"


async def test_rows_that_become_few_pull_the_view_up() -> None:
    async with a_table() as hands:
        await hands.show(calls(100))
        await hands.press("end")
        await hands.show(calls(30))
        assert hands.table.selected == "call-30"
        assert hands.lines()[-1].startswith(" ▸PJSIP/1030")
        await hands.show(calls(3))
        assert hands.lines()[1].startswith("  PJSIP/1001")
        assert hands.lines()[3].startswith(" ▸PJSIP/1003")


async def test_a_click_selects_and_a_double_click_opens() -> None:
    async with a_table() as hands:
        await hands.show(calls(5))
        await hands.pilot.click(ChannelTable, offset=(10, 3))
        assert hands.table.selected == "call-3"
        await hands.pilot.click(ChannelTable, offset=(10, 0))
        await hands.pilot.click(ChannelTable, offset=(10, 9))
        assert hands.table.selected == "call-3"
        await hands.pilot.click(ChannelTable, offset=(10, 4), times=2)
        await hands.painted()
        assert hands.app.told[-1] == ("chosen", "call-4")


async def test_a_storm_of_sizes_leaves_every_line_as_wide_as_the_screen() -> None:
    async with a_table() as hands:
        shown = calls(60)
        await hands.show(shown, columns=WIDE)
        await hands.press(*["down"] * 30)
        sizes = [(200, 50), (80, 24), (10, 5), (1, 1), (40, 12), (11, 2), (120, 1), (79, 23)]
        for width, height in sizes * 2:
            await hands.resize(width, height)
            strips = hands.strips()
            assert len(strips) == height
            assert {strip.cell_length for strip in strips} == {width}
            assert {cell_len(strip.text) for strip in strips} == {width}
            if height > 1 and width > 1:
                assert any(line[1] == "▸" for line in hands.lines()), (width, height)
        assert hands.table.selected == "call-31"


async def test_narrow_screens_lose_columns_from_the_right() -> None:
    async with a_table(40, 12) as hands:
        await hands.show(calls(5))
        assert hands.lines()[0].split()[:3] == ["CHANNEL", "DUR", "RTT"]
        assert "P95" not in hands.lines()[0]
        await hands.resize(10, 12)
        assert hands.lines()[1] == " ▸PJSIP/10"


async def test_an_ended_call_is_dimmed_and_says_so() -> None:
    async with a_table() as hands:
        over = changed(calls(1)[0], ended_at="2026-11-22T12:00:00.000+00:00", state="ended")
        await hands.show([over, *calls(1, first=2)])
        _, first, second, *_ = hands.strips()
        assert first.text.endswith("▂▂ ended")
        assert all(segment.style is not None and segment.style.dim for segment in first)
        assert not any(segment.style is not None and segment.style.dim for segment in second)


async def test_a_lost_engine_turns_the_rows_stale() -> None:
    async with a_table() as hands:
        shown = calls(2)
        await hands.show(shown)
        assert await hands.show(shown, link=Link("lost", "refused")) == 2
        style = next(iter(hands.strips()[2])).style
        assert style is not None
        assert style.color is not None
        assert style.color.name == DARK_VARIABLES["stale"]


async def test_a_failing_figure_has_a_mark_and_a_colour() -> None:
    async with a_table() as hands:
        await hands.show([*calls(1), kit.a_call(2, p50=10.0)])
        strip = hands.strips()[2]
        assert strip.text.startswith("! ")
        styles: dict[str, Style | None] = {segment.text: segment.style for segment in strip}
        failing = styles["20.0"]
        assert failing is not None
        assert failing.bold
        assert failing.color is not None
        assert failing.color.name == DARK_VARIABLES["sla-fail"]


async def test_ascii_is_all_that_an_ascii_frame_draws() -> None:
    async with a_table() as hands:
        hands.table.sort, hands.table.reverse = "rtt_p95_ms", True
        long = changed(calls(1)[0], channel="PJSIP/" + "x" * 80)
        over = changed(calls(2)[1], ended_at="2026-11-22T12:00:00.000+00:00", state="ended")
        courses = {"call-1": kit.a_course((3.0, 30.0, None), {4: 1}), "call-2": CALM}
        await hands.show([long, over], courses, ascii=True)
        text = "".join(hands.lines())
        assert text.isascii()
        assert " >PJSIP/" in text
        assert "P95v" in text


async def test_wide_characters_are_cut_by_cells() -> None:
    async with a_table() as hands:
        shown = [changed(call, channel="電話" * 20, caller="電" * 40) for call in calls(3)]
        await hands.show(shown, columns=("mark", "channel", "caller", "rtt_mean_ms"))
        for strip in hands.strips()[1:4]:
            assert cell_len(strip.text) == 80
            assert "電話" in strip.text
            assert "…" in strip.text
        plain = calls(1)
        await hands.show([*shown, *plain], columns=("mark", "channel", "caller", "rtt_mean_ms"))
        at = {cell_len(line[: line.index(" 3.0")]) for line in hands.lines()[1:5]}
        assert len(at) == 1, "figures stand in one column"


async def test_hostile_names_stay_text() -> None:
    async with a_table(120, 10) as hands:
        hostile = [
            "[bold]", "[/]", "[@click=app.quit]x", "\x1b[2J\x1b[31m", "a\nb\tc\r", "\u202eevil",
            "x" * 65536, "\u0301" * 65536, "",
        ]  # fmt: skip
        shown = [
            changed(call, caller=name, channel=f"PJSIP/{call.channel[6:10]}")
            for call, name in zip(calls(len(hostile)), hostile, strict=True)
        ]
        await hands.show(shown, columns=("mark", "channel", "caller", "rtt_mean_ms"))
        text = "\n".join(hands.lines())
        for name in ("[bold]", "[/]", "[@click=app.q…", r"\x1b[2J\x1b[3…", r"a\nb\tc\r"):
            assert name in text
        assert not {"\x1b", "\t", "\r", "\u202e"} & set(text)
        # accents on accents take no cell of their own
        assert {strip.cell_length for strip in hands.strips()} == {120}


async def test_an_empty_table_says_why() -> None:
    async with a_table() as hands:
        assert {line.strip() for line in hands.lines()} == {""}, "nothing was heard yet"
        await hands.show([])
        assert hands.lines()[1].strip() == "no calls"
        document = kit.a_document(calls(7))
        frame = Frame(document, kit.a_history({}), (), LIMITS, Link("live"), 0.4)
        hands.table.show([], chosen(NARROW), frame)
        await hands.painted()
        assert hands.lines()[1].strip() == "none of 7 calls fits the filter"


async def test_keys_harm_nothing_where_no_row_is_in_view() -> None:
    async with a_table(80, 1) as hands:
        await hands.show(calls(5))
        await hands.press("down", "enter", "pagedown", "up", "end")
        assert hands.table.selected == "call-5"


async def test_what_stands_in_the_terminal_is_what_the_table_shows() -> None:
    app = TableApp(Terminal)
    running = asyncio.create_task(app.run_async(size=(80, 24), mouse=False))
    await asyncio.wait_for(app.up.wait(), 20)
    try:
        terminal = app._driver
        assert isinstance(terminal, Terminal)
        hands = Hands(app, None)
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
                hands.table.select(f"call-{place + 1}")
            await hands.show(shown, courses)
            assert [terminal.line(y, 80) for y in range(24)] == hands.lines(), step
        before = terminal.cells_written
        top = hands.table.scroll_offset.y
        shown[top] = changed(shown[top], duration_s=59.0)
        await hands.show(shown, courses)
        assert terminal.line(1, 80) == hands.lines()[1]
        assert terminal.cells_written - before < 40, "the sparkline is left alone"
    finally:
        app.exit()
        await asyncio.wait_for(running, 20)


async def test_a_window_has_its_own_headings_and_figures() -> None:
    async with a_table() as hands:
        shown = calls(2)
        await hands.show(shown)
        assert " P95 " in hands.lines()[0]
        await hands.show(shown, window=10)
        assert " P95s " in hands.lines()[0]


async def test_another_theme_is_drawn_in_its_colours() -> None:
    async with a_table() as hands:
        await hands.show(calls(3))
        theme = Theme(
            name="other", primary="#112233", background="#000011",
            variables={**DARK_VARIABLES, "spark-lo": "#00aa00"},
        )  # fmt: skip
        hands.app.register_theme(theme)
        hands.app.theme = "other"
        await hands.pilot.pause()
        await hands.painted()
        colours = {
            segment.style.color.name
            for segment in hands.strips()[2]
            if segment.style is not None and segment.style.color is not None
        }
        assert "#00aa00" in colours
        assert DARK_VARIABLES["spark-lo"] not in colours


async def test_what_was_shown_before_mounting_is_drawn() -> None:
    app = TableApp()
    document = kit.a_document(calls(3))
    history = kit.a_history({})
    frame = Frame(document, history, (), LIMITS, Link("live"), 0.4)
    app.table.show(rows_of(document, history, LIMITS), chosen(NARROW), frame)
    async with app.run_test(size=(80, 24)) as pilot:
        hands = Hands(app, pilot)
        await hands.painted()
        assert hands.lines()[1].startswith(" ▸PJSIP/1001")


async def test_ever_new_calls_leave_nothing_behind() -> None:
    async with a_table() as hands:

        async def watch(rounds: range) -> int:
            for n in rounds:
                await hands.show(calls(200, first=200 * n))
                await hands.press("pagedown", "pagedown", "end")
                assert hands.table.kept_lines <= 3 * 23
            gc.collect()
            return len(gc.get_objects())

        before = await watch(range(1, 6))
        after = await watch(range(6, 16))
        # 200 calls are held at both times; ten rounds brought 2000 others, of dozens of objects
        assert after - before < 200
