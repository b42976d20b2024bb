"""The WHERE lines of the overview: what fits, in which order, and in which colour."""

from __future__ import annotations

import msgspec
import pytest

from ari_tui.document.where import Where
from ari_tui.document.where_text import NOT_TOLD
from ari_tui.ui.frame import Frame
from ari_tui.ui.widgets.header import OneLine
from ari_tui.ui.widgets.where import WherePane, render_where
from tests.ui import kit
from tests.ui.kit import CLEAN, ECHO_LOSS, a_finding, a_where, an_unknown
from tests.ui.widgets.frames import PaneApp, a_frame, assert_fits_everywhere, style_of

SLOW = a_finding(
    "echo server: held up to 40 ms since 11:59:20 (likely)",
    place="echo-server",
    confidence="likely",
)
LATE = a_finding("this engine: 2.1 % late since 11:59:30 (proved)", place="engine")
UNKNOWN = [an_unknown(), an_unknown(place="caller-in", why="Asterisk keeps no counts of it")]
ALL = a_where(a_finding(), SLOW, LATE, a_finding("a fourth"), unknown=UNKNOWN)


def of(where: Where | None, **changed: bool) -> Frame:
    document = msgspec.structs.replace(kit.a_document([kit.a_call(1)]), where=where)
    return a_frame(document, **changed)


def lines(where: Where | None, width: int, height: int) -> list[str]:
    return render_where(of(where), width, height).plain.split("\n")


def test_the_first_finding_is_whole_at_80_columns_and_seen_to_be_cut_below() -> None:
    assert lines(ALL, 80, 1) == [f"! WHERE {ECHO_LOSS}"]
    assert lines(ALL, 40, 1) == ["! WHERE path to echo, outward: 5.1 % lo…"]


def test_with_room_there_are_three_findings_and_what_is_not_known() -> None:
    assert lines(ALL, 200, 4) == [
        f"! WHERE {ECHO_LOSS}",
        f"~ also  {SLOW.text}",
        f"! also  {LATE.text}",
        "  not known: Asterisk's leg out to the caller: the far end sends no reports; "
        "the caller's leg into Asterisk: Asterisk keeps no counts of it",
    ]


def test_of_one_finding_the_evidence_fills_the_room() -> None:
    finding = a_finding(evidence=["one", "two", "three"], against=["four"])
    assert lines(a_where(finding, unknown=UNKNOWN[:1]), 200, 4)[1:] == [
        "  evidence: one",
        "  evidence: two",
        "  not known: Asterisk's leg out to the caller: the far end sends no reports",
    ]
    assert lines(a_where(finding), 200, 9)[1:] == [
        *(f"  evidence: {word}" for word in ("one", "two", "three")),
        "  against: four",
    ]


def test_only_what_is_proved_is_red_and_no_colour_stands_alone() -> None:
    text = render_where(of(ALL), 200, 4)
    assert [style_of(text, words) for words in (ECHO_LOSS, SLOW.text, LATE.text)] == [
        "fail",
        "near",
        "fail",
    ]
    trouble = a_where(unknown=[an_unknown(text="a silence of 3 s")])
    assert style_of(render_where(of(trouble), 80, 1), "a silence of 3 s") == "near"
    assert lines(trouble, 80, 1) == ["~ WHERE a silence of 3 s"]
    assert style_of(render_where(of(a_where()), 80, 1), CLEAN) == "ok"


def test_an_older_engine_that_tells_no_place_is_named_as_such() -> None:
    assert lines(None, 80, 4) == [f"  WHERE {NOT_TOLD}"]


def test_no_box_is_too_small() -> None:
    assert_fits_everywhere(render_where)
    document = msgspec.structs.replace(kit.a_document(), where=ALL)
    assert_fits_everywhere(
        lambda frame, w, h: render_where(frame._replace(document=document), w, h)
    )


@pytest.mark.parametrize(
    ("width", "told"),
    [
        (4, "PASS"),
        (8, "PASS  ●"),
        (24, "PASS  ●  ! WHERE path t…"),
        (39, "PASS  ●  ! WHERE path to echo, outward…"),
        (75, f"PASS  ●  ! WHERE {ECHO_LOSS}"),
        (80, f"PASS  ● LIVE  ! WHERE {ECHO_LOSS}"),
    ],
)
def test_one_line_has_the_verdict_and_as_much_of_the_place_as_fits(width: int, told: str) -> None:
    assert OneLine().draw(of(ALL), width, 1).plain == told


async def test_the_pane_is_one_line_where_the_screen_gives_it_no_more() -> None:
    pane = WherePane()
    async with PaneApp(pane).run_test(size=(80, 24)) as pilot:
        pane.show(of(ALL))
        await pilot.pause()
        assert pane.size.height == 1
        assert pane.shown == f"! WHERE {ECHO_LOSS}"
