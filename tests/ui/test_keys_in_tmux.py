"""Every key of the screen in a real terminal, its effect read from the pane: one run for them all.

Each test leaves the screen as it was found, and looks for what a key does, not for figures: those
are made by a busy machine.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal import Terminal, needs_tmux

pytestmark = [needs_tmux, pytest.mark.system]
CALLS = 6
ROW = re.compile(
    r"^([!~? ])[ ▸](PJSIP/\d{4}-)\d+ +\S.{10} +(\S+) +(\S+) +(\S+) +(\S+) +(\S+) +(\S+)",
    re.MULTILINE,
)
"""Mark, channel (without its serial, which is cut), and after the place its figures from DUR on."""
RTT, P95, MAX = 3, 4, 5
IMPAIRED = ("--impair", "loss=2%,delay=8ms")


@pytest.fixture(scope="module")
def pane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path_factory.mktemp("keys"), 80, 24)
    try:
        terminal.allow_clipboard()
        terminal.run("demo", "--calls", str(CALLS), "--seed", "2", *IMPAIRED)
        terminal.until("six calls", lambda text: len(figures(text)) == CALLS)
        yield terminal
    finally:
        terminal.close()


def rows(text: str) -> list[tuple[str, ...]]:
    return [match.groups() for match in ROW.finditer(text)]


def figures(text: str) -> list[tuple[str, ...]]:
    """Return the rows that have a round trip."""
    return [row for row in rows(text) if row[RTT][0].isdigit()]


def channels(text: str) -> list[str]:
    return [row[1] for row in rows(text)]


def column(text: str, place: int) -> list[float]:
    return [float(row[place]) for row in figures(text)]


def selected(text: str) -> str:
    (found,) = re.findall(r"^.▸(PJSIP/\d{4}-)", text, re.MULTILINE)
    return str(found)


def all_calls(pane: Terminal) -> str:
    return pane.until("all calls", lambda text: len(rows(text)) == CALLS)


def falling(values: list[float]) -> bool:
    return len(values) == CALLS and values == sorted(values, reverse=True)


# -- how it is looked at ---------------------------------------------------------------------


def test_a_filter_is_tried_while_it_is_typed_and_told_in_the_header(pane: Terminal) -> None:
    one = channels(all_calls(pane))[2]
    pane.keys("/")
    pane.until_shown("Filter ─")
    pane.type(one[6:10])
    pane.until("one row", lambda text: channels(text) == [one])
    pane.keys("Enter")
    text = pane.until_gone("Filter ─")
    assert channels(text) == [one]
    assert f"filter: {one[6:10]}" in text
    pane.keys("/", "C-u", "Enter")
    pane.until_gone("Filter ─")
    all_calls(pane)


def test_a_wrong_filter_says_what_is_wrong_and_changes_nothing(pane: Terminal) -> None:
    pane.keys("/")
    pane.until_shown("Filter ─")
    pane.type("p95>soon")
    pane.until_shown("p95 needs a number.*'soon' is none")
    pane.keys("Enter")
    pane.type(" x")
    pane.until_shown(r"│ p95>soon x")
    pane.keys("Escape")
    pane.until_gone("Filter ─")
    all_calls(pane)


def test_the_sort_goes_to_the_column_beside_and_back(pane: Terminal) -> None:
    pane.until_shown("P95▼")
    pane.keys(">")
    pane.until_shown("MAX▼")
    pane.until("MAX falling", lambda text: falling(column(text, MAX)))
    pane.keys("<")
    pane.until_shown("P95▼")
    pane.until("P95 falling", lambda text: falling(column(text, P95)))


def test_the_order_turns_round(pane: Terminal) -> None:
    pane.keys("z")
    pane.until_shown("P95▲")
    pane.until("P95 rising", lambda text: falling(column(text, P95)[::-1]))
    pane.keys("z")
    pane.until_shown("P95▼")
    pane.until("P95 falling", lambda text: falling(column(text, P95)))


def test_only_violators_are_shown_and_the_header_says_so(pane: Terminal) -> None:
    pane.keys("!")
    text = pane.until_shown("filter: ! only")
    assert {row[0] for row in rows(text)} <= {"!"}
    pane.keys("!")
    pane.until_gone("! only")
    all_calls(pane)


def test_frozen_it_stands_still_and_tells_its_age(pane: Terminal) -> None:
    pane.keys("Space")
    pane.until_shown("FROZEN for 0s")
    before = rows(pane.text)
    text = pane.until_shown("FROZEN for [2-9]s")
    assert len(before) == CALLS
    assert rows(text) == before
    pane.keys("Space")
    pane.until("figures that move", lambda text: "FROZEN" not in text and rows(text) != before)


def test_a_locked_order_stays_whatever_the_sort(pane: Terminal) -> None:
    pane.keys("o")
    text = pane.until_shown("P95▼ locked")
    before = channels(text)
    pane.keys("z")
    text = pane.until_shown("P95▲ locked")
    assert channels(text) == before
    pane.keys("o")
    pane.until_gone("locked")
    pane.until("P95 rising", lambda text: falling(column(text, P95)[::-1]))
    pane.keys("z")
    pane.until_shown("P95▼")


def test_windows_go_from_ten_seconds_to_a_minute_to_the_session(pane: Terminal) -> None:
    for told, heading in (
        ("10 ?s[: ]", "P95s"),
        ("(60|1) ?(s|min)[: ]", "P95s"),
        ("^(all s: +)?p50", "P95▼"),
    ):
        pane.keys("w")
        pane.until_shown(heading)
        pane.until_shown(told)
    pane.until_gone("P95s")


def test_columns_are_chosen_moved_and_brought_back(pane: Terminal) -> None:
    pane.keys("c")
    pane.until_shown(r"\[x\] RTT ")
    pane.keys("j", "j", "j", "j", "Space")
    pane.until_shown(r"\[ \] RTT ")
    pane.keys("J")
    pane.until_shown(r"\[x\] MAX .*\n.*\[x\] P95 ")
    pane.keys("Enter")
    pane.until_shown(r"DUR +MAX +P95")
    pane.keys("c")
    pane.until_shown("Columns ─")
    pane.keys("u")
    pane.until_shown(r"DUR +RTT +P95▼ +MAX")


def test_the_help_tells_every_key_and_scrolls(pane: Terminal) -> None:
    pane.keys("?")
    pane.until_shown(r"space +Stand still")
    pane.keys("End")
    pane.until_shown(r"state=ended +a text")
    pane.keys("Escape")
    pane.until_gone("Help ─")


def test_the_palette_does_what_is_typed(pane: Terminal) -> None:
    pane.keys("C-p")
    pane.until_shown("Search for commands")
    pane.type("reverse")
    pane.until_shown("Reverse the order")
    pane.keys("Enter")
    pane.until_shown("P95▲")
    pane.keys("z")
    pane.until_shown("P95▼")


def test_themes_change_the_colors_and_come_round(pane: Terminal) -> None:
    first = colors(pane.colored)
    pane.keys("t")
    pane.until_shown("theme ansi")
    assert not colors(pane.colored) & {color for color in first if ";2;" in color}
    pane.keys("t")
    pane.until_shown("theme deuteranopia")
    pane.keys("C-p")
    pane.until_shown("Search for commands")
    pane.type("theme dark")
    pane.until_shown("^ +theme dark *$")
    pane.keys("Enter")
    pane.until("the first colors", lambda _: colors(pane.colored) >= first)


def colors(text: str) -> set[str]:
    """Return the colours among the attributes of a pane, as SGR has them."""
    return set(
        re.findall(r"[34]8;(?:2;\d+;\d+;\d+|5;\d+)|(?<=[\[;])(?:[349]|10)[0-7](?=[;m])", text)
    )


def test_the_bell_is_switched_on_and_off(pane: Terminal) -> None:
    pane.keys("b")
    pane.until_shown("bell on")
    pane.keys("b")
    pane.until_shown("bell off")


# -- taken away ------------------------------------------------------------------------------


def test_a_copied_row_is_in_the_clipboard_and_in_a_file(pane: Terminal) -> None:
    channel = selected(pane.text)
    pane.keys("y")
    pane.until_shown("row copied")
    (file,) = (pane.home / "state" / "ari-tui" / "copies").iterdir()
    assert_private(file)
    assert pane.clipboard == file.read_text()
    assert channel in pane.clipboard
    assert re.search(r"Call-ID [0-9a-f]{16}@198\.51\.100\.\d+", pane.clipboard)


def test_an_incident_is_in_the_clipboard_and_where_the_program_was_started(pane: Terminal) -> None:
    channel = selected(pane.text)
    pane.keys("Y")
    pane.until_shown("incident copied")
    (file,) = pane.home.glob("ari-tui-incident-*.txt")
    assert_private(file)
    assert pane.clipboard == file.read_text()
    assert pane.clipboard.startswith("WHERE ")
    assert f"\nari-tui incident: {channel}" in pane.clipboard


def test_an_export_is_csv_and_json_of_what_is_shown(pane: Terminal) -> None:
    pane.keys("e")
    pane.until_shown("6 calls in")
    (table,) = pane.home.glob("ari-tui-calls-*.csv")
    (whole,) = pane.home.glob("ari-tui-calls-*.json")
    for file in (table, whole):
        assert_private(file)
    lines = list(csv.DictReader(table.read_text().splitlines()))
    view = json.loads(whole.read_text())
    assert [line["channel"] for line in lines] == [one["call"]["channel"] for one in view["calls"]]
    assert len(lines) == CALLS
    assert all(float(line["rtt_p95_ms"]) > 0 for line in lines)
    assert view["sort"] == "rtt_p95_ms"


def assert_private(file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600


# -- one call --------------------------------------------------------------------------------


def test_a_call_opens_steps_to_its_neighbours_and_closes_on_its_row(pane: Terminal) -> None:
    pane.keys("o", "Home")
    pane.until_shown("locked")
    first, second = channels(pane.until("the first row", on_first))[:2]
    pane.keys("Enter")
    pane.until("the call", lambda text: f"\n{first}" in text and "round trip" in text)
    pane.keys("n")
    pane.until_shown(f"^{second}")
    pane.keys("N")
    pane.until_shown(f"^{first}")
    pane.keys("n")
    pane.until_shown(f"^{second}")
    pane.keys("Space")
    pane.until_shown("FROZEN for")
    pane.keys("Space")
    pane.until_gone("FROZEN")
    pane.keys("?")
    pane.until_shown("Next call")
    pane.keys("q")
    pane.until_gone("Next call")
    pane.keys("Escape")
    text = pane.until("the table", lambda text: len(rows(text)) == CALLS)
    assert selected(text) == second
    pane.keys("o")
    pane.until_gone("locked")


def on_first(text: str) -> bool:
    return len(rows(text)) == CALLS and "▸" in text.splitlines()[4]


def test_a_call_is_hung_up_after_a_question_and_another_caller_comes(pane: Terminal) -> None:
    channel = selected(all_calls(pane))
    pane.keys("x")
    pane.until_shown(rf"Hang up(.*\n)+.*{channel}\d+")
    pane.keys("n")
    pane.until_gone("Hang up")
    pane.keys("x")
    pane.until_shown("y +Hang up this call")
    pane.keys("y")
    pane.until_shown("is hung up")
    # the simulated callers are as many as before only after one has really gone
    pane.until("a seventh", lambda text: len(rows(text)) == CALLS + 1 and " 6 calls " in text)
    pane.keys("/")
    pane.type("state=ended")
    pane.until("the ended one", lambda text: channels(text) == [channel])
    pane.keys("C-u", "Enter")
    pane.until_gone("Filter ─")


def test_after_a_screen_too_small_for_the_table_its_keys_are_heard_again(pane: Terminal) -> None:
    pane.resize(30, 6)
    pane.until("one line", lambda text: "PJSIP/" not in text and "WHERE" in text)
    pane.resize(80, 24)
    pane.until("the table", lambda text: len(rows(text)) >= CALLS)
    pane.keys("Enter")
    pane.until_shown("above floor")
    pane.keys("Escape")
    pane.until("the table", lambda text: len(rows(text)) >= CALLS)


# -- leaving ---------------------------------------------------------------------------------


def test_without_being_asked_to_it_leaves_the_mouse_to_the_terminal(pane: Terminal) -> None:
    assert pane.alternate
    assert not pane.mouse


def test_leaving_asks_and_leaves_the_last_screen_in_the_scroll_back(pane: Terminal) -> None:
    pane.keys("Q")
    pane.until_shown("n Stay here")
    last = pane.text
    pane.keys("y")
    assert pane.until_left() in (0, 1, 4)
    told = pane.all_text
    assert "ended by quit" in told
    kept = told[: told.index("ended by quit")]
    assert re.search(r"CHANNEL +WHERE +DUR +RTT +P95▼", kept)
    assert set(channels(kept)) >= set(channels(last))
