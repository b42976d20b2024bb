"""Wearing a theme: reload, the next one, and not one colour code where NO_COLOR is set."""

import functools
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from fcntl import ioctl
from pathlib import Path

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from ari_tui.ui.theme_variables import DARK_VARIABLES
from ari_tui.ui.themed_app import Colorless, plain
from ari_tui.ui.widgets.table import ChannelTable
from tests.ui.wearing import OURS, Wearing

ROOT = Path(__file__).parents[2]
STYLES = {"0", "1", "2", "3", "4", "7", "9", "22", "23", "24", "27", "29"}
"""What SGR codes may be there without colour: reset, bold, dim, italic, underline, reverse."""


class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, **environment: str) -> None:
        kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        given = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "TEXTUAL_ANIMATIONS": "none"}
        self.output = b""
        self.fd, theirs = pty.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.ui.wearing"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=ROOT,
            env={**kept, **given, **environment},
            start_new_session=True,
        )
        os.close(theirs)

    def read_until(self, found: bytes | None, timeout_s: float = 30.0) -> None:
        """Read until this is drawn, or with None to the end."""
        end = time.monotonic() + timeout_s
        while found is None or found not in self.output:
            left = end - time.monotonic()
            assert left > 0, self.output[-2000:]
            if not select.select([self.fd], [], [], left)[0]:
                continue
            try:
                data = os.read(self.fd, 65536)
            except OSError:  # how Linux tells that the other end has closed
                data = b""
            self.output += data
            if not data:
                assert found is None, self.output[-2000:]
                return

    def quit(self) -> int:
        """End the program by Ctrl-C and return its exit code."""
        os.write(self.fd, b"\x03")
        self.read_until(None)
        os.close(self.fd)
        return self.process.wait(timeout=30)


@functools.cache
def drawn(**environment: str) -> bytes:
    """Return all that the program wrote to its terminal, from start to end."""
    terminal = Terminal(**environment)
    for text in ("a toast", environment.get("DIALOG", "").capitalize()):
        terminal.read_until(text.encode())
    assert terminal.quit() == 0
    return terminal.output


def sgr(output: bytes) -> set[str]:
    """Return every SGR sequence that was written, as its parameters."""
    return {found.decode() for found in re.findall(rb"\x1b\[([0-9;:]*)m", output)}


def codes(output: bytes) -> set[str]:
    return {code or "0" for found in sgr(output) for code in re.split("[;:]", found)}


@pytest.mark.parametrize("dialog", ["", "columns", "filter", "quit"])
def test_no_color_leaves_not_one_color_code_in_what_the_terminal_gets(dialog: str) -> None:
    output = drawn(NO_COLOR="1", DIALOG=dialog)
    assert codes(output) <= STYLES
    # no palette is set either (OSC 4, 10, 11)
    assert not re.search(rb"\x1b\](4|10|11);", output)


def test_without_color_styles_tell_selection_and_verdict_apart() -> None:
    output = drawn(NO_COLOR="1", DIALOG="")
    assert any("7" in found.split(";") for found in sgr(output)), "nothing is reversed"
    assert re.search(rb"\x1b\[1mFAIL", output)
    assert "4" in codes(output), "nothing is underlined"


def test_an_empty_no_color_is_none_and_colors_are_no_greys() -> None:
    for environment in ({}, {"NO_COLOR": ""}):
        assert b"38;2;255;144;136" in drawn(**environment)


def test_the_theme_of_the_terminals_colors_uses_no_others() -> None:
    output = drawn(THEME="ansi")
    assert {"31", "44"} <= codes(output)
    # Textual makes RGB of the colours of a Rich text; no text of ours has any
    foreign = {"38;2;255;0;0;48;2;0;0;255"}
    assert {found for found in sgr(output) if {"38", "48"} & set(found.split(";"))} == foreign


@pytest.mark.parametrize(
    ("environment", "told"), [({}, False), ({"NO_COLOR": ""}, False), ({"NO_COLOR": "0"}, True)]
)
def test_no_color_counts_when_it_is_not_empty(environment: dict[str, str], told: bool) -> None:
    assert plain(environment) is told


def test_the_filter_keeps_styles_and_text_and_takes_colors() -> None:
    style = Style(color="red", bgcolor="blue", bold=True, reverse=True, underline=True)
    given = [Segment("a", style), Segment("b"), Segment("c", Style(dim=True))]
    taken = Colorless().apply(given, Color.parse("white"))
    assert [each.text for each in taken] == ["a", "b", "c"]
    assert taken[0].style == Style(bold=True, reverse=True, underline=True)
    assert taken[1].style is None
    assert taken[2].style == Style(dim=True)


async def test_the_selected_row_is_reversed_and_one_near_a_limit_underlined_without_color() -> None:
    app = Wearing(no_color=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        table = app.screen.query_one(ChannelTable)
        styles = {text: style for y in range(4) for text, style, _ in table.render_line(y) if style}
        assert any(style.reverse for style in styles.values())
        assert any(style.underline for style in styles.values())
        assert app.theme == "plain"


async def test_the_next_theme_is_put_on_and_told(tmp_path: Path) -> None:
    app = Wearing()
    async with app.run_test() as pilot:
        worn = []
        for _ in app.themes.names:
            app.action_next_theme()
            await pilot.pause()
            worn.append(app.theme)
        assert worn == [*app.themes.names[1:], "dark"]


async def test_without_color_there_is_no_next_theme() -> None:
    app = Wearing(no_color=True)
    async with app.run_test() as pilot:
        app.action_next_theme()
        app.use_theme("light")
        await pilot.pause()
        assert app.theme == "plain"


def body(fail: str, name: str = "mine") -> str:
    return f'name = "{name}"\n[colors]\nprimary = "#7cb0ea"\n[variables]\nsla-fail = "{fail}"\n'


async def test_a_written_file_is_worn_at_once(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(body("#aa0000"))
    app = Wearing("mine", folders=[OURS, tmp_path])
    async with app.run_test() as pilot:
        await pilot.pause()
        verdict = app.screen.query_one("#verdict")
        assert verdict.styles.color.hex6 == "#AA0000"
        assert app.reload_themes() is None
        (tmp_path / "mine.toml").write_text(body("#00bb00") + "# changed\n")
        assert app.reload_themes() == []
        await pilot.pause()
        assert verdict.styles.color.hex6 == "#00BB00"
        assert app.theme == "mine"


async def test_a_file_that_becomes_bad_or_goes_gives_way_to_the_default(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(body("#aa0000"))
    app = Wearing("mine", folders=[OURS, tmp_path])
    async with app.run_test() as pilot:
        path.write_text("[colors]")
        told = app.reload_themes()
        assert told is not None
        assert len(told) == 1
        await pilot.pause()
        assert app.theme == "dark"
        path.write_text(body("#cc0000"))
        assert app.reload_themes() == []
        assert "mine" in app.themes.names


async def test_a_theme_that_cannot_be_read_is_replaced_by_the_default() -> None:
    app = Wearing("none-such")
    async with app.run_test():
        assert app.theme == "dark"


async def test_without_any_theme_the_terminals_colors_are_left(tmp_path: Path) -> None:
    app = Wearing(folders=[tmp_path])
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.theme == "plain"
        assert not app.plain


async def test_textuals_own_themes_find_our_variables_too() -> None:
    app = Wearing()
    async with app.run_test() as pilot:
        app.theme = "nord"
        await pilot.pause()
        assert app.theme_variables["sla-fail"] == DARK_VARIABLES["sla-fail"]
