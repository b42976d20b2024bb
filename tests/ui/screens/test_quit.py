"""Quitting while calls are up, and hanging one up: what is asked, and what is answered."""

import pytest

from ari_tui.ui.screens.quit import HangUpDialog, QuitDialog
from tests.ui.screens.test_dialog import text_of, words_of
from tests.ui.wearing import Wearing


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["y"], "quit"),
        (["l"], "leave"),
        (["n"], None),
        (["enter"], None),
        (["up", "enter"], "leave"),
        (["home", "enter"], "quit"),
    ],
)
async def test_quitting_asks_and_does_least_by_default(keys: list[str], answer: str | None) -> None:
    app = Wearing()
    async with app.run_test(size=(40, 12)) as pilot:
        app.ask(QuitDialog(32))
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
    assert app.answers == [answer]


@pytest.mark.parametrize(("active", "told"), [(1, "1 call is up"), (32, "32 calls are up")])
async def test_it_says_how_many_calls_are_up(active: int, told: str) -> None:
    app = Wearing()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(QuitDialog(active))
        await pilot.pause()
        assert told in "\n".join(text_of(app))


@pytest.mark.parametrize(("key", "answer"), [("y", "hang up"), ("n", None), ("enter", None)])
async def test_hanging_up_asks_for_the_call_by_name(key: str, answer: str | None) -> None:
    app = Wearing()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(HangUpDialog("PJSIP/1001-0000000a", "[red]Eve\x1b[31m" + "x" * 500))
        await pilot.pause()
        assert "PJSIP/1001-0000000a [red]Eve\\x1b[31mxxx" in words_of(app)
        assert len(text_of(app)) < 12
        await pilot.press(key)
        await pilot.pause()
    assert app.answers == [answer]


@pytest.mark.parametrize("size", [(30, 6), (30, 4), (24, 5)])
async def test_a_small_screen_shows_the_answers_to_quitting_before_it_explains(
    size: tuple[int, int],
) -> None:
    app = Wearing()
    async with app.run_test(size=size) as pilot:
        app.ask(QuitDialog(32))
        await pilot.pause()
        text = words_of(app)
        for answer in ("y Quit", "l Leave, and m", "n Stay here"):
            assert answer in text
        assert "quitting ends" not in text
        assert ("32 calls are up" in text) is (size[1] != 5)


async def test_a_small_screen_still_says_which_call_is_hung_up() -> None:
    app = Wearing()
    async with app.run_test(size=(30, 5)) as pilot:
        app.ask(HangUpDialog("PJSIP/carrier-of-the-west-0000000a", "Eve 100"))
        await pilot.pause()
        assert words_of(app).startswith("Hang up? PJSIP/carrier…-the-west-0a y Hang up this call")
        await pilot.resize_terminal(40, 6)
        await pilot.pause()
        assert "PJSIP/carrier-of-the-west-0000000a Eve 100" in words_of(app)
        await pilot.resize_terminal(40, 9)
        await pilot.pause()
        assert "The caller hears the line go dead." in words_of(app)
