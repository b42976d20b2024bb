"""All themes there are, by folder, read again while the screen is up.

The folders are read in order, so that a user's `dark` stands in for ours: those that come with
the program, the user's `ari-tui/themes`, `--themes-dir`. A bad file is told and left out.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import platformdirs
from textual.theme import Theme

from ari_tui.errors import ConfigError
from ari_tui.log import clean
from ari_tui.ui.theme_file import ThemeFile, read_theme, shown_path

DEFAULT: Final = "dark"
Stamp = tuple[tuple[str, int, int], ...]


def folders(themes_dir: str = "") -> list[Path]:
    """Return where themes are looked for, the last word last."""
    package = Path(__file__).parents[1]
    own = package / "themes"
    user = platformdirs.user_config_path("ari-tui", appauthor=False) / "themes"
    extra = [Path(themes_dir).expanduser()] if themes_dir else []
    # in a checkout they lie beside the package
    return [own if own.is_dir() else package.parent / "themes", user, *extra]


class Themes:
    """The themes of some folders, as they were when last read. Belongs to one thread."""

    def __init__(self, places: Sequence[Path]) -> None:
        self._places = list(places)
        self.files: dict[str, ThemeFile] = {}
        """By name, in order of name but for the default, which is first."""
        self.problems: list[str] = []
        """What is wrong with which file, for people."""
        self._bad: set[str] = set()
        self._stamp: Stamp = ()
        self._read()

    @classmethod
    def load(cls, themes_dir: str = "") -> Themes:
        """Read the themes of the program, of the user, and of `themes_dir` ("" for none)."""
        return cls(folders(themes_dir))

    @property
    def names(self) -> list[str]:
        """Return the names in the order in which `t` goes through them."""
        return list(self.files)

    def changed(self) -> bool:
        """Look whether a file came, went or was written; read all again if so, and say so."""
        if self._now() == self._stamp:
            return False
        self._read()
        return True

    def require(self, name: str) -> None:
        """Raise ConfigError when there is no such theme; one whose file is bad is a problem."""
        if name in self.files or name in self._bad:
            return
        near = difflib.get_close_matches(name, self.files, n=1)
        hint = f"did you mean {near[0]}?" if near else "there are " + ", ".join(self.files)
        raise ConfigError(f"ui.theme: there is no theme {clean(name, 40)!r}: {hint}")

    def get(self, name: str) -> Theme | None:
        """Return a theme, else the default; None where not even that can be read."""
        found = self.files.get(name) or self.files.get(DEFAULT)
        return found.theme if found else None

    def after(self, name: str) -> str:
        """Return the name of the next theme, the first after the last."""
        names = self.names or [name]
        return names[(names.index(name) + 1) % len(names)] if name in names else names[0]

    def _paths(self) -> Iterator[Path]:
        for place in self._places:
            yield from sorted(place.glob("*.toml"))

    def _now(self) -> Stamp:
        return tuple((str(path), *_stat(path)) for path in self._paths())

    def _read(self) -> None:
        self._stamp = self._now()
        self.problems, self._bad = [], set()
        found: dict[str, ThemeFile] = {}
        if len(self._places) > 2 and not self._places[-1].is_dir():
            self.problems.append(f"ui.themes_dir: {shown_path(self._places[-1])} is no folder")
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
    except OSError:  # it went between the two looks
        return 0, 0
    return found.st_mtime_ns, found.st_size
