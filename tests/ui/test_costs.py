"""What the whole screen costs: lines drawn, objects kept, modules imported."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
from collections import deque
from pathlib import Path

import msgspec
import pytest
from textual._styles_cache import StylesCache

from ari_tui.document.model import Call
from ari_tui.ui.screens import detail
from ari_tui.ui.widgets.pane import Pane
from tests.ui import kit
from tests.ui.stage import Play, a_source, calls, playing


def drawn_lines(play: Play) -> int:
    """Return how many lines were drawn so far, by whatever widget."""
    panes = sum(pane.drawn for pane in play.overview.query(Pane))
    return panes + play.overview.table.rendered_lines


async def test_of_two_hundred_calls_only_what_changed_is_drawn_again() -> None:
    shown = calls(200)
    async with playing(shown, size=(200, 50)) as play:
        await play.press("o")
        await play.tick(shown)
        before = drawn_lines(play)
        await play.tick(shown)
        assert drawn_lines(play) == before, "nothing has changed"
        for place in (0, 20, 150):
            shown[place] = msgspec.structs.replace(shown[place], duration_s=61.0)
        await play.tick(msgspec.structs.replace(kit.a_document(shown), time="2026-11-22T12:00:02"))
        in_view = sum(f"{call.channel[:10]}" in play.text for call in (shown[0], shown[20]))
        assert drawn_lines(play) - before == in_view + 1, "the rows in view, and the clock"


async def test_a_frame_behind_a_call_in_detail_draws_nothing_of_the_overview() -> None:
    async with playing() as play:
        await play.press("enter")
        before = drawn_lines(play)
        await play.tick([kit.a_call(n, p50=9.0) for n in (1, 2, 3)])
        assert drawn_lines(play) == before


async def test_calls_that_come_and_go_leave_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    # a timer that has been stopped is kept by the loop until its time
    monkeypatch.setattr(detail, "DETAIL_S", 0.3)
    monkeypatch.setattr(detail, "STATISTICS_S", 0.3)
    source, of_others = a_source([]), calls_alive()
    source.events = deque(maxlen=20)
    async with playing(source, bell=True) as play:
        counts = [await objects_after(play, range(at, at + 50)) for at in range(0, 200, 50)]
        assert counts[3] - counts[2] < 500, counts
        assert calls_alive() - of_others <= 2 * CALLS_UP
        assert len(play.overview.table._renderer._strips) <= 24
        assert len(play.overview._held) == CALLS_UP


CALLS_UP = 8
COURSE = kit.a_course((3.0,))


def calls_alive() -> int:
    return sum(isinstance(each, Call) for each in gc.get_objects())


async def objects_after(play: Play, ticks: range) -> int:
    """Let a call come, a call go and an event be told every tick; return how many objects are."""
    for tick in ticks:
        up = [kit.a_call(n, p50=2.0 + n % 9) for n in range(tick, tick + CALLS_UP)]
        ids = [call.id for call in up]
        live = kit.a_live(dict.fromkeys(ids, COURSE), kit.LAST_SECOND + tick)
        play.source.give(kit.a_document(up), live)
        play.source.history.keep_only(ids)
        play.source.events.append(kit.an_event(f"event {tick}"))
        play.app.make_frame()
        await asyncio.sleep(0)
        if tick % 50 == 49:
            await play.press("space", "space", "slash", "1", "escape", "f1", "escape")
            await play.press("enter", "escape")
    play.source.asked.clear()
    await play.app.workers.wait_for_complete()
    await play.pilot.pause(0.4)
    # Textual keeps what widgets drew, of the last 1024 of them, gone or not
    StylesCache.get_inner_outer.cache_clear()
    gc.collect()
    return len(gc.get_objects())


def test_the_screens_process_does_without_numpy_and_aiohttp() -> None:
    code = (
        "import sys, ari_tui.cli.run, ari_tui.session.onscreen\n"
        "import ari_tui.ui.app, ari_tui.ui.screens.detail\n"
        "print({'numpy', 'aiohttp', 'ari_tui.analysis', 'ari_tui.relay'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=False
    )
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_a_headless_run_never_imports_textual(bare_start: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-X",
            "importtime",
            "-m",
            "ari_tui",
            "run",
            "--headless",
            "--ari-url",
            "http://127.0.0.1:1",
        ],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 3, done.stderr[-500:]
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "ari_tui.engine.service" in imported
    assert not {name for name in imported if name.split(".")[0] == "textual"}
