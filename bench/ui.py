"""What a frame costs the screen: our table beside Textual's DataTable with the same cells.

Both show the same documents of 200 calls and write whole frames to a driver that counts bytes
and owns no terminal. The cost is the CPU of the process from handing over a frame until it is
written; formatting of cells is in it, sorting and filtering are not: both would need them.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import random
import statistics
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

# as the screen sets them, but for the colours, which would depend on where this runs
os.environ.setdefault("TEXTUAL_COLOR_SYSTEM", "truecolor")
os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")

import msgspec
from rich.text import Text
from textual.app import App, ComposeResult
from textual.drivers.headless_driver import HeadlessDriver
from textual.widget import Widget
from textual.widgets import DataTable

from ari_tui.client.source import Link
from ari_tui.document.model import Call
from ari_tui.ui.columns import WIDE, Column, chosen
from ari_tui.ui.frame import Frame
from ari_tui.ui.limits import Limits
from ari_tui.ui.rows import rows_of
from ari_tui.ui.spark import spark
from ari_tui.ui.theme_variables import DARK_VARIABLES
from ari_tui.ui.view_state import NARROW, Row
from ari_tui.ui.widgets.table import ChannelTable
from ari_tui.ui.widgets.table_shape import Shape, shape_of
from tests.ui import kit

CALLS: Final = 200
SIZES: Final = ((80, 24), (200, 50))
ROUNDS: Final = 5
"""Each in turn; every round is a new app."""
FRAMES: Final = 12
_WARM_UP: Final = 2
_LIMITS: Final = Limits(
    p50_ms=12.0, p95_ms=18.0, p99_ms=22.0, max_ms=22.0, late_ratio=0.001, loss_ratio=0.002
)


class Scene(NamedTuple):
    """One frame to be shown."""

    rows: list[Row]
    frame: Frame


class Counting(HeadlessDriver):
    """A driver that is drawn to as to a terminal; counts bytes and tells of a whole frame."""

    bytes_written = 0
    flushed: asyncio.Event

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self.flushed = asyncio.Event()

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.bytes_written += len(data.encode())

    def flush(self) -> None:
        self.flushed.set()


class TableApp(App[None]):
    """Nothing but a table that fills the screen."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, table: Widget) -> None:
        super().__init__(driver_class=Counting)
        self.table = table
        self.up = asyncio.Event()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(DARK_VARIABLES)

    def compose(self) -> ComposeResult:
        yield self.table

    def on_ready(self) -> None:
        self.up.set()


class Plain(DataTable[Text]):
    """A DataTable of the same cells; only cells whose text changed are updated."""

    def __init__(self) -> None:
        super().__init__(cursor_type="row", zebra_stripes=False, cell_padding=0)
        self._texts: dict[str, list[str]] = {}

    def show(self, rows: Sequence[Row], columns: Sequence[Column], frame: Frame) -> None:
        """Do what `ChannelTable.show` does; the order of rows stays."""
        shape = shape_of(columns, self.size.width, frame)
        if not self._texts:
            for column in shape.columns:
                self.add_column(column.heading(), width=column.width + 1, key=column.id)
            self.add_column("RTT", width=shape.spark, key="spark")
            for row in rows:
                texts = self._texts[row.call.id] = _texts(row, shape, frame)
                self.add_row(*map(Text, texts), key=row.call.id)
        keys = [*(column.id for column in shape.columns), "spark"]
        for row in rows:
            before, texts = self._texts[row.call.id], _texts(row, shape, frame)
            for key, old, new in zip(keys, before, texts, strict=True):
                if new != old:
                    self.update_cell(row.call.id, key, Text(new), update_width=False)
            self._texts[row.call.id] = texts


def _texts(row: Row, shape: Shape, frame: Frame) -> list[str]:
    texts = [
        column.text(row, frame).rjust(column.width)
        if column.align == "right"
        else column.text(row, frame)
        for column in shape.columns
    ]
    cells = shape.spark
    assert row.course is not None
    p95_us, lost = row.course.tail("rtt_p95_us", cells), row.course.tail("lost", cells)
    return [*texts, "".join(text for text, _ in spark(p95_us, lost, shape.scale_ms))]


def scenes(frames: int, changing: float) -> list[Scene]:
    """Return frames of 200 calls half a second apart; a share of them gets new figures in each."""
    chance = random.Random(1)
    calls = [kit.a_call(n, p50=chance.uniform(2, 9)) for n in range(1, CALLS + 1)]
    courses = {
        call.id: kit.a_course(
            [round(chance.uniform(3, 9) * chance.choice((1, 1, 1, 2)), 1) for _ in range(60)],
            {chance.randrange(60): 1},
        )
        for call in calls
    }
    made, history = [], kit.a_history(courses)
    for tick in range(frames):
        moving = range(CALLS) if changing == 1 else chance.sample(range(CALLS), 20)
        for place in moving:
            calls[place] = _later(calls[place], chance)
        if tick % 2 and changing == 1:
            live = kit.a_live(courses, kit.LAST_SECOND + tick)
            history = history.copy()
            history.merge(live)
            courses = {call: _moved(course) for call, course in courses.items()}
        document = kit.a_document(calls)
        frame = Frame(document, history, (), _LIMITS, Link("live"), 0.1)
        made.append(Scene(rows_of(document, history), frame))
    return made


def _later(call: Call, chance: random.Random) -> Call:
    p50 = chance.uniform(2, 9)
    return msgspec.structs.replace(call, rtt_ms=kit.a_spread(p50), duration_s=call.duration_s + 0.5)


def _moved(course: Any) -> Any:
    """Return a course a second later: its first second comes again at its end."""
    rows = {name: getattr(course, name) for name in course.__struct_fields__}
    return type(course)(**{name: [*cells[1:], cells[0]] for name, cells in rows.items()})


async def _frames(
    table: Any, shown: Iterable[Scene], columns: Sequence[Column], size: tuple[int, int]
) -> list[tuple[float, int]]:
    """Return CPU (ms) and bytes of each frame after the first few."""
    app = TableApp(table)
    running = asyncio.create_task(app.run_async(size=size, mouse=False))
    await asyncio.wait_for(app.up.wait(), 30)
    driver = app._driver
    assert isinstance(driver, Counting)
    found = []
    gc.collect()
    for rows, frame in shown:
        # what came before, the first layout, say, is no part of this frame
        await asyncio.sleep(0.1)
        driver.flushed.clear()
        written, began = driver.bytes_written, time.process_time()
        table.show(rows, columns, frame)
        # nothing is written when no row in view has changed
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(driver.flushed.wait(), 1)
        found.append(((time.process_time() - began) * 1000, driver.bytes_written - written))
    app.exit()
    await asyncio.wait_for(running, 30)
    return found[_WARM_UP:]


async def measure(width: int, height: int, changing: float) -> dict[str, Any]:
    """Return medians a frame of both tables, in turns; `changing` is the share of rows."""
    columns = chosen(NARROW if width < 120 else WIDE)
    shown = scenes(FRAMES + _WARM_UP, changing)
    ours: list[tuple[float, int]] = []
    theirs: list[tuple[float, int]] = []
    for _ in range(ROUNDS):
        ours += await _frames(ChannelTable(), shown, columns, (width, height))
        theirs += await _frames(Plain(), shown, columns, (width, height))
    ours_ms, theirs_ms = (statistics.median(ms for ms, _ in found) for found in (ours, theirs))
    return {
        "size": f"{width}x{height}",
        "calls": CALLS,
        "changing": f"{changing:.0%}",
        "ms_a_frame": round(ours_ms, 1),
        "min": round(min(ms for ms, _ in ours), 1),
        "max": round(max(ms for ms, _ in ours), 1),
        "datatable_ms": round(theirs_ms, 1),
        "ratio": round(theirs_ms / ours_ms, 1),
        "bytes_a_frame": round(statistics.median(size for _, size in ours)),
        "datatable_bytes": round(statistics.median(size for _, size in theirs)),
    }


async def tables() -> list[dict[str, Any]]:
    """Measure all calls changing, and a tenth of them, at two sizes."""
    return [await measure(*size, changing) for size in SIZES for changing in (1.0, 0.1)]
