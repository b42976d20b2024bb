"""Textual's driver of the terminal, but for three faults of it."""

from __future__ import annotations

import contextlib
import os
from typing import Any

from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver

from ari_tui.ui.pasting import PasteParser


class TerminalDriver(LinuxDriver):
    """Comes back only from where it went, and is as large as the terminal is.

    A kernel sends SIGHUP and SIGCONT to those whose terminal goes away. Textual 8.2.8 takes every
    SIGCONT for the end of a suspension and starts a second thread that reads the terminal; the
    first is then never ended, and reads end of file as fast as it can. And it believes COLUMNS and
    LINES before the terminal: where they are exported, as `resize` does, no other size is seen.
    Its parser takes parts of a paste for keys: `PasteParser` tells more.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._suspended = False
        super().__init__(*arguments, **options)

    def run_input_thread(self) -> None:
        """Read the terminal until the end; the parser is asked for by a global of Textual's."""
        linux_driver.XTermParser = PasteParser  # type: ignore[attr-defined]  # no other way in
        super().run_input_thread()

    def _sigtstp_application(self, *_: object) -> None:
        self._suspended = True
        super()._sigtstp_application()

    def _sigcont_application(self, *_: object) -> None:
        if self._suspended:
            self._suspended = False
            super()._sigcont_application()

    def _get_terminal_size(self) -> tuple[int, int]:
        with contextlib.suppress(OSError):
            size = os.get_terminal_size(self.fileno)
            if size.columns and size.lines:
                return size.columns, size.lines
        return super()._get_terminal_size()
