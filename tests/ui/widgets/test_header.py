"""The two lines at the top."""

from typing import Any

import pytest

from ari_tui.client.source import Link
from ari_tui.document import model
from ari_tui.ui.frame import Frame
from ari_tui.ui.limits import Limits
from ari_tui.ui.widgets import header
from ari_tui.ui.widgets.header import HeaderPane, Hints, OneLine, render_header
from ari_tui.ui.widgets.line_canvas import Part
from ari_tui.ui.widgets.link_status import link_status, verdict
from tests.document.kit import sla_now
from tests.ui import kit
from tests.ui.kit import a_document, a_rule, an_sla
from tests.ui.widgets.frames import (
    FRAMES,
    PaneApp,
    a_bad_frame,
    a_frame,
    an_empty_frame,
    assert_fits_everywhere,
    changed,
    style_of,
)


def a_usual_document() -> model.Document:
    """Return 32 calls in the second tier, as good as they should be."""
    sla = an_sla(
        tier="up to 100 calls",
        clean_s=54.0,
        rules=[
            a_rule("p50", 10.0),
            a_rule("p95", 15.0),
            a_rule("p99", 20.0),
            a_rule("max", 22.0),
            a_rule("late", 0.001),
            a_rule("loss", 0.002),
        ],
    )
    document = changed(a_document(), "totals.calls", active=32)
    document = changed(
        document,
        "totals",
        loss_ratio=0.0002,
        late_ratio=0.0001,
        rtt_ms=kit.a_spread(5.2, p95=9.8, p99=14.1, max=17.0),
    )
    found: model.Document = changed(document, "", sla=sla, time="2026-11-22T12:04:31.000+00:00")
    return found


def a_usual_frame() -> Frame:
    document = a_usual_document()
    return a_frame(document, limits=Limits.of(document.sla))


def two(frame: Frame, width: int, hints: Hints = header.NO_HINTS) -> list[str]:
    return render_header(frame, width, 2, hints).plain.split("\n")


def test_eighty_columns_say_what_matters() -> None:
    assert two(a_usual_frame(), 80, Hints("", "p95▼")) == [
        "ari-tui ● LIVE  pbx1  32 calls  SLA PASS ≤100  loss 0.02%  late 0.01%   12:04:31",
        "all s:  p50 5.2/10  p95 9.8/15  p99 14.1/20  max 17.0/22 ms  gaps 0   sort: p95▼",
    ]


def test_clean_seconds_are_told_where_they_fit() -> None:
    assert "SLA PASS ≤100 54/60s" in two(a_usual_frame(), 90)[0]


def test_a_wide_screen_is_told_more() -> None:
    first, second = two(a_usual_frame(), 200)
    for told in ("Asterisk 22.10.1, ARI 1.5 ms", "54 of 60 s clean", "session 1m01s", "UTC"):
        assert told in first
    assert "sent 0 = back 0 + lost 0 + in flight 0" in second
    assert "MOS" not in first + second


def test_a_narrow_screen_loses_what_matters_least_first() -> None:
    told = ["LIVE", "PASS", "32 calls", "loss", "late", "12:04:31", "pbx1"]
    seen = [
        [word for word in told if word in two(a_usual_frame(), width)[0]] for width in range(4, 81)
    ]
    assert seen[0] == []
    assert seen[-1] == told
    assert seen == [told[: len(some)] for some in seen]


def test_lines_fill_the_width_so_that_the_clock_stands_still() -> None:
    for width in (80, 120, 200):
        assert len(two(a_usual_frame(), width)[0]) == width


def test_no_traffic_is_told_in_the_header() -> None:
    document = changed(a_usual_document(), "sla", verdict="inconclusive", state="no_traffic")
    first = two(a_frame(document, limits=Limits.of(document.sla)), 90)[0]
    assert "SLA NO TRAFFIC" in first


def test_what_breaks_a_limit_is_marked_and_not_only_coloured() -> None:
    text = render_header(a_bad_frame(), 120, 2)
    for told, style in (
        ("9.3/10~", "near"),
        ("16.8/15!", "fail"),
        ("0.17%~", "near"),
        ("2.13%!", "fail"),
        ("FAIL", "fail"),
    ):
        assert style_of(text, told) == style


def test_an_asterisk_that_is_away_is_told_before_the_losses() -> None:
    assert "! pbx1 DOWN" in two(a_bad_frame(), 60)[0]


def test_interruptions_and_dead_air_stand_beside_the_losses() -> None:
    assert "gaps 3~ 2.3s" in two(a_bad_frame(), 80)[1]
    assert "3 interruptions~, longest 1.5s, dead air 2.3s" in two(a_bad_frame(), 220)[1]


def test_no_sample_is_a_dash() -> None:
    first, second = two(an_empty_frame(), 100)
    assert "loss —" in first
    assert "p95 —" in second


def test_a_window_is_named_beside_its_figures() -> None:
    first, second = two(FRAMES["windowed"], 200)
    assert second.startswith("last 10s:  p50 5.0/10")
    assert "loss 0.00% of 0.20% in 10s" in first


def test_a_filter_is_told_before_the_order() -> None:
    assert "filter: -" in two(a_usual_frame(), 200)[1]
    narrow = two(a_usual_frame(), 80, Hints("p95>12 late>0", "p95▼"))[1]
    assert "filter: p95>12 late>0" in narrow
    assert "sort" not in narrow
    assert "filter: xxxxxxxxxxxx…" in two(a_usual_frame(), 80, Hints("x" * 99))[1]


def test_the_order_is_told_before_the_seconds_that_figures_are_of() -> None:
    for sort in ("P95▼", "P95▼ locked"):
        line = two(a_bad_frame(), 80, Hints("", sort))[1]
        assert f"sort: {sort}" in line
        assert "all s:" not in line


def test_no_box_is_too_small() -> None:
    assert_fits_everywhere(render_header)
    assert_fits_everywhere(
        lambda frame, w, h: render_header(frame, w, h, Hints("名前" * 30, "p95▼"))
    )


async def test_the_header_takes_two_lines_and_shows_hints_at_once() -> None:
    pane = HeaderPane()
    async with PaneApp(pane).run_test(size=(80, 24)) as pilot:
        pane.show(a_frame())
        await pilot.pause()
        assert pane.size.height == 2
        pane.hints("1001", "max▼")
        assert "filter: 1001" in pane.shown


@pytest.mark.parametrize(
    ("width", "told"),
    [
        (3, ""),
        (4, "PASS"),
        (8, "PASS  ●"),
        (18, "PASS  ●  WHERE no…"),
        (30, "PASS  ●  WHERE no fault seen,…"),
        (50, "PASS  ●  WHERE no fault seen, 24 calls, 60 of 60 s"),
        (61, "PASS  ●  WHERE no fault seen, 24 calls, 60 of 60 s  p95 10.0~"),
        (
            120,
            "SLA PASS  ● LIVE  WHERE no fault seen, 24 calls, 60 of 60 s  p95 10.0~  loss 0.00%  "
            "2 calls                     12:00:01",
        ),
    ],
)
def test_the_verdict_is_the_last_to_go(width: int, told: str) -> None:
    assert OneLine().draw(a_frame(), width, 1).plain == told


def test_a_verdict_that_is_open_is_not_mistaken_for_another() -> None:
    document = a_frame().document
    assert OneLine().draw(a_frame(document), 4, 1).plain == "PASS"
    assert OneLine().draw(a_bad_frame(), 4, 1).plain == "FAIL"


def test_no_traffic_is_told_in_one_line() -> None:
    document = changed(a_frame().document, "sla", verdict="inconclusive", state="no_traffic")
    assert OneLine().draw(a_frame(document), 40, 1).plain.startswith("NO TRAFFIC  ●  WHERE")


def test_a_lost_engine_shows_at_any_width() -> None:
    text = OneLine().draw(a_frame(link=Link("lost"), age_s=75.0), 7, 1)
    assert text.plain == "PASS  ○"
    assert style_of(text, "○") == "fail"


def test_interruptions_are_told() -> None:
    assert "gaps 3~" in OneLine().draw(a_bad_frame(), 120, 1).plain


def test_no_box_is_too_small_for_one_line() -> None:
    assert_fits_everywhere(OneLine().draw)


async def test_the_pane_is_one_line() -> None:
    pane = OneLine()
    async with PaneApp(pane).run_test(size=(39, 7)) as pilot:
        pane.show(a_frame())
        await pilot.pause()
        assert pane.size.height == 1
        assert pane.shown.startswith("PASS  ●  WHERE")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ("● LIVE", "ok")),
        ({"age_s": 4.2}, ("● LIVE 4s old", "stale")),
        ({"link": Link("lost"), "age_s": 3.0}, ("○ LOST 3s", "fail")),
        ({"link": Link("connecting")}, ("○ CONNECTING", "stale")),
        ({"link": Link("ended")}, ("■ ENDED", "stale")),
        ({"frozen_s": 12.0}, ("‖ FROZEN 12s", "frozen")),
    ],
)
def test_the_connection_is_told_in_words(changes: dict[str, Any], told: Part) -> None:
    assert link_status(a_frame(**changes)) == told


@pytest.mark.parametrize(
    ("judged", "state", "now", "told"),
    [
        ("inconclusive", None, None, "INCONCLUSIVE"),
        ("inconclusive", "inconclusive", "inconclusive", "INCONCLUSIVE"),
        ("inconclusive", "no_traffic", "no_traffic", "NO TRAFFIC"),
        ("inconclusive", "inconclusive", "no_traffic", "NO TRAFFIC"),
        ("pass", "pass", "no_traffic", "PASS"),
        ("fail", "fail", "no_traffic", "FAIL"),
        ("pass", "pass", "fail", "PASS"),
    ],
)
def test_no_traffic_is_told_where_nothing_is_proven(
    judged: str, state: str | None, now: str | None, told: str
) -> None:
    sla = an_sla(judged, state=state, now=None if now is None else sla_now(now))
    assert verdict(sla)[0] == told
