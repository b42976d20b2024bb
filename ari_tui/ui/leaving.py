"""Leaving the screen; stopping, draining, or keeping the engine behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Literal, NamedTuple

from textual.css.query import NoMatches

from ari_tui.client.actions import Actions
from ari_tui.client.source import ActionError, Source
from ari_tui.ui.screens.question import QuitDialog
from ari_tui.ui.themed_app import ThemedApp


class Leaving(NamedTuple):
    """How the screen was left."""

    how: Literal["quit", "leave"]
    """quit stops an owned engine; leave keeps it running."""
    reason: str = "quit"
    interrupted: bool = False
    """By Ctrl-C, which sets the exit code."""
    picture: str = ""
    """The last screen as text, for the scroll-back."""


class LeavingApp(ThemedApp[Leaving]):
    """An app that stops its engine when it is left, or keeps it running."""

    source: Source
    actions: Actions
    owned: bool
    """The engine was started with the screen, and ends with it."""
    stays: bool
    """An owned engine keeps running when the screen is left."""
    gone: str
    """Why an owned engine has ended; "" while it runs."""

    def action_ask_quit(self) -> None:
        """Quit; ask first while calls are up that would be released."""
        self._ask_quit()

    def _ask_quit(self, picture: str = "") -> None:
        document = self.source.document
        active = document.totals.calls.active if document is not None else 0
        if not self.owned or self.stays or self.gone or not active:
            self._leave(picture=picture)
            return

        def answered(answer: Literal["quit", "leave"] | None) -> None:
            if answer == "leave":
                self.exit(Leaving("leave", picture=picture))
            elif answer == "quit":
                self._leave(picture=picture)

        self.push_screen(QuitDialog(active), answered)

    def _leave(self, *, interrupted: bool = False, picture: str = "") -> None:
        how: Literal["quit", "leave"] = "quit" if self.owned and not self.stays else "leave"
        reason = "SIGINT" if interrupted else "quit"
        self.exit(Leaving(how, reason, interrupted, picture))

    def action_stop(self) -> None:
        """Leave at once, as by SIGINT."""
        self._leave(interrupted=True)

    def action_leave_screen(self) -> None:
        """Quit, asking likewise, and print the last screen to the scroll-back."""
        self._ask_quit(self.picture())

    def picture(self) -> str:
        """Return the screen as plain text, line by line."""
        try:
            strips = self.screen._compositor.render_strips()
        except NoMatches:
            return ""
        return "\n".join(strip.text.rstrip() for strip in strips).rstrip()

    # -- asking the engine -----------------------------------------------------------------

    def ask_engine(self, done: str, request: Awaitable[object]) -> None:
        """Send a request in the background; `done` or its error is shown as a toast."""

        async def ask() -> None:
            try:
                await request
            except ActionError as error:
                self.notify(str(error), severity="error", markup=False)
            else:
                self.notify(done, markup=False)

        self.run_worker(ask(), exit_on_error=False)

    def more_commands(self) -> Iterable[tuple[str, str, Callable[[], object]]]:
        """Return what the palette offers beside bindings and themes."""
        return (
            ("stop engine", "Release all callers and end the engine", self.stop_engine),
            (
                "drain engine",
                "Take no new calls; end the engine with the last call",
                self.drain_engine,
            ),
        )

    def stop_engine(self) -> None:
        """Stop the engine, owned or not."""
        self.ask_engine("the engine releases its callers and ends", self.actions.quit())

    def drain_engine(self) -> None:
        """Make the engine accept no new calls."""
        self.ask_engine("no new calls; the engine ends with the last one", self.actions.drain())
