"""What becomes of a screen that is left, and of the engine behind it."""

from __future__ import annotations

from typing import Any

import pytest
from textual.widgets import OptionList

from ari_tui.client.source import ActionError
from ari_tui.ui.leaving import Leaving
from tests.ui import kit
from tests.ui.stage import a_source, playing


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
        play.app.show_engine_ended("exit 1")
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
