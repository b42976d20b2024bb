"""A theme's file: what it may hold, and how it is told what is wrong."""

from pathlib import Path

import pytest

from ari_tui.errors import ConfigError
from ari_tui.ui.theme_file import read_theme
from ari_tui.ui.theme_variables import DARK_VARIABLES, LIGHT_VARIABLES

SMALLEST = '[colors]\nprimary = "#7cb0ea"'


def write(folder: Path, name: str, body: str = SMALLEST) -> Path:
    """Write a theme's file; a body without a name gets the file's."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(body if body.startswith("name") else f'name = "{name}"\n{body}')
    return path


def test_a_theme_that_does_not_say_takes_what_suits_its_ground(tmp_path: Path) -> None:
    dark = read_theme(write(tmp_path, "one")).theme
    assert dark.variables.items() >= DARK_VARIABLES.items()
    light = read_theme(write(tmp_path, "two", f"dark = false\n{SMALLEST}")).theme
    assert light.variables.items() >= LIGHT_VARIABLES.items()
    ansi = read_theme(write(tmp_path, "three", f"ansi = true\n{SMALLEST}")).theme
    assert ansi.variables["sla-fail"] == "ansi_default"


def test_a_theme_gives_its_colors_and_variables_to_textual(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "mine",
        'help = "Mine"\n[colors]\nprimary = "red"\nbackground = "#000"\n'
        '[variables]\nsla-fail = "#ff0000"\nblock-cursor-background = "#222222"\n',
    )
    found = read_theme(path)
    assert (found.name, found.help, found.theme.background) == ("mine", "Mine", "#000")
    assert found.theme.variables["sla-fail"] == "#ff0000"
    assert found.theme.variables["sla-ok"] == DARK_VARIABLES["sla-ok"]
    assert found.theme.variables["block-cursor-blurred-background"] == "#222222"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("[colors]", "colors.primary is missing"),
        ("[colors]\nprimary = 'blurple'", "colors.primary: 'blurple' is no color"),
        ("[colors]\nprimary = 7", "colors.primary: 7 is no color"),
        ("[colors]\nprimary = 'ansi_red'", "'ansi_red' is no color"),
        (f"{SMALLEST}\nbackgroud = '#000'", "did you mean background?"),
        (f"{SMALLEST}\n[variables]\nsla-fial = '#000'", "did you mean sla-fail?"),
        (f"{SMALLEST}\n[variables]\nlink-style = 'bold'", "there is no color in [variables]"),
        (f"{SMALLEST}\n[layout]\nx = 1", "there is no key 'layout'"),
        (f"css = '* {{}}'\n{SMALLEST}", "there is no key 'css'"),
        (f"dark = 'no'\n{SMALLEST}", "dark and ansi are true or false"),
        ("colors = 3", "colors is a section: write [colors]"),
        ("name = 'a", "(at end of document)"),
        ("name = 'Shouted'\n" + SMALLEST, "name is small letters"),
        ("name = 'plain'\n" + SMALLEST, "not plain"),
        ("name = '\x00'\n" + SMALLEST, "(at line 1, column 9)"),
    ],
)
def test_a_bad_file_is_told_in_one_line_with_its_path(tmp_path: Path, body: str, told: str) -> None:
    path = write(tmp_path, "bad", body)
    with pytest.raises(ConfigError) as caught:
        read_theme(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_text_too_large_or_not_there_is_told_too(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    for data in (b"\xff\xfe", b"#" * 70000):
        path.write_bytes(data)
        with pytest.raises(ConfigError, match=r"x\.toml: "):
            read_theme(path)
    path.unlink()
    with pytest.raises(ConfigError, match="No such file"):
        read_theme(path)
