"""Themes: where they are looked for, which of two counts, what comes after which."""

import os
from pathlib import Path

import pytest

from ari_tui.errors import ConfigError
from ari_tui.ui.themes import DEFAULT, Themes, folders
from tests.ui.test_theme_file import SMALLEST, write

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
