"""The filter's line: tried while it is typed, wrong ones told, closed without a change."""

from textual import events
from textual.widgets import Input

from ari_tui.ui.screens.filter import FilterDialog
from ari_tui.ui.view_state import Filter
from tests.ui.screens.test_dialog import text_of
from tests.ui.wearing import Wearing


class Trial:
    """A filter dialog in an app, and what it tried."""

    def __init__(self, text: str = "") -> None:
        self.app = Wearing()
        self.tried: list[str] = []
        self.dialog = FilterDialog(text, lambda found: self.tried.append(found.text))

    async def press(self, *keys: str, size: tuple[int, int] = (80, 24)) -> list[str]:
        """Open the dialog, press keys; return what its box shows before it closes."""
        async with self.app.run_test(size=size) as pilot:
            self.app.ask(self.dialog)
            await pilot.pause()
            await pilot.press(*keys[:-1])
            await pilot.pause()
            lines = text_of(self.app)
            await pilot.press(keys[-1])
            await pilot.pause()
            return lines


async def test_what_is_typed_is_tried_at_once_and_taken_by_enter() -> None:
    trial = Trial()
    await trial.press(*"!x", "enter")
    # a lone ! is no filter yet
    assert trial.tried == ["!x"]
    (answer,) = trial.app.answers
    assert isinstance(answer, Filter)
    assert answer.text == "!x"


async def test_letters_that_are_keys_elsewhere_are_text_here() -> None:
    trial = Trial()
    await trial.press("y", "n", "q", "l", "u", "space", "j", "question_mark", "enter")
    (answer,) = trial.app.answers
    assert isinstance(answer, Filter)
    assert answer.text == "ynqlu j?"


async def test_it_begins_with_the_filter_of_now_and_an_emptied_one_is_everything() -> None:
    trial = Trial("p95>12")
    await trial.press("ctrl+u", "enter")
    (answer,) = trial.app.answers
    assert isinstance(answer, Filter)
    assert (answer.text, answer.tests) == ("", ())


async def test_a_wrong_one_is_told_and_not_taken() -> None:
    trial = Trial()
    lines = await trial.press(*"p9>1", "enter", size=(40, 12))
    text = " ".join(" ".join(lines).replace("│", " ").split())
    assert "no column 'p9' (did you mean p99?)" in text
    assert trial.app.answers == []
    assert "p9>1" not in trial.tried


async def test_closing_goes_back_to_the_filter_of_before() -> None:
    trial = Trial("1001")
    await trial.press("2", "escape")
    assert trial.tried[-1] == "1001"
    assert "10012" in trial.tried
    assert trial.app.answers == [None]


async def test_escape_closes_whatever_keys_were_given_for_no() -> None:
    trial = Trial()
    trial.app.set_keymap({"no": "x"})
    await trial.press("x", "escape")
    assert trial.app.answers == [None]


async def test_it_lies_at_the_bottom_and_lets_the_table_be_seen() -> None:
    trial = Trial()
    async with trial.app.run_test(size=(40, 12)) as pilot:
        trial.app.ask(trial.dialog)
        await pilot.pause()
        box = trial.dialog.query_one(".dialog--box").region
        assert box.bottom == 12
        assert box.height <= 5
        assert trial.dialog.query_one(Input).has_focus
        behind = trial.dialog._compositor.render_strips()
        assert any("PJSIP" in strip.text for strip in behind[: box.y])


async def test_a_paste_goes_in_whole_as_one_line_and_in_its_order() -> None:
    trial = Trial("1001 ")
    async with trial.app.run_test() as pilot:
        trial.app.ask(trial.dialog)
        await pilot.pause()
        await pilot.press("left")
        trial.app.post_message(events.Paste("p95>12\r\nlate>0\x1b[31m\tx\x07y\n"))
        await pilot.pause()
        line = trial.dialog.query_one(Input)
        assert line.value == "1001p95>12 late>0[31m xy "
        assert line.cursor_position == len(line.value) - 1
        assert trial.app.screen is trial.dialog
