"""The one table of keys, and what ui.keys makes of it."""

from typing import get_args

import pytest

from ari_tui.core.errors import ConfigError
from ari_tui.ui.bindings import (
    BINDINGS,
    BY_ID,
    Where,
    active_bindings,
    bar,
    help_groups,
    keymap,
    keys_of,
    textual_bindings,
)
from ari_tui.ui.key_names import canonical


def problems(*texts: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        keymap(texts)
    assert caught.value.exit_code == 2
    return str(caught.value).splitlines()


def test_every_binding_has_an_id_of_its_own_and_keys_that_textual_knows() -> None:
    assert len(BY_ID) == len(BINDINGS)
    for binding in BINDINGS:
        assert binding.keys == ",".join(canonical(key) for key in binding.keys.split(","))


def test_no_two_bindings_that_hear_a_key_at_once_have_the_same() -> None:
    assert keymap([]) == {}


def test_no_key_of_screen_or_tmux_is_taken_and_r_is_left_for_a_recorder() -> None:
    taken = {key for binding in BINDINGS for key in keys_of(binding)}
    assert not taken & {"ctrl+a", "ctrl+b", "r"}


def test_given_keys_stand_in_for_the_own_ones() -> None:
    given = keymap(["freeze=p,f5", "hang_up=", "sort_left = ["])
    assert given == {"freeze": "p,f5", "hang_up": "", "sort_left": "left_square_bracket"}
    assert keys_of(BY_ID["freeze"], given) == ("p", "f5")
    assert keys_of(BY_ID["hang_up"], given) == ()
    assert keys_of(BY_ID["quit"], given) == ("q",)


def test_a_variable_that_was_cut_at_its_commas_says_the_same() -> None:
    assert keymap(["freeze=p", "f5", "violators=v"]) == keymap(["freeze=p,f5", "violators=v"])


def test_the_sign_of_equality_can_be_a_key_too() -> None:
    assert keymap(["freeze=p,="]) == {"freeze": "p,equals_sign"}
    assert keymap(["freeze=="]) == {"freeze": "equals_sign"}


def test_keys_may_be_exchanged() -> None:
    given = keymap(["freeze=o", "lock_order=space"])
    assert given == {"freeze": "o", "lock_order": "space"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("freze=p", "ui.keys: there is no binding 'freze': did you mean freeze?"),
        ("zzz=p", "ui.keys: there is no binding 'zzz' (ari-tui keys lists them)"),
        ("freeze=f99", "ui.keys: freeze: there is no key 'f99'; such as p, f5, ctrl+r"),
        ("p", "ui.keys: 'p' is not id=key, such as freeze=p"),
        ("stop=", "ui.keys: stop cannot be without a key"),
        ("quit=x", "ui.keys: x is both hang_up and quit: give one of them another key"),
        (
            "freeze=\x1b[31m",
            "ui.keys: freeze: there is no key '\\\\x1b[31m'; such as p, f5, ctrl+r",
        ),
    ],
)
def test_a_wrong_entry_is_told_with_what_would_be_right(text: str, told: str) -> None:
    assert problems(text) == [told]


def test_all_mistakes_are_told_at_once_each_with_where_it_stands() -> None:
    told = problems("freze=p", "filter=f99", "lost")
    assert len(told) == 3
    assert all(line.startswith("ui.keys: ") for line in told)
    with pytest.raises(ConfigError, match=r"^ui\.keys \(c\.toml\): there is no binding"):
        keymap(["freze=p"], "ui.keys (c.toml)")


@pytest.mark.parametrize("text", ["freeze=q", "freeze=y", "next_call=space"])
def test_a_key_that_is_taken_on_one_screen_alone_is_refused_too(text: str) -> None:
    assert "is both" in problems(text)[0]


def test_screens_that_are_never_up_together_may_share_a_key() -> None:
    # space freezes on the screens, and ticks a column in a dialog
    assert {"freeze", "toggle"} <= {
        binding.id for binding in BINDINGS if "space" in keys_of(binding)
    }


@pytest.mark.parametrize("where", get_args(Where))
def test_textual_gets_each_binding_under_its_id(where: Where) -> None:
    made = textual_bindings(where)
    assert [each.id for each in made] == [b.id for b in BINDINGS if where in b.where]
    assert made


def test_ctrl_c_goes_before_everything() -> None:
    (stop,) = (each for each in textual_bindings("app") if each.id == "stop")
    assert stop.priority
    assert stop.key == "ctrl+c"


def test_the_bar_begins_with_what_a_stranger_needs_and_fits_80_columns() -> None:
    first = bar("overview")[:7]
    assert first == [
        ("?", "help"),
        ("/", "filter"),
        ("< >", "sort"),
        ("space", "freeze"),
        ("⏎", "detail"),
        ("e", "export"),
        ("q", "quit"),
    ]
    assert len("  ".join(f"{key} {label}" for key, label in first)) <= 80
    assert bar("detail")[0] == ("esc", "back")


def test_the_bar_shows_given_keys_and_leaves_out_what_has_none() -> None:
    shown = bar("overview", keymap(["freeze=p,f5", "export=", "sort_left="]), ascii_only=True)
    assert ("p", "freeze") in shown
    assert (">", "sort") in shown
    assert ("enter", "detail") in shown
    assert "export" not in {label for _, label in shown}


def test_the_help_of_a_screen_has_all_that_is_heard_on_it_by_group() -> None:
    groups = help_groups("overview", keymap(["freeze=p,f5"]))
    assert ("p f5", BY_ID["freeze"].help) in groups["View"]
    assert sum(len(rows) for rows in groups.values()) == len(active_bindings("overview"))
    assert "Dialogs" not in groups
    assert ("← ", "") not in groups["Rows"]


def test_the_table_is_drawn_without_textual() -> None:
    import subprocess
    import sys

    code = (
        "import sys, ari_tui.ui.bindings as b; b.keymap(['freeze=p']); "
        "sys.exit('textual' in sys.modules or 'rich' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
