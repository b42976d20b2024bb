"""What the screen looks like in a real terminal, and by which keys, as flags and files have it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.terminal import Terminal, needs_tmux

pytestmark = [needs_tmux, pytest.mark.system]
A_CALL = r"^. ?[▸>]?PJSIP/\d+-\d+ .* \d+\.\d"
CONFIG = """
[sla]
profile = "lenient"
tiers = ["30:9000/9000/9000"]
max_ms = 9000.0
late_ratio = 0.999
loss_ratio = 0.999

[ui]
theme = "mine"
keys = ["freeze=p,f5", "violators=v", "hang_up="]
"""
THEME = """
name = "mine"
help = "For a test"

[colors]
primary = "#8899aa"
background = "{background}"
"""
COLOR = re.compile(
    r"\x1b\[(?:[\d:;]*[;:])?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:[;:][\d:;]*)?m|\x1b\](?:4|1\d);"
)
"""A sequence that sets a colour: SGR with one, or a palette that is changed."""


@pytest.fixture(scope="module")
def pane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A screen with nearly everything other than by default."""
    folder = tmp_path_factory.mktemp("looks")
    terminal = Terminal(folder, 150, 60)
    try:
        (folder / "config.toml").write_text(CONFIG)
        themes(terminal).mkdir()
        use_theme(terminal, "#102030")
        terminal.run(
            "demo",
            "--calls",
            "2",
            "--seed",
            "2",
            "--impair",
            "delay=8ms",
            "--ascii",
            "--mouse",
            "--themes-dir",
            str(themes(terminal)),
            "--config",
            str(folder / "config.toml"),
        )
        terminal.until_shown(A_CALL)
        yield terminal
    finally:
        terminal.close()


def themes(terminal: Terminal) -> Path:
    return terminal.home / "themes"


def use_theme(terminal: Terminal, background: str) -> None:
    # as an editor does: never half a file
    draft = themes(terminal) / "draft"
    draft.write_text(THEME.format(background=background))
    draft.rename(themes(terminal) / "mine.toml")


def until_background(pane: Terminal, red_green_blue: str) -> None:
    pane.until(red_green_blue, lambda _: f"48;2;{red_green_blue}m" in pane.colored)


def test_given_keys_act_and_those_they_replace_do_not(pane: Terminal) -> None:
    text = pane.until_shown(r"\bp freeze")
    assert "x hang up" not in text
    pane.keys("Space", "x", "!", "p")
    pane.until_shown("FROZEN for")
    assert "Hang up?" not in pane.text
    assert "! only" not in pane.text
    pane.keys("F5")
    pane.until_gone("FROZEN")


def test_where_no_call_breaks_a_limit_the_violators_are_none(pane: Terminal) -> None:
    pane.keys("v")
    pane.until_shown("! only")
    text = pane.until_shown("none of 2 calls")
    assert not re.search(A_CALL, text, re.MULTILINE)
    pane.keys("v")
    pane.until_shown(A_CALL)


@pytest.mark.parametrize(
    ("key", "shown", "leaving"),
    [
        ("?", "- Help -", "Escape"),
        ("/", "- Filter -", "Escape"),
        ("c", "- Columns -", "Escape"),
        ("C-p", "Search for commands", "Escape"),
        ("q", "Stay here", "n"),
        ("p", "FROZEN", "p"),
        ("Enter", "above floor", "Escape"),
    ],
)
def test_with_ascii_no_other_character_is_drawn(
    key: str, shown: str, leaving: str, pane: Terminal
) -> None:
    pane.keys(key)
    text = pane.until_shown(shown)
    pane.keys(leaving)
    pane.until_gone(shown)
    for drawn in (text, pane.until_shown(A_CALL)):
        assert not {char for char in without_names(drawn) if not char.isascii()}, drawn


def without_names(text: str) -> str:
    """Leave out what callers are called: they have the letters that they have.

    A dialog may cover the end of a name.
    """
    for name in ("🙂 Support", "O'Brien, Séan"):
        for end in range(len(name), 0, -1):
            if not name[:end].isascii():
                text = text.replace(name[:end], "")
    return text


def test_the_mouse_is_taken_when_asked_for(pane: Terminal) -> None:
    assert pane.mouse


def test_a_theme_file_that_is_written_is_worn_at_once(pane: Terminal) -> None:
    until_background(pane, "16;32;48")
    use_theme(pane, "#405060")
    until_background(pane, "64;80;96")


def test_a_theme_file_that_becomes_bad_is_told_and_the_default_worn(pane: Terminal) -> None:
    use_theme(pane, "reddish")
    pane.until_shown("reddish.* is no color")
    pane.until("another background", lambda _: "48;2;64;80;96m" not in pane.colored)
    use_theme(pane, "#405060")


def test_the_light_theme_has_a_light_ground(pane: Terminal) -> None:
    pane.keys("C-p")
    pane.until_shown("Search for commands")
    pane.type("theme light")
    pane.until_shown("^ +theme light *$")
    pane.keys("Enter")
    until_background(pane, "248;248;246")


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    made: list[Terminal] = []

    def start(*arguments: str) -> Terminal:
        made.append(Terminal(tmp_path, 160, 45, {"NO_COLOR": "1"}))
        made[0].record(tmp_path / "sent")
        made[0].run("demo", "--calls", "2", "--seed", "2", *arguments)
        return made[0]

    yield start
    for each in made:
        each.close()


def test_with_no_color_not_one_color_code_is_sent(
    plain: Callable[..., Terminal], tmp_path: Path
) -> None:
    pane = plain("--impair", "loss=5%,delay=8ms", "--theme", "light")
    pane.until_shown(A_CALL)
    for key, shown, leaving in (
        ("?", "Help", "Escape"),
        ("c", "Columns", "Escape"),
        ("/", "Filter ─", "Escape"),
        ("C-p", "Search for", "Escape"),
        ("Space", "FROZEN", "Space"),
        ("q", "Stay here", "n"),
        ("t", "NO_COLOR is set", ""),
        ("Enter", "above floor", "Escape"),
    ):
        pane.keys(key)
        pane.until_shown(shown)
        assert not COLOR.search(pane.colored)
        if leaving:
            pane.keys(leaving)
            pane.until_gone(shown)
    pane.keys("C-c")
    assert pane.until_left() == 130
    sent = (tmp_path / "sent").read_text(errors="replace")
    assert "\x1b[?1049h" in sent
    assert not COLOR.search(sent)
