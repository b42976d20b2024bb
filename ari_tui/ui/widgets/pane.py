"""A widget that draws a frame as lines of text, and repaints only those that changed.

Over ssh a repaint costs what is sent: an unchanged line is not sent again. A pane's text is made by
a pure function; its styles are names of component classes, coloured by the theme's variables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final, get_args

from rich.style import Style as RichStyle
from rich.text import Span, Text
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from ari_tui.ui.frame import Frame
from ari_tui.ui.widgets.line_canvas import Style

NAMES: Final[tuple[str, ...]] = tuple(filter(None, get_args(Style)))


class Pane(Widget, can_focus=False):
    """Base of all panes; `draw` of a subclass returns the content."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"pane--{name}" for name in NAMES}
    DEFAULT_CSS = """
    Pane { width: 1fr; height: 1fr; }
    Pane > .pane--title { text-style: bold; }
    Pane > .pane--dim { color: $text-muted; }
    Pane > .pane--strong { text-style: bold; }
    Pane > .pane--ok { color: $sla-ok; }
    Pane > .pane--near { color: $sla-near; }
    Pane > .pane--fail { color: $sla-fail; text-style: bold; }
    Pane > .pane--lost { color: $lost; text-style: bold; }
    Pane > .pane--low { color: $spark-lo; }
    Pane > .pane--high { color: $spark-hi; }
    Pane > .pane--stale { color: $stale; text-style: bold; }
    Pane > .pane--frozen { color: $frozen; text-style: bold; }
    Pane > .pane--key { text-style: bold; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id, classes=classes)
        self.drawn = 0
        """Lines rendered so far, for tests of what a repaint costs."""
        self._frame: Frame | None = None
        self._lines: list[Text] = []
        self._strips: dict[int, Strip] = {}
        self._styles_by_name: dict[str, RichStyle] = {}

    def draw(self, frame: Frame, width: int, height: int) -> Text:
        """Return the content of a box of so many cells; lines end in "\\n"."""
        raise NotImplementedError

    def content(self, width: int, height: int) -> Text:
        """Return the content now; nothing before the first frame."""
        return Text() if self._frame is None else self.draw(self._frame, width, height)

    def show(self, frame: Frame) -> None:
        """Draw a frame; unchanged lines are not repainted."""
        self._frame = frame
        self.redraw()

    def redraw(self) -> None:
        """Draw the same frame after another change."""
        if self.size and self._is_displayed:
            self._set_text(self.content(self.size.width, self.size.height))

    @property
    def _is_displayed(self) -> bool:
        return self.is_mounted and all(node.display for node in self.ancestors_with_self)

    def _set_text(self, text: Text) -> None:
        lines = list(text.split("\n", allow_blank=True))[: self.size.height] if text else []
        before, self._lines = self._lines, lines
        for y in range(max(len(before), len(lines))):
            if before[y : y + 1] != lines[y : y + 1]:
                self._strips.pop(y, None)
                self.refresh(Region(0, y, self.size.width, 1))

    @property
    def shown(self) -> str:
        """Return the content without its styles."""
        return "\n".join(line.plain for line in self._lines)

    def render_line(self, y: int) -> Strip:
        """Return a line of the box, as wide as it is."""
        strip = self._strips.get(y)
        if strip is None:
            strip = self._strips[y] = self._strip(y)
            self.drawn += 1
        return strip

    def _strip(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        if y >= len(self._lines):
            return Strip.blank(width, base)
        segments = styled(self._lines[y], self._style).render(self.app.console, end="")
        line = Strip(segments).apply_style(base)
        return line.adjust_cell_length(width, base)

    def _style(self, name: str) -> RichStyle:
        if name not in self._styles_by_name:
            self._styles_by_name[name] = self.get_component_rich_style(f"pane--{name}")
        return self._styles_by_name[name]

    def notify_style_update(self) -> None:
        """Drop cached styles: the theme has changed."""
        self._styles_by_name.clear()
        self._strips.clear()
        super().notify_style_update()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self._strips.clear()
        self.redraw()

    def on_show(self) -> None:
        """Draw, which a hidden pane does not."""
        self.redraw()


def styled(text: Text, style_of: Callable[[str], RichStyle]) -> Text:
    """Return a text with its style names resolved by `style_of`."""
    spans = [
        Span(start, end, style_of(style) if isinstance(style, str) else style)
        for start, end, style in text.spans
    ]
    return Text(text.plain, spans=spans, no_wrap=True, end="")
