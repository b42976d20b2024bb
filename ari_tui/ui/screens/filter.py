"""The filter's line at the bottom: what is typed is tried at once, the table stays in sight."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, Final

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input, Static

from ari_tui.core.errors import FilterError
from ari_tui.ui.driver import one_line
from ari_tui.ui.filter import parse
from ari_tui.ui.screens.dialog import Dialog
from ari_tui.ui.view_state import Filter

_HINT: Final = "1001  !1001  p95>12  late>0  loss>0.1%  state=ended"
_LONGEST: Final = 500


class FilterLine(Input):
    """The line that is typed into; all that is pasted goes in, in its order."""

    def on_paste(self, event: events.Paste) -> None:
        """Have Textual insert the whole text: it would take the first line, with its controls."""
        event.text = one_line(event.text)


class FilterDialog(Dialog[Filter | None]):
    """Ask for a filter, beginning with `text`: the filter, or None for no change.

    `tried` gets every filter that makes sense while it is typed, and the first one again when
    the dialog is closed without an answer.
    """

    HEADING = "Filter"
    # escape works whatever ui.keys says of `no`: letters go into the line
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "no", show=False)]
    DEFAULT_CSS = """
    FilterDialog {
        align: center bottom;
        background: transparent;
        & > .dialog--box { width: 100%; }
        & Input, & Input:focus {
            border: none;
            padding: 0;
            height: 1;
            background: transparent;
            background-tint: transparent;
        }
        & .filter--told { height: auto; max-height: 3; color: $foreground; }
        & .filter--told.-wrong { color: $sla-fail; text-style: bold; }
    }
    """

    def __init__(self, text: str = "", tried: Callable[[Filter], object] | None = None) -> None:
        super().__init__()
        self._first = text
        self._tried = tried

    def contents(self) -> Iterable[Widget]:
        """Return the input, and below it what a filter is, or what is wrong with this one."""
        yield FilterLine(self._first, select_on_focus=False, max_length=_LONGEST)
        yield Static(_line(_HINT), classes="filter--told")

    def footing(self) -> str:
        """Return how to take the filter and how to leave it."""
        return "enter take  esc close" if self.ascii_only else "⏎ take  esc close"

    def _read(self, text: str) -> Filter | None:
        """Return the filter, or show what is wrong with it and return None."""
        told = self.query_one(".filter--told", Static)
        try:
            found = parse(text)
        except FilterError as error:
            told.update(_line(str(error)))
            told.add_class("-wrong")
            return None
        told.update(_line(_HINT))
        told.remove_class("-wrong")
        return found

    def on_input_changed(self, event: Input.Changed) -> None:
        """Try what is typed."""
        found = self._read(event.value)
        if found is not None and self._tried is not None:
            self._tried(found)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the filter; one that makes no sense stays to be put right."""
        found = self._read(event.value)
        if found is not None:
            self.dismiss(found)

    def action_no(self) -> None:
        """Go back to the filter of before."""
        if self._tried is not None:
            self._tried(parse(self._first))
        self.dismiss(None)


def _line(text: str) -> Text:
    return Text(text)
