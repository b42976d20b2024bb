"""The key bar at the bottom: fixed text from the table of bindings, so that it never leaks."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from ari_tui.ui.widgets.line_canvas import LineCanvas, fit_line, line_item
from ari_tui.ui.widgets.pane import Pane

Key = tuple[str, str]
"""A key as shown, and what it does, in one word."""


class KeyBar(Pane):
    """One line of keys; the last ones of the list are dropped first."""

    DEFAULT_CSS = "KeyBar { height: 1; }"

    def __init__(self, keys: Sequence[Key] = (), *, ascii_only: bool = False) -> None:
        super().__init__()
        self._keys, self._ascii_only = tuple(keys), ascii_only
        self._muted = False

    def mute(self, muted: bool) -> None:
        """Hide the keys while none of them is active, or show them again."""
        if muted != self._muted:
            self._muted = muted
            self.redraw()

    def content(self, width: int, height: int) -> Text:
        """Return the keys: they need no frame."""
        keys = () if self._muted else self._keys
        return render_keys(keys, width, height, ascii_only=self._ascii_only)


def render_keys(keys: Sequence[Key], width: int, height: int, *, ascii_only: bool = False) -> Text:
    """Return the keys in a box of so many cells; the last ones are dropped first."""
    canvas = LineCanvas(width, height, ascii_only=ascii_only)
    items = [
        line_item(rank, (key, "key"), (f" {label}", "dim"))
        for rank, (key, label) in enumerate(keys)
    ]
    # the empty item keeps the last key from the right edge
    canvas.line(*fit_line([*items, ()], width, ascii_only=ascii_only))
    return canvas.text()
