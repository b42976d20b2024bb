"""The overview: what is seen at which size, before the first document, and after the last."""

from __future__ import annotations

import msgspec
from textual.widget import Widget
from textual.widgets import Static

from ari_tui.client.source import Link
from ari_tui.ui.columns import WIDE
from ari_tui.ui.view_state import NARROW
from ari_tui.ui.widgets.table import ChannelTable
from tests.ui import kit
from tests.ui.stage import Play, a_source, calls, playing

HEAD = {"HeaderPane", "WherePane", "ChannelTable"}
BAR, LOG = {"KeyBar"}, {"EventsPane"}
SIDE = {"RulesPane", "HistogramPane", "TrendPane"}
HEALTH, RUNS = {"InstrumentPane"}, {"RunsPane"}
SIZES = {
    (200, 50): HEAD | SIDE | HEALTH | RUNS | LOG | BAR,
    (140, 50): HEAD | SIDE | HEALTH | RUNS | LOG | BAR,
    (140, 49): HEAD | SIDE | HEALTH | LOG | BAR,
    (140, 43): HEAD | SIDE | HEALTH | LOG | BAR,
    (140, 42): HEAD | SIDE | LOG | BAR,
    (140, 34): HEAD | SIDE | LOG | BAR,
    (200, 33): HEAD | SIDE | BAR,
    (200, 23): HEAD,
    (139, 50): HEAD | LOG | BAR,
    (80, 24): HEAD | BAR,
    (80, 23): HEAD,
    (79, 24): HEAD,
    (40, 12): HEAD,
    (40, 8): HEAD,
    (39, 50): {"OneLine"},
    (200, 7): {"OneLine"},
    (20, 3): {"OneLine"},
    (4, 1): {"OneLine"},
}


def seen(play: Play) -> set[str]:
    """Return the kinds of widgets that are on the screen; one that is cut is not."""
    return {
        type(widget).__name__
        for widget in play.overview.query("Pane, ChannelTable, #waiting")
        if widget.region.area
        and all(
            isinstance(box, Widget) and box.region.contains_region(widget.region)
            for box in widget.ancestors
            if box is not play.app
        )
    }


async def test_as_much_is_seen_as_there_is_room_for() -> None:
    async with playing() as play:
        for size, expected in [*SIZES.items(), ((80, 24), SIZES[80, 24])]:
            await play.pilot.resize_terminal(*size)
            await play.pilot.pause()
            assert seen(play) == expected, size
            lines = play.text.split("\n")
            assert len(lines) <= size[1]
            assert all(len(line) <= size[0] for line in lines)
            assert "PASS" in play.text


async def test_a_banner_cuts_no_pane() -> None:
    async with playing() as play:
        for size in ((140, 34), (140, 43), (140, 50)):
            await play.pilot.resize_terminal(*size)
            await play.press("space")
            assert seen(play) == SIZES[size] | {"Banner"}, size
            await play.press("space")


async def test_a_wide_screen_has_more_columns_unless_they_were_chosen() -> None:
    async with playing() as play:
        assert [column.id for column in play.overview.columns] == list(NARROW)
        for width in (96, 120, 139):
            await play.pilot.resize_terminal(width, 30)
            await play.pilot.pause()
            heads = play.text.split("CHANNEL", 1)[1].split("\n", 1)[0]
            assert "CALLER" in heads.split("RTT 0..")[0], width
        await play.pilot.resize_terminal(140, 50)
        await play.pilot.pause()
        assert [column.id for column in play.overview.columns] == list(WIDE)
        assert "CALLER" in play.text
    async with playing(size=(140, 50), columns=("mark", "codec")) as play:
        assert [column.id for column in play.overview.columns] == ["mark", "codec"]
        assert "CALLER" not in play.text


async def test_before_the_first_document_it_says_what_is_waited_for_and_how_to_leave() -> None:
    source = kit.FakeSource()
    source.link = Link("connecting", "no such file [b]here[/b]")
    async with playing(source, keys=("quit=f10",)) as play:
        assert seen(play) == {"Static"}
        told = play.text.split()
        assert "waiting for the engine at /run/ari-tui/test.sock" in " ".join(told)
        assert "no such file [b]here[/b]" in " ".join(told)
        assert told[-2:] == ["f10", "quits"]
        await play.press("space", "o", "w", "z", "less_than_sign", "y", "Y", "x", "e", "enter")
        assert play.in_front == "Overview", "there is nothing to act on"
        await play.pilot.resize_terminal(20, 3)
        await play.press()
        source.link = Link("live")
        await play.tick(calls(1))
        assert seen(play) == {"OneLine"}


async def test_no_calls_are_no_reason_to_wait() -> None:
    async with playing([]) as play:
        assert "no calls" in play.text
        assert "0 calls" in play.text
        await play.tick(calls(1))
        assert play.overview.table.selected == "call-1"


async def test_a_lost_engine_is_told_over_its_last_figures() -> None:
    source = a_source()
    async with playing(source) as play:
        source.link, source.age_s = Link("lost", "refused"), 75.0
        await play.tick()
        assert "LOST 1m15s" in play.text
        assert "engine lost 1m15s ago" in play.text
        assert play.shown == ["3", "2", "1"]
        source.link, source.age_s = Link("live"), 0.1
        await play.tick()
        assert "1m15s" not in play.text


async def test_an_engine_that_is_gone_leaves_the_last_picture() -> None:
    async with playing() as play:
        play.app.show_engine_ended("engine ended (exit -9): see the log")
        await play.pilot.pause()
        assert "ENDED" in play.text
        assert "the engine has ended" in play.text
        assert play.shown == ["3", "2", "1"]


async def test_the_rows_before_and_after_a_call_go_round_and_leave_out_those_that_went() -> None:
    async with playing() as play:
        beside, frame = play.overview.beside, play.app.frame
        assert (beside("call-2", 1, frame), beside("call-2", -1, frame)) == ("call-1", "call-3")
        assert beside("call-1", 1, frame) == "call-3"
        assert beside("call-9", 1, frame) == "call-9"
        assert frame is not None
        without = kit.a_frame(calls()[1:])
        assert beside("call-2", 1, without) == "call-3"
        assert beside("call-1", 1, without) == "call-3", "from the last of all it goes on"


async def test_an_ended_call_stays_to_be_seen_until_the_document_drops_it() -> None:
    async with playing() as play:
        first, *others = calls()
        over = msgspec.structs.replace(first, ended_at="2026-11-22T12:00:00", state="ended")
        await play.tick([over, *others])
        (line,) = [line for line in play.text.split("\n") if "PJSIP/1001" in line]
        assert line.endswith("ended")
        await play.tick(others)
        assert "PJSIP/1001" not in play.text


async def test_keys_go_to_the_table_from_the_start() -> None:
    async with playing() as play:
        assert isinstance(play.app.focused, ChannelTable)
        assert not play.overview.query_one("#waiting", Static).display
        await play.press("j")
        assert play.overview.table.selected == "call-2"
