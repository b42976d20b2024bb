"""Every key of the screen in one table: what it does, where, and how it is called in ui.keys.

The table, the help, the key bar, the palette and `ari-tui keys` are drawn from it. Without
Textual, so that `ui.key_names` is checked before anything is started.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from ari_tui.core.errors import ConfigError
from ari_tui.core.text import escaped
from ari_tui.ui.key_names import canonical, shown

if TYPE_CHECKING:
    from textual.binding import Binding as TextualBinding

Where = Literal["app", "overview", "table", "detail", "dialog"]
"""Whose binding it is: the app's (on every screen), a screen's, the table's and every list's."""
Keymap = Mapping[str, str]
"""By binding id the keys that were given in its stead, as `App.set_keymap` takes them."""

_TOGETHER: Final[tuple[tuple[Where, ...], ...]] = (
    ("app", "overview", "table"),
    ("app", "detail"),
    ("app", "dialog", "table"),
)
"""Groups of bindings that are active at the same time: their keys must differ."""


class Binding(NamedTuple):
    """One thing that a key does."""

    id: str
    keys: str
    """Textual's names, with commas between; `ui.key_names` changes them."""
    action: str
    """`action_<this>` of the class that has the binding."""
    label: str
    """One word for the key bar."""
    help: str
    group: str
    where: tuple[Where, ...]
    bar: int = 0
    """Place in the key bar, the most needed first; 0 is not in it."""
    priority: bool = False
    """Heard before any widget, and above dialogs."""


_BOTH: Final[tuple[Where, ...]] = ("overview", "detail")
_HERE: Final[tuple[Where, ...]] = ("overview",)
_CALL: Final[tuple[Where, ...]] = ("detail",)
_TABLE: Final[tuple[Where, ...]] = ("table",)
_DIALOG: Final[tuple[Where, ...]] = ("dialog",)
_APP: Final[tuple[Where, ...]] = ("app",)


BINDINGS: Final = (
    Binding(
        "freeze",
        "space",
        "freeze",
        "freeze",
        "Stand still; measuring goes on, and a banner shows the age",
        "View",
        _BOTH,
        4,
    ),
    Binding(
        "lock_order",
        "o",
        "lock_order",
        "lock",
        "Keep the order of rows; values go on",
        "View",
        _HERE,
        11,
    ),
    Binding(
        "window",
        "w",
        "next_window",
        "window",
        "Loss, lateness and round trips of 10 s, 1 min or the session",
        "View",
        _HERE,
        8,
    ),
    Binding("columns", "c", "columns", "columns", "Choose the columns", "View", _HERE, 13),
    Binding("theme", "t", "next_theme", "theme", "Take the next theme", "View", _BOTH, 14),
    Binding(
        "bell",
        "b",
        "bell",
        "bell",
        "Ring when a call begins to break a limit, or stop ringing",
        "View",
        _BOTH,
    ),
    Binding(
        "filter",
        "slash",
        "filter",
        "filter",
        "Filter: text, !text, p95>12, late>0, state=ended",
        "Rows",
        _HERE,
        2,
    ),
    Binding(
        "sort_left",
        "less_than_sign",
        "sort_left",
        "sort",
        "Sort by the column to the left",
        "Rows",
        _HERE,
        3,
    ),
    Binding(
        "sort_right",
        "greater_than_sign",
        "sort_right",
        "sort",
        "Sort by the column to the right",
        "Rows",
        _HERE,
        3,
    ),
    Binding("reverse", "z", "reverse", "reverse", "Reverse the order", "Rows", _HERE, 10),
    Binding(
        "violators",
        "exclamation_mark",
        "violators",
        "fails",
        "Only calls that break a limit",
        "Rows",
        _HERE,
        9,
    ),
    Binding("row_up", "up,k", "cursor_up", "up", "Up a row", "Rows", _TABLE),
    Binding("row_down", "down,j", "cursor_down", "down", "Down a row", "Rows", _TABLE),
    Binding("page_up", "pageup", "page_up", "page up", "Up a page", "Rows", _TABLE),
    Binding("page_down", "pagedown", "page_down", "page down", "Down a page", "Rows", _TABLE),
    Binding("first_row", "home", "first_row", "first", "First row", "Rows", _TABLE),
    Binding("last_row", "end", "last_row", "last", "Last row", "Rows", _TABLE),
    Binding(
        "detail",
        "enter",
        "choose",
        "detail",
        "Open the call; in a list, take it",
        "Call",
        _TABLE,
        5,
    ),
    Binding("next_call", "n,right", "next_call", "next", "Next call", "Call", _CALL, 2),
    Binding(
        "previous_call", "N,left", "previous_call", "previous", "Previous call", "Call", _CALL, 3
    ),
    Binding("hang_up", "x", "hang_up", "hang up", "Hang up the call; asks", "Call", _BOTH, 15),
    Binding("back", "escape,q", "back", "back", "Back to all calls", "Call", _CALL, 1),
    Binding(
        "copy_row",
        "y",
        "copy_row",
        "copy",
        "Copy the row to the clipboard (OSC 52) and to a file",
        "Take away",
        _BOTH,
        12,
    ),
    Binding(
        "copy_incident",
        "Y",
        "copy_incident",
        "incident",
        "Copy an incident text of the call, and write it to a file",
        "Take away",
        _BOTH,
        12,
    ),
    Binding(
        "export",
        "e",
        "export",
        "export",
        "Write what is shown to a CSV and a JSON file",
        "Take away",
        _HERE,
        6,
    ),
    Binding(
        "palette",
        "ctrl+p",
        "command_palette",
        "palette",
        "All commands and themes, by name",
        "Program",
        ("app", "dialog"),
        16,
    ),
    Binding("help", "question_mark,f1", "help", "help", "This help", "Program", _BOTH, 1),
    Binding(
        "quit",
        "q",
        "ask_quit",
        "quit",
        "Quit; asks while calls are up and the engine is ours",
        "Program",
        _HERE,
        7,
    ),
    Binding(
        "leave_screen",
        "Q",
        "leave_screen",
        "leave",
        "Quit, and leave the last screen in the scroll-back",
        "Program",
        _BOTH,
    ),
    Binding(
        "stop",
        "ctrl+c",
        "stop",
        "stop",
        "Quit at once, with the report",
        "Program",
        _APP,
        priority=True,
    ),
    Binding(
        "suspend",
        "ctrl+z",
        "suspend_process",
        "suspend",
        "Back to the shell; `fg` comes back here",
        "Program",
        _APP,
        priority=True,
    ),
    Binding("yes", "y", "yes", "yes", "Yes", "Dialogs", _DIALOG, 1),
    Binding("no", "n,escape,q", "no", "no", "No, or close without a change", "Dialogs", _DIALOG, 2),
    Binding(
        "leave_running",
        "l",
        "leave_running",
        "leave it",
        "Quit the screen and leave the engine running",
        "Dialogs",
        _DIALOG,
    ),
    Binding(
        "toggle", "space", "toggle_column", "show", "Show the column, or not", "Dialogs", _DIALOG
    ),
    Binding(
        "move_up",
        "K,shift+up",
        "move_up",
        "move",
        "Move the column to the left",
        "Dialogs",
        _DIALOG,
    ),
    Binding(
        "move_down",
        "J,shift+down",
        "move_down",
        "move",
        "Move the column to the right",
        "Dialogs",
        _DIALOG,
    ),
    Binding(
        "usual_columns",
        "u",
        "usual_columns",
        "usual",
        "The columns that fit, as usual",
        "Dialogs",
        _DIALOG,
    ),
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
        raise ConfigError("\n".join(f"{where}: {told}" for told in dict.fromkeys(problems)))
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
    near = difflib.get_close_matches(name, BY_ID, n=1)
    hint = f": did you mean {near[0]}?" if near else " (ari-tui keys lists them)"
    return f"there is no binding {_quoted(name)}{hint}"


def _clashes(keymap: Keymap) -> Iterator[str]:
    """Return which two bindings that are active at the same time share a key."""
    for together in _TOGETHER:
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
    """Return the keys of a binding, as Textual calls them, the given ones for its own."""
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


def heard(where: Where) -> list[Binding]:
    """Return the bindings active on a screen (overview, detail, dialog): its own and the app's."""
    together = next(group for group in _TOGETHER if where in group and where != "app")
    return [binding for binding in BINDINGS if set(binding.where) & set(together)]


def bar(
    where: Where, keymap: Keymap | None = None, *, ascii_only: bool = False
) -> list[tuple[str, str]]:
    """Return the key bar of a screen, `(key, label)`, the most needed first.

    Neighbours of one label share a place: `("< >", "sort")`.
    """
    places: dict[str, list[str]] = {}
    for binding in sorted(heard(where), key=lambda binding: binding.bar):
        keys = keys_of(binding, keymap)
        if binding.bar and keys:
            places.setdefault(binding.label, []).append(shown(keys[0], ascii_only=ascii_only))
    return [(" ".join(keys), label) for label, keys in places.items()]


def helped(
    where: Where, keymap: Keymap | None = None, *, ascii_only: bool = False
) -> dict[str, list[tuple[str, str]]]:
    """Return by group what keys do on a screen: `(keys with blanks between, help)`."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for binding in heard(where):
        keys = " ".join(shown(key, ascii_only=ascii_only) for key in keys_of(binding, keymap))
        if keys:
            groups.setdefault(binding.group, []).append((keys, binding.help))
    return groups
