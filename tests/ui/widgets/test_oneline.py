"""The whole screen in one line."""

import pytest

from ari_tui.snapshot.source import Link
from ari_tui.ui.widgets.oneline import OneLine, lines
from tests.ui.widgets.frames import (
    PaneApp,
    a_bad_frame,
    a_frame,
    assert_fits_everywhere,
    changed,
    style_of,
)


@pytest.mark.parametrize(
    ("width", "told"),
    [
        (3, ""),
        (4, "PASS"),
        (8, "PASS  ●"),
        (18, "PASS  ●  p95 10.0~"),
        (30, "PASS  ●  p95 10.0~  loss 0.00%"),
        (34, "SLA PASS  ●  p95 10.0~  loss 0.00%"),
        (39, "SLA PASS  ● LIVE  p95 10.0~  loss 0.00%"),
        (60, "SLA PASS  ● LIVE  p95 10.0~  loss 0.00%  2 calls    12:00:01"),
    ],
)
def test_the_verdict_is_the_last_to_go(width: int, told: str) -> None:
    assert lines(a_frame(), width, 1).plain == told


def test_a_verdict_that_is_open_is_not_mistaken_for_another() -> None:
    document = a_frame().document
    assert lines(a_frame(document), 4, 1).plain == "PASS"
    assert lines(a_bad_frame(), 4, 1).plain == "FAIL"


def test_no_traffic_is_told_in_one_line() -> None:
    document = changed(a_frame().document, "sla", verdict="inconclusive", state="no_traffic")
    assert lines(a_frame(document), 40, 1).plain.startswith("SLA NO TRAFFIC")


def test_a_lost_engine_shows_at_any_width() -> None:
    text = lines(a_frame(link=Link("lost"), age_s=75.0), 7, 1)
    assert text.plain == "PASS  ○"
    assert style_of(text, "○") == "fail"


def test_interruptions_are_told() -> None:
    assert "gaps 3~" in lines(a_bad_frame(), 80, 1).plain


def test_no_box_is_too_small() -> None:
    assert_fits_everywhere(lines)


async def test_the_pane_is_one_line() -> None:
    pane = OneLine()
    async with PaneApp(pane).run_test(size=(39, 7)) as pilot:
        pane.show(a_frame())
        await pilot.pause()
        assert pane.size.height == 1
        assert pane.shown.startswith("SLA PASS")
