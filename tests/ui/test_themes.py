"""Themes: where they are looked for, which of two counts, what comes after which."""

import os
from pathlib import Path

import pytest

from ari_tui.core.errors import ConfigError
from ari_tui.ui.theme_variables import DARK_VARIABLES, LIGHT_VARIABLES
from ari_tui.ui.themes import DEFAULT, Themes, folders, read_theme

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


OURS = Themes([Path(__file__).parents[2] / "themes"])


def test_six_themes_come_with_the_program_and_nothing_is_wrong_with_them() -> None:
    assert OURS.names == [
        "dark",
        "ansi",
        "deuteranopia",
        "high-contrast",
        "light",
        "tritanopia",
    ]
    assert OURS.problems == []
    assert all(file.help and file.path.stem == name for name, file in OURS.files.items())


def test_a_later_folder_stands_in_for_an_earlier_one(tmp_path: Path) -> None:
    for place in ("ours", "user", "dir"):
        write(tmp_path / place, "dark", f'help = "{place}"\n{SMALLEST}')
    write(tmp_path / "user", "alpha")
    themes = Themes([tmp_path / "ours", tmp_path / "user", tmp_path / "dir"])
    assert themes.names == ["dark", "alpha"]
    assert themes.files["dark"].help == "dir"
    assert themes.problems == []


def test_two_of_one_name_in_one_folder_are_told_and_the_first_counts(tmp_path: Path) -> None:
    write(tmp_path, "a", f'name = "same"\nhelp = "first"\n{SMALLEST}')
    write(tmp_path, "b", f'name = "same"\n{SMALLEST}')
    themes = Themes([tmp_path])
    assert themes.files["same"].help == "first"
    assert themes.problems == [f"{tmp_path / 'b.toml'}: a.toml is called same already"]


def test_the_folders_are_ours_the_users_and_the_named_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    ours, user, named = folders("~/themes")
    assert {"dark.toml", "light.toml"} <= {path.name for path in ours.iterdir()}
    assert (user.name, user.parent.name) == ("themes", "ari-tui")
    assert named == tmp_path / "themes"
    assert folders() == [ours, user]
    assert Themes.load(str(tmp_path / "none")).problems == [
        f"ui.themes_dir: {tmp_path / 'none'} is no folder"
    ]


def test_a_bad_file_leaves_the_others_and_the_default(tmp_path: Path) -> None:
    write(tmp_path, "dark")
    write(tmp_path, "mine", "[colors]")
    themes = Themes([tmp_path])
    assert themes.names == ["dark"]
    assert "mine.toml: colors.primary is missing" in themes.problems[0]
    chosen = themes.get("mine")
    assert chosen is not None
    assert chosen.name == DEFAULT
    themes.require("mine")


def test_a_theme_that_there_is_none_of_is_refused_with_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, "dark")
    themes = Themes([tmp_path])
    themes.require("dark")
    with pytest.raises(ConfigError, match=r"^ui\.theme: .*'drak': did you mean dark\?"):
        themes.require("drak")
    with pytest.raises(ConfigError, match="'xyz': there are dark"):
        themes.require("xyz")


def test_files_that_are_written_come_or_go_are_read_again(tmp_path: Path) -> None:
    path = write(tmp_path, "dark")
    themes = Themes([tmp_path, tmp_path / "later"])
    assert not themes.changed()
    before = path.stat()
    write(tmp_path, "dark", '[colors]\nprimary = "#123456"')
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert themes.changed()
    assert not themes.changed()
    assert themes.files["dark"].theme.primary == "#123456"
    write(tmp_path / "later", "new")
    assert themes.changed()
    assert themes.names == ["dark", "new"]
    write(tmp_path / "later", "new", "[colors]")
    assert themes.changed()
    assert themes.problems
    (tmp_path / "later" / "new.toml").unlink()
    assert themes.changed()
    assert (themes.names, themes.problems) == (["dark"], [])


def test_the_next_theme_of_the_last_is_the_first() -> None:
    names = OURS.names
    assert [OURS.after(name) for name in names] == [*names[1:], names[0]]
    assert OURS.after("gone") == "dark"
    assert Themes([]).after("dark") == "dark"
    assert Themes([]).get("dark") is None
