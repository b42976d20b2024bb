"""The app: how frames are made, what becomes of a screen that is left, keys, palette, themes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.geometry import Size
from textual.widgets import OptionList

from ari_tui.snapshot.source import ActionError, Link
from ari_tui.ui import app as module
from ari_tui.ui.app import Leaving
from ari_tui.ui.palette import Commands
from ari_tui.ui.widgets.header import HeaderPane
from tests.ui import kit
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
        play.app.tell_engine_gone("engine ended (exit 1)")
        assert play.app.link == Link("ended", "engine ended (exit 1)")
        assert play.app.frame is not None
        assert play.app.frame.link == play.app.link


# -- leaving ---------------------------------------------------------------------------------


async def test_quitting_asks_while_calls_are_up_and_the_engine_is_ours() -> None:
    async with playing() as play:
        await play.press("q")
        assert play.in_front == "QuitDialog"
        assert "3 calls are up" in play.text
        await play.press("n")
        assert play.in_front == "Overview"
        assert play.left is None
        await play.press("q", "y")
        assert play.left == Leaving("quit")


async def test_an_engine_can_be_left_running_by_the_same_question() -> None:
    async with playing() as play:
        await play.press("q", "l")
        assert play.left == Leaving("leave")


@pytest.mark.parametrize(
    ("changed", "how"),
    [({"owned": False}, "leave"), ({"stays": True}, "leave"), ({"source": []}, "quit")],
    ids=["attached", "stays", "no calls"],
)
async def test_nothing_is_asked_when_nobody_loses_anything(
    changed: dict[str, Any], how: str
) -> None:
    async with playing(**changed) as play:
        await play.press("q")
        assert play.left is not None
        assert play.left.how == how


async def test_an_engine_that_is_gone_needs_no_question() -> None:
    async with playing() as play:
        play.app.tell_engine_gone("exit 1")
        await play.press("q")
        assert play.left == Leaving("quit")


async def test_before_the_first_document_q_leaves() -> None:
    async with playing(kit.FakeSource()) as play:
        await play.press("q")
        assert play.left == Leaving("quit")


@pytest.mark.parametrize("keys", [[], ["slash", "1"], ["enter", "question_mark"]])
async def test_ctrl_c_leaves_at_once_wherever_one_is(keys: list[str]) -> None:
    async with playing() as play:
        await play.press(*keys)
        await play.press("ctrl+c")
        assert play.left == Leaving("quit", "SIGINT", interrupted=True)


async def test_ctrl_c_leaves_an_engine_that_stays_alone() -> None:
    async with playing(stays=True) as play:
        await play.press("ctrl+c")
        assert play.left == Leaving("leave", "SIGINT", interrupted=True)


@pytest.mark.parametrize(("owned", "keys"), [(False, ["Q"]), (True, ["Q", "y"])])
async def test_the_last_screen_is_left_as_text(owned: bool, keys: list[str]) -> None:
    async with playing(owned=owned) as play:
        before = play.text
        await play.press(*keys)
        assert play.left is not None
        assert play.left.picture == before
        assert "PJSIP/1003-03" in before
        assert "\x1b" not in before


# -- keys, palette, themes -------------------------------------------------------------------


async def test_keys_that_were_given_work_instead_of_the_usual_ones() -> None:
    async with playing(keys=("freeze=p", "quit=f10", "violators=", "reverse=")) as play:
        before = play.overview.choices
        await play.press("space", "q", "exclamation_mark", "z")
        assert "FROZEN" not in play.text
        assert play.left is None
        assert play.overview.choices == before
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
        "freeze", "lock order", "window", "columns", "bell", "filter", "sort left", "reverse",
        "violators", "hang up", "copy row", "copy incident", "export", "help", "quit",
        "leave screen", "stop", "stop engine", "drain engine", "theme light", "theme ansi",
    }  # fmt: skip
    assert of_a_call >= {"next call", "back", "hang up", "copy incident", "drain engine"}


@pytest.mark.parametrize(("name", "action"), [("stop engine", "quit"), ("drain engine", "drain")])
async def test_the_palette_has_the_engine_end(name: str, action: str) -> None:
    source = a_source()
    async with playing(source) as play:
        await play.press("ctrl+p", *name)
        await play.until(lambda: play.app.screen.query_one(OptionList).option_count == 1)
        await play.press("enter")
        await play.until(lambda: bool(source.asked))
        assert source.asked == [(action, {})]
        await play.until(lambda: bool(play.told))
        assert "engine" in play.told[0]


async def test_what_the_engine_refuses_is_told_in_its_words() -> None:
    source = a_source()
    source.answers["drain"] = ActionError("[b]no[/b] engine")
    async with playing(source) as play:
        play.app.drain_engine()
        await play.app.workers.wait_for_complete()
        assert play.told == ["[b]no[/b] engine"]


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
        await play.until(lambda: len(play.app._beats) == 2)
        source.give(kit.a_document(calls(2)))
        await play.pilot.pause(0.3)
        assert play.shown == ["1"]
