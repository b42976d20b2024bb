"""Questions before something that callers notice: quitting while calls are up, hanging one up."""

from __future__ import annotations

from typing import Literal

from ari_tui.log import clean
from ari_tui.ui.screens.dialog import Answer, QuestionDialog


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
        )


class HangUpDialog(QuestionDialog[Literal["hang up"]]):
    """Ask whether a call is to be hung up: "hang up" or None."""

    def __init__(self, channel: str, caller: str | None = None) -> None:
        who = f"\n{clean(caller, 60)}" if caller else ""
        super().__init__(
            "Hang up?",
            f"{clean(channel, 80)}{who}\nThe caller hears the line go dead.",
            (Answer("yes", "Hang up this call", "hang up"), Answer("no", "Let it go on", None)),
        )
