"""Dialogs: keys alone, down to 40x12, with the keys of ui.keys, with ASCII, without colour."""

from collections.abc import Callable

import pytest
from textual.geometry import Region
from textual.screen import Screen

from ari_tui.ui.bindings import keymap
from ari_tui.ui.screens.dialog import Answer, QuestionDialog
from tests.ui.wearing import DIALOGS, Wearing

SIZES = [(40, 12), (80, 24), (200, 50)]


def text_of(app: Wearing) -> list[str]:
    """Return the lines of the screen in front, without what is behind it."""
    box = app.screen.query_one(".dialog--box").region
    strips = app.screen._compositor.render_strips()
    return [strip.crop(box.x, box.right).text for strip in strips[box.y : box.bottom]]


def words_of(app: Wearing) -> str:
    """Return what the screen in front says, wrapped or not."""
    return " ".join(" ".join(line.strip("│╭╰╮╯─ ") for line in text_of(app)).split())


def a_question() -> QuestionDialog[str]:
    answers = (Answer("yes", "Do it", "done"), Answer[str]("no", "Leave it", None))
    return QuestionDialog("Really?", "[b]It[/b] is final.", answers)


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


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["y"], "done"),
        (["n"], None),
        (["enter"], None),
        (["up", "enter"], "done"),
        (["k", "enter"], "done"),
        (["home", "end", "enter"], None),
        (["q"], None),
    ],
)
async def test_a_question_is_answered_by_its_keys(keys: list[str], answer: str | None) -> None:
    app = Wearing()
    async with app.run_test() as pilot:
        app.ask(a_question())
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
    assert app.answers == [answer]


async def test_a_key_of_another_question_does_nothing() -> None:
    app = Wearing()
    async with app.run_test() as pilot:
        app.ask(a_question())
        await pilot.pause()
        await pilot.press("l", "space", "u")
        assert app.screen.is_modal
    assert app.answers == []


async def test_a_question_is_shown_as_text_with_the_keys_that_were_given() -> None:
    app = Wearing()
    app.keymap = keymap(["yes=j", "row_down=down"])
    app.set_keymap(app.keymap)
    async with app.run_test(size=(40, 12)) as pilot:
        app.ask(a_question())
        await pilot.pause()
        text = "\n".join(text_of(app))
        assert "Really?" in text
        assert "[b]It[/b] is final." in text
        assert " j Do it" in text
        await pilot.press("j")
        await pilot.pause()
    assert app.answers == ["done"]


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
