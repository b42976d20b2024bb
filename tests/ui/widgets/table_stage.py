"""A table of calls on a screen of its own, and what a test does to it and reads from it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from textual import events
from textual.app import App, ComposeResult
from textual.driver import Driver
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot
from textual.strip import Strip

from ari_tui.client.source import Link
from ari_tui.document.live import CallCourse
from ari_tui.document.model import Call
from ari_tui.ui.columns import chosen
from ari_tui.ui.frame import Frame
from ari_tui.ui.limits import Limits
from ari_tui.ui.rows import rows_of
from ari_tui.ui.theme_variables import DARK_VARIABLES
from ari_tui.ui.view_state import NARROW
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


class TableHarness:
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
        self.table.show(rows_of(document, history), chosen(columns), frame)
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
async def a_table(width: int = 80, height: int = 24) -> AsyncIterator[TableHarness]:
    app = TableApp()
    async with app.run_test(size=(width, height)) as pilot:
        harness = TableHarness(app, pilot)
        await harness.painted()
        yield harness


def calls(number: int, first: int = 1) -> list[Call]:
    """Return calls with figures well within the limits."""
    return [kit.a_call(n, p50=3.0) for n in range(first, first + number)]


def changed(call: Call, **values: Any) -> Call:
    return msgspec.structs.replace(call, **values)


def slower(call: Call) -> Call:
    return changed(call, rtt_ms=kit.a_spread(call.rtt_ms.p50 + 1))  # type: ignore[operator]
