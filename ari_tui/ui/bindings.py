"""Every key of the user interface in one table: its action, where it is active, its id in ui.keys.

Textual's BINDINGS, the help, the key bar, the palette and `ari-tui keys` are made from it. Does not
import Textual at run time, so that `ui.key_names` is checked before anything is started.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from ari_tui.core.errors import ConfigError
from ari_tui.core.text import did_you_mean, escaped
from ari_tui.ui.key_names import canonical, shown

if TYPE_CHECKING:
    from textual.binding import Binding as TextualBinding

Where = Literal["app", "overview", "table", "lines", "detail", "events", "dialog"]
"""Which class has the binding: the app (on every screen), a screen, the table and every list."""
Keymap = Mapping[str, str]
"""Keys by binding id that replace the default ones, for `App.set_keymap`."""

_ACTIVE_TOGETHER: Final[tuple[tuple[Where, ...], ...]] = (
    ("app", "overview", "table"),
    ("app", "detail"),
    ("app", "events", "lines"),
    ("app", "dialog", "table"),
)
"""Groups of bindings that are active at the same time: their keys must differ."""


class Binding(NamedTuple):
    """One thing that a key does."""

    group: str
    """Its heading in the help."""
    where: tuple[Where, ...]
    id: str
    keys: str
    """Textual's names, with commas between; `ui.key_names` changes them."""
    label: str
    """One word for the key bar."""
    help: str
    bar: int = 0
    """Place in the key bar, the most needed first; 0 is not in it."""
    method: str = ""
    """The method is `action_<this>` of the class that has the binding; "": `action_<id>`."""
    priority: bool = False
    """Handled before the bindings of any widget, also above dialogs."""

    @property
    def action(self) -> str:
        """Return the name of the action, without `action_`."""
        return self.method or self.id


_BOTH: Final[tuple[Where, ...]] = ("overview", "detail")
_SCREENS: Final[tuple[Where, ...]] = ("overview", "detail", "events")
_OVERVIEW: Final[tuple[Where, ...]] = ("overview",)
_DETAIL: Final[tuple[Where, ...]] = ("detail",)
_TABLE: Final[tuple[Where, ...]] = ("table",)
_LINES: Final[tuple[Where, ...]] = ("table", "lines")
_DIALOG: Final[tuple[Where, ...]] = ("dialog",)
_APP: Final[tuple[Where, ...]] = ("app",)

_view = partial(Binding, "View")
_rows = partial(Binding, "Rows")
_call = partial(Binding, "Call")
_take_away = partial(Binding, "Take away")
_program = partial(Binding, "Program")
_dialogs = partial(Binding, "Dialogs")

BINDINGS: Final = (
    _view(
        _SCREENS,
        "freeze",
        "space",
        "freeze",
        "Stand still; measuring goes on, and a banner shows the age",
        4,
    ),
    _view(_OVERVIEW, "lock_order", "o", "lock", "Keep the order of rows; values go on", 11),
    _view(
        _OVERVIEW,
        "window",
        "w",
        "window",
        "Loss, lateness and round trips of 10 s, 1 min or the session",
        8,
        method="next_window",
    ),
    _view(_OVERVIEW, "columns", "c", "columns", "Choose the columns", 13),
    _view(_SCREENS, "theme", "t", "theme", "Take the next theme", 14, method="next_theme"),
    _view(_SCREENS, "bell", "b", "bell", "Ring when a fault of a call is proved, or stop ringing"),
    _view(_BOTH, "events", "E", "events", "All events, whole; of a call in detail, its own", 9),
    _view(("events",), "level", "l", "level", "All events, warnings and errors, or errors only", 2),
    _view(
        ("events",), "find_events", "slash", "find", "Events with a text, a channel or a kind", 3
    ),
    _rows(
        _OVERVIEW,
        "filter",
        "slash",
        "filter",
        "Filter: text, !text, p95>12, late>0, state=ended",
        2,
    ),
    _rows(_OVERVIEW, "sort_left", "less_than_sign", "sort", "Sort by the column to the left", 3),
    _rows(
        _OVERVIEW, "sort_right", "greater_than_sign", "sort", "Sort by the column to the right", 3
    ),
    _rows(_OVERVIEW, "reverse", "z", "reverse", "Reverse the order", 10),
    _rows(
        _OVERVIEW,
        "ended",
        "a",
        "ended",
        "Also the calls that ended long ago; a text or state=ended finds them",
        10,
    ),
    _rows(_OVERVIEW, "violators", "exclamation_mark", "fails", "Only calls with a proved fault", 9),
    _rows(_LINES, "row_up", "up,k", "up", "Up a row", method="cursor_up"),
    _rows(_LINES, "row_down", "down,j", "down", "Down a row", method="cursor_down"),
    _rows(_LINES, "page_up", "pageup", "page up", "Up a page"),
    _rows(_LINES, "page_down", "pagedown", "page down", "Down a page"),
    _rows(_LINES, "first_row", "home", "first", "First row"),
    _rows(_LINES, "last_row", "end", "last", "Last row"),
    _call(
        _TABLE, "detail", "enter", "detail", "Open the call; in a list, take it", 5, method="choose"
    ),
    _call(_DETAIL, "next_call", "n,right", "next", "Next call", 2),
    _call(_DETAIL, "previous_call", "N,left", "previous", "Previous call", 3),
    _call(_BOTH, "hang_up", "x", "hang up", "Hang up the call; asks", 15),
    _call(("detail", "events"), "back", "escape,q", "back", "Back to the screen before", 1),
    _take_away(
        _BOTH, "copy_row", "y", "copy", "Copy the row to the clipboard (OSC 52) and to a file", 12
    ),
    _take_away(
        _BOTH,
        "copy_incident",
        "Y",
        "incident",
        "Copy an incident text of the call, and write it to a file",
        12,
    ),
    _take_away(
        _OVERVIEW, "export", "e", "export", "Write what is shown to a CSV and a JSON file", 6
    ),
    _program(
        ("app", "dialog"),
        "palette",
        "ctrl+p",
        "palette",
        "All commands and themes, by name",
        16,
        method="command_palette",
    ),
    _program(_SCREENS, "help", "question_mark,f1", "help", "This help", 1),
    _program(
        _OVERVIEW,
        "quit",
        "q",
        "quit",
        "Quit; asks while calls are up and the engine is ours",
        7,
        method="ask_quit",
    ),
    _program(
        _SCREENS, "leave_screen", "Q", "leave", "Quit, and leave the last screen in the scroll-back"
    ),
    _program(_APP, "stop", "ctrl+c", "stop", "Quit at once, with the report", priority=True),
    _program(
        _APP,
        "suspend",
        "ctrl+z",
        "suspend",
        "Back to the shell; `fg` comes back here",
        method="suspend_process",
        priority=True,
    ),
    _dialogs(_DIALOG, "yes", "y", "yes", "Yes", 1),
    _dialogs(_DIALOG, "no", "n,escape,q", "no", "No, or close without a change", 2),
    _dialogs(
        _DIALOG, "leave_running", "l", "leave it", "Quit the screen and leave the engine running"
    ),
    _dialogs(_DIALOG, "toggle", "space", "show", "Show the column, or not", method="toggle_column"),
    _dialogs(_DIALOG, "move_up", "K,shift+up", "move", "Move the column to the left"),
    _dialogs(_DIALOG, "move_down", "J,shift+down", "move", "Move the column to the right"),
    _dialogs(_DIALOG, "usual_columns", "u", "usual", "The columns that fit, as usual"),
)


BY_ID: Final = {binding.id: binding for binding in BINDINGS}
_NEVER_WITHOUT: Final = {"stop", "quit", "yes", "no", "back"}


def keymap(texts: Iterable[str], where: str = "ui.keys") -> dict[str, str]:
    """Read `["freeze=p,f5", "hang_up="]` into what `App.set_keymap` takes; "" is no key.

    An entry without `=` is one more key of the entry before it, since variables are cut at
    commas. Raises ConfigError with a line for each mistake; each begins with `where`.
    """
    problems: list[str] = []
    found: dict[str, list[str]] = {}
    for name, key in _entries(texts):
        if not name:
            problems.append(f"{_quoted(key)} is not id=key, such as freeze=p")
        elif name not in BY_ID:
            problems.append(_unknown(name))
        else:
            keys = found.setdefault(name, [])
            try:
                keys += [canonical(key)] if key else []
            except ValueError:
                problems.append(f"{name}: there is no key {_quoted(key)}; such as p, f5, ctrl+r")
    chosen = {name: ",".join(dict.fromkeys(keys)) for name, keys in found.items()}
    problems += [
        f"{name} cannot be without a key"
        for name in chosen
        if name in _NEVER_WITHOUT and not chosen[name]
    ]
    problems += [] if problems else _clashes(chosen)
    if problems:
        raise ConfigError("\n".join(f"{where}: {problem}" for problem in dict.fromkeys(problems)))
    return chosen


def _entries(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield id and key; "" for the id of a key that follows none, "" for the key of `id=`."""
    name = ""
    for part in ",".join(texts).split(","):
        before, equals, after = part.partition("=")
        if equals and before.strip():
            name = before.strip()
            yield name, after.strip()
        elif part.strip():
            yield name, part.strip()


def _quoted(text: str) -> str:
    return repr(escaped(text, 40))


def _unknown(name: str) -> str:
    hint = did_you_mean(name, BY_ID)
    return f"there is no binding {_quoted(name)}" + (
        f": {hint}" if hint else " (ari-tui keys lists them)"
    )


def _clashes(keymap: Keymap) -> Iterator[str]:
    """Yield a message for each key shared by two bindings that are active at the same time."""
    for together in _ACTIVE_TOGETHER:
        owner: dict[str, str] = {}
        for binding in BINDINGS:
            if not set(binding.where) & set(together):
                continue
            for key in keys_of(binding, keymap):
                if key in owner:
                    yield (
                        f"{shown(key)} is both {owner[key]} and {binding.id}: "
                        "give one of them another key"
                    )
                owner.setdefault(key, binding.id)


def keys_of(binding: Binding, keymap: Keymap | None = None) -> tuple[str, ...]:
    """Return Textual's names of a binding's keys: those in `keymap`, or else the default ones."""
    keys = (keymap or {}).get(binding.id, binding.keys)
    return tuple(keys.split(",")) if keys else ()


def textual_bindings(where: Where) -> list[TextualBinding]:
    """Return the bindings of one class of the screen, for its BINDINGS."""
    from textual.binding import Binding as TextualBinding

    return [
        TextualBinding(
            binding.keys,
            binding.action,
            binding.help,
            show=False,
            id=binding.id,
            priority=binding.priority,
        )
        for binding in BINDINGS
        if where in binding.where
    ]


def active_bindings(where: Where) -> list[Binding]:
    """Return the bindings active on a screen (overview, detail, dialog): its own and the app's."""
    together = next(group for group in _ACTIVE_TOGETHER if where in group and where != "app")
    return [binding for binding in BINDINGS if set(binding.where) & set(together)]


def bar(
    where: Where, keymap: Keymap | None = None, *, ascii_only: bool = False
) -> list[tuple[str, str]]:
    """Return the key bar of a screen, `(key, label)`, the most needed first.

    Neighbours with the same label share a place: `("< >", "sort")`.
    """
    places: dict[str, list[str]] = {}
    for binding in sorted(active_bindings(where), key=lambda binding: binding.bar):
        keys = keys_of(binding, keymap)
        if binding.bar and keys:
            places.setdefault(binding.label, []).append(shown(keys[0], ascii_only=ascii_only))
    return [(" ".join(keys), label) for label, keys in places.items()]


def help_groups(
    where: Where, keymap: Keymap | None = None, *, ascii_only: bool = False
) -> dict[str, list[tuple[str, str]]]:
    """Return by group what keys do on a screen: `(keys with blanks between, help)`."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for binding in active_bindings(where):
        keys = " ".join(shown(key, ascii_only=ascii_only) for key in keys_of(binding, keymap))
        if keys:
            groups.setdefault(binding.group, []).append((keys, binding.help))
    return groups
