"""A small app that wears themes, shows a table and panes, and opens dialogs, for tests.

Run as a program it draws on the terminal that it is on: `THEME`, `DIALOG` say what.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Input, Static

from ari_tui.client.source import Link
from ari_tui.ui.bindings import textual_bindings
from ari_tui.ui.columns import chosen
from ari_tui.ui.frame import Frame
from ari_tui.ui.limits import Limits
from ari_tui.ui.palette import Commands
from ari_tui.ui.rows import arrange
from ari_tui.ui.screens.columns import ColumnsDialog
from ari_tui.ui.screens.filter import FilterDialog
from ari_tui.ui.screens.help import HelpDialog
from ari_tui.ui.screens.question import AnswerOption, QuestionDialog, QuitDialog
from ari_tui.ui.themed_app import ThemedApp, plain
from ari_tui.ui.themes import Themes
from ari_tui.ui.view_state import NARROW, ViewState
from ari_tui.ui.widgets.table import ChannelTable
from tests.ui import kit

OURS = Path(__file__).parents[2] / "themes"


def a_frame() -> Frame:
    """Return calls that pass, are near a limit, and fail; one with losses."""
    calls = [kit.a_call(1), kit.a_call(2, p50=5.5), kit.a_call(3, p50=20.0, lost=30)]
    courses = {call.id: kit.a_course([5.0, 15.0, 40.0], {3: 2}) for call in calls}
    document = kit.a_document(calls)
    return Frame(document, kit.a_history(courses), [], Limits.of(document.sla), Link("live"), 0.1)


class Front(Screen[None]):
    """The screen that keys are told of: it notes what it hears."""

    BINDINGS = [*textual_bindings("overview")]
    DEFAULT_CSS = "#verdict { color: $sla-fail; background: $panel; text-style: bold; }"

    def compose(self) -> ComposeResult:
        yield Static("FAIL", id="verdict")
        yield Static(Text("colored from outside", style="red on blue"))
        yield Input("typed")
        yield ChannelTable()

    def on_mount(self) -> None:
        frame = a_frame()
        rows = arrange(frame.document, frame.history, ViewState(), ())
        self.query_one(ChannelTable).show(rows, chosen(NARROW), frame)
        self.query_one(ChannelTable).focus()


class Wearing(ThemedApp[None]):
    BINDINGS = [*textual_bindings("app")]
    COMMANDS = {Commands}

    def __init__(
        self,
        theme: str = "dark",
        *,
        folders: Sequence[Path] = (OURS,),
        no_color: bool = False,
        ascii_only: bool = False,
    ) -> None:
        super().__init__(Themes(folders), theme, plain_output=no_color, ascii_only=ascii_only)
        self.answers: list[object] = []
        self.heard: list[str] = []

    def get_default_screen(self) -> Screen[None]:
        return Front()

    def ask(self, dialog: Screen[Any]) -> None:
        """Show a dialog and keep its answer."""
        self.push_screen(dialog, self.answers.append)

    def action_stop(self) -> None:
        self.exit()


def a_question() -> QuestionDialog[str]:
    """Return a question with two answers, in words that look like markup."""
    answers = (AnswerOption("yes", "Do it", "done"), AnswerOption[str]("no", "Leave it", None))
    return QuestionDialog("Really?", "[b]It[/b] is final.", answers)


DIALOGS: dict[str, Callable[[], Screen[Any]]] = {
    "quit": lambda: QuitDialog(3),
    "help": lambda: HelpDialog("overview"),
    "columns": lambda: ColumnsDialog(NARROW),
    "filter": lambda: FilterDialog("p9>"),
}

if __name__ == "__main__":
    app = Wearing(os.environ.get("THEME", "dark"), no_color=plain(os.environ))
    if dialog := os.environ.get("DIALOG"):
        app.call_later(lambda: app.ask(DIALOGS[dialog]()))
    app.call_later(lambda: app.notify("a toast", markup=False))
    app.run(mouse=False)
