from __future__ import annotations

import msgspec
import pytest
from rich.text import Text

from ari_tui.ui.widgets.detail_page import TWO_COLUMNS, Block, Sheet, page, title, trips
from ari_tui.ui.widgets.detail_view import DetailView
from tests.ui.detail_kit import HOSTILE, WIDTHS, a_detail, a_view, assert_fits, plain
from tests.ui.kit import a_call
from tests.ui.widgets.frames import PaneApp

HEADINGS = (
    "Where a packet's time goes",
    "RTT ",
    "Loss",
    "RTT histogram",
    "Gaps",
    "Call",
    "Counted",
    "Asterisk says",
    "Events",
)


def whole(view: DetailView, width: int) -> list[Text]:
    def draw(block: Block, view: DetailView, width: int) -> list[Text]:
        return block(view, width)

    return page(view, width, draw)


@pytest.mark.parametrize("width", [40, 80, TWO_COLUMNS - 1, TWO_COLUMNS, 200])
def test_everything_is_on_the_page_whatever_its_width(width: int) -> None:
    text = plain(whole(a_view(), width))
    for heading in HEADINGS:
        assert heading in text, heading


def test_blocks_stand_side_by_side_where_there_is_room() -> None:
    narrow, wide = whole(a_view(), 100), whole(a_view(), 200)
    assert len(wide) <= 48 < len(narrow)
    assert any("Where a packet" in line.plain and "Call ─" in line.plain for line in wide)


def test_the_title_says_who_how_long_and_where_to_look() -> None:
    call = a_call(1, p50=9.0, state="up", duration_s=192.0)
    lines = [line.plain for line in title(a_view(call), 80)]
    assert lines[0].split() == ["PJSIP/1001-00000001", "Caller", "1", "1001", "up", "up", "3m12s"]
    assert lines[1].startswith("! Look at the network to the echo server: RTT p99 27.0 of 18 ms")


def test_the_title_says_who_ended_the_call() -> None:
    call = a_call(1, state="ended", reason="hung up from here", duration_s=61.0)
    assert "ended: hung up from here" in title(a_view(call), 80)[0].plain


def test_why_nothing_new_comes_is_said_at_the_top() -> None:
    lines = title(a_view(trouble="no call 's.1'"), 80)
    assert lines[1].plain == "~ no call 's.1'"


def test_the_histogram_is_of_this_call() -> None:
    text = plain(trips(a_view(), 80))
    assert text.startswith("RTT histogram 1,000 round trips of this call")
    assert "max≤22" in text
    empty = a_view(detail=a_detail(rtt_histogram=[]))
    assert plain(trips(empty, 80)).endswith("no round trip yet")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_it_fits_every_width_whatever_the_outside_says(width: int, ascii_only: bool) -> None:
    call = a_call(1, channel=HOSTILE, caller=HOSTILE, reason=HOSTILE, state="draining")
    for detail in (a_detail(), None):
        view = a_view(call, detail=detail, ascii_only=ascii_only, trouble=HOSTILE)
        assert_fits(whole(view, width), width, ascii_only=ascii_only)


async def test_a_sheet_is_as_high_as_its_page_and_draws_only_what_changes() -> None:
    sheet = Sheet()
    async with PaneApp(sheet).run_test(size=(80, 24)) as pilot:
        view = a_view()
        sheet.show_view(view)
        await pilot.pause()
        expected = whole(view, sheet.size.width)
        assert sheet.size.height == len(expected)
        assert [line.rstrip() for line in sheet.shown.split("\n")] == plain(expected).split("\n")
        drawn = sheet.drawn
        sheet.show_view(view)
        await pilot.pause()
        assert sheet.drawn == drawn
        longer = msgspec.structs.replace(view.call, duration_s=61.0)
        sheet.show_view(view._replace(call=longer))
        await pilot.pause()
        assert sheet.drawn == drawn + 1


async def test_charts_are_drawn_once_an_answer() -> None:
    sheet = Sheet()
    async with PaneApp(sheet).run_test(size=(80, 24)) as pilot:
        view = a_view()
        sheet.show_view(view)
        await pilot.pause()
        drawn = sheet.charts_drawn
        for _ in range(5):
            sheet.show_view(view)
            await pilot.pause()
        assert sheet.charts_drawn == drawn
        sheet.show_view(view._replace(detail=a_detail(time="2026-11-22T12:00:03.000+00:00")))
        await pilot.pause()
        assert sheet.charts_drawn == drawn + 1
        await pilot.resize_terminal(100, 24)
        await pilot.pause()
        assert sheet.charts_drawn > drawn + 1
