"""`ari-tui themes` and `ari-tui keys`: what the screen can look like, and what its keys are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from ari_tui.cli.options import SCREEN_FLAGS, Start, prepare, settings_options
from ari_tui.core.log import clean
from ari_tui.ui.bindings import BINDINGS, Keymap, keymap, keys_of
from ari_tui.ui.key_names import shown

if TYPE_CHECKING:
    from pathlib import Path

    from ari_tui.ui.themes import Themes

_WRONG = 2
_THEME_FLAGS = SCREEN_FLAGS[:2]


@click.command(short_help="List the screen's themes, and what is wrong with theme files.")
@settings_options(*_THEME_FLAGS)
@click.pass_obj
def themes(start: Start, /, **values: Any) -> int:
    """List the screen's themes, their folders, and what is wrong with which file (exit code 2).

    The theme that is taken has a star.
    """
    settings = prepare(start, values)

    from ari_tui.ui.themes import Themes, folders

    found = Themes.load(settings.ui.themes_dir)
    for line in themes_lines(found, folders(settings.ui.themes_dir), settings.ui.theme):
        click.echo(line)
    for problem in found.problems:
        click.echo(problem, err=True)
    found.require(settings.ui.theme)
    return _WRONG if found.problems else 0


def themes_lines(themes: Themes, places: list[Path], taken: str) -> Iterator[str]:
    """Yield a line for each theme, and the folders, the one that counts most first."""
    for file in themes.files.values():
        star = "*" if file.name == taken else " "
        yield f"{star} {file.name:<16} {file.help}  ({clean(str(file.path.parent))})".rstrip()
    yield "folders, the first that has a theme gives it:"
    for place in reversed(places):
        yield f"  {clean(str(place))}{'' if place.is_dir() else '  (none yet)'}"


@click.command(short_help="List the screen's keys and what each is called in ui.keys.")
@settings_options()
@click.pass_obj
def keys(start: Start, /, **values: Any) -> int:
    """List the screen's keys, with those of ui.keys in their places.

    The first word of a line is the id: ui.keys = ["freeze=p,f5"] gives it other keys.
    """
    settings = prepare(start, values)
    for line in keys_lines(keymap(settings.ui.keys)):
        click.echo(line)
    return 0


def keys_lines(given: Keymap) -> Iterator[str]:
    """Yield a line for each binding: id, keys, what it does; a star where the keys are given."""
    group = ""
    for binding in BINDINGS:
        if binding.group != group:
            yield from ["", binding.group] if group else [binding.group]
            group = binding.group
        held = ", ".join(shown(key, ascii_only=True) for key in keys_of(binding, given))
        star = "*" if binding.id in given else " "
        yield f"{star} {binding.id:<16} {held or 'no key':<14} {binding.help}"
