"""The selection: whose call it is, where it goes, and when the view goes with it."""

from ari_tui.ui.widgets.table import ChannelTable
from ari_tui.ui.widgets.table_cursor import Cursor
from tests.ui.widgets.table_stage import a_table, calls, slower


async def test_keys_move_the_selection_and_the_view_goes_with_it() -> None:
    async with a_table() as hands:
        await hands.show(calls(100))
        assert hands.table.selected == "call-1"
        await hands.press("up")
        assert hands.table.selected == "call-1"
        await hands.press("pagedown")
        assert hands.table.selected == "call-23"
        assert "1-23/100" in hands.lines()[0]
        await hands.press("down")
        assert hands.lines()[-1].startswith(" ▸PJSIP/1024")
        assert "2-24/100" in hands.lines()[0]
        await hands.press("end")
        assert hands.table.selected == "call-100"
        assert hands.lines()[-1].startswith(" ▸PJSIP/1100")
        await hands.press("pageup")
        assert hands.table.selected == "call-78"
        await hands.press("home")
        assert hands.table.selected == "call-1"
        assert hands.lines()[1].startswith(" ▸PJSIP/1001")
        assert hands.app.told[-1] == ("highlighted", "call-1")


async def test_enter_opens_the_selected_call() -> None:
    async with a_table() as hands:
        await hands.press("enter", "down")
        assert hands.app.told == [], "there is no call yet"
        await hands.show(calls(3))
        await hands.press("down", "enter")
        assert hands.app.told[-1] == ("chosen", "call-2")


async def test_a_call_that_leaves_hands_the_selection_to_its_neighbour() -> None:
    async with a_table() as hands:
        await hands.show(calls(5))
        hands.table.select("call-3")
        first, second, _, fourth, fifth = calls(5)
        await hands.show([fifth, fourth, second, first])
        assert hands.table.selected == "call-4", "the one that stood below"
        await hands.show([second, first, *calls(3, first=10)])
        assert hands.table.selected == "call-2", "the nearest of those that are left"
        await hands.show([])
        await hands.show(calls(2, first=30))
        told = [call for what, call in hands.app.told if what == "highlighted"]
        assert told == ["call-1", "call-3", "call-4", "call-2", None, "call-30"]


async def test_selecting_a_call_that_is_not_shown_changes_nothing() -> None:
    async with a_table() as hands:
        await hands.show(calls(2))
        hands.table.select("call-9")
        assert hands.table.selected == "call-1"


async def test_the_view_stands_still_for_a_selection_that_nobody_made() -> None:
    async with a_table() as hands:
        shown = calls(100)
        await hands.show(shown)
        await hands.show([*shown[50:], *shown[:50]])
        assert hands.table.selected == "call-1"
        assert hands.lines()[1].startswith("  PJSIP/1051")
        await hands.press("enter")
        assert hands.app.told[-1] == ("highlighted", "call-73"), "no unseen call is opened"
        assert hands.lines()[23].startswith(" ▸PJSIP/1073")


async def test_the_view_follows_a_selection_that_the_user_made() -> None:
    async with a_table() as hands:
        shown = calls(100)
        await hands.show(shown)
        await hands.press("down")
        await hands.show([*shown[50:], *shown[:50]])
        assert hands.table.selected == "call-2"
        assert hands.selected_line().startswith(" ▸PJSIP/1002")
        await hands.show(shown)
        assert hands.lines()[1].startswith(" ▸PJSIP/1002")


async def test_scrolling_lets_the_selection_go_out_of_view() -> None:
    async with a_table() as hands:
        shown = calls(100)
        await hands.show(shown)
        await hands.press("down")
        await hands.wheel(20)
        top = hands.table.scroll_offset.y
        assert top >= 20
        assert not hands.table.show_vertical_scrollbar
        assert await hands.show([slower(call) for call in shown]) == 23
        assert hands.lines()[1].startswith(f"  PJSIP/{1001 + top}")
        assert hands.table.selected == "call-2"
        await hands.press("down")
        assert hands.table.selected == f"call-{1 + top}", "the nearest row in view"


async def test_rows_that_become_few_pull_the_view_up() -> None:
    async with a_table() as hands:
        await hands.show(calls(100))
        await hands.press("end")
        await hands.show(calls(30))
        assert hands.table.selected == "call-30"
        assert hands.lines()[-1].startswith(" ▸PJSIP/1030")
        await hands.show(calls(3))
        assert hands.lines()[1].startswith("  PJSIP/1001")
        assert hands.lines()[3].startswith(" ▸PJSIP/1003")


async def test_a_click_selects_and_a_double_click_opens() -> None:
    async with a_table() as hands:
        await hands.show(calls(5))
        await hands.pilot.click(ChannelTable, offset=(10, 3))
        assert hands.table.selected == "call-3"
        await hands.pilot.click(ChannelTable, offset=(10, 0))
        await hands.pilot.click(ChannelTable, offset=(10, 9))
        assert hands.table.selected == "call-3"
        await hands.pilot.click(ChannelTable, offset=(10, 4), times=2)
        await hands.painted()
        assert hands.app.told[-1] == ("chosen", "call-4")


async def test_keys_harm_nothing_where_no_row_is_in_view() -> None:
    async with a_table(80, 1) as hands:
        await hands.show(calls(5))
        await hands.press("down", "enter", "pagedown", "up", "end")
        assert hands.table.selected == "call-5"


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
