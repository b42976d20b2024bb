"""Textual's driver of the terminal, but for a fault of it that a dead ssh brings out."""

from __future__ import annotations

from typing import Any

from textual.drivers.linux_driver import LinuxDriver


class TerminalDriver(LinuxDriver):
    """Comes back only from where it went: SIGCONT without SIGTSTP starts nothing anew.

    A kernel sends SIGHUP and SIGCONT to those whose terminal goes away. Textual 8.2.8 takes every
    SIGCONT for the end of a suspension and starts a second thread that reads the terminal; the
    first is then never ended, and reads end of file as fast as it can.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._suspended = False
        super().__init__(*arguments, **options)

    def _sigtstp_application(self, *_: object) -> None:
        self._suspended = True
        super()._sigtstp_application()

    def _sigcont_application(self, *_: object) -> None:
        if self._suspended:
            self._suspended = False
            super()._sigcont_application()
