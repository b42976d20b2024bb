"""The command palette: every binding of the active screen, every theme, and what the app adds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, NamedTuple

from textual.binding import Binding as TextualBinding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.dom import DOMNode
from textual.markup import escape

from ari_tui.ui.bindings import BINDINGS, Binding, keys_of
from ari_tui.ui.key_names import shown
from ari_tui.ui.themed_app import ThemedApp

_BY_HELP: Final = 0.01
"""Score of a command that matches by its help alone: below all matches by name."""


class PaletteCommand(NamedTuple):
    """One line of the palette."""

    name: str
    help: str
    run: Callable[[], object]


class Commands(Provider):
    """Commands for `App.COMMANDS`."""

    async def discover(self) -> Hits:
        """Yield all commands, for an empty search."""
        for command in self.commands():
            yield DiscoveryHit(escape(command.name), command.run, help=escape(command.help))

    async def search(self, query: str) -> Hits:
        """Yield the commands whose name or help matches the query, with their scores."""
        matcher = self.matcher(query)
        for command in self.commands():
            score = matcher.match(command.name)
            if not score and query.casefold() in command.help.casefold():
                score = _BY_HELP
            if score:
                shown_as = matcher.highlight(command.name)
                yield Hit(score, shown_as, command.run, help=escape(command.help))

    def commands(self) -> Iterator[PaletteCommand]:
        """Yield the commands of the screen behind the palette."""
        app = self.app
        if not isinstance(app, ThemedApp):
            return
        for binding in BINDINGS:
            node = self._node(binding)
            if node is not None and binding.id != "palette":
                keys = ", ".join(
                    shown(key, ascii_only=app.ascii_only) for key in keys_of(binding, app.keymap)
                )
                text = f"{binding.help} ({keys})" if keys else binding.help
                run = partial(app.run_action, binding.action, default_namespace=node)
                yield PaletteCommand(binding.id.replace("_", " "), text, run)
        for command in app.more_commands():
            yield PaletteCommand(*command)
        if not app.plain:
            for file in app.themes.files.values():
                yield PaletteCommand(
                    f"theme {file.name}", file.help, partial(app.use_theme, file.name)
                )

    def _node(self, binding: Binding) -> DOMNode | None:
        """Return the node with the binding, the screen or the app; None if neither has it."""
        for node in (self.screen, self.app):
            held = {each.id for each in node.BINDINGS if isinstance(each, TextualBinding)}
            if binding.id in held:
                return node
        return None
