"""The filter dialog at the bottom: a filter applies while it is typed, the table stays in view."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, Final, Generic, TypeVar

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

_LONGEST: Final = 500


class FilterLine(Input):
    """The input line; a paste is inserted whole."""

    def on_paste(self, event: events.Paste) -> None:
        """Insert the whole text; Textual would insert the first line, with control characters."""
        event.text = one_line(event.text)


Read = TypeVar("Read")


class LineDialog(Dialog[Read | None], Generic[Read]):
    """Ask for a line, beginning with `text`: what `read` makes of it, or None for no change.

    `preview` gets every valid one while it is typed, and the first one again when the dialog is
    closed without an answer.
    """

    HINT: ClassVar[str]
    """An example, below the line."""
    # escape works whatever ui.keys sets for `no`: letters go into the line
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "no", show=False)]
    DEFAULT_CSS = """
    LineDialog {
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
        & .filter--status { height: auto; max-height: 3; color: $foreground; }
        & .filter--status.-wrong { color: $sla-fail; text-style: bold; }
    }
    """

    def __init__(self, text: str = "", preview: Callable[[Read], object] | None = None) -> None:
        super().__init__()
        self._first = text
        self._preview = preview

    def read(self, text: str) -> Read:
        """Return what the line means. Raises FilterError for an invalid one."""
        raise NotImplementedError

    def contents(self) -> Iterable[Widget]:
        """Return the input, and below it an example or an error."""
        yield FilterLine(self._first, select_on_focus=False, max_length=_LONGEST)
        yield Static(Text(self.HINT), classes="filter--status")

    def footing(self) -> str:
        """Return how to take the line and how to close."""
        return "enter take  esc close" if self.ascii_only else "⏎ take  esc close"

    def _read(self, text: str) -> Read | None:
        """Return what the line means; show the error of an invalid one and return None."""
        status = self.query_one(".filter--status", Static)
        try:
            found = self.read(text)
        except FilterError as error:
            status.update(Text(str(error)))
            status.add_class("-wrong")
            return None
        status.update(Text(self.HINT))
        status.remove_class("-wrong")
        return found

    def on_input_changed(self, event: Input.Changed) -> None:
        """Apply the line while it is typed."""
        found = self._read(event.value)
        if found is not None and self._preview is not None:
            self._preview(found)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the line; an invalid one stays for correction."""
        found = self._read(event.value)
        if found is not None:
            self.dismiss(found)

    def action_no(self) -> None:
        """Restore what was before."""
        if self._preview is not None:
            self._preview(self.read(self._first))
        self.dismiss(None)


class FilterDialog(LineDialog[Filter]):
    """Ask for a filter of calls."""

    HEADING = "Filter"
    HINT = "1001  !1001  p95>12  late>0  loss>0.1%  state=ended"

    def read(self, text: str) -> Filter:
        """Return the filter. Raises FilterError."""
        return parse(text)
