"""`ari-tui themes`: what the screen can look like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from ari_tui.cli.options import SCREEN_FLAGS, Start, prepare, settings_options
from ari_tui.core.exit_codes import WRONG_USE
from ari_tui.core.text import escaped

if TYPE_CHECKING:
    from pathlib import Path

    from ari_tui.ui.themes import Themes

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
    return WRONG_USE if found.problems else 0


def themes_lines(themes: Themes, places: list[Path], taken: str) -> Iterator[str]:
    """Yield a line for each theme, and the folders, the one that counts most first."""
    for file in themes.files.values():
        star = "*" if file.name == taken else " "
        yield f"{star} {file.name:<16} {file.help}  ({escaped(str(file.path.parent))})".rstrip()
    yield "folders, the first that has a theme gives it:"
    for place in reversed(places):
        yield f"  {escaped(str(place))}{'' if place.is_dir() else '  (none yet)'}"
