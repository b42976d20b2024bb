"""The rules of the SLA, in milliseconds and in shares."""

import pytest

from ari_tui.ui.widgets.rules import RulesPane, render_rules, seconds_since_broken
from tests.ui.kit import a_rule, an_sla
from tests.ui.widgets.frames import (
    PaneApp,
    a_bad_frame,
    a_frame,
    an_empty_frame,
    assert_fits_everywhere,
    changed,
    style_of,
)


def test_each_rule_has_its_limit_what_was_found_and_what_is_left() -> None:
    told = render_rules(a_bad_frame(), 65, 20).plain.split("\n")
    assert [line.split() for line in told[2:8]] == [
        ["~", "p50", "≤10", "ms", "9.3", "0.00%", "of", "50%", "—", "now", "+0.7"],
        ["!", "p95", "≤15", "ms", "16.8", "8.00%", "of", "5%", "9", "s", "now", "−1.8"],
        ["?", "p99", "≤20", "ms", "19.4", "1.00%", "of", "1%", "—", "1m20s", "ago", "+0.6"],
        ["!", "max", "≤22", "ms", "31.2", "4", "of", "0", "s", "4", "s", "now", "−9.2"],
        ["!", "late", "≤0.10%", "2.13%", "2.13%", "of", "0.1%", "—", "now", "−2.03%"],
        ["~", "loss", "≤0.20%", "0.17%", "0.17%", "of", "0.2%", "—", "—", "+0.03%"],
    ]
    assert told[1].split() == [
        "RULE",
        "LIMIT",
        "ALL",
        "s",
        "OVER,",
        "CLEAN",
        "s",
        "BROKEN",
        "LAST",
        "MARGIN",
    ]
    assert told[-1].strip() == "ALL s: every second. CLEAN s: those that the verdict counts"
    assert told[0].startswith("SLA FAIL up to 100 calls, 54 of 60 s clean (seed) ─")


def test_why_the_verdict_is_what_it_is_stands_below() -> None:
    text = render_rules(a_bad_frame(), 65, 20)
    assert style_of(text, "p95: 8% above 15 ms, allowed 5%") == "fail"


def test_a_narrow_box_keeps_limit_and_figure() -> None:
    told = render_rules(a_bad_frame(), 24, 20).plain.split("\n")
    assert told[1].split() == ["RULE", "LIMIT", "ALL", "s"]
    assert told[3].split() == ["!", "p95", "≤15", "ms", "16.8"]


def test_colour_and_mark_go_together() -> None:
    text = render_rules(a_bad_frame(), 65, 20)
    assert style_of(text, "16.8") == "fail"
    assert style_of(text, "9.3") == "near"


def test_a_rule_that_passed_beyond_its_limit_in_the_session_is_marked_near() -> None:
    # the verdict counts clean seconds only, the figure is of all
    sla = an_sla(rules=[a_rule("max", 10.0)])
    told = render_rules(a_frame(changed(a_frame().document, "", sla=sla)), 65, 4).plain.split("\n")
    assert told[2].startswith("~ max")


def test_no_sample_is_a_dash() -> None:
    sla = an_sla("inconclusive", rules=[a_rule("p95", 15.0), a_rule("loss", 0.002, actual=None)])
    frame = an_empty_frame()
    told = render_rules(frame._replace(document=changed(frame.document, "", sla=sla)), 65, 9).plain
    p95, loss = (line.split() for line in told.split("\n")[2:4])
    assert p95[:6] == ["p95", "≤15", "ms", "—", "0.00%", "of"]
    assert loss == ["loss", "≤0.20%", "—", "—", "—", "—", "—"]


@pytest.mark.parametrize(
    ("rule", "limit", "ago"),
    [
        ("p95", 15.0, 0),
        ("p95", 30.0, None),
        # the hump's end: its second 219 of 300 had 15 + 19 · 0.6 = 26.4 ms
        ("p95", 26.0, 80),
        ("loss", 0.0005, 9),
        ("loss", 0.001, 94),
        ("unknown", 1.0, None),
    ],
)
def test_the_history_tells_when_a_limit_was_last_broken(
    rule: str, limit: float, ago: int | None
) -> None:
    assert seconds_since_broken(a_bad_frame(), rule, limit) == ago


def test_no_box_is_too_small() -> None:
    assert_fits_everywhere(render_rules)


async def test_the_pane_draws_the_rules() -> None:
    pane = RulesPane()
    async with PaneApp(pane).run_test(size=(65, 12)) as pilot:
        pane.show(a_bad_frame())
        await pilot.pause()
        assert "! max" in pane.shown
