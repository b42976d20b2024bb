"""Names of keys: what people write becomes Textual's name, and is shown short."""

import pytest
from textual.keys import _character_to_key

from ari_tui.ui.key_names import canonical, shown


@pytest.mark.parametrize("character", [chr(code) for code in range(33, 127) if chr(code) != "+"])
def test_every_character_has_the_name_that_textual_gives_it(character: str) -> None:
    assert canonical(character) == _character_to_key(character)
    assert shown(canonical(character)) == character


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("+", "plus"),
        ("space", "space"),
        ("Esc", "escape"),
        ("return", "enter"),
        ("PgDn", "pagedown"),
        ("F5", "f5"),
        ("ctrl+R", "ctrl+r"),
        ("^r", "ctrl+r"),
        ("shift+y", "Y"),
        ("shift+up", "shift+up"),
        ("shift+ctrl+up", "ctrl+shift+up"),
        ("ctrl+i", "tab"),
        ("ctrl+m", "enter"),
        ("less_than_sign", "less_than_sign"),
        ("ctrl+/", "ctrl+slash"),
        (" p ", "p"),
        ("ö", "ö"),
    ],
)
def test_what_people_write_becomes_textuals_name(written: str, key: str) -> None:
    assert canonical(written) == key


@pytest.mark.parametrize(
    "written", ["", "f99", "hyperspace", "ctrl+", "x+y", "ctrl+ctrl+a", "\x1b"]
)
def test_what_is_no_key_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        canonical(written)


@pytest.mark.parametrize(
    ("key", "sign", "ascii_only"),
    [
        ("enter", "⏎", "enter"),
        ("left", "←", "left"),
        ("escape", "esc", "esc"),
        ("ctrl+p", "^p", "^p"),
        ("shift+up", "shift+↑", "shift+up"),
        ("question_mark", "?", "?"),
        ("space", "space", "space"),
    ],
)
def test_a_key_is_shown_short_and_in_ascii_where_asked(
    key: str, sign: str, ascii_only: str
) -> None:
    assert shown(key) == sign
    assert shown(key, ascii_only=True) == ascii_only
