"""The events on a screen of their own: whole, filtered, scrolled, and errors that were read."""

from __future__ import annotations

import pytest

from ari_tui.document.model import EventLine
from tests.ui import kit
from tests.ui.stage import Play, a_source, playing

LONG = "the bridge was destroyed " + "by somebody else " * 8 + "and that is the end"


def many() -> list[EventLine]:
    """Return forty events, an error and a warning of call 7 among them."""
    made = [kit.an_event(f"event {n}") for n in range(40)]
    who = {"call": "s.7", "channel": "PJSIP/1007-00000007"}
    made[20] = kit.an_event(LONG, level="error", kind="call_failed", **who)
    made[30] = kit.an_event("no RTP for 320 ms", level="warning", kind="interruption", **who)
    return made


def listed(play: Play) -> list[str]:
    """Return the lines below the heading, without the key bar."""
    return [line.rstrip() for line in play.text.split("\n")[1:-1] if line.strip()]


async def opened(play: Play, events: list[EventLine]) -> None:
    play.source.events.extend(events)
    await play.tick()
    await play.press("E")
    assert play.in_front == "EventsScreen"


async def test_the_newest_is_at_the_bottom_and_a_new_one_follows() -> None:
    async with playing(a_source()) as play:
        await opened(play, many())
        assert listed(play)[-1].endswith("event 39")
        play.source.events.append(kit.an_event("one more"))
        await play.tick()
        assert listed(play)[-1].endswith("one more")
        assert "41 events" in play.text


async def test_whoever_reads_further_up_is_not_moved_by_new_events() -> None:
    async with playing(a_source()) as play:
        await opened(play, many())
        await play.press("home", "down", "down")
        before = listed(play)
        assert before[0].endswith("event 2")
        play.source.events.extend(kit.an_event(f"more {n}") for n in range(5))
        await play.tick()
        assert listed(play) == before
        await play.press("end")
        assert listed(play)[-1].endswith("more 4")
        await play.press("pageup")
        assert listed(play)[-1].endswith("event 23")


async def test_an_event_that_was_dropped_leaves_the_view_at_the_oldest() -> None:
    async with playing(a_source()) as play:
        await opened(play, many())
        await play.press("home", "down")
        for _ in range(3):
            play.source.events.popleft()
        await play.tick()
        assert listed(play)[0].endswith("event 3")


async def test_a_long_text_is_wrapped_and_read_whole() -> None:
    async with playing(a_source()) as play:
        await opened(play, many())
        await play.press("l", "l")
        told = " ".join(line[11:] for line in listed(play))
        assert " ".join(f"PJSIP/1007-00000007 {LONG}".split()) == " ".join(told.split())
        assert "1 of 40 events, errors only" in play.text


async def test_the_level_goes_from_all_to_warnings_to_errors_and_back() -> None:
    async with playing(a_source()) as play:
        await opened(play, many())
        counts = []
        for _ in range(4):
            counts.append(len(play.app.screen.query_one("EventList")._events))  # type: ignore[attr-defined]
            await play.press("l")
        assert counts == [40, 2, 1, 40]


@pytest.mark.parametrize("text", ["1007", "pjsip/1007", "320 MS", "interruption"])
async def test_a_text_is_found_in_words_channel_and_kind_while_it_is_typed(text: str) -> None:
    async with playing(a_source()) as play:
        await opened(play, many())
        await play.press("slash", *(key_of(letter) for letter in text), "enter")
        assert any("no RTP for 320 ms" in line for line in listed(play))
        assert f'with "{text}"' in play.text
        await play.press("slash", *["backspace"] * len(text), "enter")
        assert "40 events" in play.text


def key_of(letter: str) -> str:
    return {"/": "slash", " ": "space"}.get(letter, letter)


async def test_closing_the_question_restores_the_text_from_before() -> None:
    async with playing(a_source()) as play:
        await opened(play, many())
        await play.press("slash", *"zzz", "enter")
        assert "no event fits the filter" in play.text
        await play.press("slash", *["backspace", "backspace", "backspace"], "escape")
        assert "no event fits the filter" in play.text
        await play.press("escape")
        assert play.in_front == "Overview"


async def test_from_a_call_its_own_events_are_shown() -> None:
    async with playing(a_source()) as play:
        own = kit.an_event("bridged", channel="PJSIP/1001-00000001", call="call-1")
        play.source.events.extend([own, *many()])
        await play.tick()
        await play.press("end", "enter", "E")
        assert play.in_front == "EventsScreen"
        assert len(listed(play)) == 1
        await play.press("q")
        assert play.in_front == "DetailScreen"


async def test_the_newest_error_stays_on_80x24_until_the_events_were_opened() -> None:
    async with playing(a_source()) as play:
        play.source.events.append(kit.an_event("Asterisk is gone", level="error"))
        play.source.events.append(kit.an_event("a call came"))
        await play.tick()
        *_, error, keys = play.text.split("\n")
        assert error.startswith("! 12:00:00 Asterisk is gone")
        assert error.rstrip().endswith("E events")
        assert "? help" in keys
        await play.press("E", "escape")
        assert "Asterisk is gone" not in play.text
        play.source.events.append(kit.an_event("again", level="error"))
        await play.tick()
        assert "! 12:00:00 again" in play.text


async def test_an_error_of_five_minutes_ago_is_no_longer_shown() -> None:
    async with playing(a_source()) as play:
        old = kit.an_event("old", level="error", time="2026-11-22T11:55:01.500+00:00")
        play.source.events.append(old)
        await play.tick()
        assert "! 11:55:01 old" in play.text
        document = play.source.document
        assert document is not None
        await play.tick(kit.a_document(time="2026-11-22T12:00:01.500+00:00"))
        assert "old" not in play.text


async def test_what_a_caller_sends_is_text_and_nothing_else() -> None:
    async with playing(a_source()) as play:
        await opened(play, [kit.an_event("\x1b[31m[bold]\u202eevil\u200b" + "x" * 300)])
        assert "[bold]" in play.text
        assert "\x1b" not in play.text
        assert sum(line.count("x") for line in listed(play)) == 301  # one of them in "\\x1b"
