"""Questions: each key its answer, and the answers in sight whatever the size."""

import pytest

from ari_tui.ui.bindings import keymap
from ari_tui.ui.screens.question import (
    AnswerOption,
    HangUpDialog,
    Question,
    QuestionDialog,
    QuitDialog,
)
from tests.ui.screens.test_dialog import text_of, words_of
from tests.ui.wearing import Wearing, a_question

LONG = ("a long explanation " * 9).strip()


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


def several(answers: int, question: str = LONG, shorter: tuple[str, ...] = ()) -> Wearing:
    """Return an app that asks a question with so many answers when it is ready."""
    bindings = ("yes", "leave_running", "no")
    given = tuple(AnswerOption(bindings[n], f"answer {n}", n) for n in range(answers))
    app = Wearing()
    app.call_later(lambda: app.ask(QuestionDialog("Really?", question, given, shorter)))
    return app


@pytest.mark.parametrize("answers", [1, 2, 3])
@pytest.mark.parametrize("height", [1, 2, 3, 4, 5, 6, 7, 8, 24])
async def test_all_answers_are_in_sight_where_the_screen_has_as_many_lines(
    height: int, answers: int
) -> None:
    app = several(answers)
    async with app.run_test(size=(30, height)) as pilot:
        await pilot.pause()
        text = words_of(app)
        assert sum(f"answer {n}" in text for n in range(answers)) == min(height, answers)
        # a box without room for a border has none: half of one is a riddle
        assert ("Really?" in text) == (height >= answers + 2)


async def test_words_of_the_question_go_before_its_answers() -> None:
    app = several(3, shorter=("brief",))
    told = {}
    async with app.run_test(size=(30, 24)) as pilot:
        await pilot.pause()
        for height in range(3, 16):
            await pilot.resize_terminal(30, height)
            await pilot.pause()
            words = words_of(app)
            told[height] = "whole" if LONG in words else "brief" if "brief" in words else ""
    # the whole takes nine lines
    assert told == {
        3: "",
        4: "brief",
        5: "",
        **dict.fromkeys(range(6, 14), "brief"),
        **dict.fromkeys(range(14, 16), "whole"),
    }


def test_the_longest_form_that_fits_is_asked() -> None:
    question = Question(("one two three\n", "one two three", "one two", "one"), 2)
    asked = {
        height: [line.plain for line in question.lines(7, height)] for height in (4, 5, 6, 7, 8)
    }
    assert asked == {
        4: [],
        5: ["one two"],
        6: ["one two", "three"],
        7: ["one two", "three", ""],
        8: ["one two", "three", ""],
    }


async def test_a_question_is_not_cut_where_there_is_room_for_all_of_it() -> None:
    app = several(2, "wide 名前 words " * 5, ("brief",))
    async with app.run_test(size=(30, 20)) as pilot:
        await pilot.pause()
        assert words_of(app).count("名前") == 5
        box = app.screen.query_one(".dialog--box").region
        assert box.height == len(text_of(app)) < 20


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
        assert "The caller is hung up." in words_of(app)
