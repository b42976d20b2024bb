"""The base of all dialogs: a box over the screen, used by keys alone, down to 40x12 cells."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from rich.style import Style
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen, ScreenResultType
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import OptionList

from ari_tui.ui.bindings import BY_ID, Keymap, keys_of, textual_bindings
from ari_tui.ui.key_names import shown

_REVERSE: Final = Style(reverse=True)


class ChoiceList(OptionList, inherit_bindings=False):
    """A list with the keys of the table of calls."""

    BINDINGS: ClassVar[list[BindingType]] = [*textual_bindings("table")]
    DEFAULT_CSS = """
    ChoiceList, ChoiceList:focus {
        border: none;
        padding: 0;
        background: transparent;
        background-tint: transparent;
        scrollbar-size-vertical: 1;
        text-wrap: nowrap;
        text-overflow: ellipsis;
    }
    """

    def render_line(self, y: int) -> Strip:
        """Return a line; without colour the marked one is reversed.

        Textual 8.2 leaves `text-style: reverse` out of visual styles.
        """
        strip = super().render_line(y)
        marked = any(
            segment.style is not None and segment.style.meta.get("option") == self.highlighted
            for segment in strip
        )
        return strip.apply_style(_REVERSE) if marked and self.app.no_color else strip

    def action_first_row(self) -> None:
        """Mark the first."""
        self.action_first()

    def action_last_row(self) -> None:
        """Mark the last."""
        self.action_last()

    def action_choose(self) -> None:
        """Take the marked option."""
        self.action_select()


class Dialog(ModalScreen[ScreenResultType]):
    """A box in the middle; `contents` of a subclass yields what is in it."""

    BINDINGS: ClassVar[list[BindingType]] = [*textual_bindings("dialog")]
    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        background: $background 60%;
        & > .dialog--box {
            width: 72;
            max-width: 100%;
            height: auto;
            max-height: 100%;
            padding: 0 1;
            border: round $border;
            border-title-color: $foreground;
            border-title-style: bold;
            border-subtitle-color: $foreground;
            background: $surface;
            color: $foreground;
        }
        & > .dialog--box.-ascii {
            border: ascii $border;
            & ChoiceList { text-overflow: clip; }
            /* scrollbars end in half blocks */
            & ChoiceList, & VerticalScroll { scrollbar-size-vertical: 0; }
        }
        & Static { height: auto; }
    }
    """
    HEADING = ""

    @property
    def keymap(self) -> Keymap:
        """Return the keys set in ui.keys; any app can show a dialog."""
        return getattr(self.app, "keymap", {})

    @property
    def ascii_only(self) -> bool:
        """Return whether to draw with ASCII only."""
        return getattr(self.app, "ascii_only", False)

    def compose(self) -> ComposeResult:
        """Put the contents into the box."""
        box = Vertical(*self.contents(), classes="dialog--box")
        box.set_class(self.ascii_only, "-ascii")
        box.border_title = Content(self.HEADING)
        box.border_subtitle = Content(self.footing())
        yield box

    def contents(self) -> Iterable[Widget]:
        """Return the widgets of the box, top down."""
        raise NotImplementedError

    def footing(self) -> str:
        """Return the line in the lower border: the keys of the dialog."""
        return ""

    def key(self, binding: str) -> str:
        """Return the first key of a binding, as shown; "" if it has none."""
        keys = keys_of(BY_ID[binding], self.keymap)
        return shown(keys[0], ascii_only=self.ascii_only) if keys else ""

    @property
    def closing_key(self) -> str:
        """Return the key that closes without an answer, as shown: escape if it does."""
        keys = keys_of(BY_ID["no"], self.keymap)
        return shown("escape" if "escape" in keys else keys[0], ascii_only=self.ascii_only)

    def key_hints(self, **keys: str) -> str:
        """Return what keys do, by binding: `key_hints(detail="take")` is `⏎ take`; `no` closes."""
        return "  ".join(
            f"{key} {does}"
            for name, does in keys.items()
            if (key := self.closing_key if name == "no" else self.key(name))
        )

    def action_no(self) -> None:
        """Close without an answer."""
        self.dismiss(None)

    def action_command_palette(self) -> None:
        """Show in the border that dialogs have no palette: its commands are those of the screen.

        A toast would cover the answers of a small dialog.
        """
        hint = Content(f"{self.closing_key} close, then {self.key('palette')}")
        self.query_one(".dialog--box").border_subtitle = hint
