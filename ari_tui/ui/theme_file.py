"""A theme's file: TOML that holds colours and nothing else; what is wrong with it, in one line."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from textual.color import Color, ColorParseError
from textual.theme import Theme

from ari_tui.errors import ConfigError
from ari_tui.log import clean
from ari_tui.ui.theme_variables import ANSI_VARIABLES, DARK_VARIABLES, LIGHT_VARIABLES, PLAIN

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_COLORS: Final = (
    *("background", "foreground", "surface", "panel", "boost", "primary", "secondary"),
    *("accent", "warning", "error", "success"),
)
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,30}")
_LARGEST: Final = 65536


class ThemeFile(NamedTuple):
    """One theme, and where it was read."""

    path: Path
    help: str
    theme: Theme

    @property
    def name(self) -> str:
        """Return what --theme calls it."""
        return self.theme.name


def shown_path(path: Path) -> str:
    """Return a path for a message."""
    return clean(str(path))


def read_theme(path: Path) -> ThemeFile:
    """Read one file; raise ConfigError in one line that begins with its path."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise ValueError(f"larger than {_LARGEST} bytes")
        return ThemeFile(path, *_theme(tomllib.loads(data.decode("utf-8"))))
    except OSError as error:
        raise ConfigError(f"{shown_path(path)}: {error.strerror}") from error
    except ValueError as error:  # TOML's and UTF-8's are too
        raise ConfigError(f"{shown_path(path)}: {clean(str(error))}") from error


def _theme(document: Mapping[str, Any]) -> tuple[str, Theme]:
    """Return help and theme; raise ValueError in words."""
    _known(document, ("name", "help", "dark", "ansi", "colors", "variables"), "key")
    name, told = document.get("name"), document.get("help", "")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name == PLAIN:
        raise ValueError("name is small letters, digits, - and _, at most 31, and not plain")
    dark, ansi = document.get("dark", True), document.get("ansi", False)
    if not isinstance(dark, bool) or not isinstance(ansi, bool) or not isinstance(told, str):
        raise ValueError("dark and ansi are true or false, help is a text")
    colors = _colors(document, "colors", _COLORS, ansi=ansi)
    if "primary" not in colors:
        raise ValueError("colors.primary is missing")
    defaults: Mapping[str, str] = DARK_VARIABLES if dark else LIGHT_VARIABLES
    if ansi:
        defaults = ANSI_VARIABLES
    colors_of: dict[str, Any] = colors  # Theme's other fields are of other types
    theme = Theme(name=name, dark=dark, ansi=ansi, **colors_of)
    known = [key for key in theme.to_color_system().generate() if not key.endswith("style")]
    given = _colors(document, "variables", (*defaults, *known), ansi=ansi)
    for part in ("foreground", "background"):
        # the selected row of the table is never blurred: there is one cursor for all
        if value := given.get(f"block-cursor-{part}"):
            given.setdefault(f"block-cursor-blurred-{part}", value)
    theme.variables = {**defaults, **given}
    return clean(told, 80), theme


def _known(given: Mapping[str, Any], names: Sequence[str], what: str) -> None:
    for key in given:
        if key not in names:
            near = difflib.get_close_matches(key, names, n=1)
            hint = f": did you mean {near[0]}?" if near else ""
            raise ValueError(f"there is no {what} {clean(key, 40)!r}{hint}")


def _colors(
    document: Mapping[str, Any], section: str, names: Sequence[str], *, ansi: bool
) -> dict[str, str]:
    given = document.get(section, {})
    if not isinstance(given, dict):
        raise ValueError(f"{section} is a section: write [{section}]")
    _known(given, names, f"color in [{section}]")
    return {name: _color(value, f"{section}.{name}", ansi=ansi) for name, value in given.items()}


def _color(value: object, name: str, *, ansi: bool) -> str:
    try:
        color = Color.parse(value) if isinstance(value, str) else None
    except ColorParseError:
        color = None
    if color is None or (color.ansi is not None and not ansi):
        raise ValueError(f"{name}: {clean(repr(value), 40)} is no color, such as #7ccf85")
    return str(value)
