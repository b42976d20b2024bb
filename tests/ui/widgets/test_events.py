"""The log of events."""

from ari_tui.ui.widgets.events import EventsPane, render_events
from tests.ui.kit import an_event
from tests.ui.widgets.frames import (
    HOSTILE,
    PaneApp,
    a_bad_frame,
    a_frame,
    an_empty_frame,
    assert_fits_everywhere,
    style_of,
)


def test_the_newest_are_shown_the_last_of_them_at_the_bottom() -> None:
    frame = a_frame(events=[an_event(f"event {number}") for number in range(10)])
    told = render_events(frame, 60, 4).plain.split("\n")
    assert told[0].startswith("Events ─")
    assert [line.split("   ")[-1] for line in told[1:]] == ["event 7", "event 8", "event 9"]


def test_how_bad_it_is_shows_in_a_mark() -> None:
    text = render_events(a_bad_frame(), 80, 6)
    assert text.plain.split("\n")[1:] == [
        "12:00:00   PJSIP/1001-00000001 call taken over",
        "12:00:00 ~ pbx1 path floor moved +5 ms",
        "12:00:00 ! Asterisk pbx1: connection lost",
    ]
    assert style_of(text, "path floor moved +5 ms") == "near"
    assert style_of(text, "Asterisk pbx1: connection lost") == "fail"
    assert text.plain.startswith("Events 1 error!, 1 warning~ ─")


def test_a_wide_box_has_channels_in_a_column() -> None:
    told = render_events(a_bad_frame(), 132, 6).plain.split("\n")
    assert told[1].index("call taken over") == told[2].index("path floor")


def test_what_a_caller_sends_is_text_and_nothing_else() -> None:
    text = render_events(a_frame(events=[an_event(HOSTILE, channel=HOSTILE)]), 80, 3)
    assert "\x1b" not in text.plain
    assert "\u202e" not in text.plain
    assert "[bold]" in text.plain
    assert len(text.plain.split("\n")) == 2


def test_before_the_first_event_it_says_so() -> None:
    assert "nothing yet" in render_events(an_empty_frame(), 60, 3).plain


def test_no_box_is_too_small() -> None:
    assert_fits_everywhere(render_events)


async def test_a_new_event_moves_the_others_up() -> None:
    pane = EventsPane()
    events = [an_event("one"), an_event("two")]
    async with PaneApp(pane).run_test(size=(65, 3)) as pilot:
        pane.show(a_frame(events=events))
        await pilot.pause()
        assert "one" in pane.shown
        pane.show(a_frame(events=[*events, an_event("three")]))
        assert "one" not in pane.shown
        assert pane.shown.endswith("three")
