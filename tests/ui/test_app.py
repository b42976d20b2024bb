"""The app: how frames are made, keys, palette, themes."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events
from textual.geometry import Size

from ari_tui.client.source import Link
from ari_tui.document.model import Document
from ari_tui.document.where import Where
from ari_tui.ui import app as module
from ari_tui.ui.app import Bell
from ari_tui.ui.leaving import Leaving
from ari_tui.ui.palette import Commands
from ari_tui.ui.widgets.header import HeaderPane
from tests.ui import kit
from tests.ui.kit import a_call, a_document, a_where
from tests.ui.stage import a_source, calls, playing

# -- frames ----------------------------------------------------------------------------------


async def test_frames_are_made_by_themselves_but_not_while_the_process_is_suspended() -> None:
    source = a_source()
    async with playing(source, refresh_hz=10) as play:
        source.give(kit.a_document(calls(1)))
        await play.until(lambda: play.shown == ["1"])
        play.app.app_suspend_signal.publish(play.app)
        await play.pilot.pause()
        source.give(kit.a_document(calls(2)))
        await play.pilot.pause(0.25)
        assert play.shown == ["1"]
        play.app.app_resume_signal.publish(play.app)
        await play.until(lambda: play.shown == ["2", "1"])


async def test_the_age_of_a_frozen_frame_goes_on_and_its_link_is_that_of_now() -> None:
    async with playing() as play:
        await play.press("space")
        play.app.seconds += 12.5
        play.source.age_s, play.source.link = 40.0, Link("lost", "refused")
        await play.tick(calls(1))
        frame = play.app.frame
        assert frame is not None
        assert (frame.frozen_s, frame.age_s, frame.link) == (12.5, 40.0, Link("lost", "refused"))
        assert len(frame.document.calls) == 3
        assert frame.history is not play.source.history


async def test_nothing_is_frozen_before_there_is_anything_to_see() -> None:
    async with playing(kit.FakeSource()) as play:
        await play.press("space")
        assert not play.app.frozen


async def test_an_engine_of_ours_that_is_gone_is_so_whatever_the_source_says() -> None:
    async with playing() as play:
        play.app.show_engine_ended("engine ended (exit 1)")
        assert play.app.link == Link("ended", "engine ended (exit 1)")
        assert play.app.frame is not None
        assert play.app.frame.link == play.app.link


# -- keys, palette, themes -------------------------------------------------------------------


async def test_keys_that_were_given_work_instead_of_the_usual_ones() -> None:
    async with playing(keys=("freeze=p", "quit=f10", "violators=", "reverse=")) as play:
        before = play.overview.view_state
        await play.press("space", "q", "exclamation_mark", "z")
        assert "FROZEN" not in play.text
        assert play.left is None
        assert play.overview.view_state == before
        assert "p freeze" in play.text
        assert "f10 quit" in play.text
        await play.press("p")
        assert "FROZEN" in play.text
        await play.press("p", "f10", "y")
        assert play.left == Leaving("quit")


async def test_the_palette_lists_every_command_of_the_screen_and_of_the_app() -> None:
    async with playing() as play:
        found = {command.name for command in Commands(play.app.screen).commands()}
        await play.press("enter")
        of_a_call = {command.name for command in Commands(play.app.screen).commands()}
    assert found >= {
        "freeze",
        "lock order",
        "window",
        "columns",
        "bell",
        "filter",
        "sort left",
        "reverse",
        "violators",
        "hang up",
        "copy row",
        "copy incident",
        "export",
        "help",
        "quit",
        "leave screen",
        "stop",
        "stop engine",
        "drain engine",
        "theme light",
        "theme ansi",
    }
    assert of_a_call >= {"next call", "back", "hang up", "copy incident", "drain engine"}


def a_theme(fail: str) -> str:
    return f'name = "mine"\n[colors]\nprimary = "#7cb0ea"\n[variables]\nsla-fail = "{fail}"\n'


async def test_a_written_theme_is_worn_at_once_and_a_bad_one_is_a_toast(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_THEMES_S", 0.02)
    path = tmp_path / "mine.toml"
    path.write_text(a_theme("#aa0000"))
    async with playing(theme="mine", themes_dir=str(tmp_path)) as play:
        assert play.app.theme_variables["sla-fail"] == "#aa0000"
        path.write_text(a_theme("#00bb00") + "# changed\n")
        await play.until(lambda: play.app.theme_variables["sla-fail"] == "#00bb00")
        path.write_text("[colors]\n")
        await play.until(lambda: bool(play.told))
        assert "mine.toml" in play.told[0]
        assert play.app.theme == "dark"


async def test_a_theme_that_is_bad_from_the_start_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[colors]\n")
    async with playing(themes_dir=str(tmp_path)) as play:
        assert "mine.toml" in play.told[0]


async def test_no_color_and_ascii_reach_the_whole_screen() -> None:
    async with playing(environment={"NO_COLOR": "1"}, ascii=True, size=(200, 50)) as play:
        assert play.app.theme == "plain"
        assert play.text.isascii()
        await play.press("enter")
        await play.app.workers.wait_for_complete()
        await play.pilot.pause()
        assert play.text.isascii()


async def test_a_resize_whose_timer_was_lost_is_carried_out_with_the_next_frame() -> None:
    async with playing(size=(80, 24)) as play:
        app = play.app
        # what a stall of the machine leaves behind: taken note of, and a timer that never fires
        lost = app.set_timer(3600, lambda: None, pause=True)
        app._resize_timer = lost
        app.post_message(events.Resize(Size(200, 50), Size(200, 50)))
        await play.until(lambda: app._resize_event is not None)
        header = play.overview.query_one(HeaderPane)
        assert header.size.width == 80
        await play.tick()
        await play.until(lambda: header.size.width == 200)


async def test_the_first_calls_are_drawn_as_they_come_and_then_no_more_often_than_asked() -> None:
    source = a_source([])
    async with playing(source, refresh_hz=0.1) as play:
        assert play.shown == []
        source.give(kit.a_document(calls(1)))
        await play.until(lambda: play.shown == ["1"])
        await play.until(lambda: len(play.app._frame_timers) == 2)
        source.give(kit.a_document(calls(2)))
        await play.pilot.pause(0.3)
        assert play.shown == ["1"]


GOOD, LIKELY, BAD = a_where(), kit.LIKELY, kit.FAULTY


def of(**found: Where) -> Document:
    """Return a document of calls with these diagnoses."""
    named = enumerate(found.items())
    return a_document([a_call(n, id=name, where=where) for n, (name, where) in named])


@pytest.mark.parametrize(
    ("documents", "rung"),
    [
        ([of(a=BAD)], [False]),  # of the first document nothing is new
        ([of(a=GOOD), of(a=BAD), of(a=BAD)], [False, True, False]),
        ([of(a=BAD), of(a=BAD, b=BAD)], [False, True]),  # a new call that fails at once
        ([of(a=BAD), of(a=GOOD), of(a=BAD)], [False, False, True]),  # it was well in between
        ([of(a=BAD), of(), of(a=GOOD)], [False, False, False]),
        ([of(a=GOOD), of(a=LIKELY)], [False, False]),  # what is likely is not proved
    ],
)
def test_it_rings_when_a_call_begins_to_fail_and_only_then(
    documents: list[Document], rung: list[bool]
) -> None:
    bell = Bell(on=True)
    assert [bell.rings(document) for document in documents] == rung


def test_switched_off_it_is_silent_and_switched_on_it_rings_for_nothing_old() -> None:
    bell = Bell(on=False)
    assert not bell.rings(of(a=GOOD))
    assert not bell.rings(of(a=BAD))
    assert bell.toggle()
    assert not bell.rings(of(a=BAD))
    assert bell.rings(of(a=BAD, b=BAD))
    assert not bell.toggle()
