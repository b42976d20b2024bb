"""Questions before something that callers notice: quitting while calls are up, hanging one up."""

from __future__ import annotations

from typing import Final, Literal

from ari_tui.log import clean
from ari_tui.ui.forms import channel as short_channel
from ari_tui.ui.forms import middle_cut
from ari_tui.ui.screens.question import Answer, QuestionDialog

_BRIEF: Final = 26
"""Cells for a channel where a question has one line."""


class QuitDialog(QuestionDialog[Literal["quit", "leave"]]):
    """Ask what becomes of `active` calls: "quit", "leave" (the engine goes on), or None."""

    def __init__(self, active: int) -> None:
        calls = "1 call is" if active == 1 else f"{active} calls are"
        super().__init__(
            "Quit?",
            f"{calls} up: quitting ends the engine and lets the callers go.",
            (
                Answer("yes", "Quit", "quit"),
                Answer("leave_running", "Leave, and measure on", "leave"),
                Answer("no", "Stay here", None),
            ),
            (f"{calls} up",),
        )


class HangUpDialog(QuestionDialog[Literal["hang up"]]):
    """Ask whether a call is to be hung up: "hang up" or None."""

    def __init__(self, channel: str, caller: str | None = None) -> None:
        who = f"\n{clean(caller, 60)}" if caller else ""
        named = clean(channel, 80) + who
        super().__init__(
            "Hang up?",
            f"{named}\nThe caller hears the line go dead.",
            (Answer("yes", "Hang up this call", "hang up"), Answer("no", "Let it go on", None)),
            (named, middle_cut(short_channel(clean(channel, 80)), _BRIEF)),
        )
