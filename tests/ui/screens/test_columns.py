"""The column chooser: what is ticked, moved and taken."""

from ari_tui.ui.columns import COLUMNS
from ari_tui.ui.screens.columns import ColumnsDialog
from ari_tui.ui.screens.dialog import ChoiceList
from ari_tui.ui.view_state import NARROW
from tests.ui.screens.test_dialog import text_of
from tests.ui.wearing import Wearing


async def chosen_by(*keys: str, columns: tuple[str, ...] = NARROW) -> object:
    app = Wearing()
    async with app.run_test(size=(40, 12)) as pilot:
        app.ask(ColumnsDialog(columns))
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
    (answer,) = app.answers
    return answer


async def test_what_is_taken_unchanged_is_what_was_there() -> None:
    assert await chosen_by("enter") == list(NARROW)
    assert await chosen_by("y") == list(NARROW)


async def test_space_ticks_and_goes_on_to_the_next() -> None:
    mark, channel, *rest = NARROW
    assert await chosen_by("space", "space", "enter") == rest
    assert await chosen_by("space", "up", "space", "enter") == [mark, channel, *rest]


async def test_a_column_that_was_not_there_comes_after_those_that_were() -> None:
    keys = ["down"] * len(NARROW)
    first_other = next(column.id for column in COLUMNS if column.id not in NARROW)
    assert await chosen_by(*keys, "space", "enter") == [*NARROW, first_other]


async def test_a_column_is_moved_left_and_right_and_not_beyond_the_end() -> None:
    mark, channel, *rest = NARROW
    assert await chosen_by("J", "enter") == [channel, mark, *rest]
    assert await chosen_by("J", "K", "K", "enter") == [mark, channel, *rest]
    assert await chosen_by("down", "shift+up", "enter") == [channel, mark, *rest]


async def test_the_usual_ones_are_an_empty_answer_as_is_none_at_all() -> None:
    assert await chosen_by("u") == []
    assert await chosen_by("space", "enter", columns=("mark",)) == []


async def test_closing_changes_nothing() -> None:
    assert await chosen_by("space", "escape") is None


async def test_an_unknown_or_repeated_id_is_left_out() -> None:
    assert await chosen_by("enter", columns=("mark", "gone", "mark")) == ["mark"]


async def test_every_column_is_listed_on_a_line_with_what_it_means() -> None:
    app = Wearing()
    async with app.run_test(size=(120, 100)) as pilot:
        app.ask(ColumnsDialog(NARROW))
        await pilot.pause()
        lines = text_of(app)
        assert app.screen.query_one(ChoiceList).option_count == len(COLUMNS)
        assert len(lines) >= len(COLUMNS)
        assert any("[x] CHANNEL  Asterisk's name" in line for line in lines)
        assert any("[ ] CALLER   Caller's name and number" in line for line in lines)
