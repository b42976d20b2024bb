"""Dialogs: keys alone, down to 40x12, with the keys of ui.keys, with ASCII, without colour."""

from collections.abc import Callable

import pytest
from textual.command import CommandPalette
from textual.geometry import Region
from textual.screen import Screen

from ari_tui.ui.bindings import keymap
from tests.ui.wearing import DIALOGS, Wearing, a_question

SIZES = [(40, 12), (80, 24), (200, 50)]


def text_of(app: Wearing) -> list[str]:
    """Return the lines of the screen in front, without what is behind it."""
    box = app.screen.query_one(".dialog--box").region
    strips = app.screen._compositor.render_strips()
    return [strip.crop(box.x, box.right).text for strip in strips[box.y : box.bottom]]


def words_of(app: Wearing) -> str:
    """Return what the screen in front says, wrapped or not."""
    return " ".join(" ".join(line.strip("│╭╰╮╯─ ") for line in text_of(app)).split())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", DIALOGS)
async def test_every_dialog_fits_with_its_borders_and_says_how_to_close(
    name: str, size: tuple[int, int]
) -> None:
    app = Wearing()
    async with app.run_test(size=size) as pilot:
        app.ask(DIALOGS[name]())
        await pilot.pause()
        box = app.screen.query_one(".dialog--box").region
        assert Region(0, 0, *size).contains_region(box)
        lines = text_of(app)
        assert lines[0].startswith("╭")
        assert lines[-1].startswith("╰")
        assert "esc close" in lines[-1]


@pytest.mark.parametrize("name", DIALOGS)
async def test_every_dialog_is_of_ascii_alone_where_asked(name: str) -> None:
    app = Wearing(ascii_only=True)
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(DIALOGS[name]())
        await pilot.pause()
        lines = text_of(app)
        assert all(line.isascii() for line in lines), lines


@pytest.mark.parametrize("name", DIALOGS)
async def test_escape_closes_every_dialog_without_an_answer(name: str) -> None:
    app = Wearing()
    async with app.run_test() as pilot:
        app.ask(DIALOGS[name]())
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        assert not app.screen.is_modal
    assert app.answers == [None]


@pytest.mark.parametrize("name", DIALOGS)
async def test_keys_of_the_screen_behind_are_not_heard_and_ctrl_c_is(name: str) -> None:
    app = Wearing()
    async with app.run_test() as pilot:
        app.ask(DIALOGS[name]())
        await pilot.pause()
        await pilot.press("o", "w", "t")
        assert app.theme == "dark"
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert not app.is_running or app._exit


@pytest.mark.parametrize("no_color", [True, False])
async def test_the_marked_answer_is_reversed_where_there_is_no_color(no_color: bool) -> None:
    app = Wearing(no_color=no_color)
    async with app.run_test() as pilot:
        app.ask(a_question())
        await pilot.pause()
        reversed_texts = [
            segment.text
            for strip in app.screen._compositor.render_strips()
            for segment in strip
            if segment.style is not None and segment.style.reverse
        ]
    assert any("Leave it" in text for text in reversed_texts) is no_color


@pytest.mark.parametrize("make", [a_question, *DIALOGS.values()])
async def test_a_dialog_can_be_shown_again_and_again(make: Callable[[], Screen[object]]) -> None:
    app = Wearing()
    async with app.run_test() as pilot:
        for _ in range(3):
            app.ask(make())
            await pilot.pause()
            await pilot.press("escape")
            await pilot.pause()
    assert app.answers == [None] * 3


@pytest.mark.parametrize("name", DIALOGS)
async def test_the_palette_is_refused_and_the_dialog_stays_and_says_how_to_come_to_it(
    name: str,
) -> None:
    app = Wearing()
    async with app.run_test(size=(40, 12)) as pilot:
        app.ask(DIALOGS[name]())
        await pilot.pause()
        dialog = app.screen
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert app.screen is dialog
        assert "esc close, then ^p" in text_of(app)[-1]
        await pilot.press("escape", "ctrl+p")
        await pilot.pause()
        assert isinstance(app.screen, CommandPalette)


async def test_the_palettes_given_key_is_refused_in_its_stead() -> None:
    app = Wearing()
    app.keymap = keymap(["palette=f9", "no=f10"])
    app.set_keymap(app.keymap)
    async with app.run_test(size=(40, 12)) as pilot:
        app.ask(a_question())
        await pilot.pause()
        assert "f10 close" in text_of(app)[-1]
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert "f9" not in text_of(app)[-1]
        await pilot.press("f9")
        await pilot.pause()
        assert "f10 close, then f9" in text_of(app)[-1]
        await pilot.press("f10")
        await pilot.pause()
    assert app.answers == [None]


async def test_the_key_that_closes_is_told_whatever_goes_back_from_a_call() -> None:
    app = Wearing()
    app.keymap = keymap(["back=f9"])
    app.set_keymap(app.keymap)
    async with app.run_test() as pilot:
        app.ask(a_question())
        await pilot.pause()
        assert "esc close" in text_of(app)[-1]
