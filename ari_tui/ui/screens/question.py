"""Questions with a few answers, which come first where there is little room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Literal, TypeVar

from rich.text import Text
from textual.app import RenderResult
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from ari_tui.core.text import escaped
from ari_tui.ui.number_format import channel as short_channel
from ari_tui.ui.number_format import middle_cut
from ari_tui.ui.screens.dialog import ChoiceList, Dialog

Value = TypeVar("Value")
_BORDERS: Final = 2
"""Lines of a box that are its border."""


@dataclass(frozen=True)
class AnswerOption(Generic[Value]):
    """One answer to a question: the binding whose key gives it, its text, and its value."""

    binding: str
    text: str
    value: Value | None


class Question(Static):
    """A question above its answers, in the longest wording that leaves room for them."""

    def __init__(self, forms: Sequence[str], answers: int) -> None:
        super().__init__()
        self._forms, self._answers = forms, answers

    def lines(self, width: int, height: int) -> list[Content]:
        """Return the longest form that fits on a screen `height` lines high, or no line."""
        room = height - self._answers - _borders(self._answers, height)
        wrapped = (Content(form).wrap(max(1, width)) for form in self._forms)
        return next((lines for lines in wrapped if len(lines) <= room), [])

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002  Textual's signature
        """Return the number of lines at a width."""
        return len(self.lines(width, viewport.height))

    def render(self) -> RenderResult:
        """Return the question for the current size."""
        return Content("\n").join(self.lines(self.size.width, self.app.size.height))


def _borders(answers: int, height: int) -> int:
    """Return how many lines of a screen the border takes: none where answers would not fit."""
    return _BORDERS if height >= answers + _BORDERS else 0


class QuestionDialog(Dialog[Value | None]):
    """Ask; the marked answer is taken by Enter, each by its own key. Escape is None.

    `shorter` are forms of the question for screens that have no room for all of it, the longest
    first: answers have priority over the border, and that over the question.
    """

    DEFAULT_CSS = "QuestionDialog > .dialog--box.-bare { border: none; }"

    def __init__(
        self,
        heading: str,
        question: str,
        answers: Sequence[AnswerOption[Value]],
        shorter: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.HEADING = heading
        self._forms = (f"{question}\n", question, *shorter)
        self._answers = answers

    def contents(self) -> Iterable[Widget]:
        """Return the question and its answers; the last one, which does least, is marked."""
        lines = (
            Text.assemble((f" {self.key(each.binding)} ", "bold"), each.text)
            for each in self._answers
        )
        answers = ChoiceList(*(Option(line) for line in lines))
        answers.highlighted = len(self._answers) - 1
        return Question(self._forms, len(self._answers)), answers

    def on_resize(self) -> None:
        """Leave out the border where there is no room for it beside the answers."""
        borders = _borders(len(self._answers), self.size.height)
        self.query_one(".dialog--box").set_class(not borders, "-bare")

    def footing(self) -> str:
        """Return how an answer is given."""
        return self.key_hints(detail="take", no="close")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the marked answer."""
        self.dismiss(self._answers[event.option_index].value)

    def _answer(self, binding: str) -> None:
        for each in self._answers:
            if each.binding == binding:
                self.dismiss(each.value)

    def action_yes(self) -> None:
        """Give the answer of the key `y`."""
        self._answer("yes")

    def action_leave_running(self) -> None:
        """Give the answer of the key `l`, where there is one."""
        self._answer("leave_running")


_BRIEF: Final = 26
"""Cells for a channel where a question has one line."""


class QuitDialog(QuestionDialog[Literal["quit", "leave"]]):
    """Ask what to do with `active` calls: "quit", "leave" (the engine goes on), or None."""

    def __init__(self, active: int) -> None:
        calls = "1 call is" if active == 1 else f"{active} calls are"
        super().__init__(
            "Quit?",
            f"{calls} up: quitting ends the engine and releases the callers.",
            (
                AnswerOption("yes", "Quit", "quit"),
                AnswerOption("leave_running", "Leave, and measure on", "leave"),
                AnswerOption("no", "Stay here", None),
            ),
            (f"{calls} up",),
        )


class HangUpDialog(QuestionDialog[Literal["hang up"]]):
    """Ask whether a call is to be hung up: "hang up" or None."""

    def __init__(self, channel: str, caller: str | None = None) -> None:
        who = f"\n{escaped(caller, 60)}" if caller else ""
        named = escaped(channel, 80) + who
        super().__init__(
            "Hang up?",
            f"{named}\nThe caller is hung up.",
            (
                AnswerOption("yes", "Hang up this call", "hang up"),
                AnswerOption("no", "Let it go on", None),
            ),
            (named, middle_cut(short_channel(escaped(channel, 80)), _BRIEF)),
        )
