"""The selection: whose call it is, where it goes, and when the view goes with it."""

from ari_tui.ui.widgets.table import ChannelTable
from ari_tui.ui.widgets.table_cursor import Cursor
from tests.ui.widgets.table_stage import a_table, calls, slower


async def test_keys_move_the_selection_and_the_view_goes_with_it() -> None:
    async with a_table() as harness:
        await harness.show(calls(100))
        assert harness.table.selected == "call-1"
        await harness.press("up")
        assert harness.table.selected == "call-1"
        await harness.press("pagedown")
        assert harness.table.selected == "call-23"
        assert "1-23/100" in harness.lines()[0]
        await harness.press("down")
        assert harness.lines()[-1].startswith(" ▸PJSIP/1024")
        assert "2-24/100" in harness.lines()[0]
        await harness.press("end")
        assert harness.table.selected == "call-100"
        assert harness.lines()[-1].startswith(" ▸PJSIP/1100")
        await harness.press("pageup")
        assert harness.table.selected == "call-78"
        await harness.press("home")
        assert harness.table.selected == "call-1"
        assert harness.lines()[1].startswith(" ▸PJSIP/1001")
        assert harness.app.told[-1] == ("highlighted", "call-1")


async def test_enter_opens_the_selected_call() -> None:
    async with a_table() as harness:
        await harness.press("enter", "down")
        assert harness.app.told == [], "there is no call yet"
        await harness.show(calls(3))
        await harness.press("down", "enter")
        assert harness.app.told[-1] == ("chosen", "call-2")


async def test_a_call_that_leaves_hands_the_selection_to_its_neighbour() -> None:
    async with a_table() as harness:
        await harness.show(calls(5))
        harness.table.select("call-3")
        first, second, _, fourth, fifth = calls(5)
        await harness.show([fifth, fourth, second, first])
        assert harness.table.selected == "call-4", "the one that stood below"
        await harness.show([second, first, *calls(3, first=10)])
        assert harness.table.selected == "call-2", "the nearest of those that are left"
        await harness.show([])
        await harness.show(calls(2, first=30))
        told = [call for what, call in harness.app.told if what == "highlighted"]
        assert told == ["call-1", "call-3", "call-4", "call-2", None, "call-30"]


async def test_selecting_a_call_that_is_not_shown_changes_nothing() -> None:
    async with a_table() as harness:
        await harness.show(calls(2))
        harness.table.select("call-9")
        assert harness.table.selected == "call-1"


async def test_the_view_stands_still_for_a_selection_that_nobody_made() -> None:
    async with a_table() as harness:
        shown = calls(100)
        await harness.show(shown)
        await harness.show([*shown[50:], *shown[:50]])
        assert harness.table.selected == "call-1"
        assert harness.lines()[1].startswith("  PJSIP/1051")
        await harness.press("enter")
        assert harness.app.told[-1] == ("highlighted", "call-73"), "no unseen call is opened"
        assert harness.lines()[23].startswith(" ▸PJSIP/1073")


async def test_the_view_follows_a_selection_that_the_user_made() -> None:
    async with a_table() as harness:
        shown = calls(100)
        await harness.show(shown)
        await harness.press("down")
        await harness.show([*shown[50:], *shown[:50]])
        assert harness.table.selected == "call-2"
        assert harness.selected_line().startswith(" ▸PJSIP/1002")
        await harness.show(shown)
        assert harness.lines()[1].startswith(" ▸PJSIP/1002")


async def test_scrolling_lets_the_selection_go_out_of_view() -> None:
    async with a_table() as harness:
        shown = calls(100)
        await harness.show(shown)
        await harness.press("down")
        await harness.wheel(20)
        top = harness.table.scroll_offset.y
        assert top >= 20
        assert not harness.table.show_vertical_scrollbar
        assert await harness.show([slower(call) for call in shown]) == 23
        assert harness.lines()[1].startswith(f"  PJSIP/{1001 + top}")
        assert harness.table.selected == "call-2"
        await harness.press("down")
        assert harness.table.selected == f"call-{1 + top}", "the nearest row in view"


async def test_rows_that_become_few_pull_the_view_up() -> None:
    async with a_table() as harness:
        await harness.show(calls(100))
        await harness.press("end")
        await harness.show(calls(30))
        assert harness.table.selected == "call-30"
        assert harness.lines()[-1].startswith(" ▸PJSIP/1030")
        await harness.show(calls(3))
        assert harness.lines()[1].startswith("  PJSIP/1001")
        assert harness.lines()[3].startswith(" ▸PJSIP/1003")


async def test_a_click_selects_and_a_double_click_opens() -> None:
    async with a_table() as harness:
        await harness.show(calls(5))
        await harness.pilot.click(ChannelTable, offset=(10, 3))
        assert harness.table.selected == "call-3"
        await harness.pilot.click(ChannelTable, offset=(10, 0))
        await harness.pilot.click(ChannelTable, offset=(10, 9))
        assert harness.table.selected == "call-3"
        await harness.pilot.click(ChannelTable, offset=(10, 4), times=2)
        await harness.painted()
        assert harness.app.told[-1] == ("chosen", "call-4")


async def test_keys_harm_nothing_where_no_row_is_in_view() -> None:
    async with a_table(80, 1) as harness:
        await harness.show(calls(5))
        await harness.press("down", "enter", "pagedown", "up", "end")
        assert harness.table.selected == "call-5"


def a_cursor(calls: str = "abcdefghij") -> Cursor:
    """Return a cursor over calls of one letter each."""
    cursor = Cursor()
    cursor.take(list(calls))
    return cursor


def test_of_two_neighbours_as_near_the_one_below_is_selected() -> None:
    cursor = a_cursor("abc")
    selected = [cursor.selected]
    cursor.select("b")
    for left in (["a", "c"], [], ["d", "e"]):
        cursor.take(left)
        selected.append(cursor.selected)
    assert selected == ["a", "c", None, "d"]


def test_without_calls_a_step_leads_nowhere() -> None:
    assert Cursor().step(1, range(0)) is None
    assert not Cursor().is_meant(range(0))


def test_a_call_that_is_not_there_is_no_selection_and_is_not_followed() -> None:
    cursor = a_cursor("abc")
    assert not cursor.select("z")
    assert (cursor.selected, cursor.followed) == ("a", False)


def test_from_out_of_view_a_step_leads_into_view_and_a_leap_to_the_end() -> None:
    cursor = a_cursor()
    in_view = range(4, 7)
    assert not cursor.is_meant(in_view)
    assert (cursor.step(1, in_view), cursor.step(-1, in_view)) == ("e", "e")
    assert cursor.step(10, in_view) == "j"
    assert cursor.select("a")
    assert cursor.is_meant(in_view)
    assert cursor.step(1, in_view) == "b", "who moved there goes on from there"


def test_the_view_moves_no_further_than_a_followed_selection_asks() -> None:
    cursor = a_cursor()
    assert [cursor.top(top, 4) for top in (0, 3, 6, 9)] == [0, 3, 6, 6]
    cursor.select("f")
    assert [cursor.top(top, 4) for top in (0, 2, 5, 9)] == [2, 2, 5, 5]
    assert cursor.top(3, 0) == 3
    assert cursor.top(3, 20) == 0
