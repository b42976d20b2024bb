"""`ari-tui keys`: the keys of the screen, and what each is called in ui.keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from ari_tui.cli.options import Start, prepare, settings_options
from ari_tui.ui.bindings import BINDINGS, Keymap, keymap, keys_of
from ari_tui.ui.key_names import shown


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
