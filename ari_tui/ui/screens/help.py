"""The help: every key of the screen behind it, the signs, and the filter language."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Final

from rich.text import Text
from textual.app import RenderResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from ari_tui.ui.bindings import Where, help_groups, textual_bindings
from ari_tui.ui.screens.dialog import Dialog

Rows = Sequence[tuple[str, str]]

_SIGNS: Final = (
    ("!", "breaks a limit"),
    ("~", "is near a limit"),
    ("?", "has no data yet"),
    ("×", "packets lost in this second"),
    ("^", "above the scale, which ends at the SLA's maximum"),
    ("—", "no sample"),
)
_FILTERS: Final = (
    ("1001", "stands in a name, number, id, address or codec"),
    ("!1001", "stands in none"),
    ("p95>12", "a column by > >= < <= = !="),
    ("loss>0.1%", "shares in percent"),
    ("state=ended", "a text; ~ finds a part of it"),
)
_PLAIN: Final = str.maketrans({"×": "x", "—": "-"})
_KEYS: Final = 12
"""Cells for keys, before their help."""


def help_text(groups: Mapping[str, Rows], width: int, *, ascii_only: bool = False) -> Text:
    """Return the help in lines of at most `width` cells; longer texts are wrapped."""
    text = Text(no_wrap=True)
    for title, rows in {**groups, "Signs": _SIGNS, "Filters": _FILTERS}.items():
        text.append(f"\n{title}\n" if text else f"{title}\n", "bold underline")
        for keys, does in rows:
            lines = textwrap.wrap(does, max(8, width - _KEYS - 2))
            text.append(f" {keys:<{_KEYS}} ", "bold")
            text.append(("\n" + " " * (_KEYS + 2)).join(lines) + "\n")
    if ascii_only:
        text.plain = text.plain.translate(_PLAIN)
    return text


class HelpLines(Static):
    """The help, wrapped to its width."""

    DEFAULT_CSS = "HelpLines { text-wrap: nowrap; }"

    def __init__(self, groups: Mapping[str, Rows], *, ascii_only: bool) -> None:
        super().__init__()
        self._groups = groups
        self._ascii_only = ascii_only

    def render(self) -> RenderResult:
        """Return the help for the current width."""
        return help_text(self._groups, self.size.width, ascii_only=self._ascii_only)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:  # noqa: ARG002  Textual's signature
        """Return how many lines the help takes at a width."""
        return len(help_text(self._groups, width).plain.splitlines())


class Pages(VerticalScroll, inherit_bindings=False):
    """A container that scrolls by the keys of the table."""

    BINDINGS: ClassVar[list[BindingType]] = [*textual_bindings("table")]
    DEFAULT_CSS = "Pages { height: auto; max-height: 1fr; scrollbar-size-vertical: 1; }"

    def action_cursor_up(self) -> None:
        """Scroll a line up."""
        self.scroll_up(animate=False)

    def action_cursor_down(self) -> None:
        """Scroll a line down."""
        self.scroll_down(animate=False)

    def action_page_up(self) -> None:
        """Scroll a page up."""
        self.scroll_page_up(animate=False)

    def action_page_down(self) -> None:
        """Scroll a page down."""
        self.scroll_page_down(animate=False)

    def action_first_row(self) -> None:
        """Scroll to the top."""
        self.scroll_home(animate=False)

    def action_last_row(self) -> None:
        """Scroll to the end."""
        self.scroll_end(animate=False)

    def action_choose(self) -> None:
        """Close: there is nothing to choose."""
        self.screen.dismiss(None)


class HelpDialog(Dialog[None]):
    """Show what keys do on a screen: `where` is overview or detail."""

    HEADING = "Help"
    DEFAULT_CSS = "HelpDialog > .dialog--box { width: 80; }"

    def __init__(self, where: Where) -> None:
        super().__init__()
        self._where: Where = where

    def contents(self) -> Iterable[Widget]:
        """Return the help, in a container that scrolls."""
        groups = help_groups(self._where, self.keymap, ascii_only=self.ascii_only)
        yield Pages(HelpLines(groups, ascii_only=self.ascii_only))

    def footing(self) -> str:
        """Return how to see more, and how to close."""
        return self.key_hints(row_down="more", no="close")
