"""Theme files of all folders, reloaded when one of them changes.

Folders are read in order, so that a user's `dark` replaces ours: the program's, the
user's `ari-tui/themes`, `--themes-dir`. A bad file is reported and left out.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import platformdirs
from textual.color import Color, ColorParseError
from textual.theme import Theme

from ari_tui.core.errors import ConfigError
from ari_tui.core.text import did_you_mean, escaped
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
    """A theme and the file it was read from."""

    path: Path
    help: str
    theme: Theme

    @property
    def name(self) -> str:
        """Return the name that --theme takes."""
        return self.theme.name


def shown_path(path: Path) -> str:
    """Return a path for a message."""
    return escaped(str(path))


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
    except ValueError as error:  # also base of TOMLDecodeError and UnicodeDecodeError
        raise ConfigError(f"{shown_path(path)}: {escaped(str(error))}") from error


def _theme(document: Mapping[str, Any]) -> tuple[str, Theme]:
    """Return the help text and the theme; raise ValueError with a message for users."""
    _known(document, ("name", "help", "dark", "ansi", "colors", "variables"), "key")
    name, text = document.get("name"), document.get("help", "")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name == PLAIN:
        raise ValueError("name is small letters, digits, - and _, at most 31, and not plain")
    dark, ansi = document.get("dark", True), document.get("ansi", False)
    if not isinstance(dark, bool) or not isinstance(ansi, bool) or not isinstance(text, str):
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
        # the cursor of the table looks the same without the focus
        if value := given.get(f"block-cursor-{part}"):
            given.setdefault(f"block-cursor-blurred-{part}", value)
    theme.variables = {**defaults, **given}
    return escaped(text, 80), theme


def _known(given: Mapping[str, Any], names: Sequence[str], what: str) -> None:
    for key in given:
        if key not in names:
            hint = did_you_mean(key, names)
            raise ValueError(f"there is no {what} {escaped(key, 40)!r}{hint and ': '}{hint}")


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
        raise ValueError(f"{name}: {escaped(repr(value), 40)} is no color, such as #7ccf85")
    return str(value)


DEFAULT: Final = "dark"
Stamp = tuple[tuple[str, int, int], ...]


def folders(themes_dir: str = "") -> list[Path]:
    """Return the theme folders; a later one overrides those before it."""
    package = Path(__file__).parents[1]
    own = package / "themes"
    user = platformdirs.user_config_path("ari-tui", appauthor=False) / "themes"
    extra = [Path(themes_dir).expanduser()] if themes_dir else []
    # in a checkout, themes/ is next to the package
    return [own if own.is_dir() else package.parent / "themes", user, *extra]


class Themes:
    """The themes of some folders, as last read. Not thread-safe."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._folders = list(paths)
        self.files: dict[str, ThemeFile] = {}
        """By name, sorted, the default first."""
        self.problems: list[str] = []
        """Error messages for users, each with its file."""
        self._bad: set[str] = set()
        self._stamp: Stamp = ()
        self._read()

    @classmethod
    def load(cls, themes_dir: str = "") -> Themes:
        """Read the themes of the program, of the user, and of `themes_dir` ("" for none)."""
        return cls(folders(themes_dir))

    @property
    def names(self) -> list[str]:
        """Return the names in the order of the key `t`."""
        return list(self.files)

    def changed(self) -> bool:
        """Reload all files if one was added, removed or written; return whether."""
        if self._current_stamp() == self._stamp:
            return False
        self._read()
        return True

    def require(self, name: str) -> None:
        """Raise ConfigError for an unknown theme; a bad file is in `problems` instead."""
        if name in self.files or name in self._bad:
            return
        hint = did_you_mean(name, self.files) or "there are " + ", ".join(self.files)
        raise ConfigError(f"ui.theme: there is no theme {escaped(name, 40)!r}: {hint}")

    def get(self, name: str) -> Theme | None:
        """Return a theme, or else the default; None if neither could be read."""
        found = self.files.get(name) or self.files.get(DEFAULT)
        return found.theme if found else None

    def after(self, name: str) -> str:
        """Return the name of the next theme, the first after the last."""
        names = self.names or [name]
        return names[(names.index(name) + 1) % len(names)] if name in names else names[0]

    def _paths(self) -> Iterator[Path]:
        for folder in self._folders:
            yield from sorted(folder.glob("*.toml"))

    def _current_stamp(self) -> Stamp:
        return tuple((str(path), *_stat(path)) for path in self._paths())

    def _read(self) -> None:
        self._stamp = self._current_stamp()
        self.problems, self._bad = [], set()
        found: dict[str, ThemeFile] = {}
        if len(self._folders) > 2 and not self._folders[-1].is_dir():
            self.problems.append(f"ui.themes_dir: {shown_path(self._folders[-1])} is no folder")
        for path in self._paths():
            try:
                read = read_theme(path)
            except ConfigError as error:
                self.problems.append(str(error))
                self._bad.add(path.stem)
                continue
            if (other := found.get(read.name)) and other.path.parent == path.parent:
                self.problems.append(
                    f"{shown_path(path)}: {other.path.name} is called {read.name} already"
                )
                continue
            found[read.name] = read
        first = [DEFAULT] if DEFAULT in found else []
        self.files = {name: found[name] for name in [*first, *sorted(found)]}


def _stat(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:  # removed since it was listed
        return 0, 0
    return found.st_mtime_ns, found.st_size
