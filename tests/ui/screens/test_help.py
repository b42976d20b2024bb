"""The help: all keys, wrapped to any width, read by scrolling."""

import pytest

from ari_tui.ui.bindings import BINDINGS, help_groups, keymap
from ari_tui.ui.screens.help import HelpDialog, Pages, help_text
from tests.ui.screens.test_dialog import text_of, words_of
from tests.ui.wearing import Wearing


@pytest.mark.parametrize("width", [20, 36, 60, 76, 120])
def test_no_line_is_wider_than_there_is_room(width: int) -> None:
    lines = help_text(help_groups("overview"), width).plain.splitlines()
    assert max(map(len, lines)) <= max(width, 22)


def test_it_tells_each_binding_of_the_screen_the_signs_and_the_filters() -> None:
    text = " ".join(help_text(help_groups("overview"), 200).plain.split())
    for binding in BINDINGS:
        assert (binding.help in text) is bool({"overview", "app", "table"} & set(binding.where))
    assert "× packets lost in this second" in text
    assert "loss>0.1% shares in percent" in text


def test_given_keys_are_told() -> None:
    text = help_text(help_groups("overview", keymap(["freeze=p,f5"])), 80).plain
    assert " p f5         Stand still" in text


def test_with_ascii_alone_the_signs_are_those_that_are_drawn_then() -> None:
    text = help_text(help_groups("overview", ascii_only=True), 80, ascii_only=True).plain
    assert text.isascii()
    assert " x            packets lost" in text


async def test_at_40_by_12_all_of_it_can_be_scrolled_to() -> None:
    app = Wearing()
    async with app.run_test(size=(40, 12)) as pilot:
        app.ask(HelpDialog("overview"))
        await pilot.pause()
        assert "View" in "\n".join(text_of(app))
        await pilot.press("end")
        await pilot.pause()
        pages = app.screen.query_one(Pages)
        assert pages.scroll_y == pages.max_scroll_y > 0
        assert "finds a" in words_of(app)
        for key, lower in (("pageup", True), ("down", False), ("up", True), ("home", True)):
            before = pages.scroll_y
            await pilot.press(key)
            await pilot.pause()
            assert (pages.scroll_y < before) is lower, key
        await pilot.press("pagedown")
        await pilot.pause()
        assert pages.scroll_y > 0


@pytest.mark.parametrize("key", ["enter", "q", "n", "escape"])
async def test_it_closes_by_any_key_that_closes(key: str) -> None:
    app = Wearing()
    async with app.run_test() as pilot:
        app.ask(HelpDialog("detail"))
        await pilot.pause()
        await pilot.press(key)
        await pilot.pause()
    assert app.answers == [None]
