"""What must be known before any figure is read."""

from typing import Any

import msgspec
import pytest

from ari_tui.client.source import Link
from ari_tui.document import model
from ari_tui.ui.widgets.banner import Banner, render_banner
from tests.ui.widgets.frames import (
    PaneApp,
    a_bad_frame,
    a_frame,
    assert_fits_everywhere,
    changed,
    style_of,
)


@pytest.mark.parametrize(
    ("changes", "told", "style"),
    [
        (
            {"frozen_s": 12.0},
            "‖ FROZEN for 12s; this is 12:00:01 UTC, the engine goes on",
            "frozen",
        ),
        (
            {"link": Link("lost", "connection refused"), "age_s": 75.0},
            "! engine lost 1m15s ago, reconnecting; these figures are old (connection refused)",
            "fail",
        ),
        (
            {"link": Link("ended", "drained")},
            "■ the engine has ended; these are its last figures (drained)",
            "stale",
        ),
        ({"link": Link("connecting")}, "○ connecting", "stale"),
        ({"age_s": 3.0}, "~ nothing new for 3s", "stale"),
    ],
)
def test_why_the_figures_are_not_of_now_is_told(
    changes: dict[str, Any], told: str, style: str
) -> None:
    text = render_banner(a_frame(**changes), 120, 1)
    assert text.plain == told
    assert style_of(text, told) == style


def test_a_live_screen_has_none() -> None:
    assert not render_banner(a_frame(), 80, 1)


def test_draining_is_told_with_the_calls_that_are_left() -> None:
    document = changed(a_frame().document, "session", draining=True)
    assert render_banner(a_frame(document), 80, 1).plain == (
        "~ draining, 2 calls left; no new callers, then the engine ends"
    )
    over = changed(document, "session", ended_at="2026-11-22T12:00:01.000+00:00")
    assert not render_banner(a_frame(over), 80, 1)


def test_an_asterisk_that_is_away_is_told_with_its_time_and_that_of_the_next_attempt() -> None:
    frame = a_frame()
    away = msgspec.structs.replace(
        frame.document.asterisks[0],
        connected=False,
        disconnected_since="2026-11-22T11:59:48.100+00:00",
        next_attempt_at="2026-11-22T12:00:02.800+00:00",
    )

    def told(state: model.AsteriskState, age_s: float = 0.0) -> str:
        document = msgspec.structs.replace(frame.document, asterisks=[state])
        return render_banner(frame._replace(document=document, age_s=age_s), 120, 1).plain

    text = "! no ARI to pbx1 since 11:59:48 UTC, next try in"
    assert told(away).startswith(f"{text} 2s, http")
    assert told(away, age_s=1.5).startswith(f"{text} 1s, http")
    now = msgspec.structs.replace(away, next_attempt_at=None)
    assert told(now).startswith("! no ARI to pbx1 since 11:59:48 UTC, trying now, http")


def test_several_things_are_told_in_short_before_one_is_told_in_full() -> None:
    told = render_banner(a_bad_frame(frozen_s=5.0), 90, 1).plain
    assert told.startswith("! engine lost 1m15s ago  ‖ FROZEN for 5s  ! no ARI to pbx1")
    assert "~ draining, 32 calls left" in told


def test_no_box_is_too_small() -> None:
    assert_fits_everywhere(render_banner)


async def test_the_banner_takes_no_room_while_there_is_nothing_to_say() -> None:
    pane = Banner()
    async with PaneApp(pane).run_test(size=(80, 24)) as pilot:
        pane.show(a_frame())
        await pilot.pause()
        assert not pane.display
        pane.show(a_frame(frozen_s=3.0))
        await pilot.pause()
        assert pane.size.height == 1
        assert pane.shown.startswith("‖ FROZEN for 3s")
        pane.show(a_frame())
        await pilot.pause()
        assert not pane.display


def test_a_load_test_tells_how_far_it_is_and_what_failed() -> None:
    load = model.LoadProgress(
        phase="holding",
        target=30,
        up=28,
        under_way=1,
        started=41,
        good=11,
        failed=2,
        cut=0,
        failed_at={"answered": 1, "media_out": 1, "held": 0},
        cps=2.0,
        elapsed_s=31.0,
        duration_s=60.0,
    )
    frame = a_frame()
    frame = frame._replace(document=msgspec.structs.replace(frame.document, load=load))
    assert render_banner(frame, 50, 1).plain.strip() == "load test holding: 28 of 30 up, 2 failed!"
    told = render_banner(frame, 200, 1).plain
    assert "(1 at answered, 1 at media out), 11 good of 41 started" in told
    clean = msgspec.structs.replace(load, failed=0, failed_at={})
    frame = frame._replace(document=msgspec.structs.replace(frame.document, load=clean))
    assert "failed" not in render_banner(frame, 200, 1).plain
