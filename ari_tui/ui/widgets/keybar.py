"""The keys at the bottom: fixed, as the table of bindings gives them, so that it never leaks."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from ari_tui.ui.widgets.line_canvas import LineCanvas, fit_line, line_item
from ari_tui.ui.widgets.pane import Pane

Key = tuple[str, str]
"""A key as it reads on the keyboard, and what it does, in a word."""


class KeyBar(Pane):
    """The keys, one line; the first of the list are the last to go."""

    DEFAULT_CSS = "KeyBar { height: 1; }"

    def __init__(self, keys: Sequence[Key] = (), *, ascii_only: bool = False) -> None:
        super().__init__()
        self._keys, self._ascii_only = tuple(keys), ascii_only
        self._muted = False

    def mute(self, muted: bool) -> None:
        """Show no keys, since none of them is active now; or show them again."""
        if muted != self._muted:
            self._muted = muted
            self.redraw()

    def content(self, width: int, height: int) -> Text:
        """Return the keys: they need no frame."""
        keys = () if self._muted else self._keys
        return render_keys(keys, width, height, ascii_only=self._ascii_only)


def render_keys(keys: Sequence[Key], width: int, height: int, *, ascii_only: bool = False) -> Text:
    """Return the keys in a box of so many cells; those at the end go first."""
    canvas = LineCanvas(width, height, ascii_only=ascii_only)
    items = [
        line_item(rank, (key, "key"), (f" {label}", "dim"))
        for rank, (key, label) in enumerate(keys)
    ]
    # what is last would stand at the edge
    canvas.line(*fit_line([*items, ()], width, ascii_only=ascii_only))
    return canvas.text()
