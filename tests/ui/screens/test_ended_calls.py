"""Calls that ended long ago: found by a filter or a key, and what their detail says."""

from __future__ import annotations

import msgspec
import pytest

from ari_tui.client.source import ActionError
from ari_tui.document.model import Call
from ari_tui.ui.widgets.detail_course import course
from ari_tui.ui.widgets.detail_facts import asterisk_says
from ari_tui.ui.widgets.detail_gaps import events, gaps
from ari_tui.ui.widgets.detail_intervals import intervals
from ari_tui.ui.widgets.detail_page import trips
from ari_tui.ui.widgets.detail_view import DetailView
from tests.ui import kit
from tests.ui.stage import Play, a_source, calls, playing

ENDED = "2026-11-22T11:00:00.000+00:00"


def gone(number: int) -> Call:
    made = kit.a_call(number)
    return msgspec.structs.replace(made, state="ended", ended_at=ENDED, reason="caller hung up")


def a_stage() -> kit.FakeSource:
    """Return a source of calls 1 to 3, and of 11 to 14 that ended an hour ago."""
    source = a_source()
    source.ended.add(gone(n) for n in range(11, 15))
    return source


async def filtered(play: Play, text: str) -> None:
    keys = {"=": "equals_sign", "!": "exclamation_mark", ">": "greater_than_sign"}
    await play.press("slash", *(keys.get(letter, letter) for letter in text), "enter")


async def test_without_a_key_or_filter_only_calls_of_the_document_are_shown() -> None:
    async with playing(a_stage()) as play:
        assert sorted(play.shown) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("state=ended", ["11", "12", "13", "14"]),
        ("1012", ["12"]),
        ("state=ended 1013", ["13"]),
        ("reason=none", ["1", "2", "3"]),
        ("!1001", ["2", "3"]),
        ("p95>1", ["1", "2", "3"]),
    ],
)
async def test_a_text_or_a_state_finds_ended_calls_and_figures_alone_do_not(
    text: str, found: list[str]
) -> None:
    async with playing(a_stage()) as play:
        await filtered(play, text)
        assert sorted(play.shown) == found


async def test_a_key_shows_them_beside_the_others_and_hides_them_again() -> None:
    async with playing(a_stage()) as play:
        await play.press("a")
        assert sorted(play.shown) == ["1", "11", "12", "13", "14", "2", "3"]
        assert "filter: with ended" in play.text
        assert play.told[-1] == "with 4 calls that ended before"
        await play.press("a")
        assert sorted(play.shown) == ["1", "2", "3"]


async def test_a_call_that_leaves_the_document_can_be_found_at_once() -> None:
    async with playing(a_source()) as play:
        play.source.ended.take(kit.a_document([gone(9), *calls()]))
        play.source.ended.take(kit.a_document(calls()))
        await play.tick(calls())
        await filtered(play, "1009")
        assert play.shown == ["9"]


async def test_its_detail_shows_what_is_kept_and_says_what_is_not() -> None:
    source = a_stage()
    source.events.append(kit.an_event("call ended: caller hung up", call="call-12"))
    async with playing(source, size=(120, 60)) as play:
        await filtered(play, "1012")
        source.asked.clear()
        await play.press("enter")
        assert play.in_front == "DetailScreen"
        text = play.text
        assert "PJSIP/1012-0000000c" in text
        assert "ended: this is its last state" in text
        assert "not kept" in text
        assert "loading" not in text
        assert "call ended: caller hung up" in text
        assert source.asked == [], "the engine no longer has it"
        await play.press("escape")
        assert play.in_front == "Overview"


async def test_from_one_ended_call_to_the_next() -> None:
    async with playing(a_stage()) as play:
        await filtered(play, "state=ended")
        first = play.shown[0]
        await play.press("home", "enter", "n")
        assert f"PJSIP/10{play.shown[1]}" in play.text
        await play.press("N", "escape")
        assert play.overview.table.selected == f"call-{first}"


async def test_a_frozen_screen_keeps_the_ended_calls_that_it_had() -> None:
    async with playing(a_stage()) as play:
        await play.press("a", "space")
        play.source.ended.add([gone(15)])
        await play.tick()
        assert "15" not in play.shown
        await play.press("space")
        assert "15" in play.shown


async def test_a_locked_order_holds_their_places_too() -> None:
    async with playing(a_stage()) as play:
        await play.press("a", "o")
        before = play.shown
        await play.press("a", "a")
        assert play.shown == before


async def test_a_detail_says_that_it_is_loading_until_the_engine_has_answered() -> None:
    source = a_source()
    source.answers["detail"] = ActionError("not yet")
    async with playing(source, size=(120, 60)) as play:
        frame = play.app.frame
        assert frame is not None
        call = frame.document.calls[0]
        page = DetailView(frame=frame, call=call)
        for block in (intervals, course, trips, gaps, events, asterisk_says):
            assert any("loading" in line.plain for line in block(page, 100)), block.__name__
        await play.press("enter")
        assert "not known" in play.text
        assert "loading" not in play.text
