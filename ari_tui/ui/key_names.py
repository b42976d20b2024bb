"""Names of keys: in ui.keys, in Textual, and on the screen.

Does not import Textual, so that a wrong key is reported before anything is started.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_MODIFIERS: Final = ("ctrl", "alt", "shift", "super", "hyper", "meta")
_NAMED: Final = frozenset(
    {"enter", "escape", "tab", "backspace", "delete", "insert", "space", "up", "down", "left"}
    | {"right", "home", "end", "pageup", "pagedown"}
    | {f"f{number}" for number in range(1, 25)}
)
_ALIASES: Final = {
    "return": "enter",
    "esc": "escape",
    "del": "delete",
    "ins": "insert",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "pgdown": "pagedown",
    # a terminal sends the same byte for both
    "ctrl+m": "enter",
    "ctrl+i": "tab",
    "ctrl+h": "backspace",
    "ctrl+left_square_bracket": "escape",
}
_SHORT_NAMES: Final = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Textual's names for characters where Unicode's are long."""


def _name_of(character: str) -> str:
    if character.isalnum():
        return character
    name = unicodedata.name(character).lower().replace("-", "_").replace(" ", "_")
    return _SHORT_NAMES.get(name, name)


_CHARACTERS: Final = {_name_of(character): character for character in map(chr, range(33, 127))}
"""Printable ASCII by key name; a letter or digit is its own name."""
_SIGNS: Final = {"enter": "⏎", "up": "↑", "down": "↓", "left": "←", "right": "→"}
_WORDS: Final = {"escape": "esc", "pageup": "pgup", "pagedown": "pgdn", "delete": "del"}


def canonical(text: str) -> str:
    """Return Textual's name of a key: `/` is `slash`, `shift+y` is `Y`, `^r` is `ctrl+r`.

    A comma and a space are named (`comma`, `space`). Raises ValueError when there is no such key.
    """
    text = text.strip()
    spelled = f"ctrl+{text[1]}" if len(text) == 2 and text[0] == "^" else text
    *modifiers, name = spelled.split("+") if len(spelled) > 1 else [spelled]
    if len(name) > 1:
        name = name.lower()
    name = _ALIASES.get(name, name)
    if len(name) == 1 and name.isprintable() and name != " ":
        name = _name_of(name)
    modifiers = [modifier.lower() for modifier in modifiers]
    known = name in _NAMED or name in _CHARACTERS or (len(name) == 1 and name.isalnum())
    if not known or len(set(modifiers)) < len(modifiers) or set(modifiers) - set(_MODIFIERS):
        raise ValueError(text)
    if len(name) == 1 and modifiers:
        name = name.upper() if modifiers == ["shift"] else name.lower()
        modifiers = [] if modifiers == ["shift"] else modifiers
    ordered = [modifier for modifier in _MODIFIERS if modifier in modifiers]
    key = "+".join([*ordered, name])
    return _ALIASES.get(key, key)


def shown(key: str, *, ascii_only: bool = False) -> str:
    """Return a key, given by Textual's name, as shown: `slash` is `/`, `ctrl+p` is `^p`."""
    *modifiers, name = key.split("+")
    text = _CHARACTERS.get(name) or _WORDS.get(name, name)
    if name in _SIGNS and not ascii_only:
        text = _SIGNS[name]
    if modifiers == ["ctrl"] and len(text) == 1:
        return f"^{text}"
    return "+".join([*modifiers, text])
