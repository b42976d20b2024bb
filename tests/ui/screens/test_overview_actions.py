"""Every key of the overview, by its effect on what is shown and on what is taken away."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from pathlib import Path
from typing import Any

from textual.widgets import Input

from ari_tui.document.model import Call
from tests.ui import kit
from tests.ui.stage import a_source, calls, playing

STEM = "ari-tui-calls-20261122T120001Z"


def slower(number: int, **changed: Any) -> list[Call]:
    """Return the three calls, one of them slow, with a proved fault: it comes first."""
    return [
        kit.a_call(n, p50=20.0, where=kit.FAULTY, **changed)
        if n == number
        else kit.a_call(n, p50=2.0 + n, **changed)
        for n in (1, 2, 3)
    ]


async def test_freeze_holds_values_and_order_and_tells_its_age_until_it_catches_up() -> None:
    source = a_source()
    async with playing(source) as play:
        await play.press("space")
        _, _, _, banner, *still = play.text.split("\n")
        assert banner.startswith("‖ FROZEN for 0s; this is 12:00:01 UTC")
        source.events.append(kit.an_event("a call came"))
        source.history.merge(kit.a_live({"call-1": kit.a_course((20.0,))}, kit.LAST_SECOND + 5))
        play.app.seconds += 75
        await play.tick(slower(1))
        state, _, _, banner, *rest = play.text.split("\n")
        assert rest == still
        assert banner.startswith("‖ FROZEN for 1m15s; this is 12:00:01 UTC")
        assert state.startswith("‖ FROZEN 1m15s")
        await play.press("space")
        assert play.shown == ["1", "3", "2"]
        assert "FROZEN" not in play.text


async def test_a_frozen_screen_can_still_be_sorted_filtered_and_windowed() -> None:
    async with playing() as play:
        await play.press("space", "z", "slash", *"!1002", "enter")
        await play.tick(slower(1))
        assert play.shown == ["1", "3"]
        await play.press("w")
        assert "10s " in play.text
        await play.press("w", "w", "space")
        assert play.shown[-1] == "1", "ascending: the slow one is the last"


async def test_a_locked_order_stays_while_values_go_on() -> None:
    async with playing() as play:
        await play.press("o")
        assert play.told == ["order locked"]
        await play.tick([*slower(1), kit.a_call(4, p50=30.0)])
        assert play.shown == ["3", "2", "1", "4"]
        assert "40.0" in play.text
        assert "locked" in play.text
        await play.press("o")
        assert play.shown == ["4", "1", "3", "2"]
        assert play.told[-1] == "order follows the values"


async def test_a_filter_does_not_forget_the_locked_order() -> None:
    async with playing() as play:
        await play.press("o", "slash", *"1002")
        assert play.shown == ["2"]
        await play.press("escape")
        assert play.shown == ["3", "2", "1"]


async def test_windows_change_what_the_figures_are_about() -> None:
    rtt = kit.a_spread(4.0, max=99.9)
    shown = [kit.a_call(1, lost=7, windows=[kit.window(10, rtt, lost=3), kit.window(60, lost=5)])]
    async with playing(shown) as play:
        seen = []
        for _ in range(4):
            lost = next(line for line in play.text.split("\n") if "PJSIP/1001" in line)
            seen.append((lost.split()[7], "99.9" in lost))
            await play.press("w")
        assert seen == [("7", False), ("3", True), ("5", False), ("7", False)]
        assert play.told[:3] == ["window: 10 s", "window: 1 min", "window: session"]


async def test_sort_keys_go_through_the_columns_that_are_seen_and_round() -> None:
    async with playing() as play:
        heads = []
        for _ in range(len(play.overview.columns)):
            await play.press("greater_than_sign")
            heads.append(play.overview.view_state.sort)
        assert sorted(heads) == sorted(column.id for column in play.overview.columns)
        assert heads[-1] == "rtt_p95_ms"
        await play.press("less_than_sign")
        assert play.overview.view_state.sort == "rtt_mean_ms"
        assert "RTT▼" in play.text
        assert "sort: RTT▼" in play.text


async def test_reverse_turns_the_order_round_and_keeps_the_selected_call() -> None:
    async with playing() as play:
        await play.press("down")
        assert play.overview.table.selected == "call-2"
        await play.press("z", "down")
        assert play.shown == ["1", "2", "3"]
        assert play.overview.table.selected == "call-3"
        await play.press("z")
        assert play.shown == ["3", "2", "1"]


async def test_violators_shows_those_that_break_a_limit_as_they_come_and_go() -> None:
    async with playing(slower(2)) as play:
        await play.press("exclamation_mark")
        assert play.shown == ["2"]
        assert "! only" in play.text
        await play.tick(slower(3))
        assert play.shown == ["3"]
        await play.tick(calls())
        assert play.shown == []
        assert "no calls" not in play.text, "there are some, and none is shown"
        await play.press("exclamation_mark")
        assert play.shown == ["3", "2", "1"]


async def test_a_filter_is_tried_while_it_is_typed_and_stays_when_taken() -> None:
    async with playing() as play:
        await play.press("slash", *"p95>7")
        assert play.in_front == "FilterDialog"
        assert play.shown == ["3", "2"]
        assert "PJSIP/1001" not in play.text, "the table behind it is drawn"
        await play.tick(slower(1))
        assert play.shown == ["1", "3", "2"], "frames go on behind a dialog"
        await play.press("enter")
        assert play.in_front == "Overview"
        assert "filter: p95>7" in play.text
        await play.press("slash")
        assert play.app.screen.query_one(Input).value == "p95>7"


async def test_escape_brings_the_filter_of_before_back() -> None:
    async with playing() as play:
        await play.press("slash", *"1002", "enter")
        await play.press("slash", *["backspace"] * 4, *"1003")
        assert play.shown == ["3"]
        await play.press("escape")
        assert play.shown == ["2"]
        assert play.overview.view_state.filter.text == "1002"


async def test_columns_are_chosen_and_go_back_to_the_usual_ones() -> None:
    async with playing() as play:
        usual = [column.id for column in play.overview.columns]
        await play.press("c")
        assert play.in_front == "ColumnsDialog"
        await play.press("down", "down", "down", "space", "enter")
        assert [column.id for column in play.overview.columns] == [
            name for name in usual if name != "duration"
        ]
        assert "DUR" not in play.text
        await play.press("c", "escape", "c", "u")
        assert [column.id for column in play.overview.columns] == usual
        assert "DUR" in play.text


async def test_the_bell_rings_for_a_fresh_failure_on_whatever_screen() -> None:
    async with playing() as play:
        await play.tick(slower(1))
        assert play.app.bells == 0, "it is off until somebody wants it"
        await play.press("b")
        await play.tick(calls())
        await play.tick(slower(1))
        await play.tick(slower(1))
        assert play.app.bells == 1
        await play.tick(calls())
        await play.press("enter")
        await play.tick(slower(2))
        assert play.app.bells == 2, "the detail of a call is in front"
        await play.press("escape", "b")
        await play.tick(calls())
        await play.tick(slower(3))
        assert play.app.bells == 2
        assert play.told[0] == "bell on"
        assert play.told[-1] == "bell off"


async def test_a_frozen_screen_is_silent_and_rings_when_it_goes_on() -> None:
    async with playing(bell=True) as play:
        await play.press("space")
        await play.tick(slower(1))
        assert play.app.bells == 0
        await play.press("space")
        assert play.app.bells == 1


async def test_help_is_about_the_overview() -> None:
    async with playing() as play:
        await play.press("f1")
        assert play.in_front == "HelpDialog"
        assert "Stand still" in play.text
        await play.press("escape")
        assert play.in_front == "Overview"


async def test_enter_opens_the_selected_call_and_escape_comes_back_to_its_row() -> None:
    async with playing() as play:
        await play.press("down", "enter")
        assert "PJSIP/1002" in play.text.split("\n")[1]
        await play.press("n")
        assert "PJSIP/1001" in play.text.split("\n")[1], "the row below"
        await play.press("escape")
        assert play.in_front == "Overview"
        assert play.overview.table.selected == "call-1"


async def test_an_export_is_two_files_of_what_is_shown(tmp_path: Path) -> None:
    async with playing(folder=tmp_path) as play:
        await play.press("slash", *"!1001", "enter", "e")
        (told,) = play.told
    assert told == f"2 calls in {STEM}.csv and {STEM}.json in {tmp_path}"
    table, view = tmp_path / f"{STEM}.csv", tmp_path / f"{STEM}.json"
    assert {stat.S_IMODE(os.stat(path).st_mode) for path in (table, view)} == {0o600}
    rows = csv.DictReader(io.StringIO(table.read_text(encoding="utf-8")))
    assert [row["id"] for row in rows] == ["call-3", "call-2"]
    found = json.loads(view.read_text(encoding="utf-8"))
    assert [each["call"]["id"] for each in found["calls"]] == ["call-3", "call-2"]


async def test_an_export_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    async with playing(folder=tmp_path / "file" / "below") as play:
        await play.press("e")
        (told,) = play.told
        assert told.startswith("cannot write")
